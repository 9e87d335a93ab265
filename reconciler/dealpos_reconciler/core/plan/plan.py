"""The plan as a value: what an apply will do, what it will not, and the findings shown above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance
from dealpos_reconciler.core.model.kind import Kinds, Value
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.model.pricing import exact
from dealpos_reconciler.core.model.store import SHOP

if TYPE_CHECKING:
    from dealpos_reconciler.core.provider.publication import Publication

MAX_DECIMALS = 9


class PlanWarning(NamedTuple):
    """A possible loss of data, and what to do about it."""

    addresses: tuple[Address, ...]
    """The objects that are changed."""
    message: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks."""

    rule: str
    message: str
    """One plain sentence: what would happen, and the limit that it breaks."""
    measured: int | Decimal | None
    """None where the API does not return what it is measured by."""
    limit: int | Decimal | None
    """None where the rule has no limit, such as that of typing errors."""
    unit: str | None
    """The unit of `measured` and `limit`: `percent`, `money`, `days`, `uses`, `objects`."""
    address: Address | None = None
    """The object; None for the plan as a whole."""
    source: Source | None = None
    """The line that asks for it."""
    allowed: Allowance | None = None
    """The exception that covers it; None for a violation that refuses the apply."""
    ended: Allowance | None = None
    """The exception that covered it until a day in the past."""
    day: str = ""
    """The day of a coming step that it is about; empty for the changes of the plan itself."""


class UnsafeStop(NamedTuple):
    """An object that customers would meet half written if the apply ended at these requests."""

    after: int
    """The first of these requests; the writes of a plan count from 1."""
    until: int
    """The request that puts it right."""
    address: Address
    why: str


@dataclass(frozen=True, slots=True)
class Interruptions:
    """The stop points of an apply, one after each write, and those that are not safe."""

    points: int = 0
    unsafe: tuple[UnsafeStop, ...] = ()

    @property
    def safe(self) -> int:
        """The number of stop points at which nothing is half written."""
        return self.points - len({n for stop in self.unsafe for n in range(stop.after, stop.until)})


@dataclass(frozen=True, slots=True)
class SkippedChange:
    """An approved change that is not carried out, and why."""

    address: Address
    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class ParentWithChildren:
    """A live parent with its live children; None where no read showed them."""

    value: Value
    children: Mapping[str, Value] | None
    unread_fields: tuple[str, ...] = ()
    """Fields that an update of the parent would carry and no read has shown."""
    children_complete: bool = False
    """True if these children are known to be all: what an update does not name may be deleted."""


class OverdueStep(NamedTuple):
    """A value that is due, and that no run has applied."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    since: str
    """The instant at which it was due, ISO 8601 with the offset of the shop's clock."""
    seconds: int
    """The time since then."""


