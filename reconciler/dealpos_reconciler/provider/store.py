"""The store of the coupon provider: what every implementation promises.

Each method is one transaction. After every commit `used + held <= limit`, except for uses that came
without a hold, which are flagged `beyond`; `used` is the number of `counted` rows of a counter; an
invoice has one row. Moments are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from dealpos_reconciler.core.provider.terms import Amount
from dealpos_reconciler.core.provider.vocabulary import Reentry
from dealpos_reconciler.errors import ReleaseConflict

DEADLINE = 1.0
"""Seconds that a request waits for the store."""

Flag = Literal[
    "beyond", "unheld", "unknown_code", "over_discount",
    "late", "doubtful", "settled", "phantom", "kept",
]  # fmt: skip
"""The marks of a row.

`unheld`: a use of a limited coupon that no hold covered, as after a refusal. `beyond`: such a use
over the limit. `kept`: the invoice was voided and its use was not given back; a report that says
`voided` with this flag asks for that.
"""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """One use that a till is about to be promised.

    `counter` names what is counted: `code_key` of a code, or `BATCH/17` for a code of a batch, so
    that the store never holds such a code.
    """

    counter: str
    limit: int | None
    limit_per_customer: int | None
    outlet: str
    customer: frozenset[str]
    """Fingerprints of what identifies the customer; empty where the till named nobody.

    Two sets name the same customer if they share one: which of the two numbers of a customer
    Validate Coupon sends as `Phone` is undocumented (API §12).
    """
    now: datetime
    until: datetime
    reentry: Reentry = "refuse"


@dataclass(frozen=True, slots=True)
class HoldResult:
    """A use was held, or the reason why none was free."""

    status: Literal["held", "renewed", "customer_limit", "used_up", "in_use"]
    used: int
    held: int
    outlet: str = ""
    """Of `in_use`: the outlet of the hold that ends first."""
    until: datetime | None = None
    """Of `in_use`: the end of that hold."""


@dataclass(frozen=True, slots=True)
class SaleReport:
    """One report of an invoice: by Redeem Coupon, a webhook, or a settlement."""

    invoice: str
    state: Literal["counted", "voided", "restored"]
    """The state that the report claims; `restored` comes from a webhook or a reading alone."""
    counter: str | None
    """The counter of its coupon; None for a code that no release knows."""
    code: str = ""
    """The text of an unknown code, shortened; empty where the counter is known.

    Without a counter and a code, the invoice has no coupon.
    """
    limit: int | None = None
    outlet: str = ""
    number: str = ""
    customer: frozenset[str] = frozenset()
    """Fingerprints as in `HoldRequest`."""
    at: datetime | None = None
    """The moment of the sale, where the report says it."""
    now: datetime = field(kw_only=True)
    discount: Amount | None = None
    gross: Amount | None = None
    flags: frozenset[Flag] = frozenset()
    digest: str = ""
    """The digest of the body, by which a late duplicate is told from news."""
    authority: bool = False
    """True if the shop was read: such a report settles what is doubtful."""


@dataclass(frozen=True, slots=True)
class Booking:
    """The result of a report. `again`: it changed nothing; `spooled`: it is on disk and waits."""

    result: Literal[
        "counted", "again", "voided", "restored", "moved", "doubtful", "unknown_code", "spooled"
    ]
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """One published set of terms; immutable."""

    number: int
    digest: str
    document: str
    """The terms as JSON text, see `core.provider.release`."""
    commit: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """The counts of one counter."""

    used: int = 0
    held: int = 0
    flagged: int = 0
    """Uses with a flag."""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice that used a coupon, or claimed to."""

    invoice: str
    counter: str
    state: Literal["counted", "voided", "doubtful", "unknown_code"]
    outlet: str
    number: str
    at: datetime
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One transition; the list of them is append-only, and its oldest ones are trimmed."""

    number: int
    at: datetime
    kind: str
    counter: str
    invoice: str
    detail: str


class UsageStore(Protocol):
    """Uses, holds and releases of one shop. Each method may raise ProviderUnavailable."""

    @property
    def queue_length(self) -> int:
        """Calls that wait for the store."""

    @property
    def spool_length(self) -> int:
        """Reports of sales that wait on the local disk for the store."""

    async def hold(self, request: HoldRequest) -> HoldResult:
        """Hold one use, if one is free; committed before this returns."""

    async def book(self, sale: SaleReport) -> Booking:
        """Record one report of an invoice; safe on disk before this returns."""

    async def dead_letter(
        self, reason: str, digest: str, length: int, invoice: str, now: datetime
    ) -> None:
        """Keep the outline of a report that could not be understood."""

    async def free(self, counter: str) -> int:
        """End all holds of a counter; return how many there were."""

    async def publish(
        self, document: str, digest: str, commit: str, previous: int, now: datetime
    ) -> PublishedRelease:
        """Publish a release after `previous` (0: none yet).

        Raises ReleaseConflict where another one has been published meanwhile.
        """

    async def current(self) -> PublishedRelease | None:
        """Return the newest release; None before the first."""

    def changes(self) -> AsyncIterator[None]:
        """Yield at once, and whenever a release may have been published by whatever process."""

    async def usage(self, counters: Collection[str] | None = None) -> Mapping[str, Usage]:
        """Return the counts of these counters, or of all that have any."""

    async def batch_usage(self) -> Mapping[str, Usage]:
        """Return the sums of the counters of each batch, by the batch's name."""

    async def invoices(
        self, since: datetime | None = None, flagged: bool = False
    ) -> Sequence[InvoiceRow]:
        """Return the invoices seen since a moment; `flagged` for those alone that have a flag."""

    async def events(self, after: int = 0, limit: int = 1000) -> Sequence[UsageEvent]:
        """Return events in their order, after the one with that number."""

    async def newest_event(self) -> int:
        """Return the number of the newest event; 0 before the first."""

    async def trim(self, before: datetime) -> int:
        """Delete some of the rows that `trimming` names, from before a moment; return how many."""

    async def note_settled(self, detail: str, now: datetime) -> None:
        """Record that the sales of the shop were compared with what is booked."""

    async def last_settled(self) -> datetime | None:
        """Return the last moment that `note_settled` recorded; None before the first."""

    async def take_turn(self) -> bool:
        """Return whether this process, of all that use the store, is the one to follow webhooks.

        The first that asks is, until it ends or loses the store. Raises nothing.
        """

    async def check(self) -> None:
        """Write and read a row. Raises ProviderUnavailable."""

    async def backup(self, file: Path) -> None:
        """Write a consistent copy while others write. Raises ProviderUnavailable, OSError."""

    async def close(self) -> None:
        """Finish what was begun and close."""


async def read_usage_by_coupon(store: UsageStore) -> dict[str, Usage]:
    """Return the counts of every coupon, by `code_key`; the codes of a batch are summed."""
    single, batches = await store.usage(), await store.batch_usage()
    return {**{name: found for name, found in single.items() if "/" not in name}, **batches}


def utc_now() -> datetime:
    """Return the present moment in UTC: the clock of a store, unless a test sets one."""
    return datetime.now(UTC)


def release_conflict(newest: int, previous: int) -> ReleaseConflict:
    """Return the error of a release that was made from another one than the newest."""
    return ReleaseConflict(
        f"release {newest} of the provider's coupons is published, not {previous}; "
        "nothing was published",
        hint="run the plan again: another apply has published since",
    )
