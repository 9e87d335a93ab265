"""Check every prefix of an apply: what the shop would sell if no further request were sent.

The steps are replayed on a model of the changed objects. After each step, every changed object in
use must satisfy four conditions: (a) a field has its value from before or after the plan, (b) what
comes into use is whole, (c) what it names exists and is whole, and (d) prices, and the terms of a
coupon, are all old or all new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dealpos_reconciler.core.diff.change import Change, comes_into_use
from dealpos_reconciler.core.diff.diff import differs
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import ancestors
from dealpos_reconciler.core.model.field import Reference
from dealpos_reconciler.core.model.kind import Kinds, Value
from dealpos_reconciler.core.plan.children import find_returning_parents
from dealpos_reconciler.core.plan.plan import Interruptions, Plan, UnsafeStop
from dealpos_reconciler.core.steps.step import Step

_UNSET: tuple[object, ...] = ("", None, {}, [])


def check_prefixes(
    plan: Plan,
    steps: Sequence[Step],
    kinds: Kinds,
    *,
    unsafe_births: bool = False,
    seen: Sequence[Mapping[Address, Value | None]] = (),
) -> Interruptions:
    """Return the stop points of the ordered `steps`, and those that are not safe.

    With `unsafe_births` the shop is known to put new objects in use whatever a create says. `seen`
    holds, for each step, the objects as a shop has them after it, where one was asked.
    """
    model = _Model(plan, steps, kinds, unsafe_births)
    points, unsafe = 0, list[UnsafeStop]()
    open_: dict[Address, tuple[int, str]] = {}
    for index, step in enumerate(steps):
        points += len(step.requests)
        moved = {*model.take(step), *(model.see(seen[index]) if index < len(seen) else ())}
        for address in {*moved, *open_}:
            why = model.reason(address)
            if why and address not in open_:
                open_[address] = points, why
            elif not why and address in open_:
                after, said = open_.pop(address)
                unsafe.append(UnsafeStop(after, points, address, said))
    unsafe += [UnsafeStop(after, points + 1, a, why) for a, (after, why) in open_.items()]
    return Interruptions(points, tuple(sorted(unsafe)))


class _Model:
    """The changed objects as the steps so far leave them; None stands for an absent one."""

    def __init__(self, plan: Plan, steps: Sequence[Step], kinds: Kinds, unsafe: bool) -> None:
        self.plan = plan
        self.kinds = kinds
        self.unsafe_births = unsafe
        self.changes = {change.address: change for change in plan.changes}
        self.state: dict[Address, Value | None] = {
            address: None if change.renamed_from else change.before
            for address, change in self.changes.items()
        }
        self.returning_parents = find_returning_parents(plan, kinds)
        self.left = Counter(change.address for step in steps for change in step.changes)
        """The steps that are still to write each object."""
        self.adapted: set[Address] = set()
        """Objects that a step writes otherwise than the plan says, such as one out of use."""
        self.owners: dict[Address, Address | None] = {}
        self.born: dict[Address, tuple[Step, Change]] = {}
        """Objects as they were created out of use, until the next step writes them."""
        self.sold_before = {
            a for a, c in self.changes.items() if c.before is not None and self._in_use(c, c.before)
        }
        self.moving = {
            address
            for address, change in self.changes.items()
            if None in (change.before, change.after) or change.renamed_from or self._returns(change)
        }
        self.referring = self._find_referring_fields()
        self.dependents = self._dependents()

    def take(self, step: Step) -> Iterator[Address]:
        """Carry out a step, and yield the objects that may be in another condition now."""
        for change in step.changes:
            address = change.address
            self.left[address] -= 1
            planned = self.changes[address]
            whole = change is planned and not self.left[address] and address in self.sold_before
            if change.after is None or whole:
                self.state[address] = change.after
            elif address in step.births and not self.unsafe_births:
                self.state[address], self.born[address] = change.after, (step, change)
                continue  # out of use, so in no condition at all
            else:
                self.state[address] = value = self._write(step, change)
                if address in step.births:
                    del value[self.kinds[address.kind].retire]
                if change is not planned:
                    self.adapted.add(address)
            yield address
            yield from self.dependents.get(address, ())

    def see(self, seen: Mapping[Address, Value | None]) -> Iterator[Address]:
        """Take over objects as a shop has them, and yield those that are in another condition."""
        for address, value in seen.items():
            if (change := self.changes.get(address)) is None:
                continue
            known = self.state[address]
            self.state[address] = None if value is None else self._take_over(change, value)
            if self.state[address] != known:
                self.adapted.add(address)
            yield address
            yield from self.dependents.get(address, ())

    def _take_over(self, change: Change, shown: Value) -> dict[str, Any]:
        """Return an object with the values that a shop shows of it, in the form of the plan."""
        kind, before, after = (
            self.kinds[change.address.kind],
            change.before or {},
            change.after or {},
        )
        value = dict(self.state[change.address] or after)
        for name in shown.keys() & {kind.retire, *before, *after}:
            if kind.fields[name].write_only:
                value[name] = shown[name]
            elif kind.fields[name].comparable:
                sides = (side[name] for side in (after, before) if name in side)
                now = {name: shown[name]}
                same = (side for side in sides if not differs(kind, {name: side}, now))
                value[name] = next(same, shown[name])
        return value

    def _write(self, step: Step, change: Change) -> dict[str, Any]:
        """Return an object as a step leaves it."""
        written, address = step.written_values(change), change.address
        born = self.born.pop(address, None)
        if step.creates or (born and len(written) == len(change.after or {})):
            return dict(written)  # everything is written
        old = born[0].written_values(born[1]) if born else self.state[address]
        return {**(old or self.changes[address].before or {}), **written}

    def reason(self, address: Address) -> str | None:
        """Return the reason why an object must not be left as it is, or None."""
        value, change = self.state[address], self.changes[address]
        if value is None or change.after is None or not self._in_use(change, value):
            return None
        kind, before = self.kinds[address.kind], change.before or {}
        new = address not in self.sold_before
        if (
            (new or self.left[address])
            and self._is_sold(address)
            and (rest := self._unwritten(change))
        ):
            if new:
                return f"it is in use before {rest} is written"
            offer = kind.prices or kind.discount
            if offer and offer(value) not in (offer(before), offer(change.after)):
                return f"it has some of its new prices before {rest} is written"
        if address in self.adapted and value != change.after:
            for name, now in value.items():
                if now not in (before.get(name), change.after.get(name)) and name != kind.retire:
                    return f"`{name}` has neither its old value nor its new one"
        return self._unready_target(change, value) if self.moving else None

    def _unwritten(self, change: Change) -> str:
        """Return the fields that a later step must write, as text."""
        kind, value = self.kinds[change.address.kind], self.state[change.address] or {}
        if change.after and change.after.items() <= value.items():
            return ""  # nearly every object
        return ", ".join(
            f"`{name}`"
            for name, new in change.provable(change.before or {}).items()
            if value.get(name) != new and (name in value or new not in _UNSET)
            if name not in (kind.retire, kind.parent_kind)
        )

    def _unready_target(self, change: Change, value: Value) -> str | None:
        """Return what an object names and cannot use yet, or None."""
        for target in self._targets(change, value):
            if target in self.moving:
                if self.state[target] is None:
                    return f"it names {target}, which does not exist"
                if not self.left.get(target) or not self._returns(self.changes[target]):
                    continue
                sold_before = change.before and change.address in self.sold_before
                if not sold_before or target not in self._targets(change, change.before or {}):
                    return f"it names {target}, which is not complete"
        return None

    def _targets(self, change: Change, value: Value) -> Iterator[Address]:
        """Yield what an object depends on while it has this value, as far as that may move."""
        kind = self.kinds[change.address.kind]
        if kind.tree:
            yield from ancestors(change.address, self.kinds)
        if owner := self._owner(change):
            yield owner
        for name, reference in self.referring[kind.name]:
            for key, _ in reference.targets(value[name]) if value.get(name) else ():
                yield (target := Address(reference.kind, key))
                yield from ancestors(target, self.kinds)
                if target in self.returning_parents:
                    yield self.returning_parents[target]

    def _in_use(self, change: Change, value: Value | None) -> bool:
        """Return whether an object with this value is in use, and so is its parent."""
        kind = self.kinds[change.address.kind]
        if value is None or (kind.retire and value.get(kind.retire)):
            return False
        owner = self._owner(change)
        if owner is None:
            return True
        above = self.state.get(owner)
        if not above:
            family = self.plan.parents.get(owner)
            above = family.value if family else {}
        return not above.get(self.kinds[owner.kind].retire)

    def _owner(self, change: Change) -> Address | None:
        if change.address not in self.owners:
            value = change.after or change.before or {}
            self.owners[change.address] = self.kinds[change.address.kind].parent_address(value)
        return self.owners[change.address]

    def _is_sold(self, address: Address) -> bool:
        return bool(self.kinds[address.kind].prices or self.kinds[address.kind].discount)

    def _returns(self, change: Change) -> bool:
        return comes_into_use(self.kinds[change.address.kind], change)

    def _find_referring_fields(self) -> Mapping[str, Sequence[tuple[str, Reference]]]:
        """Return, by kind, the fields that may name an object which goes, comes or moves."""
        awaited = {address.kind for address in (*self.moving, *self.returning_parents)}
        return {
            kind.name: [
                (name, reference)
                for name, references in kind.referring_fields
                for reference in references
                if reference.kind in awaited
            ]
            for kind in self.kinds.values()
        }

    def _dependents(self) -> Mapping[Address, set[Address]]:
        """Return the changed objects that depend on one which is live and goes or comes back."""
        awaited = {address for address in self.moving if self.changes[address].before is not None}
        found: dict[Address, set[Address]] = {}
        for change in self.changes.values() if awaited else ():
            for target in awaited.intersection(self._targets(change, change.before or {})):
                found.setdefault(target, set()).add(change.address)
        return found
