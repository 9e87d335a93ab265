"""The questions to a shop, in order of importance, because the budget may end them.

Reads only. Which operations are needed, and how they are called, follows from the kinds. A
question that fails does not hide the others.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from dealpos_reconciler.core.model.kind import Kind, Kinds, Listing, Single
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.doctor.budget import BudgetSpent, QuestionBudgetSpent, RequestBudget
from dealpos_reconciler.dealpos.doctor.evidence import (
    Evidence,
    Purpose,
    Question,
    Reply,
    classify_error,
)
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.dealpos.reading.paging import (
    DOCUMENTED_PAGE_ROWS,
    MIN_CREDIBLE_PAGE_ROWS,
    PAGE_SIZES,
)
from dealpos_reconciler.dealpos.rows import describe_envelope, parse_rows, parse_single
from dealpos_reconciler.errors import ApiError, UnexpectedResponse

UNKNOWN_NAME = "RECONCILER-NO-SUCH-CODE"
"""A code that no object has."""

MIN_CUT_ROWS = 10
"""Rows from which a list may have been cut by the server."""

_LAST_REPLIES = frozenset({Reply.THROTTLED, Reply.UNREACHABLE})
_FAILED = frozenset({Reply.REFUSED, Reply.LOST, Reply.UNREADABLE})
_SKIPPED = "skipped"


def examine(client: Client, budget: RequestBudget, kinds: Kinds) -> Evidence:
    """Ask all questions within the budget; `budget` is the observer of `client`."""
    examination = _Examination(client, budget, kinds)
    for ask in (examination.ask_listing, examination.ask_known, examination.ask_batch):
        for kind in kinds.values():
            ask(kind)
    examination.ask_second_page()
    # Children first: a shop has more of them than of anything else.
    for kind in sorted(kinds.values(), key=lambda kind: kind.parent is None):
        examination.ask_unknown(kind)
    for kind in kinds.values():
        examination.ask_wider(kind)
    return examination.evidence


class _Examination:
    """The questions about each kind, as far as earlier replies leave something to ask.

    Once the shop stops answering, further questions are only recorded.
    """

    def __init__(self, client: Client, budget: RequestBudget, kinds: Kinds) -> None:
        self.client = client
        self.budget = budget
        self.kinds = kinds
        self.questions: list[Question] = []
        self.size = PAGE_SIZES[0]
        self._size_was_accepted = False
        self._no_size_helps = False
        self._stopped: str | None = None
        self._silent: set[str] = set()

    @property
    def evidence(self) -> Evidence:
        """Return what was asked and answered so far."""
        return Evidence(
            self.client.store.url,
            tuple(self.questions),
            tuple(self.budget.records),
            self.budget.sent,
            self.client.lifetime,
            self.client.window.limit,
            self.client.window.seconds,
        )

    def ask_listing(self, kind: Kind) -> None:
        """Ask for the first page of a listing, in the largest size that is not refused."""
        listing = kind.reads.listing
        if listing is None:
            return
        if not listing.paged:
            self.questions.append(self._ask_page(kind, 0))
            return
        question = self._try_smaller_sizes(kind, self._ask_page(kind, self.size))
        question = self._try_documented_size(kind, question)
        if question.reply in _FAILED and self.client.routes.reject_total(listing.operation):
            return self.ask_listing(kind)
        if question.is_answered:
            self._size_was_accepted = True
            self.client.routes.tenant.size = self.size
        self.questions.append(question)

    def ask_known(self, kind: Kind) -> None:
        """Ask for one object that a list has shown."""
        names = self._known_names(kind)
        if kind.reads.single and names and not self._is_forbidden(kind):
            self._ask_one(kind, kind.reads.single, Purpose.KNOWN, names[0])
            other = kind.reads.other
            if other and self.questions[-1].reply is Reply.NOT_OFFERED:
                with suppress(ValueError, TypeError, AttributeError):
                    if key := kind.decode(next(self.evidence.rows(kind.name))).get(other.field):
                        self._ask_one(kind, other, Purpose.OTHER, names[0], key)

    def ask_unknown(self, kind: Kind) -> None:
        """Ask for one object that does not exist."""
        known = self.evidence.question(kind.name, Purpose.KNOWN)
        is_broken = known is not None and not known.is_answered
        if kind.reads.single and not is_broken and not self._is_forbidden(kind):
            self._ask_one(kind, kind.reads.single, Purpose.UNKNOWN, UNKNOWN_NAME)

    def ask_batch(self, kind: Kind) -> None:
        """Ask for a batch of an object that exists and one that does not."""
        batch = kind.reads.batch
        if batch is None or self._is_forbidden(kind):
            return
        known = self._known_names(kind)[:1]
        for purpose, names in (
            (Purpose.BATCH, [*known, UNKNOWN_NAME]),
            (Purpose.BATCH_KNOWN, known),
        ):
            question = self._ask_many(kind, purpose, batch.operation, {batch.key: names})
            self.questions.append(question)
            if not known or question.reply is not Reply.REFUSED:
                return

    def ask_second_page(self) -> None:
        """Ask for the second page of a list that may have been cut.

        One whose total shows how much is missing is preferred, then the longest.
        """
        short = [q for q in self.questions if MIN_CUT_ROWS <= len(q.rows) < q.size]
        if cut := [q for q in short if q.total is None or q.total > len(q.rows)]:
            longest = max(cut, key=lambda q: (q.total is not None, len(q.rows)))
            second = self._ask_page(self.kinds[longest.kind], longest.size, number=2)
            self.questions.append(second)
            # Where only an over-large page is known to be cut, a documented one may hold more.
            is_reliable = longest.size == self.size or longest.total is not None
            if is_reliable and second.shows_more_than(longest):
                self.client.routes.tenant.note_second_page(longest.operation, len(longest.rows))

    def ask_wider(self, kind: Kind) -> None:
        """Ask for the first page with a filter that may show what the listing leaves out."""
        listing = kind.reads.listing
        first = self.evidence.question(kind.name, Purpose.LISTING)
        if listing and listing.wider and first and first.size and first.is_answered:
            question = self._ask_page(kind, first.size, listing=listing.wider)
            self.questions.append(replace(question, purpose=Purpose.WIDER))

    def _try_smaller_sizes(self, kind: Kind, first: Question) -> Question:
        """Return a page in a size that is served, as `paging` looks for it; else `first`."""
        question, refused = first, []
        # dealpos-api.md §13: a page larger than the cap may be refused, or take too long.
        while (
            _may_be_too_large(question)
            and not self._no_size_helps
            and not (self._size_was_accepted and kind.reads.batch)
            and (size := next((s for s in PAGE_SIZES if s < question.size), 0))
        ):
            refused.append(question.size)
            question = replace(self._ask_page(kind, size), refused_sizes=tuple(refused))
        if not question.is_answered:
            self._no_size_helps = self._no_size_helps or bool(refused)
            return first
        self.size = question.size
        return question

    def _try_documented_size(self, kind: Kind, question: Question) -> Question:
        """Return the page in a documented size, where an over-large one brought few of many."""
        rows = len(question.rows)
        is_credible = not 0 < rows < MIN_CREDIBLE_PAGE_ROWS or rows >= (question.total or 0)
        if is_credible or question.size <= DOCUMENTED_PAGE_ROWS:
            return question
        self.size = DOCUMENTED_PAGE_ROWS
        again = self._ask_page(kind, DOCUMENTED_PAGE_ROWS)
        return replace(again, larger_page_rows=rows) if len(again.rows) > rows else question

    def _known_names(self, kind: Kind) -> list[str]:
        """Return names of objects that exist: from a list of the kind, or from its parent's."""
        rows = [*self.evidence.rows(kind.name)] or self.evidence.children(kind)
        return [name for row in rows if (name := kind.identity_of(row))]

    def _is_forbidden(self, kind: Kind) -> bool:
        """Return whether the listing lacks the right that the other reads need as well."""
        return any(q.kind == kind.name and q.reply is Reply.FORBIDDEN for q in self.questions)

    def _ask_page(
        self, kind: Kind, size: int, number: int = 1, listing: Listing | None = None
    ) -> Question:
        """Ask for a page of a listing, which has no pages where `size` is 0."""
        listing = listing or kind.reads.listing
        assert listing is not None
        pages = {"PageNumber": number, "PageSize": size} if size else {}
        purpose = Purpose.LISTING if number == 1 else Purpose.SECOND_PAGE
        parameters = {**listing.constants, **pages}
        return replace(self._ask_many(kind, purpose, listing.operation, parameters), size=size)

    def _ask_one(
        self, kind: Kind, single: Single, purpose: Purpose, name: str, key: str | None = None
    ) -> None:
        answer, question = self._ask(kind, purpose, single.operation, {single.key: key or name})
        if purpose is Purpose.KNOWN and question.status == 404:
            # The object exists, because a list shows it: the operation does not.
            question = replace(question, reply=Reply.NOT_OFFERED)
        row, envelope = parse_single(answer, kind, name), describe_envelope(answer)
        self.questions.append(replace(question, envelope=envelope, rows=(row,) if row else ()))

    def _ask_many(self, kind: Kind, purpose: Purpose, operation: str, parameters: Any) -> Question:
        answer, question = self._ask(kind, purpose, operation, parameters)
        if not question.is_answered:
            return question
        try:
            # Some shops answer with an empty body after the last page.
            is_past_end = answer is None and purpose is Purpose.SECOND_PAGE
            found = parse_rows(operation, [] if is_past_end else answer)
        except UnexpectedResponse as error:
            detail = "expected a list of objects" if kind.is_private else error.detail
            return replace(question, reply=Reply.UNREADABLE, detail=detail)
        return replace(
            question,
            envelope=describe_envelope(answer),
            nulls=found.nulls,
            rows=tuple(found.rows),
            total=found.total,
        )

    def _ask(
        self, kind: Kind, purpose: Purpose, operation: str, parameters: Any
    ) -> tuple[Any, Question]:
        begin = len(self.budget.records)
        reply, answer, detail, hint = Reply.UNASKED, None, self._stopped, None
        if self._stopped is None:
            self.budget.begin_question(operation, len(OPERATIONS[operation].routes) + 1)
            try:
                answer = self.client.call(operation, parameters, exists=purpose is Purpose.KNOWN)
                reply = Reply.ANSWERED
            except BudgetSpent as error:
                detail, hint = error.message, error.hint
            except QuestionBudgetSpent as error:
                reply, detail = Reply.LOST, error.message
            except ApiError as error:
                reply, detail, hint = self._classify(error)
        records = tuple(timed.record for timed in self.budget.records[begin:])
        self._stop_if_silent(operation, reply, records[-1].status if records else None)
        is_secret = kind.is_private or (kind.secret and purpose is Purpose.KNOWN)
        if is_secret and reply not in (Reply.ANSWERED, Reply.UNASKED):
            detail = None  # the message of the server may name the customer, or a secret code
        return answer, Question(kind.name, purpose, operation, reply, records, detail, hint)

    def _classify(self, error: ApiError) -> tuple[Reply, str, str | None]:
        """Return reply, detail and hint of an error; stop asking where no token was issued."""
        reply = classify_error(error)
        if error.operation != "token":
            return reply, error.detail, error.hint
        records = (timed.record for timed in self.budget.records)
        sent = tuple(record for record in records if record.operation == "token")
        self.questions.append(
            Question("", Purpose.TOKEN, "token", reply, sent, error.detail, error.hint)
        )
        self._stopped = _SKIPPED
        return Reply.UNASKED, _SKIPPED, None

    def _stop_if_silent(self, operation: str, reply: Reply, status: int | None) -> None:
        if status is not None:
            self._silent = set() if status else self._silent | {operation}
        if self._stopped is None and (reply in _LAST_REPLIES or len(self._silent) > 1):
            self._stopped = "skipped: the shop has stopped answering"


def _may_be_too_large(question: Question) -> bool:
    if question.reply is Reply.LOST:
        return question.size > DOCUMENTED_PAGE_ROWS
    return question.reply is Reply.REFUSED and question.status == 400
