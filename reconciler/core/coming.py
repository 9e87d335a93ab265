"""Steps of dated values that are still to come, as a plan sees them."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.dated import Schedule, find_next_change
from reconciler.core.diff.change import Change
from reconciler.core.model.address import Address
from reconciler.core.model.field import find_needed_members
from reconciler.core.model.kind import Kinds


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
