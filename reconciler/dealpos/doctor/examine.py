"""The questions to a shop, in order of importance, because the budget may end them.

Reads only. Which operations are needed, and how they are called, follows from the kinds. A
question that fails does not hide the others.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.client import Client
from reconciler.dealpos.doctor.budget import RequestBudget
from reconciler.dealpos.doctor.evidence import Evidence, Purpose, Question, Reply, Row
from reconciler.dealpos.doctor.questions import Questions
from reconciler.dealpos.reading.paging import (
    DOCUMENTED_PAGE_ROWS,
    MIN_CREDIBLE_PAGE_ROWS,
    PAGE_SIZES,
)

UNKNOWN_NAME = "RECONCILER-NO-SUCH-CODE"
"""A code that no object has."""

MIN_CUT_ROWS = 10
"""Rows from which a list may have been cut by the server."""


def examine(client: Client, budget: RequestBudget, kinds: Kinds) -> Evidence:
    """Ask all questions within the budget; `budget` is the observer of `client`."""
    examination = _Examination(client, budget, kinds)
    for kind in kinds.values():
        examination.ask_listing(kind)
    for kind in kinds.values():
        examination.ask_known(kind)
    for kind in kinds.values():
        examination.ask_batch(kind)
    examination.ask_second_page()
    # Children first: a shop has more of them than of anything else.
    for kind in sorted(kinds.values(), key=lambda kind: kind.parent is None):
        examination.ask_unknown(kind)
    for kind in kinds.values():
        examination.ask_wider(kind)
    return Evidence(
        client.store.url,
        tuple(examination.questions),
        tuple(budget.records),
        budget.sent,
        client.lifetime,
        client.window.limit,
        client.window.seconds,
    )


class _Examination(Questions):
    """The questions about each kind, as far as earlier replies leave something to ask."""

    def __init__(self, client: Client, budget: RequestBudget, kinds: Kinds) -> None:
        super().__init__(client, budget)
        self.kinds = kinds
        self.size = PAGE_SIZES[0]
        self._size_was_accepted = False
        self._no_size_helps = False

    def ask_listing(self, kind: Kind) -> None:
        """Ask for the first page of a listing, in the largest size that is not refused."""
        listing = kind.reads.listing
        if listing is None:
            return
        if not listing.paged:
            self.questions.append(self.ask_page(kind, 0))
            return
        first = self.ask_page(kind, self.size)
        question = self._try_documented_size(kind, self._try_smaller_sizes(kind, first))
        if question.is_answered:
            self._size_was_accepted = True
            self.client.routes.tenant.size = self.size
        self.questions.append(question)

    def ask_known(self, kind: Kind) -> None:
        """Ask for one object that a list has shown."""
        names = self._known_names(kind)
        if kind.reads.single and names and not self._is_forbidden(kind):
            self.ask_one(kind, kind.reads.single, Purpose.KNOWN, names[0])

    def ask_unknown(self, kind: Kind) -> None:
        """Ask for one object that does not exist."""
        known = self._question(kind, Purpose.KNOWN)
        is_broken = known is not None and not known.is_answered
        if kind.reads.single and not is_broken and not self._is_forbidden(kind):
            self.ask_one(kind, kind.reads.single, Purpose.UNKNOWN, UNKNOWN_NAME)

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
            question = self.ask_many(kind, purpose, batch.operation, {batch.key: names})
            self.questions.append(replace(question, names=tuple(names)))
            if not known or question.reply is not Reply.REFUSED:
                return

    def ask_second_page(self) -> None:
        """Ask for the second page of a list that may have been cut.

        One whose total shows how much is missing is preferred, then the longest.
        """
        cut = [
            question
            for question in self.questions
            if question.size
            and MIN_CUT_ROWS <= len(question.rows) < question.size
            and (question.total is None or question.total > len(question.rows))
        ]
        if cut:
            longest = max(
                cut, key=lambda question: (question.total is not None, len(question.rows))
            )
            second = self.ask_page(self.kinds[longest.kind], longest.size, number=2)
            self.questions.append(second)
            # Where only an over-large page is known to be cut, a documented one may hold more.
            is_reliable = longest.size == self.size or longest.total is not None
            if is_reliable and second.shows_more_than(longest):
                self.client.routes.tenant.rows[longest.operation] = len(longest.rows)

    def ask_wider(self, kind: Kind) -> None:
        """Ask for the first page with a filter that may show what the listing leaves out."""
        listing = kind.reads.listing
        first = next((q for q in self.questions if q.kind == kind.name and q.size), None)
        if listing and listing.wider and first and first.is_answered:
            question = self.ask_page(kind, first.size, constants=listing.wider)
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
            question = replace(self.ask_page(kind, size), refused_sizes=tuple(refused))
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
        again = self.ask_page(kind, DOCUMENTED_PAGE_ROWS)
        return replace(again, larger_page_rows=rows) if len(again.rows) > rows else question

    def _known_names(self, kind: Kind) -> list[str]:
        """Return names of objects that exist: from a list of the kind, or from its parent's."""
        rows: list[Row] = [r for q in self.questions if q.kind == kind.name for r in q.rows]
        if not rows and kind.parent:
            parents = (r for q in self.questions if q.kind == kind.parent.kind for r in q.rows)
            rows = [r for row in parents for r in row.get(kind.parent.key) or ()]
        return [name for row in rows if (name := kind.identity_of(row))]

    def _question(self, kind: Kind, purpose: Purpose) -> Question | None:
        asked = (q for q in self.questions if q.kind == kind.name and q.purpose is purpose)
        return next(asked, None)

    def _is_forbidden(self, kind: Kind) -> bool:
        """Return whether the listing lacks the right that the other reads need as well."""
        return any(q.kind == kind.name and q.reply is Reply.FORBIDDEN for q in self.questions)


def _may_be_too_large(question: Question) -> bool:
    """Return whether a smaller page may succeed."""
    if question.reply is Reply.LOST:
        return question.size > DOCUMENTED_PAGE_ROWS
    return question.reply is Reply.REFUSED and question.status == 400
