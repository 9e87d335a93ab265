"""Questions to a shop: reads only, never more than the budget, one failure never hides the rest.

Which operations are needed, and how they are called, follows from the kinds. The order of asking
is the order of weight, since the budget may end it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.client import Client
from reconciler.core.kind import Kind, Kinds, Single
from reconciler.doctor.evidence import Asked, Evidence, Outcome, Purpose, Row, private
from reconciler.doctor.purse import Enough, Purse, Spent
from reconciler.errors import (
    ApiError,
    Doubtful,
    NotOffered,
    Rejected,
    Throttled,
    Unauthorised,
    Unreachable,
    Unreadable,
)
from reconciler.operations import OPERATIONS
from reconciler.paging import SMALL, USUAL
from reconciler.rows import rows_of, single_of

UNKNOWN = "RECONCILER-NO-SUCH-CODE"
"""A code that cannot exist."""

WORTH_A_SECOND = 10
"""Rows from which a list may have been cut by the server."""

_OUTCOMES: tuple[tuple[type[ApiError], Outcome], ...] = (
    (NotOffered, Outcome.NOT_OFFERED),
    (Rejected, Outcome.REFUSED),
    (Unauthorised, Outcome.FORBIDDEN),
    (Throttled, Outcome.THROTTLED),
    (Unreachable, Outcome.UNREACHABLE),
    (Doubtful, Outcome.LOST),
    (Unreadable, Outcome.UNREADABLE),
)
_ENDS = frozenset({Outcome.THROTTLED, Outcome.UNREACHABLE})


def examine(
    client: Client, purse: Purse, kinds: Kinds, now: Callable[[], float] = time.time
) -> Evidence:
    """Ask everything, within the budget. `purse` is what the client tells of its requests."""
    asking = _Asking(client, purse, kinds)
    for kind in kinds.values():
        asking.listing(kind)
    for kind in kinds.values():
        asking.known(kind)
    for kind in kinds.values():
        asking.batch(kind)
    asking.second_page()
    # Children first: a shop has most of them.
    for kind in sorted(kinds.values(), key=lambda kind: kind.parent is None):
        asking.unknown(kind)
    return Evidence(
        client.store.url,
        tuple(asking.asked),
        tuple(purse.heard),
        purse.sent,
        client.lifetime,
        client.window.limit,
        client.window.seconds,
    )


class _Asking:
    """The questions so far, and whether it is worth going on."""

    def __init__(self, client: Client, purse: Purse, kinds: Kinds) -> None:
        self.client = client
        self.purse = purse
        self.kinds = kinds
        self.asked: list[Asked] = []
        self.stopped = ""
        self.size = USUAL
        self._silent = 0

    def listing(self, kind: Kind) -> None:
        """The first page of a kind's listing, in the largest size that is not refused."""
        listing = kind.reads.listing
        if listing is None:
            return
        size = self.size if listing.paged else 0
        asked = self._page(kind, size)
        if asked.outcome is Outcome.REFUSED and asked.status == 400 and size > SMALL:
            # facts §13: a page larger than the cap may be refused instead of cut.
            again = self._page(kind, SMALL, refused_size=size)
            if again.answered:
                asked, self.size = again, SMALL
        self.asked.append(asked)

    def known(self, kind: Kind) -> None:
        """A single read of an object that some list has shown."""
        names = self._names(kind)
        if kind.reads.single and names and not self._forbidden(kind):
            self._single(kind, kind.reads.single, Purpose.KNOWN, names[0])

    def unknown(self, kind: Kind) -> None:
        """A single read of an object that does not exist."""
        known = next(
            (a for a in self.asked if a.kind == kind.name and a.purpose is Purpose.KNOWN), None
        )
        tried_in_vain = known is not None and not known.answered
        if kind.reads.single and not tried_in_vain and not self._forbidden(kind):
            self._single(kind, kind.reads.single, Purpose.UNKNOWN, UNKNOWN)

    def batch(self, kind: Kind) -> None:
        """A batch read of something that exists and something that does not."""
        batch = kind.reads.batch
        if batch is None or self._forbidden(kind):
            return
        names = self._names(kind)[:1]
        for purpose, sought in (
            (Purpose.BATCH, [*names, UNKNOWN]),
            (Purpose.BATCH_KNOWN, names),
        ):
            asked = self._many(kind, purpose, batch.operation, {batch.key: sought}, sought=sought)
            self.asked.append(asked)
            if not names or asked.outcome is not Outcome.REFUSED:
                return

    def second_page(self) -> None:
        """The second page of a list that may have been cut.

        One that says how much is missing is preferred, then the longest.
        """
        cut = [
            asked
            for asked in self.asked
            if asked.size
            and WORTH_A_SECOND <= len(asked.rows) < asked.size
            and (asked.total is None or asked.total > len(asked.rows))
        ]
        if cut:
            longest = max(cut, key=lambda asked: (asked.total is not None, len(asked.rows)))
            kind = self.kinds[longest.kind]
            self.asked.append(self._page(kind, longest.size, number=2))

    def _page(self, kind: Kind, size: int, number: int = 1, refused_size: int = 0) -> Asked:
        listing = kind.reads.listing
        assert listing is not None
        pages = {"PageNumber": number, "PageSize": size} if size else {}
        purpose = Purpose.LISTING if number == 1 else Purpose.SECOND_PAGE
        return self._many(
            kind,
            purpose,
            listing.operation,
            {**listing.constants, **pages},
            size=size,
            refused_size=refused_size,
        )

    def _single(self, kind: Kind, single: Single, purpose: Purpose, name: str) -> None:
        answer, asked = self._ask(kind, purpose, single.operation, {single.key: name})
        row = single_of(answer, kind, name)
        rows = (row,) if row else ()
        if purpose is Purpose.KNOWN and asked.status == 404:
            # An object that a list shows is there: it is the operation that is not.
            asked = replace(asked, outcome=Outcome.NOT_OFFERED)
        self.asked.append(replace(asked, sought=(name,), form=_form(answer), rows=rows))

    def _many(
        self,
        kind: Kind,
        purpose: Purpose,
        operation: str,
        parameters: Any,
        sought: Iterable[str] = (),
        size: int = 0,
        refused_size: int = 0,
    ) -> Asked:
        answer, asked = self._ask(kind, purpose, operation, parameters)
        asked = replace(asked, sought=tuple(sought), size=size, refused_size=refused_size)
        if not asked.answered:
            return asked
        try:
            # What comes after the last page may be nothing at all.
            past = answer is None and purpose is Purpose.SECOND_PAGE
            found = rows_of(operation, [] if past else answer)
        except Unreadable as error:
            said = "" if private(kind) else error.detail
            return replace(asked, outcome=Outcome.UNREADABLE, detail=said)
        return replace(
            asked,
            form=_form(answer),
            entries=max((len(entries) for entries in _lists(answer)), default=0),
            rows=tuple(found.rows),
            total=found.total,
        )

    def _ask(
        self, kind: Kind, purpose: Purpose, operation: str, parameters: Any
    ) -> tuple[Any, Asked]:
        """One call: its answer, and what there is to say of it."""
        begun = len(self.purse.heard)
        outcome, answer, detail, hint = Outcome.UNASKED, None, self.stopped, ""
        if not self.stopped:
            self.purse.open(operation, len(OPERATIONS[operation].routes) + 1)
            try:
                answer = self.client.call(operation, parameters)
                outcome = Outcome.ANSWERED
            except Spent as error:
                detail, hint = error.message, error.hint
            except Enough as error:
                outcome, detail = Outcome.LOST, error.message
            except ApiError as error:
                outcome, detail, hint = self._failed(error, kind)
        exchanges = tuple(heard.exchange for heard in self.purse.heard[begun:])
        self._heed(outcome, exchanges[-1].status if exchanges else None)
        if private(kind) and outcome not in (Outcome.ANSWERED, Outcome.UNASKED):
            detail = ""  # what a server says of a customer may name the customer
        return answer, Asked(kind.name, purpose, operation, outcome, exchanges, detail, hint)

    def _failed(self, error: ApiError, kind: Kind) -> tuple[Outcome, str, str]:
        outcome = next(o for raised, o in _OUTCOMES if isinstance(error, raised))
        if isinstance(error, Rejected) and error.status == 403:
            outcome = Outcome.FORBIDDEN
        if error.operation == "token":
            heard = tuple(h.exchange for h in self.purse.heard if h.exchange.operation == "token")
            self.asked.append(
                Asked("", Purpose.TOKEN, "token", outcome, heard, error.detail, error.hint)
            )
            self.stopped = "not tried"
            return Outcome.UNASKED, self.stopped, ""
        return outcome, error.detail, error.hint

    def _heed(self, outcome: Outcome, status: int | None) -> None:
        """Stop asking a shop that has fallen silent."""
        if status is not None:
            self._silent = self._silent + 1 if status == 0 else 0
        if not self.stopped and (outcome in _ENDS or self._silent >= 2):
            self.stopped = "not tried: the shop has stopped answering"

    def _names(self, kind: Kind) -> list[str]:
        """Names of objects that exist: from any list of the kind, or nested in its parent's."""
        rows: list[Row] = [r for a in self.asked if a.kind == kind.name for r in a.rows]
        if not rows and kind.parent:
            parents = (r for a in self.asked if a.kind == kind.parent.kind for r in a.rows)
            rows = [r for row in parents for r in row.get(kind.parent.key) or ()]
        return [name for row in rows if (name := kind.named(row))]

    def _forbidden(self, kind: Kind) -> bool:
        """Whether the kind's listing lacks the right that its other reads need as well."""
        return any(a.kind == kind.name and a.outcome is Outcome.FORBIDDEN for a in self.asked)


def _form(answer: Any) -> str:
    """The envelope of an answer, by its keys; never what they hold."""
    if isinstance(answer, list):
        return "a bare array"
    if not isinstance(answer, Mapping):
        return "nothing" if answer is None else "a bare value"
    keys = [key for key, value in answer.items() if isinstance(value, list)]
    totals = [key for key in ("RecordsCount", "TotalCount") if key in answer]
    return " + ".join([*keys, *totals]) if len(keys) == 1 else "an object"


def _lists(answer: Any) -> list[list[Any]]:
    """The lists in an answer of many."""
    if isinstance(answer, list):
        return [answer]
    values = answer.values() if isinstance(answer, Mapping) else ()
    return [value for value in values if isinstance(value, list)]
