"""The order of a plan's steps: what a step writes must exist when it is written.

        category (parent first) ──► product + its variants ──► what those could not carry
                                             │
        customer ────────────► coupon ◄──────┘

The picture follows from the references between objects; no kind is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source, above
from reconciler.core.model.kind import Kinds
from reconciler.core.model.references import names
from reconciler.core.plan.plan import Plan
from reconciler.core.steps.lower import lower
from reconciler.core.steps.step import Step
from reconciler.errors import Problem, SourceError


def order_steps(plan: Plan, kinds: Kinds) -> tuple[Step, ...]:
    """Every step of the plan, in an order in which each finds what it needs; deterministic.

    Raises SourceError for changes that wait for each other, as renames in a ring do.
    """
    unordered = lower(plan, kinds)
    before = _Before(unordered, kinds)
    waiting = {step.id: frozenset(before.waits(step) - {step.id}) for step in unordered}
    sorter = TopologicalSorter(waiting)
    try:
        sorter.prepare()
    except CycleError as error:
        raise _entangled([c for i in error.args[1] for c in unordered[i].changes]) from None
    ordered: list[Step] = []
    last: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        last += [i for i in ready if unordered[i].action in _DESTROYS]
        # What destroys something comes last: the rest may show that it would fail.
        if not (next_ := [i for i in ready if unordered[i].action not in _DESTROYS]):
            next_, last = sorted(last), []
        ordered += [replace(unordered[i], waits=waiting[i]) for i in next_]
        sorter.done(*next_)
    return tuple(ordered)


def _entangled(changes: list[Change]) -> SourceError:
    """The error of changes each of which would have to come first."""
    named = ", ".join(sorted({str(change.address) for change in changes}))
    place = next((change.source for change in changes if change.source), Source("", 0, 0))
    message = f"each of these would have to be done before the others: {named}"
    return SourceError([Problem(*place, message, "apply a part of them first")])


_DESTROYS = (Action.REPLACE, Action.DELETE)


class _Before:
    """What comes before what, looked up by address."""

    def __init__(self, unordered: list[Step], kinds: Kinds) -> None:
        self.kinds = kinds
        self.providers = _providers(unordered)
        # What takes a name, or one below it, waits for the rename that gives it up.
        self.freed = {
            Address(change.address.kind, change.renamed_from): step.id
            for step in unordered
            for change in step.changes
            if change.renamed_from
        }
        self.drawn = self._drawn(unordered)
        self.releases = _releases(unordered, kinds)
        self.parent_updates = {
            owner: step.id for step in unordered if not step.creates for owner in self._owners(step)
        }

    def waits(self, step: Step) -> set[int]:
        """The steps that `step` comes after."""
        if step.action is Action.DELETE:
            waits = {found for a in step.addresses for found in self.releases.get(a, ())}
            paths = [over for a in step.addresses for over in above(a, self.kinds)]
            return waits | {self.providers[over] for over in paths if over in self.providers}
        waits = set()
        for change in step.changes:
            for needed in (*_needs(step, change, self.kinds), change.address):
                if needed in self.providers:
                    waits.add(self.providers[needed])
            if step.creates or change.renamed_from:
                path = (change.address, *above(change.address, self.kinds))
                waits |= {self.freed[a] for a in path if a in self.freed}
            waits |= self.drawn.get(step.id, set())
            # A parent's update lists its children, so new ones come after it (see `lower`).
            parent = self.kinds[change.address.kind].parent
            if step.creates and parent:
                owner = Address(parent.kind, (change.after or {}).get(parent.kind, ""))
                if owner in self.parent_updates:
                    waits.add(self.parent_updates[owner])
        return waits

    def _drawn(self, unordered: list[Step]) -> Mapping[int, set[int]]:
        """By each rename, those that draw something out from below it under its old name."""
        found: dict[int, set[int]] = {}
        for step in unordered:
            for change in step.changes:
                old = Address(change.address.kind, change.renamed_from)
                for over in above(old, self.kinds):
                    if over in self.providers:
                        break  # it was moved there before
                    if over in self.freed:
                        found.setdefault(self.freed[over], set()).add(step.id)
        return found

    def _owners(self, step: Step) -> Iterator[Address]:
        """The parents whose children a parent's update names."""
        for change in step.changes:
            if change.address.kind == step.kind:
                yield change.address
            else:
                yield Address(step.kind, (change.after or {}).get(step.kind, ""))


def _releases(unordered: list[Step], kinds: Kinds) -> Mapping[Address, set[int]]:
    """By each object to be deleted, the steps after which nothing needs it any more.

    A parent's update names its children (see `lower`): after a deletion it would bring one back.
    """
    doomed = {c.address: c for s in unordered if s.action is Action.DELETE for c in s.changes}
    found: dict[Address, set[int]] = {address: set() for address in doomed}
    writing: dict[Address, set[int]] = {}
    for step in unordered if doomed else ():
        for change in step.changes:
            if step.action is not Action.DELETE:
                writing.setdefault(change.address, set()).add(step.id)
            for target in doomed.keys() & set(_holds(change, kinds)):
                found[target].add(step.id)
    for address, change in doomed.items():
        parent = kinds[address.kind].parent
        if parent:
            owner = Address(parent.kind, (change.before or {}).get(parent.kind, ""))
            found[address] |= writing.get(owner, set())
            found[address] |= {s.id for s in unordered if owner in _owners_of(s)}
    return found


def _owners_of(step: Step) -> set[Address]:
    """The parents whose update `step` is, for the sake of their children alone."""
    return {
        Address(step.kind, (change.after or {}).get(step.kind, ""))
        for change in step.changes
        if change.address.kind != step.kind
    }


def _holds(change: Change, kinds: Kinds) -> Iterator[Address]:
    """What an object needs as long as it is as it was, or is not renamed."""
    kind, before = kinds[change.address.kind], change.before or {}
    yield from (target for target, _ in names(kind, before))
    if kind.parent:
        yield Address(kind.parent.kind, before.get(kind.parent.kind, ""))
    yield from above(change.address, kinds)
    if change.renamed_from:
        yield from above(Address(change.address.kind, change.renamed_from), kinds)


def _providers(unordered: list[Step]) -> Mapping[Address, int]:
    """The step after which an object exists under its address."""
    found: dict[Address, int] = {}
    for step in unordered:
        for change in step.changes:
            if step.creates or change.renamed_from:
                found.setdefault(change.address, step.id)
    return found


def _needs(step: Step, change: Change, kinds: Kinds) -> Iterator[Address]:
    """What must exist before `step` writes its part of `change`."""
    kind = kinds[change.address.kind]
    carried = step.carried.get(kind.name, frozenset())
    value = change.after or {}
    for target, _ in names(kind, {name: value[name] for name in value if name in carried}):
        yield target
        yield from above(target, kinds)
    if kind.parent:
        yield Address(kind.parent.kind, value.get(kind.parent.kind, ""))
    yield from above(change.address, kinds)
    if change.renamed_from:  # the name that it has by then
        yield from above(Address(kind.name, change.renamed_from), kinds)
