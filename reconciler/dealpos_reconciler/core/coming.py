"""Steps of dated values that are still to come, as a plan sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from dealpos_reconciler.core.dated import (
    Schedule,
    at,
    find_boundaries,
    find_next_change,
    list_steps,
    resolve,
    show_instant,
)
from dealpos_reconciler.core.diff.change import Action, Change, comes_into_use
from dealpos_reconciler.core.diff.diff import compare_fields, merge_declared
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.field import find_needed_members
from dealpos_reconciler.core.model.kind import Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.plan.plan import ComingChanges, Plan

MAX_DAYS = 400
"""Days that are looked ahead."""
MAX_BOUNDARIES = 50
"""Instants that are looked at, the first ones."""


def find_coming(plan: Plan, desired: Desired, live: Live, kinds: Kinds) -> Iterator[ComingChanges]:
    """Yield what the files declare from later instants on, the earliest first.

    `live` has the names that renames give. Objects that were not read, or that a plan cannot
    change, are left out.
    """
    schedule = desired.schedule
    if schedule is None:
        return
    state = {change.address: change.after for change in plan.changes}
    state |= {address: None for address, _ in (*plan.unknown, *plan.blocked)}
    due = sorted(_list_due(schedule, desired).items())
    number, before = 0, schedule.at
    for instant, addresses in due:
        found = []
        for address in addresses:
            observed = live.get(address)
            known = observed.value if isinstance(observed, Observed) else None
            now = state.get(address, known)
            change = now and _find_change(desired, kinds, address, now, (before, instant))
            if change:
                found.append(change)
                state[address] = change.after
        before = instant
        if found and number < MAX_BOUNDARIES:
            number += 1
            yield _summarize(instant, schedule, tuple(found), kinds)


def count_unjudged(coming: Sequence[ComingChanges], desired: Desired) -> int:
    """Return the number of later instants with dated values that a plan does not look at."""
    schedule = desired.schedule
    if schedule is None:
        return 0
    end = schedule.at + timedelta(days=MAX_DAYS)
    if len(coming) == MAX_BOUNDARIES:
        end = datetime.fromisoformat(coming[-1].at)
    bounds = {
        bounds
        for address, value in schedule.values.items()
        if desired.get(address) is not None
        for _, (bounds, _) in list_steps(value)
    }
    return len({b for each in bounds for b in find_boundaries(each, schedule.zone) if b > end})


def _list_due(schedule: Schedule, desired: Desired) -> Mapping[datetime, list[Address]]:
    """Return the declared objects that may change at an instant, by the instant."""
    end = schedule.at + timedelta(days=MAX_DAYS)
    due: dict[datetime, list[Address]] = {}
    for address, value in schedule.values.items():
        if desired.get(address) is None:
            continue
        bounds = {bounds for _, (bounds, _) in list_steps(value)}
        instants = {b for each in bounds for b in find_boundaries(each, schedule.zone)}
        for instant in instants:
            if schedule.at < instant <= end:
                due.setdefault(instant, []).append(address)
    return due


def _find_change(
    desired: Desired,
    kinds: Kinds,
    address: Address,
    now: Value,
    between: tuple[datetime, datetime],
) -> Change | None:
    """Return the change that an instant brings to an object; None for no other value."""
    schedule, kind = desired.schedule, kinds[address.kind]
    assert schedule is not None
    value, zone = schedule.values[address], schedule.zone
    moved = {
        path
        for path, steps in list_steps(value)
        if at(steps, between[0], zone) != at(steps, between[1], zone)
    }
    part = {path[0]: value[path[0]] for path in moved}
    declared = resolve(part, find_needed_members(kind.model), between[1], zone)
    fields = tuple(
        found
        for found in compare_fields(kind, declared, now)
        if len(found.path) == 1 or any(found.path[:2] == path[:2] for path in moved)
    )
    if not fields:
        return None
    action = max((found.action for found in fields), key=lambda action: action.severity)
    after = merge_declared(kind, now, declared)
    source = desired[address].source
    return Change(address, action, "another value is due", fields, now, after, source)


def _summarize(
    instant: datetime, schedule: Schedule, changes: tuple[Change, ...], kinds: Kinds
) -> ComingChanges:
    sold = [sale for change in changes for sale in moved_sales(change, kinds)]
    rises = [sale.rise for sale in sold if sale.rise]
    shares = [s.percent for s in sold if s.percent is not None and not is_masked(s.percent)]
    costs = [(s.before and s.before.cost, s.after and s.after.cost) for s in sold]
    return ComingChanges(
        instant.astimezone(schedule.zone).isoformat(timespec="seconds"),
        show_instant(instant, schedule.zone),
        changes,
        len(rises),
        sum(rise > 0 for rise in rises),
        sum(rise < 0 for rise in rises),
        max(shares, key=abs, default=None),
        sum(before != after for before, after in costs),
        sum(change.action is Action.RETIRE for change in changes),
        sum(comes_into_use(kinds[change.address.kind], change) for change in changes),
    )


def with_changes(live: Live, changes: Iterable[Change]) -> Live:
    """Return a shop in which changes are applied."""
    objects = {kind: dict(states) for kind, states in live.objects.items()}
    found = Live(objects, live.complete, read_errors=live.read_errors)
    apply_changes(found, changes)
    return found


def apply_changes(live: Live, changes: Iterable[Change]) -> None:
    """Put the objects into a shop as changes leave them."""
    for change in changes:
        known = live.get(change.address)
        children = known.children if isinstance(known, Observed) else None
        state = ABSENT if change.after is None else Observed(change.after, children)
        live.put(change.address, state)


def find_holds(
    changes: Iterable[Change], schedule: Schedule | None, kinds: Kinds
) -> dict[Address, str]:
    """Return the instant from which the files declare a changed object otherwise, ISO 8601."""
    found: dict[Address, str] = {}
    for address in (change.address for change in changes) if schedule else ():
        if schedule and (value := schedule.values.get(address)) is not None:
            needed = find_needed_members(kinds[address.kind].model)
            if until := find_next_change(value, needed, schedule.at, schedule.zone):
                found[address] = until.astimezone(schedule.zone).isoformat(timespec="seconds")
    return found
