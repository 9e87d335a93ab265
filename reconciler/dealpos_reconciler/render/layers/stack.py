"""The stack of one object as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from dealpos_reconciler.core.dated import show
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.prices.steps import Held, list_held
from dealpos_reconciler.kinds import MANAGED
from dealpos_reconciler.render.json import source_document
from dealpos_reconciler.render.words import format_value, mask_value, plain


class _Value(Protocol):
    @property
    def value(self) -> Any: ...
    @property
    def source(self) -> Source: ...


class _Field(_Value, Protocol):
    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def is_default(self) -> bool: ...
    @property
    def steps(self) -> Sequence[Held]: ...
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
    def words(value: Any) -> str:
        if isinstance(value, tuple):
            return "; ".join(map(_step, list_held(value)))
        if isinstance(value, dict):
            return "{}" if not value else plain(", ".join(f"{k}: {v}" for k, v in value.items()))
        return format_value(address, kind.fields[field.path[0]], value, is_masked(value))

    def _step(step: Held) -> str:
        start, end = map(show, step.span)
        span = [words(step.amount), f"from {start}" * bool(start), f"until {end}" * bool(end)]
        return " ".join(filter(None, span))

    name, where = plain(".".join(field.path)), _where(field)
    now = "—" if field.steps and field.value is None else words(field.value)
    yield name, now, f"{where} (defaults)" if field.is_default else where
    for step in field.steps:
        yield "", f"step {_step(step)}", ""
    for below in field.overrides:
        yield "", f"overrides {words(below.value)}", _where(below)


def _where(found: _Value) -> str:
    source = found.source
    return plain(f"{source.file}:{source.line}:{source.column}")


def stack_document(found: _Object) -> dict[str, Any]:
    """Return the stack as a document."""
    kind = MANAGED[found.address.kind]

    def document(field: _Field) -> dict[str, Any]:
        def show_value(value: Any) -> Any:
            return mask_value(found.address, kind.fields[field.path[0]], value)

        def list_steps(held: Sequence[Held]) -> list[dict[str, Any]]:
            return [
                {
                    "from": show(step.span[0]) or None,
                    "until": show(step.span[1]) or None,
                    "value": show_value(step.amount),
                }
                for step in held
            ]

        return {
            "path": ".".join(field.path),
            "value": show_value(field.value),
            "source": source_document(field.source),
            "default": field.is_default,
            "steps": list_steps(field.steps),
            "overrides": [
                {
                    "value": None
                    if (dated := isinstance(below.value, tuple))
                    else show_value(below.value),
                    "source": source_document(below.source),
                    "steps": list_steps([*list_held(below.value)] if dated else ()),
                }
                for below in field.overrides
            ],
        }

    return {
        "address": str(found.address),
        "label": found.label,
        "fields": list(map(document, found.fields)),
    }
