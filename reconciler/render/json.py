"""Encode JSON documents; the document of an error."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.render.view import View

FORMAT_VERSION = "2.0"
"""The version of every document; the part before the dot rises when a reader must change."""


def dumps(document: Any) -> str:
    """Return a document as JSON text; exact numbers stay numbers."""
    return json.dumps(document, indent=2, ensure_ascii=False, default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def render_error(error: ReconcilerError, view: View) -> str:
    """Return an error as JSON text."""
    return dumps(error_document(error)) + "\n"


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """Return the document of an error: its message, and every problem with its place."""
    return {
        "error": error.message,
        "hint": error.hint,
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "hint": problem.hint or None,
            }
            for problem in error.problems
        ],
    }
