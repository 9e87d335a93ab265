"""Turn the changes of a plan into requests, as few as the API allows.

A parent's update names every live child of the parent with its value after the plan, because it is
undocumented whether children that are left out would be kept (dealpos-api.md §6.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dealpos_reconciler.core.diff.change import Action, Change, comes_into_use
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds, Parent
from dealpos_reconciler.core.model.live import overlay
from dealpos_reconciler.core.plan.children import (
    carry_children,
    use_parent_update,
)
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.creation import CreationLowering
from dealpos_reconciler.core.steps.presets import Presets
from dealpos_reconciler.core.steps.step import (
    Request,
    Step,
    build_request,
    build_undo,
    split_batches,
    values_to_send,
)


def lower_plan(
    plan: Plan, kinds: Kinds, alone: Mapping[str, Address], presets: Presets
) -> list[Step]:
    """Return the steps of a plan; the steps of one change come in the order that it needs.

    `alone` names, by operation, an object that is created without another incomplete one.
    """
    steps = _Lowering(plan, kinds, alone, presets).steps()
    return [step.with_id(number) for number, step in enumerate(steps)]


class _Lowering(CreationLowering):
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

    def _lower_top_level(self, kind: Kind, child: Kind | None, change: Change) -> Iterator[Step]:
        assert change.after is not None
        if change.action is Action.CREATE and kind.create:
            yield from self.lower_creation(kind, kind.create, child, change)
        elif change.action is Action.REPLACE and kind.delete and kind.create:
            removal = build_request(kind, kind.delete, change.before or {})
            creation = build_request(kind, kind.create, values_to_send(change))
            yield self.new_step(
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
            yield self.own_update(kind, change)

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
            yield self.new_step(kind, Action.DELETE, batch, [request], {}, fallback=alone)

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
        yield from self.additions(kind, parent, owner, created)
        for change in changes:
            outside = change.names - set(parent.update.fields)
            if change.action is not Action.CREATE and (outside or change.address not in riding):
                yield self.own_update(kind, change)

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
            c.address: build_request(kind, kind.update, self.without_doubtful(c, c.after or {}))
            for c in riding.values()
            if kind.update and not c.unread_fields_at_risk and c.names <= set(kind.update.fields)
        }
        return self.new_step(
            above_kind,
            above.action if above else Action.UPDATE,
            [*([above] if above else []), *riding.values()],
            [Request(call.operation, body)],
            {above_kind.name: frozenset(call.fields), kind.name: carried},
            fallback=fallback,
        )
