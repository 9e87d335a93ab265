"""Build a plan: the changes, the objects left alone, and the reasons for both.

Apply executes a plan and nothing else; it has no second look at the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace

from reconciler.core.diff.change import RENAMED, Action, Change, FieldChange, digest
from reconciler.core.diff.diff import compare_fields, is_unchanged, merge_declared, new_fields
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.diff.rename import with_renames
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import ListingStats, Live, Observed
from reconciler.core.plan.blocked import block_unsafe_updates, unread_dependencies
from reconciler.core.plan.children import (
    collect_parents,
    propagate_parent_values,
    warn_of_incomplete_lists,
)
from reconciler.core.plan.deletion import plan_deletions
from reconciler.core.plan.faults import Fault, find_missing_values
from reconciler.core.plan.labels import Labels
from reconciler.core.plan.notes import UncomparedFields, note_changed_codes
from reconciler.core.plan.plan import Plan, PlanWarning
from reconciler.core.plan.removal import expand_removals, find_unmanaged, note_unpruned_kinds
from reconciler.core.plan.replacement import Interrupted, carried_over_fields, finish_replacement


def build_plan(
    desired: Desired,
    live: Live,
    kinds: Kinds,
    store: str,
    kept: KnownRewrites | None = None,
    pending: Mapping[Address, Interrupted] | None = None,
) -> tuple[Plan, list[Fault]]:
    """Return the plan that makes the shop as declared, and the faults that prevent it.

    With faults the plan is incomplete and must not be applied. `kept` is what the shop is known to
    keep otherwise than it was written, `pending` are replacements that were cut in half.
    """
    kept = kept or {}
    live, renames, view_notes = with_renames(desired, live, kinds, kept)
    desired = expand_removals(desired, live, kinds)
    builder = _Builder(kinds, desired, live, renames, kept)
    pending = pending or {}
    for address, entry in pending.items():
        if address in desired.removals:
            continue  # it is gone already, as the files want it
        builder.finish(address, entry, desired.get(address))
    for address, declared in desired:
        if address not in pending:
            builder.consider(address, declared)
    found = collect_parents(builder.changes, desired, live, kinds)
    changes, refused = block_unsafe_updates(builder.changes, found, desired, live, kinds)
    removed = plan_deletions(desired, live, kinds, changes, renames)
    plan = Plan(
        store=store,
        changes=(*propagate_parent_values(changes, desired, kinds), *removed.changes),
        unmanaged=tuple(find_unmanaged(desired, live, kinds)),
        unknown=(*builder.unknown, *removed.unknown),
        given_up=tuple(address for address in pending if address in desired.removals),
        blocked=tuple(sorted((*builder.blocked, *refused, *removed.blocked))),
        notes=(
            *live.notes,
            *view_notes,
            *builder.notes,
            *builder.uncompared.notes(),
            *removed.notes,
            *note_changed_codes(changes, desired, live, kinds),
            *note_unpruned_kinds(desired, live, kinds),
        ),
        warnings=_merge_warnings(
            *warn_of_incomplete_lists(changes, found, desired, live, kinds),
            *builder.warnings,
            *removed.warnings,
        ),
        labels=Labels(desired, live, kinds),
        unchanged=builder.unchanged,
        parents=found,
        listings=_grow_listings(live.listings, changes),
        reads=live.reads,
        known_rewrites=kept,
    )
    return plan, builder.faults


class _Builder:
    def __init__(
        self,
        kinds: Kinds,
        desired: Desired,
        live: Live,
        renames: Mapping[Address, str],
        kept: KnownRewrites,
    ) -> None:
        self.kinds = kinds
        self.desired = desired
        self.live = live
        self.renames = renames
        self.changes: list[Change] = []
        self.unknown: list[tuple[Address, str]] = []
        self.blocked: list[tuple[Address, str]] = []
        self.notes: list[str] = []
        self.warnings: list[PlanWarning] = []
        self.faults: list[Fault] = []
        self.unread = unread_dependencies(desired, live, kinds)
        self.unchanged = 0
        self.uncompared = UncomparedFields(kept)

    def finish(self, address: Address, entry: Interrupted, declared: Declared | None) -> None:
        """Decide how an interrupted replacement ends."""
        found = finish_replacement(self.kinds[address.kind], address, entry, declared)
        if found.change is None:
            self.blocked.append((address, found.note))
            return
        self.changes.append(found.change)
        self.notes.append(f"{address}: {found.note}")
        if found.warning:
            self.warnings.append(PlanWarning((address,), found.warning))

    def consider(self, address: Address, declared: Declared) -> None:
        """Decide what happens to one declared object."""
        kind = self.kinds[address.kind]
        state = self.live.get(address)
        if isinstance(state, Observed):
            self._compare(address, kind, declared, state)
        elif state is None:
            self.unknown.append((address, self.live.read_errors.get(address, "it was not read")))
        elif unread := self.unread.get(address):
            self.unknown.append((address, f"{unread} could not be read"))
        else:
            self._create(address, kind, declared)

    def _create(self, address: Address, kind: Kind, declared: Declared) -> None:
        self.faults += find_missing_values(address, kind, declared)
        self.changes.append(
            Change(
                address,
                Action.CREATE,
                "declared, not in the shop",
                new_fields(kind, declared.value),
                None,
                declared.value,
                declared.source,
                digest(kind, address, None),
                implied=self._implied_addresses(address, kind),
            )
        )

    def _implied_addresses(self, address: Address, kind: Kind) -> tuple[Address, ...]:
        """Return the parents that the server creates for a new name, and add a note of them."""
        found = implied_parents(address, self.desired, self.live) if kind.tree else ()
        if found:
            how = "its new name also creates" if address in self.renames else "also creates"
            named = ", ".join(map(str, found))
            self.notes.append(f"{address}: {how} {named}, which no file declares")
        return found

    def _compare(self, address: Address, kind: Kind, declared: Declared, live: Observed) -> None:
        if address not in self.renames and is_unchanged(kind, declared.value, live.value):
            self.unchanged += 1
            return
        self.uncompared.count(address, kind, declared.value, live.value)
        fields = compare_fields(kind, declared.value, live.value, declared.changed_derived_fields)
        if address in self.renames:
            old = self.renames[address]
            fields = (
                FieldChange((kind.identity,), old, address.name, Action.UPDATE, RENAMED),
                *fields,
            )
        if not fields:
            self.unchanged += 1
            return
        if unread := self.unread.get(address):
            self.blocked.append((address, f"not changed: {unread} could not be read"))
            return
        action = max((f.action for f in fields), key=lambda a: a.severity)
        after = merge_declared(kind, live.value, declared.value)
        carried: dict[str, tuple[object, object]] = {}
        if action is Action.REPLACE:
            kept = self._replace(address, kind, fields, after, live.value)
            if kept is None:
                return
            carried = {n: (after[n], v) for n, v in kept.items() if after.get(n) != v}
            after = dict(kept)
        decisive = (f.reason for f in fields if f.action is action)
        reasons = {reason for reason in decisive if reason and reason != RENAMED}
        self.changes.append(
            Change(
                address,
                action,
                _reason(declared, action, reasons),
                tuple(carried_over_fields(fields, live.value, after)),
                live.value,
                after,
                declared.source,
                digest(kind, address, live.value, {f.path[0] for f in fields}),
                self.renames.get(address, ""),
                carried,
                implied=self._implied_addresses(address, kind) if address in self.renames else (),
            )
        )

    def _replace(
        self,
        address: Address,
        kind: Kind,
        fields: tuple[FieldChange, ...],
        after: Value,
        live: Value,
    ) -> Value | None:
        """Return the object that a replacement creates; None if it must not happen."""
        if kind.delete is None or kind.parent is not None:
            for changed in fields:
                if changed.action is Action.REPLACE:
                    message = f"{address}: `{changed.name}` is {changed.before} in the shop"
                    hint = f"{changed.reason}; declare it there, or under a new code"
                    self.faults.append(Fault(address, (), message, hint))
            return None
        if kind.carry_over is None:
            return after
        carried = kind.carry_over(after, live)
        if carried.value is None:
            self.blocked.append((address, carried.note or "not replaced"))
            return None
        if carried.note:
            self.notes.append(f"{address}: {carried.note}")
        if carried.warning:
            self.warnings.append(PlanWarning((address,), carried.warning))
        return carried.value


def _reason(declared: Declared, action: Action, reasons: Set[str]) -> str:
    """Return the reason of a change, for people."""
    if action is Action.REPLACE:
        return f"must be replaced: {'; '.join(sorted(reasons))}"
    return "; ".join([declared.removed or "declared and live values differ", *sorted(reasons)])


def _merge_warnings(*warnings: PlanWarning) -> tuple[PlanWarning, ...]:
    """Return one warning for each message, about all objects that it is said of."""
    merged: dict[str, set[Address]] = {}
    for warning in warnings:
        merged.setdefault(warning.message, set()).update(warning.addresses)
    return tuple(PlanWarning(tuple(sorted(found)), message) for message, found in merged.items())


def _grow_listings(
    listed: Mapping[str, ListingStats], changes: list[Change]
) -> dict[str, ListingStats]:
    """Return the listings as they will be once the plan's new objects exist."""
    new = Counter(change.address.kind for change in changes if change.action is Action.CREATE)
    return {kind: replace(was, count=was.count + new[kind]) for kind, was in listed.items()}


def implied_parents(address: Address, desired: Desired, live: Live) -> tuple[Address, ...]:
    """Return the paths above `address`, top first, that are neither declared nor live."""
    parts = address.name.split("/")
    above = [Address(address.kind, "/".join(parts[:n])) for n in range(1, len(parts))]
    return tuple(
        a for a in above if desired.get(a) is None and not isinstance(live.get(a), Observed)
    )
