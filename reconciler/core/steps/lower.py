"""Turn the changes of a plan into requests, as few as the API allows.

A new child is created with its parent, or added to its parent in one call with its siblings;
fields that these calls cannot carry follow in its own update, which also puts it on sale: until
then it is discontinued, so that nobody buys it at a price that is not the declared one. A parent's
update names every live child of the parent with its value after the plan, because it is
undocumented whether children that are left out would be kept (dealpos-api.md §6.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from reconciler.core.diff.births import complete_birth, find_births, is_incomplete
from reconciler.core.diff.change import Action, Change, comes_into_use
from reconciler.core.diff.readback import proof_of
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Call, Kind, Kinds, Parent, Value
from reconciler.core.model.live import overlay
from reconciler.core.plan.children import (
    carry_children,
    changes_by_parent,
    find_doubtful_fields,
    use_parent_update,
)
from reconciler.core.plan.plan import Plan
from reconciler.core.steps.step import (
    Request,
    Step,
    build_request,
    build_undo,
    request_with_spellings,
    split_batches,
    values_to_send,
)


def lower_plan(plan: Plan, kinds: Kinds, alone: Mapping[str, Address]) -> list[Step]:
    """Return the steps of a plan; the steps of one change come in the order that it needs.

    `alone` names, by operation, an object that is created without another incomplete one.
    """
    return list(_Lowering(plan, kinds, alone).steps())


class _Lowering:
    def __init__(self, plan: Plan, kinds: Kinds, alone: Mapping[str, Address]) -> None:
        self.plan = plan
        self.kinds = kinds
        self.alone = alone
        self.changes = {change.address: change for change in plan.changes}
        self.children = changes_by_parent(plan.changes, kinds)
        self.doubtful = find_doubtful_fields(plan.changes, plan.parents, kinds)
        self.ids = count()

    def steps(self) -> Iterator[Step]:
        for kind in self.kinds.values():
            own = [c for c in self.plan.changes if c.address.kind == kind.name]
            deletions = [c for c in own if c.action is Action.DELETE]
            yield from self._deletions(kind, deletions)
            if kind.parent:
                yield from self._lower_children(kind, kind.parent)
            elif len(own) > len(deletions):
                child = next((k for k in self.kinds.values() if k.parent_kind == kind.name), None)
                for change in own:
                    if change.action is not Action.DELETE:
                        yield from self._lower_top_level(kind, child, change)

    def _new_step(
        self,
        kind: Kind,
        action: Action,
        changes: Sequence[Change],
        requests: Sequence[Request],
        carried: Mapping[str, frozenset[str]],
        **rest: Any,
    ) -> Step:
        rest["proofs"] = {c.address: proof_of(self.kinds[c.address.kind], c) for c in changes}
        made = next(self.ids), kind.name, action, tuple(changes), tuple(requests), carried
        return Step(*made, **rest)

    def _lower_top_level(self, kind: Kind, child: Kind | None, change: Change) -> Iterator[Step]:
        assert change.after is not None
        if change.action is Action.CREATE and kind.create:
            carried = {kind.name: frozenset(kind.create.fields)}
            below, later, births = [], list[Change](), dict[Address, Change]()
            if child and child.parent:
                call = child.parent.create
                carried[child.name] = frozenset(call.fields)
                below = [
                    c for c in self.children.get(change.address, ()) if c.action is Action.CREATE
                ]
                births = find_births(child, below, call)
                if (one := self.alone.get(call.operation)) in births:
                    later = [c for c in below if c.address in births and c.address != one]
                    below = [c for c in below if c.address not in births or c.address == one]
                    births = {one: births[one]}
            riders = [births.get(c.address, c) for c in below]
            yield self._new_step(
                kind,
                Action.CREATE,
                [change, *riders],
                [self._build_creation(kind, kind.create, change.after, child, riders)],
                carried,
                creates=True,
                births=frozenset(births),
                undo=build_undo(kind, change, change.replaces),
            )
            yield from self._completions(kind, [change], kind.create)
            if child and child.parent:
                yield from self._completions(child, below, child.parent.create)
                yield from self._additions(child, child.parent, change.address, later)
        elif change.action is Action.REPLACE and kind.delete and kind.create:
            removal = build_request(kind, kind.delete, change.before or {})
            creation = build_request(kind, kind.create, values_to_send(change))
            yield self._new_step(
                kind,
                Action.REPLACE,
                [change],
                [removal, creation],
                {kind.name: frozenset(kind.create.fields)},
                creates=True,
                undo=build_undo(kind, change, change.before),
            )
        elif kind.update and (child is None or not self._has_parent_update(child, change.address)):
            # A parent with children is updated together with them, by `_lower_children`.
            yield self._own_update(kind, change)

    def _own_update(self, kind: Kind, change: Change, value: Value | None = None) -> Step:
        assert kind.update is not None
        whole = values_to_send(change) if value is None else value
        value = self._without_doubtful(change, whole)
        if change.renamed_from:
            value = {**value, kind.identity: change.renamed_from}
        request = build_request(kind, kind.update, value)
        if change.renamed_from:
            request = Request(request.operation, {**request.body, kind.rename: change.address.name})
        doubtful = self.doubtful.get(change.address)
        carried = {kind.name: frozenset(kind.update.fields).difference(doubtful or ())}
        # Whether an update clears what it leaves out is undocumented (dealpos-api.md §14 #13).
        repair = build_request(kind, kind.update, whole) if doubtful else None
        return self._new_step(kind, change.action, [change], [request], carried, repair=repair)

    def _without_doubtful(self, change: Change, value: Value) -> Value:
        left_out = self.doubtful.get(change.address, ())
        return {name: item for name, item in value.items() if name not in left_out}

    def _deletions(self, kind: Kind, changes: Sequence[Change]) -> Iterator[Step]:
        """Yield deletions, several in one call where the API can; each alone as the fallback."""
        alone = {
            c.address: build_request(kind, kind.delete, c.before or {})
            for c in changes
            if kind.delete
        }
        many = kind.delete_many
        for batch in split_batches(changes, many.limit if many else 1):
            request = alone[batch[0].address]
            if many and many.body and len(batch) > 1:
                bodies = [kind.encode(many, change.before or {}) for change in batch]
                request = Request(many.operation, many.body(bodies))
            yield self._new_step(kind, Action.DELETE, batch, [request], {}, fallback=alone)

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
            if is_incomplete(kind, change, call):
                whole = complete_birth(kind, change)
                value = values_to_send(self._with_parent_values(kind, whole))
                yield self._own_update(kind, whole, value)

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

    def _lower_children(self, kind: Kind, parent: Parent) -> Iterator[Step]:
        owners = {owner for owner in self.children if owner.kind == parent.kind} | {
            address
            for address, change in self.changes.items()
            if address.kind == parent.kind and change.action not in (Action.CREATE, Action.DELETE)
        }
        for owner in sorted(owners):
            yield from self._lower_family(kind, parent, owner, self.children.get(owner, []))

    def _lower_family(
        self, kind: Kind, parent: Parent, owner: Address, changes: Sequence[Change]
    ) -> Iterator[Step]:
        """Yield all steps for the children of one parent."""
        above = self.changes.get(owner)
        if above is not None and above.action is Action.CREATE:
            return  # created with its children
        created = [c for c in changes if c.action is Action.CREATE]
        riding: set[Address] = set()
        if self._has_parent_update(kind, owner):
            step = self._parent_update(kind, parent, owner, above, changes)
            riding = {a for a in step.addresses if a != owner}
            yield step
        yield from self._additions(kind, parent, owner, created)
        for change in changes:
            outside = change.names - set(parent.update.fields)
            if change.action is not Action.CREATE and (outside or change.address not in riding):
                yield self._own_update(kind, change)

    def _has_parent_update(self, kind: Kind, owner: Address) -> bool:
        family, above = self.plan.parents.get(owner), self.changes.get(owner)
        changes = self.children.get(owner, ())
        return use_parent_update(kind, family, above, changes, self.doubtful)

    def _parent_update(
        self,
        kind: Kind,
        parent: Parent,
        owner: Address,
        above: Change | None,
        changes: Sequence[Change],
    ) -> Step:
        above_kind = self.kinds[parent.kind]
        call = above_kind.update
        assert call is not None
        family = self.plan.parents[owner]
        children = family.children or {}
        value = values_to_send(above) if above else family.value
        carried = frozenset(parent.update.fields)
        returns = above is not None and comes_into_use(above_kind, above)
        riding = {c.address.name: c for c in carry_children(kind, parent, changes, whole=returns)}
        items = [
            kind.encode(parent.update, overlay(child, riding[name].after if name in riding else {}))
            for name, child in children.items()
        ]
        body = {**above_kind.encode(call, value), parent.key: items}
        fallback = {
            c.address: build_request(kind, kind.update, self._without_doubtful(c, c.after or {}))
            for c in riding.values()
            if kind.update and not c.unread_fields_at_risk and c.names <= set(kind.update.fields)
        }
        return self._new_step(
            above_kind,
            above.action if above else Action.UPDATE,
            [*([above] if above else []), *riding.values()],
            [Request(call.operation, body)],
            {above_kind.name: frozenset(call.fields), kind.name: carried},
            fallback=fallback,
        )

    def _additions(
        self, kind: Kind, parent: Parent, owner: Address, created: Sequence[Change]
    ) -> Iterator[Step]:
        if kind.create:
            one = self.alone.get(kind.create.operation)
            first = [c for c in created if c.address == one]
            rest = [c for c in created if c.address != one] if first else created
            for batch in (*split_batches(first, 1), *split_batches(rest, kind.create.limit)):
                yield self._addition(kind, parent, owner, batch)
            yield from self._completions(kind, created, kind.create)

    def _addition(
        self, kind: Kind, parent: Parent, owner: Address, changes: Sequence[Change]
    ) -> Step:
        assert kind.create is not None
        births = find_births(kind, changes, kind.create)
        changes = [births.get(change.address, change) for change in changes]
        items = [kind.encode(kind.create, change.after or {}) for change in changes]
        above = self.kinds[parent.kind]
        (key,) = above.fields[above.identity].wire.write
        return self._new_step(
            kind,
            Action.CREATE,
            changes,
            [Request(kind.create.operation, {key: owner.name, parent.key: items})],
            {kind.name: frozenset(kind.create.fields)},
            creates=True,
            births=frozenset(births),
        )
