"""What of a live object is worth a line in a file, and what a shop's objects have in common.

A key that is not written is not managed, so what is left out is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Required, get_args, get_origin, get_type_hints

from reconciler.core.model.kind import Kind, Value

NOTHING: tuple[Any, ...] = (None, "", 0)
"""What stands for "not set", besides an empty list or mapping. A flag that is off equals 0."""


def candidates(kind: Kind, value: Value, above: Value | None = None) -> dict[str, Any]:
    """What a file could say of a live object, in the order of its model.

    `above` is the parent's value: what repeats it unless a file says otherwise is left out.
    """
    offered = kind.comparable_fields
    follows = kind.parent.follows if kind.parent else {}
    found = {kind.identity: value[kind.identity]}
    for name in kind.fields:
        repeated = (
            above is not None and name in follows and value.get(name) == _of(above, follows, name)
        )
        if name in offered and name in value and not repeated:
            found[name] = _trimmed(kind, name, value[name])
    return found


def _of(above: Value, follows: Mapping[str, str], name: str) -> Any:
    return above.get(follows[name])


def own(kind: Kind, value: Value, filled: Value) -> dict[str, Any]:
    """What the object's own entry says where `filled` gives it what it leaves out."""
    return {
        name: inner
        for name, inner in value.items()
        if name == kind.identity
        or (inner != filled[name] if name in filled else _said(kind, name, inner))
    }


def _said(kind: Kind, name: str, value: Any) -> bool:
    """Whether a value is worth saying: it is what nobody would take for granted."""
    if name in kind.required:
        return True
    wire = kind.fields[name].wire
    assumed = kind.create.defaults if kind.create else {}
    taken = any(key in assumed and assumed[key] == wire.codec.encode(value) for key in wire.write)
    return not (empty(value) or taken)


def empty(value: Any) -> bool:
    """Whether a value is as good as none."""
    return value in ([], {}) or value in NOTHING


def common(kind: Kind, values: Sequence[Value]) -> dict[str, Any]:
    """What most objects of a kind have, of the flags and choices that all of them show."""
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
    """Fields with few values, so that a value which most objects share is no coincidence."""
    return tuple(
        name
        for name, base in _bases(kind)
        if (base is bool or get_origin(base) is Literal) and name not in kind.required
    )


def _bases(kind: Kind) -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(kind.model, include_extras=True).items():
        base = hint
        while get_origin(base) in (Annotated, Required):
            base = get_args(base)[0]
        yield name, base


@cache
def _demanded(kind: Kind, name: str) -> frozenset[str]:
    """The members that each entry of a keyed map must have."""
    pending: list[Any] = [dict(_bases(kind))[name]]
    while pending:
        candidate = pending.pop()
        if hasattr(candidate, "__required_keys__"):
            return frozenset(candidate.__required_keys__)
        pending.extend(get_args(candidate))
    return frozenset()


def _trimmed(kind: Kind, name: str, value: Any) -> Any:
    """A keyed map whose entries leave out what is not set."""
    if not isinstance(value, Mapping):
        return value
    return {key: _entry(entry, _demanded(kind, name)) for key, entry in sorted(value.items())}


def _entry(entry: Any, demanded: Iterable[str]) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {k: v for k, v in entry.items() if k in demanded or not empty(v)}
