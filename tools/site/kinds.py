"""The page of the kinds and their fields, from the models and the catalogue schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.kind import Call, Kind
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.kinds import KINDS, MANAGED
from tools.site.documents import schema as read_schema
from tools.site.markdown import code, page, prose, table

PATH = "reference/kinds.md"


def render() -> str:
    """Return a section for each kind: what the API can do with it, and its fields."""
    schema = read_schema("catalogue")
    intro = (
        "A *kind* is a type of object in the shop. Catalogue files declare the kinds below; "
        "[Catalogue files](catalogue-files.md) describes how."
    )
    overview = table(
        ("kind", "key in a file", "identity", "create", "update", "rename", "retire", "delete"),
        (_overview(kind) for kind in MANAGED.values()),
    )
    only_read = sorted(set(KINDS) - set(MANAGED))
    read = "Read only, never declared: " + ", ".join(map(code, only_read)) if only_read else ""
    sections = (_section(kind, schema["$defs"]) for kind in MANAGED.values())
    return page(
        "Kinds and fields",
        intro,
        overview,
        read,
        *sections,
        source="reconciler/dealpos_reconciler/kinds",
    )


def _overview(kind: Kind) -> tuple[str, ...]:
    nested = f" in a {kind.parent.kind}" if kind.parent else ""
    can = (kind.create, kind.update or (kind.parent and kind.parent.update), kind.rename)
    return (
        f"[{kind.name}](#{kind.name})",
        code(kind.collection) + nested,
        code(kind.identity),
        *("yes" if able else "no" for able in can),
        code(kind.retire) if kind.retire else "no",
        "yes" if kind.delete else "no",
    )


def _section(kind: Kind, definitions: Mapping[str, Any]) -> str:
    properties = definitions[kind.name]["properties"]
    rows = [
        (
            code(name),
            type_name(schema, definitions),
            _required(kind, name),
            _notes(kind, name, schema),
        )
        for name, schema in properties.items()
    ]
    nested = "\n".join(
        f"### {name}\n\n{definitions[name].get('description', '')}\n\n"
        + table(
            ("field", "type", "required"),
            (
                (
                    code(key),
                    type_name(inner, definitions),
                    "yes" if key in definitions[name].get("required", ()) else "",
                )
                for key, inner in definitions[name]["properties"].items()
            ),
        )
        for name in _nested(properties)
    )
    return "\n\n".join(
        [
            f"## {kind.name}",
            prose(kind.model.__doc__),
            prose(sys.modules[kind.model.__module__].__doc__),
            table(("field", "type", "required", "notes"), rows),
            nested,
            *_operations(kind),
        ]
    )


def _operations(kind: Kind) -> list[str]:
    if kind.home != SHOP:
        told = "No API operation carries them: [a release](../concepts/provider-coupons.md) does."
        return [told]
    rows = (
        (code(call.operation), OPERATIONS[call.operation].right, ", ".join(map(code, call.fields)))
        for call in _calls(kind)
    )
    return ["API operations:", table(("operation", "right", "carries"), rows)]


def _calls(kind: Kind) -> Iterator[Call]:
    parent = (kind.parent.create, kind.parent.update) if kind.parent else ()
    for call in (kind.create, *parent, kind.update, kind.delete, kind.delete_many):
        if call:
            yield call


def _required(kind: Kind, name: str) -> str:
    if name == kind.identity:
        return "always"
    return "to create" if name in kind.required else ""


def _notes(kind: Kind, name: str, schema: Mapping[str, Any]) -> str:
    field = kind.fields.get(name)
    notes = list(_marks(kind, field)) if field else []
    described = schema.get("description", "")
    if described and not (
        field and field.uncompared_reason and described.startswith("Not compared")
    ):
        notes.append(described)
    return " ".join(note if note.endswith(".") else f"{note}." for note in notes)


def _marks(kind: Kind, field: Field) -> Iterator[str]:
    if field.identity:
        yield "Identity"
    if field.name == kind.retire:
        yield "Retires the object"
    if field.references:
        yield f"Refers to {' or '.join(sorted({mark.kind for mark in field.references}))}"
    if field.immutable_reason:
        yield f"Cannot be changed: {field.immutable_reason}"
    if field.uncompared_reason:
        yield f"Not compared: {field.uncompared_reason}"
    if field.private:
        yield "Private: shown as a fingerprint"
    written, read = field.wire.write, field.wire.read
    if written or read:
        yield _names(written, read)


def _names(written: tuple[str, ...], read: tuple[str, ...]) -> str:
    sent, shown = (" or ".join(map(code, names)) for names in (written, read))
    if sent == shown:
        return f"API: {sent}"
    if not shown:
        return f"API: written as {sent}, never returned"
    return f"API: written as {sent or 'nothing'}, read as {shown}"


def type_name(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type of a value of a JSON schema, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name in definitions else name
    if "enum" in schema:
        return "one of " + ", ".join(code(value) for value in schema["enum"])
    if schema.get("format") == "date":
        return "date"
    return _plain(schema, definitions)


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    kind: Any = schema.get("type", "any")
    if kind == "array":
        return f"list of {type_name(schema.get('items', {}), definitions)}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map to {type_name(schema['additionalProperties'], definitions)}"
    if isinstance(kind, list):
        return "text"
    return {"string": "text", "boolean": "true or false", "object": "map"}.get(kind, str(kind))


def _nested(properties: Mapping[str, Any]) -> Iterator[str]:
    for schema in properties.values():
        inner = schema.get("additionalProperties")
        reference = schema.get("$ref") or (inner.get("$ref") if isinstance(inner, Mapping) else "")
        if reference:
            yield reference.rpartition("/")[2]
