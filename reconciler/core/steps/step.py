"""One unit of an apply: its requests, what they write, and what must come before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Call, Kind, Value

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One call: an operation, its body, and other spellings of it where none is documented."""

    operation: str
    body: Any
    spellings: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What is done as one unit: one request, or the two of a replacement.

    `carried` names the fields of its changes that this step writes; `waits` are the steps that
    must have succeeded before; `fallback` is what writes the same field one object at a time.
    """

    id: int
    kind: str
    action: Action
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]
    carried: Mapping[str, frozenset[str]]
    creates: bool = False
    waits: frozenset[int] = frozenset()
    fallback: Mapping[Address, Request] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The objects that this step changes."""
        return tuple(change.address for change in self.changes)


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def request_for(kind: Kind, call: Call, value: Value) -> Request:
    """The request that `call` makes for one value."""
    body: Any = kind.encode(call, value)
    if call.body:
        body = call.body([body])
    return spelled(call.operation, [form(body) for form in call.forms] or [body])


def filled(change: Change) -> Value:
    """What is sent of `after`: not what is empty and stays so.

    An empty date or reference is no value a server must accept, and leaving out what is empty
    anyway clears nothing.
    """
    before = change.before or {}
    return {
        name: value
        for name, value in (change.after or {}).items()
        if value not in ("", None, {}, []) or name not in before or before[name] != value
    }


def spelled(operation: str, bodies: Sequence[Any]) -> Request:
    """The first body, with the others that differ as further spellings."""
    distinct: list[Any] = []
    for body in bodies:
        if body not in distinct:
            distinct.append(body)
    return Request(operation, distinct[0], tuple(distinct[1:]))
