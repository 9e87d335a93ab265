"""Three-way comparison of files, shop and ledger: the side that changed since the last apply.

*pending* is a difference that the files made, *drifted* one that the shop made, and a *conflict*
one that both made. Writing the last would undo somebody's work unseen, so it is not planned unless
the files are to win.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.diff.change import (
    CONFLICT,
    DRIFTED,
    PENDING,
    RENAMED,
    Action,
    Change,
    FieldChange,
)
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.diff.rename import with_renames
from dealpos_reconciler.core.ledger.ledger import (
    UNKNOWN,
    Key,
    Ledger,
    LedgerEntry,
    last_written,
    ledger_value,
)
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A ledger, with the kinds and the key that its values are read with."""

    ledger: Ledger
    kinds: Kinds
    key: Key | None


@dataclass(frozen=True, slots=True)
class ThreeWayInput:
    """Both sides as a plan is to be made from them, with what the ledger knew."""

    desired: Desired
    live: Live
    held: Mapping[Address, frozenset[str]]
    """Fields that both sides changed and that are left as the shop has them."""
    conflicts: tuple[tuple[Address, str], ...]
    """Each of these fields with its three values, in words."""
    notes: tuple[str, ...] = ()


def add_last_written(
    desired: Desired, live: Live, known: LedgerView
) -> tuple[Desired, Live, list[str]]:
    """Return both sides, with the last written values of declared write-only fields."""
    declared = {name: dict(entries) for name, entries in desired.objects.items()}
    observed = {name: dict(states) for name, states in live.objects.items()}
    notes: list[str] = []
    for address, asked, state, entry in _iterate_known(desired, live, known.ledger):
        kind = known.kinds[address.kind]
        call = kind.update or kind.create
        seen, moved = dict(state.value), set(asked.changed_derived_fields)
        for name in asked.value.keys() - state.value.keys():
            spec = kind.fields[name]
            last = last_written(entry, spec, (name,), known.key) if spec.write_only else UNKNOWN
            if last is UNKNOWN or is_masked(asked.value[name]):
                continue
            if ledger_value(address, spec, asked.value[name], known.key) == last:
                seen[name] = asked.value[name]
            elif call and name in call.fields:
                seen[name] = _exact(last, asked.value[name])
                moved.add(name)
            else:
                notes.append(
                    f"{address}: `{name}` differs from the last apply, but the API cannot change it"
                )
        if seen != state.value:
            observed[address.kind][address.name] = replace(state, value=seen)
            declared[address.kind][address.name] = replace(
                asked, changed_derived_fields=frozenset(moved)
            )
    return replace(desired, objects=declared), replace(live, objects=observed), notes


def hold_conflicts(
    desired: Desired,
    live: Live,
    known: LedgerView,
    kept: KnownRewrites,
    files_win: Callable[[Address], bool],
) -> ThreeWayInput:
    """Return both sides without the fields in conflict, except where the files are to win.

    `kept` is what the shop keeps otherwise than it was written.
    """
    view = with_renames(desired, live, known.kinds, kept)[0]
    objects = {name: dict(entries) for name, entries in desired.objects.items()}
    held: dict[Address, frozenset[str]] = {}
    conflicts: list[tuple[Address, str]] = []
    for address, declared, state, entry in _iterate_known(desired, view, known.ledger):
        if files_win(address) or state.value == declared.value:
            continue
        kind = known.kinds[address.kind]
        found = compare_fields(kind, declared.value, state.value, declared.changed_derived_fields)
        clashes = [c for c in found if _origin(known, address, c, c.after, entry) == CONFLICT]
        names = frozenset(c.path[0] for c in clashes if not kind.fields[c.path[0]].immutable_reason)
        if names:
            held[address] = names
            value = {n: v for n, v in declared.value.items() if n not in names}
            objects[address.kind][address.name] = replace(declared, value=value)
            conflicts += [(address, _describe_conflict(kind, c, entry)) for c in clashes]
    return ThreeWayInput(replace(desired, objects=objects), live, held, tuple(conflicts))


