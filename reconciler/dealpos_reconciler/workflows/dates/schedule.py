"""The schedule of a shop folder: its files alone are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.core.schedule import ScheduledChange, list_schedule
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.open_shop import check_files


class FileSchedule(NamedTuple):
    """The changes that files declare, and what their text needs."""

    changes: Sequence[ScheduledChange]
    at: datetime
    """The instant that separates past from coming ones."""
    zone: str | None
    """The name of the shop's time zone; None without dated values."""
    labels: Labels
    kinds: Kinds


def read_schedule(folder: Path) -> FileSchedule:
    """Return the dated changes of the files in `folder`. Raises SourceError for every problem."""
    desired = check_files(folder)
    schedule = desired.schedule
    at = schedule.at if schedule else datetime.now(UTC)
    zone = str(schedule.zone) if schedule else None
    labels = Labels(desired, Live(), KINDS)
    return FileSchedule(list_schedule(desired), at, zone, labels, KINDS)
