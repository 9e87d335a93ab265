"""Build a plan: the changes, the objects left alone, and the reasons for both.

Apply executes a plan and nothing else; it has no second look at the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from dealpos_reconciler.core.diff.change import (
    RENAMED,
    Action,
    Change,
    FieldChange,
    create_object,
    digest,
)
from dealpos_reconciler.core.diff.diff import compare_fields, is_unchanged, merge_declared
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.diff.rename import with_renames
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired, ancestors
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.secret import AUTHORISES, authorises, find_authorising
from dealpos_reconciler.core.plan.blocked import block_unsafe_updates, unread_dependencies
from dealpos_reconciler.core.plan.children import (
    collect_parents,
    propagate_parent_values,
    warn_of_incomplete_lists,
)
from dealpos_reconciler.core.plan.deletion import plan_deletions
from dealpos_reconciler.core.plan.faults import Fault, explain_move
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.core.plan.notes import (
    UncomparedField,
    explain_change,
    find_uncompared_fields,
    note_changed_codes,
    note_fractions,
    note_listed_prices,
    note_uncompared_fields,
    warn_of_look_alikes,
)
from dealpos_reconciler.core.plan.past_runs import PastRuns, carry_uses, show_whole_limits
from dealpos_reconciler.core.plan.plan import Plan, PlanWarning, merge_warnings
from dealpos_reconciler.core.plan.removal import (
    expand_removals,
    find_unmanaged,
    note_unpruned_kinds,
)
from dealpos_reconciler.core.plan.replacement import (
    Interrupted,
    carried_over_fields,
    finish_replacement,
)


def build_plan(
    desired: Desired,
    live: Live,
    kinds: Kinds,
    store: str,
    kept: KnownRewrites | None = None,
    past: PastRuns | None = None,
    refused: Mapping[Address, str] | None = None,
) -> tuple[Plan, list[Fault]]:
    """Return the plan that makes the shop as declared, and the faults that prevent it.

    With faults the plan is incomplete and must not be applied. `kept` is what the shop is known to
    keep otherwise than it was written, `past` what earlier runs have left behind, `refused` are
    objects that must not be changed.
    """
    kept, past = kept or {}, past or PastRuns()
    live = show_whole_limits(desired, live, kept, kinds)
    live, renames, view_notes = with_renames(desired, live, kinds, kept)
    desired = expand_removals(desired, live, kinds)
    refused = {**(refused or {}), **past.find_refused(desired, live, kinds)}
    unread = unread_dependencies(desired, live, kinds, refused)
    builder = _Builder(kinds, desired, live, renames, kept, unread, refused, past)
    for address, entry in past.interrupted.items():
        if address not in desired.removals:  # those are gone already, as the files want it
            builder.finish(address, entry, desired.get(address))
    for address, declared in desired:
        if address not in past.interrupted:
            builder.consider(address, declared)
    held = {address for address, _ in builder.blocked}
    changes = [change for change in builder.changes if change.address not in held]
    found = collect_parents(changes, desired, live, kinds)
    changes, unsafe = block_unsafe_updates(changes, found, desired, live, kinds)
    changes, repeated = past.attempts.drop_repeated(changes, kinds)
    builder.withdraw({address for address, _ in repeated})
    removed = plan_deletions(desired, live, kinds, changes, renames)
    deletions, deleted_before = past.attempts.drop_repeated(removed.changes, kinds)
    held |= {address for address, _ in (*unsafe, *repeated)}
    plan = Plan(
        store=store,
        changes=(*propagate_parent_values(changes, desired, kinds), *deletions),
        unmanaged=tuple(find_unmanaged(desired, live, kinds)),
        authorising=tuple(find_authorising(desired, live, kinds)),
        unknown=(*builder.unknown, *removed.unknown),
        given_up=tuple(a for a in past.interrupted if a in desired.removals),
        blocked=tuple(
            sorted((*builder.blocked, *unsafe, *repeated, *removed.blocked, *deleted_before))
        ),
        blocked_changes=tuple(c for c in builder.changes if c.address in held),
        notes=(
            *live.notes,
            *view_notes,
            *(f"{address}: {note}" for address, note in builder.notes),
            *note_uncompared_fields(builder.uncompared),
            *removed.notes,
            *note_changed_codes(changes, desired, live, kinds),
            *note_fractions(changes, kinds),
            *note_listed_prices(changes, kinds),
            *note_unpruned_kinds(desired, live, kinds),
        ),
        warnings=merge_warnings(
            *warn_of_incomplete_lists(changes, found, desired, live, kinds),
            *builder.warnings,
            *removed.warnings,
        ),
        look_alikes=tuple(warn_of_look_alikes(desired, live, kinds)),
        labels=Labels(desired, live, kinds),
        unchanged=builder.unchanged,
        parents=found,
        listings=dict(live.listings),
        unlisted=frozenset(c.address for c in deletions if c.address in live.unlisted),
        reads=live.reads,
        known_rewrites=kept,
    )
    return plan, builder.faults


@dataclass(slots=True)
class _Builder:
    kinds: Kinds
    desired: Desired
    live: Live
    renames: Mapping[Address, str]
    kept: KnownRewrites
    unread: Mapping[Address, Address]
    """Objects that need an unread or refused one, with that one."""
    refused: Mapping[Address, str]
    past: PastRuns
    changes: list[Change] = field(default_factory=list)
    unknown: list[tuple[Address, str]] = field(default_factory=list)
    blocked: list[tuple[Address, str]] = field(default_factory=list)
    notes: list[tuple[Address, str]] = field(default_factory=list)
    warnings: list[PlanWarning] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0
    uncompared: Counter[UncomparedField] = field(default_factory=Counter)

    def withdraw(self, gone: Collection[Address]) -> None:
        """Take back what was said of changes that are blocked."""
        self.warnings = [w for w in self.warnings if not any(a in gone for a in w.addresses)]
        self.notes = [(a, note) for a, note in self.notes if a not in gone]

    def finish(self, address: Address, entry: Interrupted, declared: Declared | None) -> None:
        """Decide how an interrupted replacement ends."""
        kind = self.kinds[address.kind]
        if declared and self._has_ended(address, kind, declared):
            return
        entry = self.past.update(kind, address, entry)
        found = finish_replacement(kind, address, entry, declared, is_refused=False)
        if found.change and self.past.attempts.find_repeated(kind, found.change):
            found = finish_replacement(kind, address, entry, declared, is_refused=True)
        if found.change is None:
            self.blocked.append((address, found.note))
        else:
            self.changes.append(found.change)
            self._explain(address, found.note, found.warning)

    def _explain(self, address: Address, note: str | None, warning: str | None) -> None:
        """Add the note and the warning of a replacement."""
        if note:
            self.notes.append((address, note))
        if warning:
            self.warnings.append(PlanWarning((address,), warning))

    def consider(self, address: Address, declared: Declared) -> None:
        """Decide what happens to one declared object."""
        kind = self.kinds[address.kind]
        state = self.live.get(address)
        if address in self.refused:
            self.blocked.append((address, self.refused[address]))
            if isinstance(state, Observed):  # how it differs is shown all the same
                counted = self.unchanged
                self._compare(address, kind, declared, state)
                self.unchanged = counted
        elif isinstance(state, Observed) and authorises(kind, state.value):
            self.blocked.append((address, f"not changed: {AUTHORISES}"))
        elif isinstance(state, Observed):
            self._compare(address, kind, declared, state)
        elif state is None:
            self.unknown.append((address, self.live.read_errors.get(address, "it was not read")))
        elif unread := self.unread.get(address):
            reason = self._explain_unread(unread)
            into = self.blocked if reason.endswith("blocked") else self.unknown
            into.append((address, reason))
        else:
            self._create(address, kind, declared)

    def _explain_unread(self, needed: Address) -> str:
        return f"{needed} {'is blocked' if needed in self.refused else 'could not be read'}"

    def _create(self, address: Address, kind: Kind, declared: Declared) -> None:
        if self._has_ended(address, kind, declared):
            return
        if reason := self.past.used_up(kind, address, declared.value):
            self.blocked.append((address, reason))
            return
        for name in kind.required:
            if name not in declared.value:
                self.faults.append(self._explain_missing(address, kind, name))
        gone = address in self.past.applied
        reason = "applied before, gone from the shop" if gone else "declared, not in the shop"
        value, note = carry_uses(kind, declared.value, self.past.uses.get(address))
        self._explain(address, note, None)
        change = create_object(kind, address, value, reason, declared.source)
        carried = {n: (declared.value[n], v) for n, v in value.items() if declared.value[n] != v}
        self.changes.append(
            replace(change, carried=carried, implied=self._implied_parents(address))
        )

    def _explain_missing(self, address: Address, kind: Kind, name: str) -> Fault:
        """Return the fault of a new object without a field that its creation needs."""
        required = f"it is required to create a {kind.name}"
        schedule = self.desired.schedule
        if schedule and name in schedule.values.get(address, {}):
            message = f"{address} is new and no step of `{name}` holds yet"
            hint = f"begin with a value without `from`; {required}"
            return Fault(address, (name,), message, hint, is_drift=None)
        message = f"{address} is new and has no `{name}`"
        return Fault(address, (), message, f"declare `{name}`; {required}", is_drift=None)

    def _has_ended(self, address: Address, kind: Kind, declared: Declared) -> bool:
        """Return whether an object that is not in the shop has expired, and add a note."""
        if day := self.past.find_expiry(kind, address, declared.value):
            said = f"it expired on {day} and is not in the shop; not created"
            self.notes.append((address, said))
            self.unchanged += 1
        return bool(day)

    def _implied_parents(self, address: Address) -> tuple[Address, ...]:
        """Return the paths above a new name that the server creates with it, and add a note."""
        found = tuple(
            above
            for above in reversed([*ancestors(address, self.kinds)])
            if self.desired.get(above) is None and not isinstance(self.live.get(above), Observed)
        )
        if found:
            how = "its new name also creates" if address in self.renames else "also creates"
            named = ", ".join(map(str, found))
            self.notes.append((address, f"{how} {named}, which no file declares"))
        return found

    def _compare(self, address: Address, kind: Kind, declared: Declared, live: Observed) -> None:
        old = self.renames.get(address, "")
        if not old and is_unchanged(kind, declared.value, live):
            self.unchanged += 1
            return
        known = self.kept.get(address, {})
        self.uncompared.update(find_uncompared_fields(kind, declared.value, live.value, known))
        fields = compare_fields(kind, declared.value, live.value, declared.changed_derived_fields)
        if old:
            fields = (FieldChange((kind.identity,), old, address.name, reason=RENAMED), *fields)
        if not fields:
            self.unchanged += 1
            return
        is_refused = address in self.refused
        if (unread := self.unread.get(address)) and not is_refused:
            self.blocked.append((address, f"not changed: {self._explain_unread(unread)}"))
        action = max((f.action for f in fields), key=lambda a: a.severity)
        asked = merge_declared(kind, live.value, declared.value)
        masked = [name for name, value in declared.value.items() if is_masked(value)]
        after = asked
        if action is Action.REPLACE and not (unread or is_refused):
            after = self._replace(address, fields, asked, live.value)
        self.changes.append(
            Change(
                address,
                action,
                explain_change(declared, action, fields),
                tuple(carried_over_fields(fields, live.value, after)),
                live.value,
                after,
                declared.source,
                digest(kind, address, live.value, {f.path[0] for f in fields}, masked),
                old,
                {n: (asked[n], v) for n, v in after.items() if asked.get(n) != v},
                implied=self._implied_parents(address) if old and not unread else (),
                interrupted=declared.interrupted,
            )
        )

    def _replace(
        self, address: Address, fields: Iterable[FieldChange], asked: Value, live: Value
    ) -> Value:
        """Return the object that a replacement creates; block one that must not happen."""
        kind = self.kinds[address.kind]
        if kind.delete is None or kind.parent is not None:
            moved = [f for f in fields if f.action is Action.REPLACE]
            self.blocked += [(address, explain_move(f, self.desired)) for f in moved]
            return asked
        carried = kind.carry_over(asked, live)
        if carried.value is None:
            self.blocked.append((address, carried.note or "not replaced"))
            return asked
        self._explain(address, carried.note, carried.warning)
        return carried.value
