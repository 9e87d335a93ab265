"""Coupons that have ended: the listing that shows them proves that others are absent.

dealpos-api.md §10: the plain list leaves out coupons that are expired or used up, and their codes
are taken. Whether a list with a wider filter shows them is undocumented.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.dealpos.reading.paging import DOCUMENTED_BATCH_ROWS, read_pages
from dealpos_reconciler.dealpos.reading.reader import Reader, RequestedFields
from dealpos_reconciler.dealpos.rows import Row
from dealpos_reconciler.errors import OutcomeUnknown, Rejected, UnexpectedResponse


def shows_ended(reader: Reader, kind: Kind) -> bool:
    """Return whether the plain listing has shown objects that have ended."""
    if not kind.expiry_field:
        return False
    states = reader.live.iterate_observed(kind.name)
    single = reader.builder.read_singly.get(kind.name, set())
    others = single | reader.shown_wider.get(kind.name, set())
    listed = [state.value.get for name, state in states if name not in others]
    # A last day is no proof alone: the clock of this computer may be ahead.
    return any(_is_used_up(kind, get) for get in listed) and any(
        _is_past(kind, get) for get in listed
    )


def wider_proves_absence(reader: Reader, kind: Kind, missing: list[str]) -> bool:
    """Return whether a listing with a wider filter shows ended objects, and none of `missing`.

    dealpos-api.md §10: the values of the filter are undocumented. One that is honoured shows an
    ended coupon that the plain list hides, and all that the plain list shows.
    """
    listed = reader.live.listings.get(kind.name)
    shown = {name for name, _ in reader.live.iterate_observed(kind.name)}
    names: set[str | None] = set()
    # Single reads of a few cost no more.
    while listed and len(missing) > listed.requests(DOCUMENTED_BATCH_ROWS) + 1:
        pages = _read_wider(reader, kind, missing)
        rows = [row for page in pages for row in page]
        hidden = (partial(kind.peek, row=row) for row in rows if kind.identity_of(row) not in shown)
        before, names = names, {kind.identity_of(row) for row in rows}
        is_honoured = any(_is_used_up(kind, get) or _is_past(kind, get) for get in hidden)
        if not is_honoured or shown - names:
            return False
        if len(pages) == 1 or before:
            return len(pages) == 1 or before == names
    return False


def read_hidden_fields(reader: Reader, kind: Kind, asked: RequestedFields) -> None:
    """Read fields that lists alone show of objects that the plain list hides.

    A replacement carries them, and is blocked without them (dealpos-api.md §10: no single read
    prints the minimum amount).
    """
    hidden = reader.builder.read_singly.get(kind.name, set())
    hidden = hidden - reader.shown_wider.get(kind.name, set())
    gaps = reader.missing_fields(kind, asked) if hidden else {}
    if lacking := [name for name in gaps if name in hidden and kind.listed_in(gaps[name])]:
        _read_wider(reader, kind, lacking)


def _read_wider(reader: Reader, kind: Kind, asked: Collection[str]) -> list[list[Row]]:
    """Read `asked` by the listing with a wider filter, and return its pages.

    None is returned where it cannot be read, or where all of `asked` was seen before its end. Other
    objects are not kept.
    """
    wider = kind.reads.listing and kind.reads.listing.wider
    if wider is None:
        return []
    found: list[list[Row]] = []
    shown = reader.shown_wider.setdefault(kind.name, set())
    with suppress(Rejected, OutcomeUnknown, UnexpectedResponse):
        pages = read_pages(reader.client, kind, lambda seen, _: seen.issuperset(asked), wider)
        for page, last, _ in pages:
            named = [row for row in page.rows if kind.identity_of(row) in asked]
            shown.update(kind.identity_of(row) or "" for row in named)
            reader.builder.add_rows(kind, named, page.keys)
            reader.live.unlisted.update(
                Address(kind.name, kind.identity_of(row) or "") for row in named
            )
            found += [page.rows] if page.rows else []
            if last:
                return found
    return []


def _is_used_up(kind: Kind, get: Callable[[str], Any]) -> bool:
    """Return whether a promotion has no uses left; `get` returns its fields."""
    return bool(get(kind.use_counts[1]) == 0)


def _is_past(kind: Kind, get: Callable[[str], Any]) -> bool:
    """Return whether a promotion is past its last day in every time zone.

    A day in year 1 is an unset date (dealpos-api.md §12).
    """
    end, yesterday = get(kind.expiry_field), datetime.now(UTC).date() - timedelta(days=1)
    return isinstance(end, str) and "0001-01-01" < end < yesterday.isoformat()
