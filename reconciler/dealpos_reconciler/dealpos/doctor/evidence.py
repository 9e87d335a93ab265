"""Questions to a shop and its replies, as values, so that the checks are pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from dealpos_reconciler import errors
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.dealpos.observer import RequestRecord
from dealpos_reconciler.dealpos.rows import Row

MAX_REQUESTS = 20
"""Requests that the doctor sends at most, the token included."""


class Purpose(StrEnum):
    """The purpose of a question."""

    TOKEN = auto()
    LISTING = auto()
    SECOND_PAGE = auto()
    WIDER = auto()
    """The first page again, with a filter that may show what the listing leaves out."""
    BATCH = auto()
    """Names that exist and one that does not, in one request."""
    BATCH_KNOWN = auto()
    """Only names that exist, because the other batch was refused."""
    KNOWN = auto()
    """One object that exists."""
    OTHER = auto()
    """The same object by another field, where its read by identity is not offered."""
    UNKNOWN = auto()
    """One object that does not exist."""


class Reply(StrEnum):
    """The kind of reply to a question."""

    ANSWERED = auto()
    REFUSED = auto()
    NOT_OFFERED = auto()
    FORBIDDEN = auto()
    LOST = auto()
    UNREADABLE = auto()
    THROTTLED = auto()
    UNREACHABLE = auto()
    UNASKED = auto()


_REPLIES: tuple[tuple[type[errors.ApiError], Reply], ...] = (
    (errors.OperationUnavailable, Reply.NOT_OFFERED),
    (errors.Rejected, Reply.REFUSED),
    (errors.Unauthorised, Reply.FORBIDDEN),
    (errors.RateLimited, Reply.THROTTLED),
    (errors.Unreachable, Reply.UNREACHABLE),
    (errors.OutcomeUnknown, Reply.LOST),
    (errors.UnexpectedResponse, Reply.UNREADABLE),
)


def classify_error(error: errors.ApiError) -> Reply:
    """Return the kind of reply that an error of the client stands for."""
    if isinstance(error, errors.Rejected) and error.status == 403:
        return Reply.FORBIDDEN
    return next(reply for raised, reply in _REPLIES if isinstance(error, raised))


@dataclass(frozen=True, slots=True)
class Question:
    """One question and its reply; of private kinds no server message and no name is kept."""

    kind: str
    purpose: Purpose
    operation: str
    reply: Reply
    records: tuple[RequestRecord, ...] = ()
    detail: str | None = None
    """The reason why it failed or was not asked."""
    hint: str | None = None
    size: int = 0
    """The requested page size; 0 where the listing has no pages."""
    refused_sizes: tuple[int, ...] = ()
    """Larger page sizes that were refused before."""
    larger_page_rows: int = 0
    """Rows that a larger page size brought instead; 0 where none brought fewer."""
    envelope: str = ""
    nulls: int = 0
    rows: tuple[Row, ...] = ()
    total: int | None = None

    @property
    def status(self) -> int:
        """Return the last HTTP status; 0 where no response came."""
        return self.records[-1].status if self.records else 0

    @property
    def failure(self) -> str:
        """Return why it failed or was not asked."""
        return self.detail or f"HTTP {self.status}"

    @property
    def is_answered(self) -> bool:
        """Return whether the shop did what it was asked."""
        return self.reply is Reply.ANSWERED

    @property
    def routes(self) -> tuple[str, ...]:
        """Return method and path of each request of this operation."""
        return tuple(f"{r.method} {r.path}" for r in self.records if r.operation == self.operation)

    @property
    def route(self) -> str | None:
        """Return method and path of the last request of this operation, if one was sent."""
        return self.routes[-1] if self.routes else None

    @property
    def refused_routes(self) -> tuple[str, ...]:
        """Return the routes that were tried before and are not offered."""
        return tuple(route for route in dict.fromkeys(self.routes) if route != self.route)

    def shows_more_than(self, first: Question) -> bool:
        """Return whether another page has a new row; a server without pages repeats itself."""
        return any(row not in first.rows for row in self.rows)


@dataclass(frozen=True, slots=True)
class TimedRecord:
    """One request, and when it ended by this computer's clock (seconds since 1970)."""

    at: float
    record: RequestRecord


@dataclass(frozen=True, slots=True)
class Evidence:
    """All questions and requests of one examination, in the order of asking."""

    store: str
    questions: tuple[Question, ...] = ()
    records: tuple[TimedRecord, ...] = ()
    requests: int = 0
    token_lifetime: float | None = None
    """Seconds that a token is valid, where the shop says so."""
    limit: int = 50
    seconds: float = 180.0
    """The rate limit by the shop's headers, else the documented default (dealpos-api.md §3)."""

    def question(self, kind: str, purpose: Purpose) -> Question | None:
        """Return the question of one purpose about a kind, if it was asked."""
        return next((q for q in self.questions if q.kind == kind and q.purpose is purpose), None)

    def questions_for(self, *purposes: Purpose) -> Iterator[Question]:
        """Yield all questions with one of these purposes."""
        return (question for question in self.questions if question.purpose in purposes)

    def has_answer(self, kind: Kind, *purposes: Purpose) -> bool:
        """Return whether a question about a kind with one of these purposes was answered."""
        return any(q.is_answered for q in self.questions_for(*purposes) if q.kind == kind.name)

    def rows(self, kind: str) -> Iterator[Row]:
        """Yield every row of a kind that any read has shown."""
        return (row for q in self.questions if q.kind == kind for row in q.rows)

    def children(self, kind: Kind) -> Iterator[Row]:
        """Yield every row of a kind that a read of its parent has shown."""
        if parent := kind.parent:
            for row in self.rows(parent.kind):
                items = row.get(parent.key)
                yield from items if isinstance(items, list) else ()

    @property
    def token_always_refused(self) -> bool:
        """Return whether every operation answered 401, in spite of a new token."""
        answers = [q for q in self.questions if q.records]
        refused = [q for q in answers if q.reply is Reply.FORBIDDEN and q.status == 401]
        return bool(answers) and refused == answers
