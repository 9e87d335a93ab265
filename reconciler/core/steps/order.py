"""Sort the steps of a plan so that every object exists before a step refers to it.

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
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import ancestors, references_of
from reconciler.core.model.kind import Kinds, Value
from reconciler.core.plan.plan import Plan
from reconciler.core.steps.lower import lower_plan
from reconciler.core.steps.step import Step
from reconciler.errors import Problem, SourceError


def order_steps(plan: Plan, kinds: Kinds) -> tuple[Step, ...]:
    """Return every step of the plan in an order in which each finds what it needs.

    The order is the same for the same plan. Raises SourceError for changes that wait for each
    other, such as the renames A→B and B→A.
    """
    unordered = lower_plan(plan, kinds)
    needed = _Dependencies(unordered, kinds)
    waiting = {step.id: frozenset(needed.steps_before(step) - {step.id}) for step in unordered}
    sorter = TopologicalSorter(waiting)
    try:
        sorter.prepare()
    except CycleError as error:
        raise _cycle_error([c for i in error.args[1] for c in unordered[i].changes]) from None
    ordered: list[Step] = []
    last: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        last += [i for i in ready if unordered[i].action in _DESTROYS]
        # Replacements and deletions come last: if an earlier step shows that this shop rejects
        # or changes writes, nothing has been destroyed yet.
        if not (next_ := [i for i in ready if unordered[i].action not in _DESTROYS]):
            next_, last = sorted(last), []
        ordered += [replace(unordered[i], waits=waiting[i]) for i in next_]
        sorter.done(*next_)
    return tuple(ordered)


def _cycle_error(changes: list[Change]) -> SourceError:
    """Return the error for changes that wait for each other."""
    named = ", ".join(sorted({str(change.address) for change in changes}))
    place = next((change.source for change in changes if change.source), Source("", 0, 0))
    message = f"these changes depend on each other: {named}"
    return SourceError([Problem(*place, message, "apply one of them first")])


_DESTROYS = (Action.REPLACE, Action.DELETE)


class _Dependencies:
    """The steps before each step, looked up by address."""

    def __init__(self, unordered: list[Step], kinds: Kinds) -> None:
        self.kinds = kinds
        self.created_by = {
            change.address: step.id
            for step in unordered
            for change in step.changes
            if step.creates or change.renamed_from
        }
        # A step that takes a name, or a path below it, waits for the rename that gives it up.
        # Names are the keys of categories (dealpos-api.md §5): without this, the step would write
        # to the object that still has the name.
        self.renamed_away = {
            Address(change.address.kind, change.renamed_from): step.id
            for step in unordered
            for change in step.changes
            if change.renamed_from
        }
        self.moved_out_before_rename = self._moves_before_rename(unordered)
        self.last_users = _last_users(unordered, kinds)
        self.parent_updates = {
            owner: step.id
            for step in unordered
            if not step.creates
            for owner in _owners_of(step).union(c.address for c in step.changes)
            if owner.kind == step.kind
        }

    def steps_before(self, step: Step) -> set[int]:
        """Return the steps that must run before `step`."""
        if step.action is Action.DELETE:
            waits = {found for a in step.addresses for found in self.last_users.get(a, ())}
            paths = [over for a in step.addresses for over in ancestors(a, self.kinds)]
            return waits | {self.created_by[over] for over in paths if over in self.created_by}
        waits = set(self.moved_out_before_rename.get(step.id, ()))
        for change in step.changes:
            needed = {change.address, *_needs(change, self.kinds, step.written_values(change))}
            waits.update(self.created_by[a] for a in needed & self.created_by.keys())
            if step.creates or change.renamed_from:
                path = (change.address, *ancestors(change.address, self.kinds))
                waits |= {self.renamed_away[a] for a in path if a in self.renamed_away}
            # A parent's update lists its known children: sent after a creation, it would leave
            # the new child out, and the shop may delete it (dealpos-api.md §6.2).
            owner = self.kinds[change.address.kind].parent_address(change.after or {})
            if step.creates and owner in self.parent_updates:
                waits.add(self.parent_updates[owner])
        return waits

    def _moves_before_rename(self, unordered: list[Step]) -> Mapping[int, set[int]]:
        """Return, for each rename, the renames that move an object out from below its old name."""
        found: dict[int, set[int]] = {}
        for step in unordered:
            for change in step.changes:
                old = Address(change.address.kind, change.renamed_from)
                for over in ancestors(old, self.kinds):
                    if over in self.created_by:
                        break  # the object was moved there by an earlier step
                    if over in self.renamed_away:
                        found.setdefault(self.renamed_away[over], set()).add(step.id)
        return found


def _last_users(unordered: list[Step], kinds: Kinds) -> Mapping[Address, set[int]]:
    """Return, for each object to be deleted, the steps after which nothing needs it any more.

    A parent's update comes before the deletion of its child too: it names the child, and sent
    afterwards it would create it again (dealpos-api.md §6.2).
    """
    doomed = {c.address: c for s in unordered if s.action is Action.DELETE for c in s.changes}
    found: dict[Address, set[int]] = {address: set() for address in doomed}
    writing: dict[Address, set[int]] = {}
    for step in unordered if doomed else ():
        for change in step.changes:
            if step.action is not Action.DELETE:
                writing.setdefault(change.address, set()).add(step.id)
            for target in doomed.keys() & set(_needs(change, kinds, change.before or {})):
                found[target].add(step.id)
    for address, change in doomed.items():
        if owner := kinds[address.kind].parent_address(change.before or {}):
            found[address] |= writing.get(owner, set())
            found[address] |= {s.id for s in unordered if owner in _owners_of(s)}
    return found


def _owners_of(step: Step) -> set[Address]:
    """Return the parents whose update `step` is, for the sake of their children alone."""
    return {
        Address(step.kind, (change.after or {}).get(step.kind, ""))
        for change in step.changes
        if change.address.kind != step.kind
    }


def _needs(change: Change, kinds: Kinds, value: Value) -> Iterator[Address]:
    """Yield the objects that must exist while a changed object has these values."""
    kind = kinds[change.address.kind]
    for target, _ in references_of(kind, value):
        yield target
        yield from ancestors(target, kinds)
    if owner := kind.parent_address(change.after or change.before or {}):
        yield owner
    for name in filter(None, (change.address.name, change.renamed_from)):
        yield from ancestors(Address(kind.name, name), kinds)
