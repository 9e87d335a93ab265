"""The steps of an apply: their requests, the fields they write, and their atomic groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
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


class AtomicGroups:
    """The steps that must run together: all steps of one change, with all that these wait for.

    A run with a budget starts a group only if all of it fits, so that no object is left half
    written: the shop would have a state that no file ever declared.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = {step.id: step for step in steps}
        self._writing: dict[Address, list[int]] = {}
        for step in steps:
            for address in step.addresses:
                self._writing.setdefault(address, []).append(step.id)

    def group_of(self, step: Step, begun: Set[int]) -> frozenset[int]:
        """Return the steps that beginning `step` commits to, besides those that are begun."""
        pending, found = [step.id], set()
        while pending:
            current = pending.pop()
            if current in found or current in begun:
                continue
            found.add(current)
            pending += self.steps[current].waits
            for address in self.steps[current].addresses:
                pending += self._writing[address]
        return frozenset(found)
