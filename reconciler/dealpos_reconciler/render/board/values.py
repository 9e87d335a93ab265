"""The values that the board shows. Names of the shop and of files are as they were read.

Moments are ISO 8601 in UTC, `2026-11-29T04:47:04Z`; empty where none is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

MAX_ROWS = 500
"""Objects that the page names; the others are counted."""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One object that is not as declared, as an audit has described it."""

    name: str
    """Address and label."""
    state: str
    """One of `core.audit.STATES`."""
    since: str = ""
    """The first audit or webhook that found it."""
    details: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()
    below_cost: bool = False
    place: str = ""
    """The file and line that declare it."""
    commands: tuple[str, ...] = ()
    """Commands that end the drift, for a shell in the shop folder."""


@dataclass(frozen=True, slots=True)
class KnownAudit:
    """The last audit that is known."""

    at: str
    counts: Mapping[str, int]
    """Objects by state, with `unchanged`."""
    drift: tuple[DriftRow, ...] = ()
    """The objects with details, the most urgent first; fewer than there are in a large audit."""
    below_cost: int = 0
    """Objects that sell below their cost, which they would not as declared."""


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A provider coupon with its uses."""

    code: str
    place: str = ""
    used: int = 0
    held: int = 0
    limit: int | None = None
    """Uses in all, of a batch those of all its codes; None for any number."""
    batch: int = 0
    """The number of codes of a batch; 0 for a code of its own."""
    disabled: bool = False
    flags: Mapping[str, int] = field(default_factory=dict)
    """Sales by flag; the key is empty where the flags are counted and not known."""


@dataclass(frozen=True, slots=True)
class Coupons:
    """Provider coupons as their release and store have them."""

    release: int = 0
    """The number of the release; 0 where none is published."""
    rows: tuple[CouponRow, ...] = ()
    unknown: int = 0
    """Sales with a code that no release knows, since the store began."""
    problem: str = ""
    """The reason why nothing is known."""
    settled: str = ""
    """The last settlement."""


@dataclass(frozen=True, slots=True)
class ComingRow:
    """A coupon that begins or ends soon, or dated values that change."""

    at: str
    """A day, or a day and a time in the shop: `2026-12-05 10:00`."""
    event: str
    """`begins`, `ends` or `due`."""
    name: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """One apply of the ledger."""

    at: str
    commit: str
    changes: str
    """`3 update, 1 create`."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One run that sent requests to the shop."""

    at: str
    command: str
    requests: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board."""

    shop: str
    store: str
    made_at: str
    commit: str = ""
    audit: KnownAudit | None = None
    """None where no audit is remembered."""
    coupons: Coupons | None = None
    """None for a shop without provider coupons."""
    coming: tuple[ComingRow, ...] = ()
    applies: tuple[AppliedRow, ...] = ()
    """The last applies, the latest first."""
    ledger_note: str = ""
    """The reason why no apply is known."""
    requests: tuple[RequestRow, ...] = ()
    """The last runs, the latest first."""
    zone: tzinfo = UTC
    """The time zone in which people read the moments."""
    served: bool = False
    """True for the page of a server, which loads itself again."""
