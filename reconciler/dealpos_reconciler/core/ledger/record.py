"""The ledger after an apply: new values of applied objects, former values of the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites, Pair
from dealpos_reconciler.core.ledger.ledger import (
    MAX_APPLIES,
    UNKNOWN,
    AppliedRun,
    Key,
    Ledger,
    LedgerEntry,
    ledger_value,
)
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.masked import Path, reveal_all
from dealpos_reconciler.core.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class RecordBasis:
    """The inputs of a plan that the ledger needs after the apply."""

    ledger: Ledger
    desired: Desired = field(default_factory=Desired)
    """Everything that was declared, as far as it was looked at."""
    held: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    """Fields that were left as the shop has them, though it was declared."""
    unsettled: frozenset[Address] = frozenset()
    """Objects that are not as declared, or not known to be, and that the plan does not change."""
    partial: bool = False
    """True if only a part of the objects, or of their fields, was looked at."""
    orphaned: frozenset[Address] = frozenset()
    """Objects that no file declares any more and the shop still has."""
    deleted: frozenset[Address] = frozenset()
    """Objects of `removed:` that earlier runs have deleted, and that were not seen since."""


def unsettled_objects(plan: Plan) -> frozenset[Address]:
    """Return the objects that a plan does not change although they may not be as declared."""
    unsettled = {address for address, _ in (*plan.blocked, *plan.unknown)}
    return frozenset(unsettled.union(skipped.address for skipped in plan.stale))


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of an apply, and the commit that it was from."""

    when: str
    commit: str = ""


def record_apply(
    basis: RecordBasis,
    plan: Plan,
    applied: Collection[Address],
    kept: KnownRewrites,
    kinds: Kinds,
    key: Key | None,
    moment: Moment,
) -> Ledger:
    """Return the ledger after an apply of `plan` in which the changes of `applied` succeeded.

    `kept` is what the shop keeps otherwise. What is as declared without a change is recorded too:
    from here on a difference is somebody's doing.
    """
    through = frozenset(applied)
    changes = {change.address: change for change in plan.changes if change.address in through}
    left = {change.address for change in plan.changes} - changes.keys() | basis.unsettled
    entries = _former(basis, changes)
    for address, declared in basis.desired:
        if address not in left and not declared.removed:
            kind, old = kinds[address.kind], basis.ledger.entries.get(address)
            asked, specs = declared.value.items(), kind.fields
            fresh = {n: ledger_value(address, specs[n], value, key) for n, value in asked}
            values = _values(basis, address, kind, fresh)
            entries[address] = _entry(values, old, changes.get(address), kind, moment)
    for address in kept.keys() & entries.keys():
        entry = entries[address]
        entries[address] = replace(entry, kept=_standing(entry, kept[address]))
    done = {address: change.action.value for address, change in changes.items()}
    run = (AppliedRun(moment.when, moment.commit, done),) if done else ()
    return Ledger(entries, (*basis.ledger.applies, *run)[-MAX_APPLIES:])


def find_deleted(
    basis: RecordBasis, plan: Plan, verified: Collection[Address]
) -> frozenset[Address]:
    """Return the objects of `removed:` that were deleted, by `plan` or before, and are so still."""
    gone = {change.address for change in plan.changes if change.after is None}
    return basis.deleted | gone.intersection(verified, basis.desired.removals)


def _former(basis: RecordBasis, applied: Mapping[Address, Change]) -> dict[Address, LedgerEntry]:
    """Return the entries that stay true: not those of removed, renamed or missing objects."""
    gone = {a for a, change in applied.items() if basis.desired.get(a) is None}
    gone |= {Address(a.kind, change.renamed_from) for a, change in applied.items()}
    return {
        address: entry
        for address, entry in basis.ledger.entries.items()
        if address not in gone
        and (basis.partial or basis.desired.get(address) or address in basis.orphaned)
    }


def _standing(entry: LedgerEntry, kept: Mapping[Path, Pair]) -> dict[Path, Pair]:
    """Return the rewrites that still stand for a value which the files declare."""
    return {
        path: pair
        for path, pair in kept.items()
        if len(path) > 1 or entry.values.get(path[0], pair[0]) == pair[0]
    }


def _values(
    basis: RecordBasis, address: Address, kind: Kind, fresh: Mapping[str, object]
) -> dict[str, object]:
    """Return the `fresh` values of declared fields; held and unknown ones stay as they were."""
    old = basis.ledger.entries.get(address)
    left = {*basis.held.get(address, ()), kind.identity}
    known = {n: v for n, v in fresh.items() if v is not UNKNOWN and n not in left}
    before = old.values.items() if old else ()
    return {n: v for n, v in before if basis.partial or n in fresh} | known


def _entry(
    values: dict[str, object],
    old: LedgerEntry | None,
    change: Change | None,
    kind: Kind,
    moment: Moment,
) -> LedgerEntry:
    if old and change is None and old.values == values:
        return old
    kept, used = (old.kept, old.used) if old else ({}, 0)
    if change and change.action is Action.REPLACE:
        limit, left = (reveal_all((change.before or {}).get(name)) for name in kind.use_counts)
        used = limit - left if isinstance(limit, int) and isinstance(left, int) else 0
    return LedgerEntry(values, moment.when, moment.commit, kept, used)
