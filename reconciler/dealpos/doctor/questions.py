"""One question to a shop: how it is sent, and how the reply is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reconciler.core.model.kind import Kind, Single, Value
from reconciler.dealpos.client import Client
from reconciler.dealpos.doctor.budget import BudgetSpent, QuestionBudgetSpent, RequestBudget
from reconciler.dealpos.doctor.evidence import Purpose, Question, Reply, is_private
from reconciler.dealpos.operations import OPERATIONS
from reconciler.dealpos.rows import parse_rows, parse_single
from reconciler.errors import (
    ApiError,
    OperationUnavailable,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorised,
    UnexpectedResponse,
    Unreachable,
)

_REPLIES: tuple[tuple[type[ApiError], Reply], ...] = (
    (OperationUnavailable, Reply.NOT_OFFERED),
    (Rejected, Reply.REFUSED),
    (Unauthorised, Reply.FORBIDDEN),
    (RateLimited, Reply.THROTTLED),
    (Unreachable, Reply.UNREACHABLE),
    (OutcomeUnknown, Reply.LOST),
    (UnexpectedResponse, Reply.UNREADABLE),
)
_LAST_REPLIES = frozenset({Reply.THROTTLED, Reply.UNREACHABLE})
_SKIPPED = "skipped"


class Questions:
    """The questions so far; once the shop stops answering, further ones are only recorded."""

    def __init__(self, client: Client, budget: RequestBudget) -> None:
        self.client = client
        self.budget = budget
        self.questions: list[Question] = []
        self._stopped: str | None = None
        self._silent: set[str] = set()

    def ask_page(
        self,
        kind: Kind,
        size: int,
        number: int = 1,
        constants: Value = MappingProxyType({}),
    ) -> Question:
        """Ask for a page of a listing, which has no pages where `size` is 0."""
        listing = kind.reads.listing
        assert listing is not None
        pages = {"PageNumber": number, "PageSize": size} if size else {}
        purpose = Purpose.LISTING if number == 1 else Purpose.SECOND_PAGE
        parameters = {**listing.constants, **constants, **pages}
        return replace(self.ask_many(kind, purpose, listing.operation, parameters), size=size)

    def ask_one(self, kind: Kind, single: Single, purpose: Purpose, name: str) -> None:
        """Ask for one object by its name."""
        answer, question = self._ask(kind, purpose, single.operation, {single.key: name})
        row = parse_single(answer, kind, name)
        rows = (row,) if row else ()
        if purpose is Purpose.KNOWN and question.status == 404:
            # The object exists, because a list shows it: the operation does not.
            question = replace(question, reply=Reply.NOT_OFFERED)
        envelope = _envelope(answer)
        self.questions.append(replace(question, names=(name,), envelope=envelope, rows=rows))

    def ask_many(self, kind: Kind, purpose: Purpose, operation: str, parameters: Any) -> Question:
        """Ask for many objects: a page or a batch."""
        answer, question = self._ask(kind, purpose, operation, parameters)
        if not question.is_answered:
            return question
        try:
            # Some shops answer with an empty body after the last page.
            is_past_end = answer is None and purpose is Purpose.SECOND_PAGE
            found = parse_rows(operation, [] if is_past_end else answer)
        except UnexpectedResponse as error:
            detail = "expected a list of objects" if is_private(kind) else error.detail
            return replace(question, reply=Reply.UNREADABLE, detail=detail)
        return replace(
            question,
            envelope=_envelope(answer),
            entries=max((len(entries) for entries in _lists(answer)), default=0),
            rows=tuple(found.rows),
            total=found.total,
        )

    def _ask(
        self, kind: Kind, purpose: Purpose, operation: str, parameters: Any
    ) -> tuple[Any, Question]:
        """Send one question; return the response and the record of both."""
        begin = len(self.budget.records)
        reply, answer, detail, hint = Reply.UNASKED, None, self._stopped or "", ""
        if self._stopped is None:
            self.budget.begin_question(operation, len(OPERATIONS[operation].routes) + 1)
            try:
                answer = self.client.call(operation, parameters)
                reply = Reply.ANSWERED
            except BudgetSpent as error:
                detail, hint = error.message, error.hint
            except QuestionBudgetSpent as error:
                reply, detail = Reply.LOST, error.message
            except ApiError as error:
                reply, detail, hint = self._classify(error)
        records = tuple(timed.record for timed in self.budget.records[begin:])
        self._stop_if_silent(operation, reply, records[-1].status if records else None)
        if is_private(kind) and reply not in (Reply.ANSWERED, Reply.UNASKED):
            detail = ""  # the message of the server may name the customer
        return answer, Question(kind.name, purpose, operation, reply, records, detail, hint)

    def _classify(self, error: ApiError) -> tuple[Reply, str, str]:
        """Return reply, detail and hint of an error; stop asking where no token was issued."""
        reply = next(reply for raised, reply in _REPLIES if isinstance(error, raised))
        if isinstance(error, Rejected) and error.status == 403:
            reply = Reply.FORBIDDEN
        if error.operation != "token":
            return reply, error.detail, error.hint
        records = (timed.record for timed in self.budget.records)
        sent = tuple(record for record in records if record.operation == "token")
        self.questions.append(
            Question("", Purpose.TOKEN, "token", reply, sent, error.detail, error.hint)
        )
        self._stopped = _SKIPPED
        return Reply.UNASKED, _SKIPPED, ""

    def _stop_if_silent(self, operation: str, reply: Reply, status: int | None) -> None:
        """Stop asking a shop that no longer answers."""
        if status is not None:
            self._silent = set() if status else self._silent | {operation}
        if self._stopped is None and (reply in _LAST_REPLIES or len(self._silent) > 1):
            self._stopped = "skipped: the shop has stopped answering"


def _envelope(answer: Any) -> str:
    """Return the envelope of a response by its keys, without their values."""
    if isinstance(answer, list):
        return "a bare array"
    if not isinstance(answer, Mapping):
        return "nothing" if answer is None else "a bare value"
    keys = [key for key, value in answer.items() if isinstance(value, list)]
    totals = [key for key in ("RecordsCount", "TotalCount") if key in answer]
    return " + ".join([*keys, *totals]) if len(keys) == 1 else "an object"


def _lists(answer: Any) -> Iterable[list[Any]]:
    """Return the lists in a response."""
    if isinstance(answer, list):
        return [answer]
    values = answer.values() if isinstance(answer, Mapping) else ()
    return [value for value in values if isinstance(value, list)]
