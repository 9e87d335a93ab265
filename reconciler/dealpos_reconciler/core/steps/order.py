"""Sort the steps of a plan so that every object exists before a step refers to it.

        category (parent first) ──► product + its variants ──► what those could not carry
                                             │
        customer ────────────► coupon ◄──────┘

The picture follows from the references between objects; no kind is named here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from dealpos_reconciler.core.diff.births import EXPOSED
from dealpos_reconciler.core.diff.change import Action, Change, comes_into_use
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import ancestors, references_of
from dealpos_reconciler.core.model.kind import Kinds, Value
from dealpos_reconciler.core.plan.children import find_returning_parents
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.first_births import FirstBirth, find_first_births
from dealpos_reconciler.core.steps.lower import lower_plan
from dealpos_reconciler.core.steps.presets import Presets, find_unlearned
from dealpos_reconciler.core.steps.readbacks import choose_times
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.errors import Problem, SourceError


def order_steps(
    plan: Plan,
    kinds: Kinds,
    *,
    proven: Collection[str] | None = None,
    presets: Presets | None = None,
    today: str = "",
) -> tuple[Step, ...]:
    """Return every step of the plan in an order in which each finds what it needs.

    The order is the same for the same plan. `proven` are the operations that are known to create
    objects out of use: another one first creates a single object, which is read back; None if
    nothing is read back. `presets` tells what the shop sets itself; promotions that end soon after
    `today` are read singly. Raises SourceError for changes that wait for each other (A→B, B→A).
    """
    alone: dict[str, Address] = {}
    presets = presets or Presets()
    while True:
        unordered = lower_plan(plan, kinds, alone, presets)
        unlearned = find_unlearned(unordered, presets.known)
        known = None if proven is None else set(proven) - unlearned
        steps, first = _order_steps(unordered, plan, kinds, known)
        shared = {
            b.step.operation: b.address
            for b in first
            if len(b.step.births) > 1 or b.step.operation in unlearned
        }
        if not shared.keys() - alone.keys():
            return choose_times(steps, kinds, plan.listings, plan.unlisted, today)
        alone |= shared


def _order_steps(
    unordered: list[Step], plan: Plan, kinds: Kinds, proven: Collection[str] | None
) -> tuple[tuple[Step, ...], Sequence[FirstBirth]]:
    """Return the ordered steps, and the births that are read back."""
    needed = _Dependencies(unordered, kinds, find_returning_parents(plan, kinds))
    waits = {step.id: needed.steps_before(step) - {step.id} for step in unordered}
    after = {i: waits[i] | needed.steps_overwriting(unordered[i]) for i in waits}
    publishing = {i: needed.steps_to_publish(unordered[i]) - {i} for i in waits}
    whole = {i: after[i] | publishing[i] for i in waits}
    if _find_cycle(whole):
        if cycle := _find_cycle(after):
            raise _cycle_error([c for i in cycle for c in unordered[i].changes])
        # The check of every prefix says what is in use too early.
        whole, publishing = after, {}
    first = [] if proven is None else find_first_births(unordered, whole, proven)
    for birth in first:
        # What completes it is sent right after it, so that it is incomplete for one request.
        needs = set().union(*(whole[i] for i in birth.rest)) - {birth.step.id, *birth.rest}
        earlier = {**whole, birth.step.id: whole[birth.step.id] | needs}
        whole = whole if _find_cycle(earlier) else earlier
    exposed = [s.id for s in unordered if any(c.interrupted == EXPOSED for c in s.changes)]
    urgent = [*exposed, *(i for birth in first for i in (birth.step.id, *sorted(birth.rest)))]
    steps = [
        replace(
            unordered[i],
            waits=frozenset(waits[i].union(publishing.get(i, ()))),
            proves_births=any(birth.step.id == i for birth in first),
        )
        for i in _sort(unordered, whole, urgent)
    ]
    return tuple(steps), first


def _find_cycle(graph: Mapping[int, Set[int]]) -> Sequence[int]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: Sequence[int] = error.args[1]
        return found
    return ()


def _sort(
    unordered: Sequence[Step], after: Mapping[int, Set[int]], urgent: Sequence[int]
) -> Iterable[int]:
    """Return the steps depth first, so that little is unfinished when a run ends.

    The `urgent` ones come first, with what they need. A step comes after those it must come
    `after`, and right behind one that writes its object too. Replacements and deletions come last:
    if an earlier step shows that this shop rejects or changes writes, nothing has been destroyed
    yet.
    """
    writing: dict[Address, list[int]] = {}
    for step in unordered:
        for address in step.addresses:
            writing.setdefault(address, []).append(step.id)
    ordered: dict[int, None] = {}
    rank = {i: n for n, i in enumerate(urgent)}
    pending = sorted(
        after,
        key=lambda i: (rank.get(i, len(rank)), unordered[i].action in _DESTROYS, i),
        reverse=True,
    )
    while pending:
        current = pending[-1]
        if current in ordered:
            pending.pop()
        elif missing := [i for i in after[current] if i not in ordered]:
            pending += sorted(missing, reverse=True)
        else:
            ordered[current] = None
            rest = {i for address in unordered[current].addresses for i in writing[address]}
            pending += sorted((i for i in rest if i not in ordered), reverse=True)
    return ordered


def _cycle_error(changes: list[Change]) -> SourceError:
    """Return the error for changes that wait for each other."""
    named = ", ".join(sorted({str(change.address) for change in changes}))
    place = next((change.source for change in changes if change.source), Source("", 0, 0))
    message = f"these changes depend on each other: {named}"
    return SourceError([Problem(*place, message, "apply one of them first")])


_DESTROYS = (Action.REPLACE, Action.DELETE)


class _Dependencies:
    """The steps before each step, looked up by address."""

    def __init__(
        self, unordered: list[Step], kinds: Kinds, parents: Mapping[Address, Address]
    ) -> None:
        self.kinds = kinds
        self.returning_parents = parents
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
        # The step after which what comes into use is whole.
        self.whole_by = {
            change.address: step.id
            for step in unordered
            for change in step.changes
            if comes_into_use(kinds[change.address.kind], change)
        }
        live = [(step, c) for step in unordered for c in step.changes if c.before is not None]
        self.returning = {c.address for _, c in live if comes_into_use(kinds[c.address.kind], c)}
        self.own_updates: dict[Address, set[int]] = {}
        for step, change in live:
            owner = kinds[step.kind].parent_address(change.after or {})
            if owner and step.kind == change.address.kind:
                self.own_updates.setdefault(owner, set()).add(step.id)
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

    def steps_to_publish(self, step: Step) -> set[int]:
        """Return the steps before `step` so that nothing is sold before it is whole.

        What names an object waits until that is whole, and all categories above it are; a parent
        that returns to use waits for the updates of its children.
        """
        found: set[int] = set()
        for change in step.changes if step.action is not Action.DELETE else ():
            kind = self.kinds[change.address.kind]
            targets = {target for target, _ in references_of(kind, step.written_values(change))}
            targets |= {
                over for a in (change.address, *targets) for over in ancestors(a, self.kinds)
            }
            targets |= {self.returning_parents[a] for a in targets & self.returning_parents.keys()}
            targets.discard(kind.parent_address(change.after or {}) or change.address)
            found.update(self.whole_by[a] for a in targets & self.whole_by.keys())
            if change.address in self.returning:
                found |= self.own_updates.get(change.address, set())
        return found

    def steps_overwriting(self, step: Step) -> set[int]:
        """Return the parent's updates that write the old values of what `step` updates."""
        change = step.changes[0]
        owner = self.kinds[step.kind].parent_address(change.after or {})
        if change.before is None or owner not in self.parent_updates or owner in self.returning:
            return set()
        return {self.parent_updates[owner]}

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
        for parent in _owners_of(step):
            writing.setdefault(parent, set()).add(step.id)
    for address, change in doomed.items():
        if owner := kinds[address.kind].parent_address(change.before or {}):
            found[address] |= writing.get(owner, set())
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