def label_origins(plan: Plan, known: LedgerView) -> Plan:
    """Return the plan with the origin of every field, as far as the ledger knows it."""
    changes = []
    for change in plan.changes:
        entry = known.ledger.entries.get(
            Address(change.address.kind, change.renamed_from or change.address.name)
        )
        fields = tuple(replace(f, origin=_of(known, change, f, entry)) for f in change.fields)
        changes.append(replace(change, fields=fields))
    return replace(plan, changes=tuple(changes))


def has_unrecorded_data(desired: Desired, kinds: Kinds, key: Key | None) -> bool:
    """Return whether private data is declared; without a key the ledger cannot record it."""
    private = {n for n, kind in kinds.items() if any(f.private for f in kind.fields.values())}
    return key is None and any(desired.objects.get(name) for name in private)


def find_orphaned(
    ledger: Ledger, desired: Desired, plan: Plan, complete: Iterable[str]
) -> list[Address]:
    """Return the objects applied once, in no file any more, and still in the shop."""
    known = set(complete)
    unmanaged = set(plan.unmanaged)
    return sorted(
        address
        for address in ledger.entries
        if desired.get(address) is None
        and address not in desired.removals
        and (address in unmanaged or address.kind not in known)
    )


def _iterate_known(
    desired: Desired, live: Live, ledger: Ledger
) -> Iterator[tuple[Address, Declared, Observed, LedgerEntry]]:
    """Yield the declared objects that were read and that the ledger knows."""
    for address, entry in ledger.entries.items():
        declared, state = desired.get(address), live.get(address)
        if declared is not None and isinstance(state, Observed):
            yield address, declared, state, entry


def _exact(last: Any, asked: Any) -> Any:
    return Decimal(last) if isinstance(last, str) and isinstance(asked, (int, Decimal)) else last


def _of(
    known: LedgerView, change: Change, found: FieldChange, entry: LedgerEntry | None
) -> str | None:
    if change.action is Action.CREATE:
        return DRIFTED if entry else PENDING
    if found.reason == RENAMED:
        return PENDING
    if entry is None:
        return None
    carried = change.carried if len(found.path) == 1 else {}
    asked = carried.get(found.path[0], (found.after,))[0]
    return _origin(known, change.address, found, asked, entry)


def _origin(
    known: LedgerView, address: Address, found: FieldChange, asked: Any, entry: LedgerEntry
) -> str | None:
    """Return the side that changed since `entry`; None if unknown or neither."""
    spec = known.kinds[address.kind].fields[found.path[0]]
    if is_masked(asked):
        return None  # no ledger holds what comes from the environment
    if spec.name not in entry.values and not spec.private:
        return PENDING  # nobody managed the field until now
    last = last_written(entry, spec, found.path, known.key)
    if last is UNKNOWN:
        return None
    files = ledger_value(address, spec, asked, known.key) != last
    if spec.derived or spec.write_only:
        return PENDING if files else None  # how the shop has it tells nothing
    pair = entry.kept.get(found.path)
    stored = pair is not None and pair[1] == ledger_value(address, spec, found.before, None)
    shop = not stored and ledger_value(address, spec, found.before, known.key) != last
    if files:
        return CONFLICT if shop else PENDING
    return DRIFTED if shop else None


def _describe_conflict(kind: Kind, found: FieldChange, entry: LedgerEntry) -> str:
    spec = kind.fields[found.path[0]]
    if spec.private:
        return f"`{found.name}` was changed in the shop and in the files since the last apply"
    last = last_written(entry, spec, found.path, None)
    return (
        f"`{found.name}` was {_plain(last)} at the last apply, is {_plain(found.before)} in "
        f"the shop and {_plain(found.after)} in the files"
    )


def _plain(value: Any) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return f"{value:,}"
    return "not set" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
