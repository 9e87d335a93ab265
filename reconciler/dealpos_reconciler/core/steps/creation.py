"""Turn new objects into requests: their creations, and the updates that complete them.

A new child is created with its parent, or added to its parent in one call with its siblings;
fields that these calls cannot carry follow in its own update, which also puts it on sale: until
then it is discontinued, so that nobody buys it at a price that is not the declared one. No update
follows where the shop itself sets these fields as declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from dealpos_reconciler.core.diff.births import complete_birth, find_incomplete_fields
from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.readback import proof_of
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Call, Kind, Kinds, Parent, Value
from dealpos_reconciler.core.plan.children import changes_by_parent, find_doubtful_fields
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.presets import Presets
from dealpos_reconciler.core.steps.step import (
    Request,
    Step,
    build_request,
    build_undo,
    request_with_spellings,
    split_batches,
    values_to_send,
)


class CreationLowering:
    """Turns new objects into steps; keeps what the steps of one plan share."""

    def __init__(
        self, plan: Plan, kinds: Kinds, alone: Mapping[str, Address], presets: Presets
    ) -> None:
        self.plan = plan
        self.kinds = kinds
        self.alone = alone
        self.presets = presets
        self.changes = {change.address: change for change in plan.changes}
        self.children = changes_by_parent(plan.changes, kinds)
        self.doubtful = find_doubtful_fields(plan.changes, plan.parents, kinds)
        self.ids = count()

    def new_step(
        self,
        kind: Kind,
        action: Action,
        changes: Sequence[Change],
        requests: Sequence[Request],
        carried: Mapping[str, frozenset[str]],
        **rest: Any,
    ) -> Step:
        """Return a step with the next number, and the proofs of its changes."""
        rest["proofs"] = {c.address: proof_of(self.kinds[c.address.kind], c) for c in changes}
        made = next(self.ids), kind.name, action, tuple(changes), tuple(requests), carried
        return Step(*made, **rest)

    def lower_creation(
        self, kind: Kind, call: Call, child: Kind | None, change: Change
    ) -> Iterator[Step]:
        """Yield the creation of an object with its children, and of those that come later."""
        below = [c for c in self.children.get(change.address, ()) if c.action is Action.CREATE]
        nested = child.parent if child else None

        def build(riders: Sequence[Change]) -> Step:
            carried = {kind.name: frozenset(call.fields)}
            if child and nested:
                carried[child.name] = frozenset(nested.create.fields)
            return self.new_step(
                kind,
                Action.CREATE,
                [change, *riders],
                [self._build_creation(kind, call, change.after or {}, child, riders)],
                carried,
                creates=True,
                undo=build_undo(kind, change, change.replaces),
            )

        if child is None or nested is None:
            yield build(())
            yield from self._completions(kind, [change], call)
            return
        now, later = self.presets.split(child, below, nested.create, self.alone)
        created = self._create(child, nested.create, now, build)
        yield next(created)
        yield from self._completions(kind, [change], call)
        yield from created
        yield from self.additions(child, nested, change.address, later)

    def _create(
        self,
        kind: Kind,
        call: Call,
        changes: Sequence[Change],
        build: Callable[[Sequence[Change]], Step],
    ) -> Iterator[Step]:
        """Yield the creation that `build` returns, then the updates that complete its objects."""
        made = self.presets.create(kind, changes, call, self.alone)
        step, relied = build(made.changes), made.relied
        updates = list(self._completions(kind, [c for c in changes if c.address in relied], call))
        doubted: tuple[Step, ...] = ()
        if made.doubted is not None:
            births = made.births.union(relied)
            again = replace(build(made.doubted), births=births)
            doubted = tuple(each.with_id(step.id) for each in (again, *updates))
        fallback = {update.addresses[0]: update.requests[0] for update in updates}
        yield replace(
            step, births=made.births, assumed=made.assumed, doubted=doubted, fallback=fallback
        )
        yield from self._completions(kind, [c for c in changes if c.address not in relied], call)

    def _build_creation(
        self, kind: Kind, call: Call, value: Value, child: Kind | None, riders: Sequence[Change]
    ) -> Request:
        if child is None or child.parent is None:
            return build_request(kind, call, value)
        key, create = child.parent.key, child.parent.create
        items = [child.encode(create, change.after or {}) for change in riders]
        body = kind.encode(call, value)
        bodies = [{**body, key: list(map(form, items))} for form in create.forms]
        return request_with_spellings(call.operation, bodies)

    def _completions(self, kind: Kind, changes: Sequence[Change], call: Call) -> Iterator[Step]:
        """Yield updates for the fields that a creation could not carry; they put it in use too."""
        for change in changes:
            if find_incomplete_fields(kind, change, call):
                whole = complete_birth(kind, change)
                value = values_to_send(self._with_parent_values(kind, whole))
                yield self.own_update(kind, whole, value)

    def _with_parent_values(self, kind: Kind, change: Change) -> Change:
        """Return a new child with the values that repeat its parent's.

        Its own update is a full one (dealpos-api.md §7): without them it would clear what the
        shop gave the child from its parent.
        """
        if kind.parent is None or change.after is None:
            return change
        owner = Address(kind.parent.kind, change.after.get(kind.parent.kind, ""))
        above, family = self.changes.get(owner), self.plan.parents.get(owner)
        value = (above.after if above else None) or (family.value if family else {})
        repeated = {
            name: value[other]
            for name, other in kind.parent.follows.items()
            if name not in change.after and other in value
        }
        return replace(change, after={**change.after, **repeated})

    def additions(
        self, kind: Kind, parent: Parent, owner: Address, created: Sequence[Change]
    ) -> Iterator[Step]:
        """Yield the calls that add new children to a live parent, and what completes them."""
        if kind.create:
            one = self.alone.get(kind.create.operation)
            first = [c for c in created if c.address == one]
            rest = [c for c in created if c.address != one] if first else created
            for batch in (*split_batches(first, 1), *split_batches(rest, kind.create.limit)):
                build = partial(self._addition, kind, kind.create, parent, owner)
                yield from self._create(kind, kind.create, batch, build)

    def _addition(
        self, kind: Kind, call: Call, parent: Parent, owner: Address, changes: Sequence[Change]
    ) -> Step:
        items = [kind.encode(call, change.after or {}) for change in changes]
        above = self.kinds[parent.kind]
        (key,) = above.fields[above.identity].wire.write
        return self.new_step(
            kind,
            Action.CREATE,
            changes,
            [Request(call.operation, {key: owner.name, parent.key: items})],
            {kind.name: frozenset(call.fields)},
            creates=True,
        )

    def own_update(self, kind: Kind, change: Change, value: Value | None = None) -> Step:
        """Return the update of one object by itself; `value` takes the place of its values."""
        assert kind.update is not None
        whole = values_to_send(change) if value is None else value
        value = self.without_doubtful(change, whole)
        if change.renamed_from:
            value = {**value, kind.identity: change.renamed_from}
        request = build_request(kind, kind.update, value)
        if change.renamed_from:
            request = Request(request.operation, {**request.body, kind.rename: change.address.name})
        doubtful = self.doubtful.get(change.address)
        carried = {kind.name: frozenset(kind.update.fields).difference(doubtful or ())}
        # Whether an update clears what it leaves out is undocumented (dealpos-api.md §14 #13).
        repair = build_request(kind, kind.update, whole) if doubtful else None
        return self.new_step(kind, change.action, [change], [request], carried, repair=repair)

    def without_doubtful(self, change: Change, value: Value) -> Value:
        """Return a value without the fields of which a read may have shown the parent's."""
        left_out = self.doubtful.get(change.address, ())
        return {name: item for name, item in value.items() if name not in left_out}
