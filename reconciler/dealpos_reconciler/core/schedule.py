"""Every change that the steps of dated values bring, past and to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dealpos_reconciler.core.dated import (
    NOTHING,
    Schedule,
    Steps,
    at,
    find_boundaries,
    list_steps,
    show_instant,
)
from dealpos_reconciler.core.diff.change import PENDING, Change, FieldChange
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.plan.plan import OverdueStep

_MOMENT = timedelta(microseconds=1)


class ScheduledChange(NamedTuple):
    """A declared value that changes at an instant."""

    at: datetime
    """With the offset of the shop's clock."""
    day: str
    """A day, with the time if it is not its start: `2026-12-24 06:00`."""
    address: Address
    path: tuple[str, ...]
    before: Any
    """None where no step holds."""
    after: Any
    is_past: bool
    source: Source
    """The line that declares the field."""

    @property
    def name(self) -> str:
        """The path as text: `outlet_prices.Bandung.price`."""
        return ".".join(self.path)


def find_overdue(
    changes: Iterable[Change], desired: Desired
) -> dict[Address, tuple[OverdueStep, ...]]:
    """Return the due values that no run has applied, by object.

    With a ledger, the files have changed since the last apply. Without one, the shop still has the
    value of the step before.
    """
    schedule = desired.schedule
    found: dict[Address, tuple[OverdueStep, ...]] = {}
    for change in changes if schedule else ():
        if schedule and (value := schedule.values.get(change.address)) is not None:
            steps = dict(list_steps(value))
            overdue = [
                step
                for field in change.fields
                if field.path in steps
                and (step := _find_overdue(field, steps[field.path], schedule))
            ]
            if overdue:
                found[change.address] = tuple(overdue)
    return found


def _find_overdue(field: FieldChange, steps: Steps, schedule: Schedule) -> OverdueStep | None:
    """Return a field as overdue; None where the difference is drift."""
    zone, now = schedule.zone, schedule.at
    value = at(steps, now, zone)
    for instant in sorted(find_boundaries(steps[0], zone), reverse=True):
        before = at(steps, instant - _MOMENT, zone)
        if instant > now or before == value:
            continue
        is_former = before is NOTHING or field.before == before
        if field.origin == PENDING or (field.origin is None and is_former):
            since = instant.astimezone(zone).isoformat(timespec="seconds")
            return OverdueStep(field.name, since, int((now - instant).total_seconds()))
        return None
    return None


def list_schedule(desired: Desired) -> list[ScheduledChange]:
    """Return every change of a declared value, the earliest first."""
    return sorted(
        _list_changes(desired), key=lambda change: (change.at, change.address, change.path)
    )


def _list_changes(desired: Desired) -> Iterator[ScheduledChange]:
    schedule = desired.schedule
    for address, value in schedule.values.items() if schedule else ():
        declared = desired.get(address)
        for path, steps in list_steps(value) if schedule and declared else ():
            assert schedule
            assert declared
            for instant in find_boundaries(steps[0], schedule.zone):
                before, after = (
                    None if held is NOTHING else held
                    for held in (
                        at(steps, instant - _MOMENT, schedule.zone),
                        at(steps, instant, schedule.zone),
                    )
                )
                if before != after:
                    yield ScheduledChange(
                        instant.astimezone(schedule.zone),
                        show_instant(instant, schedule.zone),
                        address,
                        path,
                        before,
                        after,
                        instant <= schedule.at,
                        declared.source.place_of(path),
                    )
