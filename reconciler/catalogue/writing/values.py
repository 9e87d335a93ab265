"""Live values that are worth a line in a file, and values that most objects share.

A key that is not written is not managed, so what is left out is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, get_origin, get_type_hints

from reconciler.catalogue.problems import nested_shapes
from reconciler.core.model.kind import Kind, Value

NOTHING: tuple[Any, ...] = (None, "", 0)
"""Values for "not set", besides an empty list or mapping. A flag that is off equals 0."""


def exportable_fields(kind: Kind, value: Value, above: Value | None = None) -> dict[str, Any]:
    """Return the fields of a live object that a file can hold, in the order of its model.

    `above` is the parent's value: what repeats it unless a file says otherwise is left out.
    """
    offered = kind.comparable_fields
    follows = kind.parent.follows if kind.parent else {}
    found = {kind.identity: value[kind.identity]}
    for name in kind.fields:
        repeated = above and name in follows and value.get(name) == above.get(follows[name])
        if name in offered and name in value and not repeated:
            found[name] = _without_unset(kind, name, value[name])
    return found


def own_fields(kind: Kind, value: Value, filled: Value) -> dict[str, Any]:
    """Return the fields of an entry, given the defaults `filled` for the ones that it omits."""
    return {
        name: inner
        for name, inner in value.items()
        if name == kind.identity
        or (inner != filled[name] if name in filled else _is_worth_writing(kind, name, inner))
    }


def _is_worth_writing(kind: Kind, name: str, value: Any) -> bool:
    """Return whether a value is worth a line: it is not what a reader would assume."""
    if name in kind.required:
        return True
    wire = kind.fields[name].wire
    assumed = kind.create.defaults if kind.create else {}
    taken = any(key in assumed and assumed[key] == wire.codec.encode(value) for key in wire.write)
    return not (is_unset(value) or taken)


def is_unset(value: Any) -> bool:
    """Return whether a value counts as unset: null, "", 0, false, [] or {}."""
    return value in ([], {}) or value in NOTHING


def common_values(kind: Kind, values: Sequence[Value]) -> dict[str, Any]:
    """Return the flags and choices that all objects of a kind show and most share."""
    found = {}
    for name in _switches(kind):
        shown = [value[name] for value in values if name in value]
        if len(shown) == len(values) > 1:
            value, count = Counter(shown).most_common(1)[0]
            if count * 2 > len(values):
                found[name] = value
    return found


@cache
def _switches(kind: Kind) -> tuple[str, ...]:
    """Return the fields with few values: a value that most objects share is then a default."""
    return tuple(
        name
        for name, base in get_type_hints(kind.model).items()
        if (base is bool or get_origin(base) is Literal) and name not in kind.required
    )


def _without_unset(kind: Kind, name: str, value: Any) -> Any:
    """Return a keyed map without the members that are not set."""
    if not isinstance(value, Mapping):
        return value
    shapes = nested_shapes(kind.model, name)
    required = shapes[0].__required_keys__ if shapes else ()
    return {
        key: {k: v for k, v in entry.items() if k in required or not is_unset(v)}
        if isinstance(entry, Mapping)
        else entry
        for key, entry in sorted(value.items())
    }
