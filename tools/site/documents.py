"""The page of the JSON documents, from the schemas that the models give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.site.markdown import code, page, table

PATH = "reference/json.md"
SCHEMAS = Path(__file__).parents[2] / "schemas"
DOCUMENTS = {
    "plan": "`reconciler plan --format json`, and a saved plan (`plan --out`).",
    "report": "`reconciler apply --format json`.",
    "audit": "`reconciler audit --format json`.",
    "doctor": "`reconciler doctor --format json`.",
    "schedule": "`reconciler schedule --format json`.",
    "fleet-report": "`reconciler fleet plan --format json`, and those of `apply` and `audit`.",
}


def render() -> str:
    """Return a section for each document, with its fields and those of its parts."""
    intro = (
        "A program reads these documents from standard output. A new field may appear at any time. "
        "`format_version` says when the meaning of a field has changed "
        "(see [Versions](../policies/versions.md)). "
        "In the plan, `resource_changes` follows Terraform's JSON plan."
    )
    sections = (_section(name, printed) for name, printed in DOCUMENTS.items())
    return page("JSON documents", intro, *sections, source="schemas")


def schema(name: str) -> Mapping[str, Any]:
    """Return one of the schemas of the repository."""
    path = SCHEMAS / f"{name}.schema.json"
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _section(name: str, printed: str) -> str:
    found = schema(name)
    parts = [
        f"## {name}",
        f"{found.get('description', '')} Printed by {printed} "
        f"Schema: [{name}.schema.json](../schemas/{name}.schema.json).",
        _fields(found, name),
    ]
    for part, inner in found["$defs"].items():
        if "properties" in inner:
            parts += [f"### {name}: {part}", inner.get("description", ""), _fields(inner, name)]
    return "\n\n".join(part for part in parts if part.strip())


def _fields(found: Mapping[str, Any], name: str) -> str:
    required = found.get("required", ())
    return table(
        ("field", "type", "meaning"),
        (
            (
                code(key),
                _type(inner, name),
                inner.get("description", "") + ("" if key in required else " (may be absent)"),
            )
            for key, inner in found["properties"].items()
        ),
    )


def _type(found: Mapping[str, Any], name: str) -> str:
    if "$ref" in found:
        part = found["$ref"].rpartition("/")[2]
        return f"[{part}](#{name}-{part.lower()})"
    if "anyOf" in found:
        return " or ".join(dict.fromkeys(_type(inner, name) for inner in found["anyOf"]))
    if "enum" in found or "const" in found:
        return " or ".join(code(value) for value in found.get("enum", [found.get("const")]))
    if found.get("type") == "array":
        return f"list of {_type(found.get('items', {}), name)}"
    if isinstance(inner := found.get("additionalProperties"), Mapping):
        return f"map to {_type(inner, name)}"
    kind = found.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else kind


def published() -> Iterator[tuple[str, str]]:
    """Return the schema files that the site serves, by their path in it."""
    for path in sorted(SCHEMAS.iterdir()):
        yield f"schemas/{path.name}", path.read_text(encoding="utf-8")
