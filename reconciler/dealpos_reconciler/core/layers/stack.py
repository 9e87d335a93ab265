"""Merge the values that layers declare for one object, and remember the place of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.core.model.kind import Kind, Value


class Part(NamedTuple):
    """The fields of an object that one layer declares."""

    source: Source
    value: Value


class Stack(Source):
    """The place of an object in its first layer, with the parts of all layers."""

    parts: tuple[Part, ...] = ()
    """Parts in the order of their layers: a later one wins."""

    def place_of(self, path: Sequence[str | int]) -> Source:
        """Return the place of the last part that declares `path`, or the longest part of it."""
        for length in range(len(path), 0, -1):
            for part in reversed(self.parts):
                if _declares(part.value, path[:length]):
                    return part.source
        return self


def stack_parts(parts: Sequence[Part]) -> Source:
    """Return the place of an object that these parts make."""
    if len(parts) == 1:
        return parts[0].source
    made = Stack(*parts[0].source)
    made.parts = tuple(parts)
    return made


def describe_parts(source: Source) -> str:
    """Return the places that make an object, for a message; empty for an object of one place."""
    parts = getattr(source, "parts", ())
    places = ", ".join(f"{part.source.file}:{part.source.line}" for part in parts)
    return f" (merged from {places})" if places else ""


def merge_values(kind: Kind, below: Value, above: Value) -> dict[str, Any]:
    """Return an object with the fields of a later layer put over it; maps are merged by key."""
    merged = {**below, **above}
    for name in keyed_fields(kind):
        if name in below and name in above:
            merged[name] = _merge_entries(below[name], above[name])
    return merged


@cache
def keyed_fields(kind: Kind) -> tuple[str, ...]:
    """Return the fields whose values are maps with keys of their own, such as outlets."""
    return tuple(name for name, field in kind.fields.items() if field.keyed)


def _merge_entries(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, entry in above.items():
        former = below.get(key)
        if isinstance(former, dict) and isinstance(entry, dict):
            entry = {**former, **entry}
        merged[key] = entry
    return merged


def _declares(value: Any, path: Sequence[str | int]) -> bool:
    for step in path:
        if isinstance(value, (list, tuple)):
            return True  # a layer replaces a list as a whole
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return True
