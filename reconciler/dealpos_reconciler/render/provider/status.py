"""The state of a provider as text, as a document, and as metrics for the node exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from dealpos_reconciler.core.provider.terms import Terms
from dealpos_reconciler.provider.store import InvoiceRow
from dealpos_reconciler.render.provider.settlement import FORMAT_VERSION, name_counter
from dealpos_reconciler.render.words import amount, plain, shorten_commit


class ShownCoupon(Protocol):
    """One coupon and its counts; see `workflows.provider.status.CouponStatus`."""

    @property
    def name(self) -> str:
        """The coupon for people."""

    @property
    def terms(self) -> Terms:
        """The published terms."""

    @property
    def used(self) -> int:
        """Uses."""

    @property
    def held(self) -> int:
        """Uses promised to tills now."""

    @property
    def flagged(self) -> int:
        """Uses with a flag."""

    @property
    def limit(self) -> int | None:
        """Uses that it allows."""


class ShownProvider(Protocol):
    """A provider as it is now; see `workflows.provider.status.ProviderStatus`."""

    @property
    def place(self) -> str:
        """The provider, for people."""

    @property
    def number(self) -> int:
        """The newest release."""

    @property
    def published(self) -> datetime | None:
        """The moment of the release."""

    @property
    def commit(self) -> str:
        """The commit of the release."""

    @property
    def settled(self) -> datetime | None:
        """The last settlement."""

    @property
    def coupons(self) -> Sequence[ShownCoupon]:
        """The coupons."""

    @property
    def others(self) -> int:
        """Uses of coupons that were unlisted."""

    @property
    def names(self) -> Mapping[str, str]:
        """The coupons for people, by `code_key`."""

    @property
    def flagged(self) -> Sequence[InvoiceRow] | None:
        """The newest reports with a flag."""


def status_text(found: ShownProvider) -> str:
    """Return the release, a line for each coupon, and the reports with a flag."""
    commit = f", commit {shorten_commit(found.commit)}" if found.commit else ""
    release = f"release {found.number:,} of {_day(found.published)}{commit}"
    lines = [plain(f"Provider: {found.place}, {release if found.number else 'no release yet'}")]
    lines += [f"Last settlement: {_day(found.settled) if found.settled else 'none yet'}"]
    lines += ["", *_table(found.coupons)] if found.coupons else []
    if found.others:
        lines += ["", f"Uses of coupons that are not published any more: {amount(found.others)}"]
    if found.flagged:
        lines += ["", "Reports to look at:"]
        lines += [_report(row, found.names) for row in found.flagged]
    return "\n".join(lines) + "\n"


def _table(coupons: Sequence[ShownCoupon]) -> Iterator[str]:
    width = max(len(plain(coupon.name)) for coupon in coupons)
    for coupon in coupons:
        used = f"used {amount(coupon.used)}"
        used += f" of {amount(coupon.limit)}" if coupon.limit is not None else ""
        more = [f"{amount(coupon.held)} held at tills now"] if coupon.held else []
        more += [f"{amount(coupon.flagged)} flagged"] if coupon.flagged else []
        more += ["disabled"] if coupon.terms.disabled else []
        if coupon.terms.batch:
            more.append(f"batch of {amount(coupon.terms.batch.count)} codes")
        yield f"  {plain(coupon.name):<{width}}  {', '.join([used, *more])}"


def _report(row: InvoiceRow, names: Mapping[str, str]) -> str:
    coupon = name_counter(row.counter, names) or "unknown code"
    where = ", ".join(filter(None, (row.number or row.invoice, row.outlet)))
    return plain(
        f"  {_day(row.at)}  {coupon}  {where}  {row.state}: {', '.join(sorted(row.flags))}"
    )


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


def status_document(found: ShownProvider) -> dict[str, Any]:
    """Return the status as a JSON document."""
    return {
        "format_version": FORMAT_VERSION,
        "provider": found.place,
        "release": found.number,
        "published": found.published and _iso(found.published),
        "commit": found.commit or None,
        "settled": found.settled and _iso(found.settled),
        "coupons": [
            {
                "code": coupon.name,
                "used": coupon.used,
                "held": coupon.held,
                "flagged": coupon.flagged,
                "limit": coupon.limit,
                "disabled": coupon.terms.disabled,
                "codes": coupon.terms.batch and coupon.terms.batch.count,
            }
            for coupon in found.coupons
        ],
        "unlisted": found.others,
        "flagged": found.flagged
        and [
            {
                "invoice": row.invoice,
                "number": row.number,
                "outlet": row.outlet,
                "coupon": name_counter(row.counter, found.names),
                "state": row.state,
                "flags": sorted(row.flags),
                "at": _iso(row.at),
            }
            for row in found.flagged
        ],
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def status_metrics(found: ShownProvider) -> str:
    """Return the metrics that `serve` has too, for the node exporter."""
    lines = [
        "# TYPE reconciler_release_number gauge",
        f"reconciler_release_number {found.number}",
        "# TYPE reconciler_last_settle_timestamp_seconds gauge",
        f"reconciler_last_settle_timestamp_seconds {_seconds(found.settled)}",
    ]
    for name in ("used", "held", "limit"):
        lines.append(f"# TYPE reconciler_coupon_{name} gauge")
        for coupon in found.coupons:
            if (value := getattr(coupon, name)) is not None:
                lines.append(
                    f'reconciler_coupon_{name}{{code="{_label(coupon.name.casefold())}"}} {value}'
                )
    return "\n".join(lines) + "\n"


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
