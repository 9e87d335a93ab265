"""The steps of an apply: their requests, how they are undone, and their atomic groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.readback import Proof, proof_of
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Call, Kind, Value
from dealpos_reconciler.core.plan.replacement import restore_old

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One call: an operation, its body, and other spellings of it where none is documented."""

    operation: str
    body: Any
    spellings: tuple[Any, ...] = ()

    @property
    def bodies(self) -> tuple[Any, ...]:
        """Return the body and its other spellings, in the order in which they are tried."""
        return (self.body, *self.spellings)


@dataclass(frozen=True, slots=True)
class Undo:
    """The requests that undo a creation: remove the new object, put the replaced one back."""

    remove: Request
    replaces: bool = False
    """True if an object was deleted for it."""
    restore: Request | None = None
    """Creates the deleted object again, with the uses that were left; None where none were."""
    must_match: Value = field(default_factory=dict)
    """The values of the restored object that must read back as sent."""


@dataclass(frozen=True, slots=True)
class Step:
    """The smallest part of an apply: one request, or the two of a replacement.

    `carried` names the fields of its changes that this step writes; `waits` are the steps that
    must have succeeded before; `births` are new objects that stay out of use until a later step
    completes them; `fallback` holds the requests that write one object at a time;
    `proofs` the fields that must be seen before a change counts as verified. `undo` is set for a
    creation that must read back as declared, or be removed again.
    """

    id: int
    kind: str
    action: Action
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]
    carried: Mapping[str, frozenset[str]]
    creates: bool = False
    waits: frozenset[int] = frozenset()
    births: frozenset[Address] = frozenset()
    proves_births: bool = False
    """True if a birth is read back at once: whether its operation creates objects out of use is
    not known of this shop yet."""
    assumed: Mapping[Address, Value] = field(default_factory=dict)
    """The declared values that its request cannot carry and the shop may set itself."""
    doubted: tuple[Step, ...] = ()
    """The steps in its place for a shop that sets other values: the creation of all these objects
    out of use, and the updates that complete them. None where the shop is known to set these."""
    fallback: Mapping[Address, Request] = field(default_factory=dict)
    proofs: Mapping[Address, Proof] = field(default_factory=dict)
    undo: Undo | None = None
    proven_by: int | None = None
    """The step that creates an object of the same shape before, which is read back at once: this
    one is read back with all others at the end. None if it is read back at once itself."""
    repair: Request | None = None
    """Also writes the fields that its request leaves out, in case the shop has cleared them."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return the addresses of the objects that this step changes."""
        return tuple(change.address for change in self.changes)

    @property
    def operation(self) -> str:
        """Return the operation of its last request, which is the one that creates."""
        return self.requests[-1].operation

    @property
    def reads_at_once(self) -> int:
        """Return the requests that read while it is carried out.

        They read what it replaces, a birth, and what it creates unless that is read at the end.
        """
        is_read = self.undo is not None and self.proven_by is None
        return (self.action is Action.REPLACE) + self.proves_births + is_read

    @property
    def singles(self) -> tuple[Step, ...]:
        """Return the step as one step per object, each with its fallback request."""
        return tuple(
            replace(self, changes=(change,), requests=(self.fallback[change.address],), fallback={})
            for change in self.changes
        )

    @property
    def relied(self) -> Set[Address]:
        """Return the new objects that no later step completes: the shop sets what is missing."""
        return self.assumed.keys() - self.births

    def with_id(self, number: int) -> Step:
        """Return the step with another number, and with it the steps in its place."""
        if self.id == number:
            return self
        return replace(self, id=number, doubted=tuple(s.with_id(number) for s in self.doubted))

    def written_values(self, change: Change) -> Value:
        """Return the values of `change` that are in the shop after this step."""
        carried, after = self.carried.get(change.address.kind, frozenset()), change.after or {}
        if self.assumed and change.address in self.relied:
            carried = carried.union(self.assumed[change.address])
        if after.keys() <= carried:
            return after
        return {name: v for name, v in after.items() if name in carried}


def split_batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `items` in batches of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def build_request(kind: Kind, call: Call, value: Value) -> Request:
    """Return the request that `call` makes for one value."""
    body: Any = kind.encode(call, value)
    if call.body:
        body = call.body([body])
    return request_with_spellings(call.operation, [form(body) for form in call.forms] or [body])


def values_to_send(change: Change) -> Value:
    """Return the values of `after` to send: all but those that are empty and stay empty.

    A server need not accept an empty date or reference (dealpos-api.md §13), and leaving out a
    value that is empty in the shop clears nothing.
    """
    before = change.before or {}
    return {
        name: value
        for name, value in (change.after or {}).items()
        if value not in ("", None, {}, []) or name not in before or before[name] != value
    }


def request_with_spellings(operation: str, bodies: Sequence[Any]) -> Request:
    """Return a request with the first body, and the others that differ as its spellings."""
    distinct: list[Any] = []
    for body in bodies:
        if body not in distinct:
            distinct.append(body)
    return Request(operation, distinct[0], tuple(distinct[1:]))


def renew_replacement(step: Step, kind: Kind, change: Change) -> Step:
    """Return the replacement `step` with its change recomputed from what the shop has now."""
    assert kind.create is not None
    creation = build_request(kind, kind.create, values_to_send(change))
    return replace(
        step,
        changes=(change,),
        requests=(step.requests[0], creation),
        proofs={change.address: proof_of(kind, change)},
        undo=build_undo(kind, change, change.before),
    )


def build_undo(kind: Kind, change: Change, replaced: Value | None) -> Undo | None:
    """Return the requests that undo a creation which must not be broader than declared."""
    if not kind.must_match_on_readback or kind.delete is None or kind.create is None:
        return None
    remove = build_request(kind, kind.delete, change.after or {})
    if replaced is None:
        return Undo(remove)
    old = restore_old(kind, replaced, change.after or {})
    if old is None:
        return Undo(remove, replaces=True)
    must_match = {name: value for name, value in old.items() if name in kind.must_match_on_readback}
    return Undo(remove, True, build_request(kind, kind.create, old), must_match)


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
