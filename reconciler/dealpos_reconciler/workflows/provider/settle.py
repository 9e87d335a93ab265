"""Close the day: compare the invoices of the shop with the booked ones, and book the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from dealpos_reconciler.core.provider.release import shown_names
from dealpos_reconciler.core.steps.usage import SECONDS_PER_REQUEST
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading.invoices import DETAIL, InvoiceLists, can_deny, read_invoice
from dealpos_reconciler.errors import ApiError, ProviderUnavailable
from dealpos_reconciler.provider.settlement import (
    Correction,
    Settlement,
    ShopInvoice,
    compare,
    parse_invoice,
)
from dealpos_reconciler.provider.store import InvoiceRow, PublishedRelease, UsageStore
from dealpos_reconciler.provider.till.loaded import load_release
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.provider.stored import ask_store, read_release

MAX_READS = 20
"""Invoices that are read one by one, unless the command says otherwise."""
GRACE = timedelta(minutes=1)
"""A sale that was reported so shortly ago may not be in the lists yet: it is no phantom."""
MARGIN = timedelta(days=7)
"""The time by which the report of a sale may precede the date of its invoice."""

Read = Mapping[str, ShopInvoice | None]


@dataclass(frozen=True, slots=True)
class SettleRequest:
    """The options of a settlement."""

    since: datetime
    """A moment; one without a time zone is in that of the shop."""
    dry_run: bool = False
    max_reads: int = MAX_READS
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Settled:
    """The result of a settlement."""

    first: date
    last: date
    invoices: int
    """Invoices that the shop has listed."""
    corrections: tuple[Correction, ...]
    """The corrections that were booked, or would be without a dry run."""
    left: tuple[str, ...]
    """Booked invoices about which the shop did not tell enough: they stay as they are."""
    untold: int
    """Invoices of the shop whose coupon, if they used one, is not known."""
    names: Mapping[str, str]
    """The coupons for people, by `code_key`."""
    why_left: str = ""
    """The refusal that ended the reads of single invoices."""


@dataclass(frozen=True, slots=True)
class _Booked:
    """The content of the store before the shop was read."""

    release: PublishedRelease
    since: Sequence[InvoiceRow]
    """Invoices noted from the first day on."""
    before: Sequence[InvoiceRow]
    """Invoices noted from `MARGIN` before it on: they count where the shop lists them."""
    fresh: frozenset[str]


def settle(
    shop: OpenShop, request: SettleRequest, key: bytes, tell: Callable[[str], None]
) -> Settled:
    """Settle the days from `request.since` to now; `tell` takes the cost in requests first.

    Raises ApiError where the lists cannot be read, ProviderError for the store; what was booked
    until then stays, and a further settlement does the rest.
    """
    release = ask_store(shop.settings, read_release)
    loaded = load_release(release, key)
    since = loaded.place(request.since) or request.now
    first = since.astimezone(loaded.zone).date()
    today = request.now.astimezone(loaded.zone).date()
    start = datetime.combine(first, time(), loaded.zone).astimezone(UTC)
    tell(f"Settling {first} to {today}: 2 requests or more")
    booked = ask_store(shop.settings, partial(_read_booked, start=start, now=request.now))
    # dealpos-api.md §16: whether the last day of a list is included is not documented.
    lists = InvoiceLists(shop.client, first, today + timedelta(days=1))
    tell(_say_cost(shop.client, lists, request.max_reads))
    listed = _parse(lists)
    rows = _select(booked, listed)
    found = compare(loaded, listed, rows, request.now)
    reads = _Reads(shop.client, listed, request.max_reads)
    reads.ask_booked(found.to_read)
    reads.ask_untold(found.untold)
    found = compare(loaded, listed, rows, request.now, reads.found)
    corrections = found.corrections
    if not request.dry_run:
        corrections = ask_store(shop.settings, partial(_book, found=found, now=request.now))
    return Settled(
        first,
        today,
        len(listed),
        corrections,
        tuple(_find_left(found, rows, listed, reads.found)),
        len(found.untold),
        shown_names(loaded.release),
        reads.refused,
    )


async def _read_booked(store: UsageStore, start: datetime, now: datetime) -> _Booked:
    return _Booked(
        await read_release(store),
        await store.invoices(start),
        await store.invoices(start - MARGIN),
        frozenset(row.invoice for row in await store.invoices(now - GRACE)),
    )


def _say_cost(client: Client, lists: InvoiceLists, max_reads: int) -> str:
    """Return the requests that follow, and the time that they take at most."""
    most = lists.pages_left + max_reads
    seconds = client.window.seconds_until_sent(most) + most * SECONDS_PER_REQUEST
    return (
        f"{lists.invoices:,} invoices: {lists.pages_left:,} more requests for the lists, at most "
        f"{max_reads:,} for single invoices; {max(seconds, 1):.0f} s at most"
    )


def _parse(lists: InvoiceLists) -> dict[str, ShopInvoice]:
    """Return the listed invoices by ID; one that changed lists meanwhile is a cancelled one."""
    seen = (parse_invoice(each.row, is_cancelled=each.is_cancelled) for each in lists.rows())
    return {each.sale.invoice: each for each in seen if each.sale.invoice}


def _select(booked: _Booked, listed: Mapping[str, ShopInvoice]) -> list[InvoiceRow]:
    """Return the booked invoices to compare: those of the days, and those that are listed."""
    since = {row.invoice for row in booked.since}
    known = [row for row in booked.before if row.invoice in listed or row.invoice in since]
    return [row for row in known if row.invoice in listed or row.invoice not in booked.fresh]


class _Reads:
    """Reads of single invoices within a budget."""

    def __init__(self, client: Client, listed: Mapping[str, ShopInvoice], most: int) -> None:
        self.found: dict[str, ShopInvoice | None] = {}
        self.refused = ""
        self._client = client
        self._listed = listed
        self._left = most

    def ask_booked(self, invoices: Sequence[str]) -> None:
        """Read booked invoices; "not found" counts only where the shop finds others by ID."""
        for invoice in invoices:
            if self._left <= 0 or self.refused:
                return
            try:
                raw = self._ask(invoice)
                if raw is None and not self._can_deny():
                    continue
            except ApiError as error:
                self.refused = error.message
                return
            self.found[invoice] = raw

    def ask_untold(self, invoices: Iterable[str]) -> None:
        """Read invoices whose rows show no coupon, those with a discount first."""
        for invoice in sorted(invoices, key=lambda name: not self._listed[name].sale.discount):
            if self._left <= 0 or self.refused:
                return
            try:
                raw = self._ask(invoice, is_cancelled=self._listed[invoice].is_cancelled)
            except ApiError as error:
                self.refused = error.message
                return
            if raw is not None:
                self.found[invoice] = raw

    def _ask(self, invoice: str, *, is_cancelled: bool | None = None) -> ShopInvoice | None:
        self._left -= 1
        raw = read_invoice(self._client, invoice)
        if raw is None:
            return None
        seen = parse_invoice(raw, is_cancelled=is_cancelled)
        return replace(seen, sale=replace(seen.sale, invoice=invoice))

    def _can_deny(self) -> bool:
        self._left -= DETAIL not in self._client.routes.shown
        return can_deny(self._client, list(self._listed))


async def _book(store: UsageStore, found: Settlement, now: datetime) -> tuple[Correction, ...]:
    """Book the corrections; return those that changed anything."""
    booked: list[Correction] = []
    total = len(found.corrections)
    for number, correction in enumerate(found.corrections):
        try:
            booking = await store.book(correction.report)
        except ProviderUnavailable as error:
            raise ProviderUnavailable(
                f"{error.message}; {number:,} of {total:,} corrections were booked",
                hint="settle again: nothing is counted twice",
            ) from None
        if booking.result != "again":
            booked.append(correction)
    await store.note_settled(f"{len(booked)} corrections", now)
    return tuple(booked)


def _find_left(
    found: Settlement, rows: Sequence[InvoiceRow], listed: Mapping[str, ShopInvoice], read: Read
) -> Iterable[str]:
    """Yield the booked invoices that could not be judged: unread, or shown without their state."""
    yield from (invoice for invoice in found.to_read if invoice not in read)
    for row in rows:
        seen = read.get(row.invoice)
        if seen is not None and seen.is_cancelled is None and row.invoice not in listed:
            yield row.invoice