@dataclass(frozen=True, slots=True)
class ComingChanges:
    """The changes of one instant, after all earlier ones are applied."""

    at: str
    """ISO 8601, with the offset of the shop's clock."""
    day: str
    """A day, with the time if it is not its start: `2026-12-24 06:00`."""
    changes: tuple[Change, ...] = field(repr=False)
    prices: int = 0
    """Places at which a price moves."""
    increases: int = 0
    decreases: int = 0
    largest_percent: Decimal | None = None
    """The price change that is largest in percent; None where none can be compared."""
    costs: int = 0
    """Places at which the cost moves."""
    retired: int = 0
    returned: int = 0
    """Objects that are on sale again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply will do, and what it will not."""

    store: str
    changes: tuple[Change, ...] = ()
    unmanaged: tuple[Address, ...] = ()
    """Live, of a kind that the files declare, and not in the files: left alone."""
    orphaned: tuple[Address, ...] = ()
    """Objects applied once and in no file any more, where a ledger tells; not changed."""
    authorising: tuple[tuple[Address, str], ...] = ()
    """In no file, and they open functions of the till: how far; their codes are secrets."""
    unknown: tuple[tuple[Address, str], ...] = ()
    """Could not be read, and why; nothing is planned for them."""
    blocked: tuple[tuple[Address, str], ...] = ()
    """Not as declared, and not to be changed: why, and what would allow it."""
    blocked_changes: tuple[Change, ...] = ()
    """The changes that blocked objects would need, as far as they are known."""
    stale: tuple[SkippedChange, ...] = ()
    """Approved in a saved plan, and not to be carried out any more."""
    done: tuple[SkippedChange, ...] = ()
    """Approved in a saved plan, and so already."""
    given_up: tuple[Address, ...] = ()
    """Objects of which something was interrupted, and that the files now declare out of use or
    remove: nothing is left to finish."""
    warnings: tuple[PlanWarning, ...] = ()
    """Changes that may lose data in the shop."""
    look_alikes: tuple[PlanWarning, ...] = ()
    """Pairs of live objects, one of them declared, whose keys look alike; neither is new."""
    notes: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    """The violations that the guardrails found, exceptions included."""
    interruptions: Interruptions = field(default_factory=Interruptions)
    unchanged: int | None = 0
    """Objects as declared; None where they were not compared, as for a saved plan."""
    parents: Mapping[Address, ParentWithChildren] = field(default_factory=dict)
    """The live parents that changes touch, with the children that their updates must carry."""
    listings: Mapping[str, ListingStats] = field(default_factory=dict)
    """The sizes of listings as they were read: for the requests that read back."""
    unlisted: frozenset[Address] = frozenset()
    """The objects among the deleted ones that no listing has shown."""
    reads: int = 0
    """Requests that making the plan has spent."""
    labels: Mapping[Address, str] = field(default_factory=dict, repr=False, compare=False)
    """The names that people call objects by; no private data."""
    known_rewrites: KnownRewrites = field(default_factory=dict)
    """Values that DealPOS is known to store in another form than they are written."""
    publication: Publication | None = None
    """The release that is published after the changes in the shop; None for no news."""
    at: str = ""
    """The instant at which dated values were resolved, ISO 8601."""
    holds_until: Mapping[Address, str] = field(default_factory=dict)
    """The instant of the next dated change of a changed object, ISO 8601."""
    coming: tuple[ComingChanges, ...] = ()
    """The changes of later instants, after those of the plan."""
    overdue: Mapping[Address, tuple[OverdueStep, ...]] = field(default_factory=dict)
    """The due values that no run has applied, where the plan is that of an audit."""
    as_of: str = ""
    """The day or time that it was made for, where that is not now: it cannot be applied."""

    @property
    def empty(self) -> bool:
        """True if there is nothing to do."""
        return not self.changes and self.publication is None

    @property
    def settled(self) -> bool:
        """True if the shop is as declared, as far as it was read."""
        return self.empty and not self.blocked

    def in_shop(self, kinds: Kinds) -> Plan:
        """Return the plan with the changes that requests to the shop carry out."""
        own = tuple(c for c in self.changes if kinds[c.address.kind].home == SHOP)
        return self if len(own) == len(self.changes) else replace(self, changes=own)

    def counts(self) -> dict[str, int]:
        """Return the number of objects by action."""
        by_action = Counter(change.action for change in self.changes)
        shown = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RETIRE, Action.DELETE)
        return {action.value: by_action[action] for action in shown} | {
            "unchanged": self.unchanged or 0,
            "unmanaged": len(self.unmanaged),
            "orphaned": len(self.orphaned),
            "blocked": len(self.blocked),
            "unknown": len(self.unknown),
        }


def refusals(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Return those that no exception covers: with any of them, nothing may be applied."""
    return tuple(violation for violation in violations if violation.allowed is None)


def round_share(share: int | Decimal, limit: int | Decimal | None = None) -> Decimal:
    """Return a share of a hundred with one decimal, as all shares of prices are shown.

    A share that would then read as the limit that it is over has more decimals.
    """
    share = exact(share)
    rounded = (share.quantize(Decimal(1).scaleb(-places)) for places in range(1, MAX_DECIMALS))
    return next((found for found in rounded if limit is None or abs(found) != abs(limit)), share)


def percent(share: int | Decimal, limit: int | Decimal | None = None) -> str:
    """Return a share of a hundred for people: `50 %`, `-12.5 %`."""
    return f"{round_share(share, limit):,} %".replace(".0 %", " %").replace(") %", ")")


def merge_warnings(*warnings: PlanWarning) -> tuple[PlanWarning, ...]:
    """Return one warning for each message, about all objects that it is said of."""
    merged: dict[str, set[Address]] = {}
    for warning in warnings:
        merged.setdefault(warning.message, set()).update(warning.addresses)
    return tuple(PlanWarning(tuple(sorted(found)), message) for message, found in merged.items())
