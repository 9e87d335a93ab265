"""Read documents that the tool prints, against their schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema

from dealpos_reconciler.render.json import dumps
from tests.support.shop import ROOT


def closed(schema: Any) -> Any:
    """A schema that takes no key which it does not describe: ours say all that we print."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema else {}
    return {key: closed(inner) for key, inner in schema.items()} | shut


ReadDocument = Callable[[str, Any], Any]
"""Hand a document back as a program reads it; fail where its schema does not describe it."""


def document_reader() -> ReadDocument:
    """Return a reader that validates each document against the schema of its name."""
    validators = {
        name: jsonschema.Draft202012Validator(
            closed(json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8")))
        )
        for name in ("audit", "plan", "report")
    }

    def read(name: str, document: Any) -> Any:
        parsed = json.loads(dumps(document))
        errors = [f"{e.json_path}: {e.message}" for e in validators[name].iter_errors(parsed)]
        assert errors == []
        return parsed

    return read
