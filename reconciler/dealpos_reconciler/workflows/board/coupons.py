"""Provider coupons on the board: uses, flags, and what begins or ends soon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from dealpos_reconciler.core.provider.release import Release, parse_release, shown_names
from dealpos_reconciler.core.provider.terms import Terms, code_key
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.ledger import TIME_FORMAT
from dealpos_reconciler.provider.remote import ProviderState
from dealpos_reconciler.provider.rows import batch_of
from dealpos_reconciler.provider.store import InvoiceRow, Usage
from dealpos_reconciler.render.board.values import ComingRow, CouponRow, Coupons

COMING = timedelta(days=14)
_STATES = ("doubtful",)


def list_coupons(state: ProviderState, invoices: Sequence[InvoiceRow] | None) -> Coupons:
    """Return the coupons of a release with their uses.

    `invoices` are the sales with a flag; None where they are counted and not known. The name of a
    batch opens nothing; its codes are not here at all.
    """
    try:
        release = read_release(state)
    except ProviderError as error:
        return Coupons(problem=error.message)
    flags = _count_flags(invoices or ())
    names = shown_names(release)
    rows = [
        _list_one(terms, names, release, state.usage, None if invoices is None else flags)
        for terms in release.coupons
    ]
    rows.sort(key=lambda row: (row.disabled, not row.flags))
    unknown = sum(row.state == "unknown_code" for row in invoices or ())
    number = state.release.number if state.release else 0
    settled = f"{state.settled:{TIME_FORMAT}}" if state.settled else ""
    return Coupons(number, tuple(rows), unknown, settled=settled)


def read_release(state: ProviderState) -> Release:
    """Return the published release, an empty one before the first. Raises ProviderError."""
    if state.release is None:
        return Release()
    return parse_release(state.release.document, f"release {state.release.number}")


def _list_one(
    terms: Terms,
    names: Mapping[str, str],
    release: Release,
    usage: Mapping[str, Usage],
    flags: Mapping[str, Counter[str]] | None,
) -> CouponRow:
    key = code_key(terms.code)
    uses = usage.get(key, Usage())
    found = {"": uses.flagged} if flags is None else dict(flags.get(key, {}))
    codes = terms.batch.count if terms.batch else 0
    return CouponRow(
        names[key],
        release.sources.get(key, ""),
        uses.used,
        uses.held,
        None if terms.limit is None else terms.limit * max(codes, 1),
        codes,
        terms.disabled,
        {flag: count for flag, count in sorted(found.items()) if count},
    )


def _count_flags(invoices: Sequence[InvoiceRow]) -> dict[str, Counter[str]]:
    """Return the sales by flag for each coupon; a batch has those of its codes."""
    found: dict[str, Counter[str]] = {}
    for row in (row for row in invoices if row.state != "unknown_code"):
        own = found.setdefault(batch_of(row.counter) or row.counter, Counter())
        own.update({*row.flags, *(state for state in _STATES if row.state == state)})
    return found


def list_coming(release: Release, now: datetime) -> Iterator[ComingRow]:
    """Yield the provider coupons that begin or end soon, by the clock of the shop."""
    zone, names = find_zone(release.timezone), shown_names(release)
    for terms in release.coupons:
        if terms.disabled:
            continue
        # The end is the first moment after the last one.
        for event, moment in (("begins", terms.begins), ("ends", terms.ends)):
            if moment is not None and now <= moment <= now + COMING:
                shown = f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
                where = release.sources.get(code_key(terms.code), "")
                yield ComingRow(shown, event, names[code_key(terms.code)], where)


def find_zone(name: str) -> tzinfo:
    """Return the time zone of that name; UTC where this machine has none of it."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return UTC
