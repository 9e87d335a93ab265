"""The end of a day: the invoices of the shop against those that the store has booked.

The shop is right. A sale that was never reported is counted, a cancelled one is given back, and one
that the shop does not have is a phantom: false, or erased. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from dealpos_reconciler.provider.store import Flag, InvoiceRow, SaleReport
from dealpos_reconciler.provider.till.body import lower_keys
from dealpos_reconciler.provider.till.booking import report_sale
from dealpos_reconciler.provider.till.loaded import LoadedRelease
from dealpos_reconciler.provider.till.wire import RedeemRequest, parse_sale

Finding = Literal["missed", "voided", "restored", "moved", "phantom"]


@dataclass(frozen=True, slots=True)
class ShopInvoice:
    """One invoice as the shop shows it, in a list or by itself."""

    sale: RedeemRequest
    is_cancelled: bool | None
    """None where neither the list nor the invoice tells."""
    shows_coupon: bool
    """False for a row of a list that has no `Coupon`: the fields are undocumented (API §16)."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One report that makes the store agree with the shop."""

    finding: Finding
    report: SaleReport


@dataclass(frozen=True, slots=True)
class Settlement:
    """The consequences of a comparison."""

    corrections: tuple[Correction, ...]
    to_read: tuple[str, ...]
    """IDs of booked invoices about which the lists do not tell enough: each needs a read."""
    untold: tuple[str, ...]
    """IDs of invoices that no report named and whose rows show no coupon."""


def parse_invoice(row: Mapping[str, Any], *, is_cancelled: bool | None = None) -> ShopInvoice:
    """Return a row of the list, or one invoice, from decoded JSON.

    `is_cancelled` is what the filter of the list says; None where it has none.
    """
    found = lower_keys(row)
    sale = parse_sale(found)
    if is_cancelled is None and found.get("void") is not None:
        is_cancelled = sale.is_void
    return ShopInvoice(sale, is_cancelled, "coupon" in found)


def compare(
    loaded: LoadedRelease,
    shop: Mapping[str, ShopInvoice],
    booked: Sequence[InvoiceRow],
    now: datetime,
    read: Mapping[str, ShopInvoice | None] | None = None,
) -> Settlement:
    """Return the reports that make the store agree with the shop.

    `shop` are all invoices of the days that `booked` is from, by ID. `read` are those that were
    read by themselves; None means that the shop does not have the invoice.
    """
    found: dict[str, ShopInvoice | None] = {**shop, **(read or {})}
    corrections: list[Correction] = []
    to_read: list[str] = []
    for row in booked:
        if row.invoice not in found:
            to_read += [row.invoice] if row.state in ("counted", "doubtful") else []
            continue
        seen = found.pop(row.invoice)
        if seen is not None and _is_unclear(seen, row) and row.invoice not in (read or {}):
            to_read.append(row.invoice)
            continue
        corrections += _correct(loaded, row, seen, now)
    missed, untold = _find_missed(loaded, found, now)
    return Settlement((*corrections, *missed), tuple(to_read), tuple(untold))


def _is_unclear(seen: ShopInvoice, row: InvoiceRow) -> bool:
    """Return whether a read could tell more: the state of an invoice, or an unknown code's."""
    return seen.is_cancelled is None and row.state in ("counted", "doubtful", "voided")


def _correct(
    loaded: LoadedRelease, row: InvoiceRow, seen: ShopInvoice | None, now: datetime
) -> Iterator[Correction]:
    """Yield the correction of a booked invoice, if it needs one."""
    if seen is None:
        if row.state in ("counted", "doubtful"):
            phantom = _as_booked(row, "voided", now)
            yield Correction("phantom", _flag(phantom, "phantom"))
        return
    report = _report(loaded, seen, row, now)
    if seen.is_cancelled:
        is_kept = "kept" in row.flags and "kept" in report.flags
        if row.state == "doubtful" or (row.state == "counted" and not is_kept):
            yield Correction("voided", report)
    elif seen.is_cancelled is not None and (finding := _judge_active(row, report)):
        state: Literal["restored", "counted"] = "restored" if finding == "restored" else "counted"
        yield Correction(finding, replace(report, state=state))


def _judge_active(row: InvoiceRow, report: SaleReport) -> Finding | None:
    """Return the finding on an invoice that the shop counts as a sale."""
    # A code that was unlisted since keeps its use where it was counted.
    counter = report.counter or (row.counter if report.code else "")
    if row.state == "unknown_code":
        return "missed" if report.counter else None
    if row.state == "voided" or (row.state == "doubtful" and counter):
        return "restored" if counter else None
    if row.state == "doubtful" or counter != row.counter:
        return "moved"
    return "restored" if "kept" in row.flags else None


def _find_missed(
    loaded: LoadedRelease, found: Mapping[str, ShopInvoice | None], now: datetime
) -> tuple[list[Correction], list[str]]:
    """Return the sales that no report named, and those of which no coupon is shown."""
    missed: list[Correction] = []
    untold: list[str] = []
    for invoice, seen in found.items():
        if seen is None or seen.is_cancelled:
            continue
        if not seen.shows_coupon:
            untold.append(invoice)
        elif seen.sale.code and loaded.coupons.find(seen.sale.code):
            missed.append(Correction("missed", _report(loaded, seen, None, now)))
    return missed, untold


def _report(
    loaded: LoadedRelease, seen: ShopInvoice, row: InvoiceRow | None, now: datetime
) -> SaleReport:
    """Return what the shop says of an invoice; without its coupon, that of the booked row."""
    sale = replace(seen.sale, is_void=bool(seen.is_cancelled))
    report = replace(report_sale(loaded, sale, now), authority=True)
    if row is not None and (not seen.shows_coupon or seen.is_cancelled):
        report = replace(report, counter=row.counter or None, code="")
    return _flag(report, "settled")


def _as_booked(row: InvoiceRow, state: Literal["voided"], now: datetime) -> SaleReport:
    return SaleReport(
        row.invoice, state, row.counter or None, outlet=row.outlet, number=row.number,
        now=now, flags=frozenset({"settled"}), authority=True,
    )  # fmt: skip


def _flag(report: SaleReport, flag: Flag) -> SaleReport:
    return replace(report, flags=report.flags | {flag})
