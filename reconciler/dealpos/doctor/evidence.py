"""What was asked of a shop and what came of it: values only, so that judging them is pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from reconciler.core.model.kind import Kind
from reconciler.dealpos.observer import RequestRecord

BUDGET = 20
"""The most requests that an examination spends, the token included."""

Row = Mapping[str, Any]


class Purpose(StrEnum):
    """Why something was asked."""

    TOKEN = auto()
    LISTING = auto()
    SECOND_PAGE = auto()
    WIDER = auto()
    """The first page again, with a filter that may show what the listing leaves out."""
    BATCH = auto()
    """Names that exist and one that does not, in one call."""
    BATCH_KNOWN = auto()
    """Only names that exist, because the other batch was refused."""
    KNOWN = auto()
    """One object that exists."""
    UNKNOWN = auto()
    """One object that does not exist."""


class Outcome(StrEnum):
    """What came of a question."""

    ANSWERED = auto()
    REFUSED = auto()
    NOT_OFFERED = auto()
    FORBIDDEN = auto()
    LOST = auto()
    UNREADABLE = auto()
    THROTTLED = auto()
    UNREACHABLE = auto()
    UNASKED = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; of private kinds neither what the server said nor a name is kept in words."""

    kind: str
    purpose: Purpose
    operation: str
    outcome: Outcome
    exchanges: tuple[RequestRecord, ...] = ()
    detail: str = ""
    """What went wrong, or why it was not asked."""
    hint: str = ""
    sought: tuple[str, ...] = ()
    """Names that were asked for."""
    size: int = 0
    """The page size that was asked for; 0 where the listing has no pages."""
    refused_sizes: tuple[int, ...] = ()
    """Larger page sizes that were refused before."""
    scant: int = 0
    """Rows that a larger page size brought instead; 0 where none brought fewer."""
    form: str = ""
    """The envelope of an answer."""
    entries: int = 0
    """Entries of the list in the answer, those that hold nothing included."""
    rows: tuple[Row, ...] = ()
    total: int | None = None

    @property
    def status(self) -> int:
        """The last HTTP status; 0 where no answer came."""
        return self.exchanges[-1].status if self.exchanges else 0

    @property
    def answered(self) -> bool:
        """Whether the shop did what it was asked."""
        return self.outcome is Outcome.ANSWERED

    @property
    def route(self) -> str:
        """How the operation was called last: method and path."""
        own = [e for e in self.exchanges if e.operation == self.operation]
        return f"{own[-1].method} {own[-1].path}" if own else ""

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The routes that were tried before and are not offered."""
        own = [f"{e.method} {e.path}" for e in self.exchanges if e.operation == self.operation]
        return tuple(route for route in dict.fromkeys(own) if route != self.route)

    def shows_more_than(self, first: Asked) -> bool:
        """Whether another page has a new row; a server without pages repeats itself."""
        return any(row not in first.rows for row in self.rows)


@dataclass(frozen=True, slots=True)
class Heard:
    """One exchange, and when it ended by this computer's clock (seconds since 1970)."""

    at: float
    exchange: RequestRecord


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an examination has gathered, in the order of asking."""

    store: str
    asked: tuple[Asked, ...] = ()
    heard: tuple[Heard, ...] = ()
    requests: int = 0
    lifetime: float | None = None
    """Seconds that a token lives, where the shop says so."""
    limit: int = 50
    seconds: float = 180.0
    """The request window: by the shop's word, else the documented default (dealpos-api.md §3)."""

    def of(self, kind: str, purpose: Purpose) -> Asked | None:
        """One question of one kind, if it was put."""
        return next((a for a in self.asked if a.kind == kind and a.purpose is purpose), None)

    def every(self, *purposes: Purpose) -> Iterator[Asked]:
        """All questions with one of these purposes."""
        return (asked for asked in self.asked if asked.purpose in purposes)

    def rows(self, kind: str) -> Iterator[Row]:
        """Every row of a kind that any read has shown."""
        return (row for asked in self.asked if asked.kind == kind for row in asked.rows)

    @property
    def refused_throughout(self) -> bool:
        """Whether all that was asked was answered with 401, in spite of a new token."""
        answers = [asked for asked in self.asked if asked.exchanges]
        return bool(answers) and all(
            asked.outcome is Outcome.FORBIDDEN and asked.status == 401 for asked in answers
        )


def private(kind: Kind) -> bool:
    """Whether objects of a kind hold personal data."""
    return any(field.private for field in kind.fields.values())


def shown(kind: Kind, row: Row) -> Mapping[str, Any]:
    """The fields that a row shows; none where it is not understood."""
    try:
        return kind.decode(row)
    except (ValueError, TypeError, AttributeError):
        return {}
