"""`plan --explain`: the layers of one object."""

from __future__ import annotations

from pathlib import Path

from dealpos_reconciler.cli import output
from dealpos_reconciler.errors import UsageError


def print_explanation(folder: Path, address: str, output_format: str) -> None:
    """Print each field of an object with its place, and what it overrides."""
    if output_format not in ("text", "json"):
        raise UsageError("--explain is for --format text and json", hint="omit --format")
    from dealpos_reconciler.workflows.layers.explain import explain_object

    found = explain_object(folder, address)
    from dealpos_reconciler.render.layers.stack import stack_document, stack_text

    if output_format == "json":
        output.print_json(stack_document(found))
    else:
        output.print_lines(stack_text(found))
