"""The stack of one object as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.kinds import MANAGED
from dealpos_reconciler.render.json import source_document
from dealpos_reconciler.render.words import format_value, mask_value, plain

DEFAULTS = "defaults"
"""The place of a value that no entry of the object has."""


class _Value(Protocol):
    @property
    def value(self) -> Any: ...
    @property
    def source(self) -> Source | None: ...


class _Field(_Value, Protocol):
    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def overrides(self) -> Sequence[_Value]: ...


class _Object(Protocol):
    @property
    def address(self) -> Address: ...
    @property
    def label(self) -> str | None: ...
    @property
    def fields(self) -> Sequence[_Field]: ...


def stack_text(found: _Object) -> str:
    """Return each field in a line, with its place; below it the values that it overrides."""
    kind = MANAGED[found.address.kind]
    rows = [row for field in found.fields for row in _rows(found.address, kind, field)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    title = f"{found.address}" + (f' "{plain(found.label)}"' if found.label else "")
    lines = [f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    return "\n".join([title, *lines, ""])


def _rows(address: Address, kind: Kind, field: _Field) -> Iterator[tuple[str, str, str]]:
    yield plain(".".join(field.path)), _words(address, kind, field, field.path), _where(field)
    for below in field.overrides:
        yield "", f"overrides {_words(address, kind, below, field.path)}", _where(below)


def _words(address: Address, kind: Kind, found: _Value, path: tuple[str, ...]) -> str:
    value = found.value
    if isinstance(value, tuple):
        return "steps by date"
    if isinstance(value, dict):
        return "{}" if not value else plain(", ".join(f"{k}: {v}" for k, v in value.items()))
    return format_value(address, kind.fields[path[0]], value, is_masked(value))


def _where(found: _Value) -> str:
    source = found.source
    return plain(f"{source.file}:{source.line}:{source.column}") if source else DEFAULTS


def stack_document(found: _Object) -> dict[str, Any]:
    """Return the stack as a document."""
    kind = MANAGED[found.address.kind]

    def show(value: _Value, path: tuple[str, ...]) -> dict[str, Any]:
        field = kind.fields[path[0]]
        held = value.value
        shown = None if isinstance(held, tuple) else mask_value(found.address, field, held)
        return {"value": shown, "source": value.source and source_document(value.source)}

    return {
        "address": str(found.address),
        "label": found.label,
        "fields": [
            {
                "path": ".".join(field.path),
                **show(field, field.path),
                "overrides": [show(below, field.path) for below in field.overrides],
            }
            for field in found.fields
        ],
    }
