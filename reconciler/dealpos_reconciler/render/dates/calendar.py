"""The schedule of dated values as an iCalendar file (RFC 5545): one event for each instant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.schedule import ScheduledChange
from dealpos_reconciler.render.dates.schedule import PAST, describe_change
from dealpos_reconciler.render.words import ObjectLabels, plain, plural, with_label

MAX_OCTETS = 75
MAX_NAMED = 50
"""Changes that an event names; the others are counted."""


def schedule_calendar(
    changes: Sequence[ScheduledChange],
    kinds: Kinds,
    labels: ObjectLabels,
    shop: str,
    made_at: datetime,
) -> str:
    """Return the calendar; an event keeps its identity from one file to the next."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//reconciler//schedule//EN"]
    for instant, found in groupby(changes, key=lambda change: change.at):
        lines += _event(instant, list(found), kinds, labels, shop, made_at)
    return "".join(f"{line}\r\n" for text in [*lines, "END:VCALENDAR"] for line in fold(text))


def _event(
    instant: datetime,
    changes: Sequence[ScheduledChange],
    kinds: Kinds,
    labels: ObjectLabels,
    shop: str,
    made_at: datetime,
) -> Iterator[str]:
    start = _moment(instant)
    named = [
        f"{with_label(c.address, labels)} {describe_change(c, kinds)}" for c in changes[:MAX_NAMED]
    ]
    if len(changes) > MAX_NAMED:
        named.append(f"and {len(changes) - MAX_NAMED:,} more")
    is_past = changes[0].is_past
    identity = hashlib.sha256(f"{shop}\0{start}".encode()).hexdigest()[:32]
    yield "BEGIN:VEVENT"
    yield f"UID:{identity}@reconciler"
    yield f"DTSTAMP:{_moment(made_at)}"
    yield f"DTSTART:{start}"
    summary = f"{plain(shop)}: {plural(len(changes), 'change')} due"
    described = "\n".join(named)
    yield f"SUMMARY:{escape(summary)}"
    yield f"DESCRIPTION:{escape(described)}"
    yield f"CATEGORIES:{PAST if is_past else 'coming'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escape(text: str) -> str:
    """Return a text as a value of iCalendar."""
    for sign, written in (("\\", r"\\"), (";", r"\;"), (",", r"\,"), ("\n", r"\n")):
        text = text.replace(sign, written)
    return text


def fold(text: str) -> Iterable[str]:
    """Return a line in parts of at most 75 octets; all but the first begin with a space."""
    parts, part, room = [], "", MAX_OCTETS
    for character in text:
        octets = len(character.encode())
        if octets > room:
            parts.append(part)
            part, room = " ", MAX_OCTETS - 1
        part += character
        room -= octets
    return [*parts, part]
