"""The order of a plan's steps: what a step writes must exist when it is written.

        category (parent first) ──► product + its variants ──► what those could not carry
                                             │
        customer ────────────► coupon ◄──────┘

The picture follows from the references between objects; no kind is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from reconciler.core.change import Action, Change
from reconciler.core.kind import Kinds
from reconciler.core.lower import lower
from reconciler.core.plan import Plan
from reconciler.core.references import names
from reconciler.core.state import Address
from reconciler.core.step import Step


def steps(plan: Plan, kinds: Kinds) -> tuple[Step, ...]:
    """Every step of the plan, in an order in which each finds what it needs; deterministic."""
    unordered = lower(plan, kinds)
    before = _Before(unordered, kinds)
    waiting = {step.id: frozenset(before.waits(step) - {step.id}) for step in unordered}
    sorter = TopologicalSorter(waiting)
    sorter.prepare()
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


_DESTROYS = (Action.REPLACE, Action.DELETE)


class _Before:
    """What comes before what, looked up by address."""

    def __init__(self, unordered: list[Step], kinds: Kinds) -> None:
        self.kinds = kinds
        self.providers = _providers(unordered)
        # A rename onto a name waits for the rename that gives it up.
        self.freed = {
            Address(change.address.kind, change.renamed_from): step.id
            for step in unordered
            for change in step.changes
            if change.renamed_from
        }
        self.releases = _releases(unordered, kinds)
        self.parent_updates = {
            owner: step.id for step in unordered if not step.creates for owner in self._owners(step)
        }

    def waits(self, step: Step) -> set[int]:
        """The steps that `step` comes after."""
        if step.action is Action.DELETE:
            return {found for a in step.addresses for found in self.releases.get(a, ())}
        waits = set()
        for change in step.changes:
            for needed in (*_needs(step, change, self.kinds), change.address):
                if needed in self.providers:
                    waits.add(self.providers[needed])
            if change.renamed_from and change.address in self.freed:
                waits.add(self.freed[change.address])
            # A parent's update lists its children, so new ones come after it (see `lower`).
            parent = self.kinds[change.address.kind].parent
            if step.creates and parent:
                owner = Address(parent.kind, (change.after or {}).get(parent.kind, ""))
                if owner in self.parent_updates:
                    waits.add(self.parent_updates[owner])
        return waits

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
    if kind.tree:
        yield from _above(change.address)
    if change.renamed_from:
        yield from _above(Address(change.address.kind, change.renamed_from))


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
        if kinds[target.kind].tree:
            yield from _above(target)
    if kind.parent:
        yield Address(kind.parent.kind, value.get(kind.parent.kind, ""))
    if kind.tree:
        yield from _above(change.address)


def _above(address: Address) -> Iterator[Address]:
    """Every object above a path: renaming one of them moves what is below."""
    name = address.name
    while "/" in name:
        name = name.rpartition("/")[0]
        yield Address(address.kind, name)
