"""The schedule of dated values as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.masked import mask_all
from dealpos_reconciler.core.schedule import ScheduledChange
from dealpos_reconciler.render.json import (
    FORMAT_VERSION,
    Moment,
    ObjectDocument,
    SourceDocument,
    described,
    source_document,
)
from dealpos_reconciler.render.view import place
from dealpos_reconciler.render.words import ObjectLabels, format_value, plural, with_label

PAST = "past"


@described
class ScheduledDocument(ObjectDocument):
    """A declared value that changes at an instant."""

    at: Moment
    """With the offset of the shop's clock."""
    day: str
    """A day, with the time if it is not its start: `2026-12-24 06:00`."""
    path: str
    """The field, such as `unit_price` or `outlet_prices.Bandung.price`."""
    before: Any
    """null: no step holds."""
    after: Any
    past: bool
    """true: the instant has passed."""
    source: SourceDocument


@described
class ScheduleDocument(TypedDict):
    """The changes of dated values, past ones included, the earliest first."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    timezone: str | None
    """The time zone of the shop; null where the settings name none."""
    changes: list[ScheduledDocument]


def schedule_text(changes: Sequence[ScheduledChange], kinds: Kinds, labels: ObjectLabels) -> str:
    """Return the changes by their day."""
    lines = []
    for (day, is_past), found in groupby(changes, key=lambda change: (change.day, change.is_past)):
        lines.append(f"{day} ({PAST})" if is_past else day)
        for change in found:
            about = with_label(change.address, labels)
            said = describe_change(change, kinds)
            lines.append(f"  {about}  {said}  {place(change.source)}".rstrip())
        lines.append("")
    past = sum(change.is_past for change in changes)
    counted = f"{plural(len(changes) - past, 'coming change')}, {past:,} {PAST}"
    return "\n".join([*lines, f"Schedule: {counted}."]) + "\n"


def describe_change(change: ScheduledChange, kinds: Kinds) -> str:
    """Return a change in one line: `unit_price 18,000 → 19,000`."""
    field = kinds[change.address.kind].fields[change.path[0]]
    before, after = (
        format_value(change.address, field, value) for value in (change.before, change.after)
    )
    return f"{change.name} {before} → {after}"


def schedule_document(
    changes: Sequence[ScheduledChange], labels: ObjectLabels, zone: str | None
) -> ScheduleDocument:
    """Return the changes as data; null is the value of a time at which no step holds."""
    return {
        "format_version": FORMAT_VERSION,
        "timezone": zone,
        "changes": [
            {
                "at": change.at.isoformat(timespec="seconds"),
                "day": change.day,
                "address": str(change.address),
                "label": labels.get(change.address),
                "path": change.name,
                "before": mask_all(change.before),
                "after": mask_all(change.after),
                "past": change.is_past,
                "source": source_document(change.source),
            }
            for change in changes
        ],
    }
