"""A settlement as text for people and as a document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Protocol

from dealpos_reconciler.provider.rows import batch_of
from dealpos_reconciler.provider.settlement import Correction, Finding
from dealpos_reconciler.render.words import amount, plain, plural

FORMAT_VERSION = "1.0"
FINDINGS: tuple[Finding, ...] = ("missed", "restored", "moved", "voided", "phantom")
_MEANINGS: Mapping[Finding, str] = {
    "missed": "its sale was not reported",
    "restored": "it is a sale again",
    "moved": "it has another coupon now",
    "voided": "it was cancelled",
    "phantom": "the shop has no such invoice",
}


class SettledDays(Protocol):
    """The result of a settlement; see `workflows.provider.settle.Settled`."""

    @property
    def first(self) -> date:
        """The first day."""

    @property
    def last(self) -> date:
        """The last day."""

    @property
    def invoices(self) -> int:
        """Invoices that the shop has listed."""

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """The corrections."""

    @property
    def left(self) -> tuple[str, ...]:
        """Booked invoices that could not be judged."""

    @property
    def untold(self) -> int:
        """Invoices whose coupon is not known."""

    @property
    def names(self) -> Mapping[str, str]:
        """The coupons for people, by `code_key`."""

    @property
    def why_left(self) -> str:
        """The refusal that ended the reads of single invoices."""


def settlement_text(found: SettledDays, dry_run: bool, requests: int) -> str:
    """Return a line for each correction, then what is not known, and the API usage."""
    days = str(found.first) if found.first == found.last else f"{found.first} to {found.last}"
    lines = [f"{days}: {plural(found.invoices, 'invoice')} in the shop", ""]
    lines += [_line(each, found.names) for each in found.corrections]
    lines += [""] if found.corrections else []
    lines += [_summary(found, dry_run), *_gaps(found)]
    return "\n".join([*lines, f"API usage: {plural(requests, 'request')} used"]) + "\n"


def _line(each: Correction, names: Mapping[str, str]) -> str:
    report = each.report
    change = _change(each)
    sign = "~" if not change else "+" if change > 0 else "-"
    where = ", ".join(filter(None, (report.number or report.invoice, report.outlet)))
    coupon = name_counter(report.counter or "", names) or "no coupon"
    kept = "; its use stays counted" if "kept" in report.flags else ""
    return plain(f"{sign} {coupon}  {where}  {each.finding}: {_MEANINGS[each.finding]}{kept}")


def _change(each: Correction) -> int:
    """Return by how much the uses of the coupon change."""
    if each.finding == "moved" or "kept" in each.report.flags:
        return 0
    return 1 if each.finding in ("missed", "restored") else -1


def name_counter(counter: str, names: Mapping[str, str]) -> str:
    """Return the coupon of a counter for people, of a batch with the number of the code.

    A coupon that is not published any more may have a secret code.
    """
    if not counter:
        return ""
    batch = batch_of(counter)
    known = names.get(batch or counter, "a coupon that is not published")
    return known + counter[len(batch) :] if batch and batch in names else known


def _summary(found: SettledDays, dry_run: bool) -> str:
    counts = Counter(each.finding for each in found.corrections)
    told = ", ".join(f"{amount(counts[name])} {name}" for name in FINDINGS if counts[name])
    if not told:
        return "Nothing to book: the shop and the provider agree"
    return f"Dry run, nothing was booked: {told}" if dry_run else f"Booked: {told}"


def _gaps(found: SettledDays) -> Iterator[str]:
    if found.left:
        shown = ", ".join(found.left[:5]) + (", …" if len(found.left) > 5 else "")
        why = f" ({found.why_left})" if found.why_left else ""
        yield plain(f"Not judged: {plural(len(found.left), 'booked invoice')}{why}: {shown}")
    elif found.why_left:
        yield plain(f"Single invoices were not read: {found.why_left}")
    if found.untold:
        yield (
            f"Unknown: {plural(found.untold, 'invoice')} that no till reported, "
            "and the shop shows no coupon of them"
        )


def settlement_document(found: SettledDays, dry_run: bool, requests: int) -> dict[str, Any]:
    """Return the settlement as a JSON document."""
    counts = Counter(each.finding for each in found.corrections)
    return {
        "format_version": FORMAT_VERSION,
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "dry_run": dry_run,
        "invoices": found.invoices,
        "summary": {name: counts[name] for name in FINDINGS},
        "corrections": [
            {
                "finding": each.finding,
                "invoice": each.report.invoice,
                "number": each.report.number,
                "outlet": each.report.outlet,
                "coupon": name_counter(each.report.counter or "", found.names),
                "uses": _change(each),
            }
            for each in found.corrections
        ],
        "not_judged": list(found.left),
        "unknown": found.untold,
        "requests": requests,
    }
