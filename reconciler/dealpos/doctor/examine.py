"""Questions to a shop: reads only, never more than the budget, one failure never hides the rest.

Which operations are needed, and how they are called, follows from the kinds. The order of asking
is the order of weight, since the budget may end it.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.client import Client
from reconciler.dealpos.doctor.budget import Purse
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Outcome, Purpose, Row
from reconciler.dealpos.doctor.questions import Questions
from reconciler.dealpos.reading.paging import (
    DOCUMENTED_PAGE_ROWS,
    MIN_CREDIBLE_PAGE_ROWS,
    PAGE_SIZES,
)

UNKNOWN = "RECONCILER-NO-SUCH-CODE"
"""A code that cannot exist."""

WORTH_A_SECOND = 10
"""Rows from which a list may have been cut by the server."""


def examine(client: Client, purse: Purse, kinds: Kinds) -> Evidence:
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
    for kind in kinds.values():
        asking.wider(kind)
    return Evidence(
        client.store.url,
        tuple(asking.asked),
        tuple(purse.heard),
        purse.sent,
        client.lifetime,
        client.window.limit,
        client.window.seconds,
    )


class _Asking(Questions):
    """What is asked of each kind, as far as earlier answers make it worth while."""

    def __init__(self, client: Client, purse: Purse, kinds: Kinds) -> None:
        super().__init__(client, purse)
        self.kinds = kinds
        self.size = PAGE_SIZES[0]
        self._accepted = False
        self._in_vain = False

    def listing(self, kind: Kind) -> None:
        """The first page of a kind's listing, in the largest size that is not refused."""
        listing = kind.reads.listing
        if listing is None:
            return
        if not listing.paged:
            self.asked.append(self.page(kind, 0))
            return
        asked = self._fuller(kind, self._smaller(kind, self.page(kind, self.size)))
        if asked.answered:
            self._accepted = True
            self.client.routes.tenant.size = self.size
        self.asked.append(asked)

    def _smaller(self, kind: Kind, first: Asked) -> Asked:
        """A page in a size that is served, as `paging` looks for it; `first` where none is."""
        asked, refused = first, []
        # dealpos-api.md §13: a page larger than the cap may be refused, or take too long.
        while (
            _too_large(asked)
            and not self._in_vain
            and not (self._accepted and kind.reads.batch)
            and (size := next((s for s in PAGE_SIZES if s < asked.size), 0))
        ):
            refused.append(asked.size)
            asked = self.page(kind, size, refused_sizes=tuple(refused))
        if not asked.answered:
            self._in_vain = self._in_vain or bool(refused)
            return first
        self.size = asked.size
        return asked

    def _fuller(self, kind: Kind, asked: Asked) -> Asked:
        """The page again in the usual size, where an over-large one brought few of many rows."""
        got = len(asked.rows)
        is_credible = not 0 < got < MIN_CREDIBLE_PAGE_ROWS or got >= (asked.total or 0)
        if is_credible or asked.size <= DOCUMENTED_PAGE_ROWS:
            return asked
        self.size = DOCUMENTED_PAGE_ROWS
        again = self.page(kind, DOCUMENTED_PAGE_ROWS)
        return replace(again, scant=got) if len(again.rows) > got else asked

    def known(self, kind: Kind) -> None:
        """A single read of an object that some list has shown."""
        names = self._names(kind)
        if kind.reads.single and names and not self._forbidden(kind):
            self.one(kind, kind.reads.single, Purpose.KNOWN, names[0])

    def unknown(self, kind: Kind) -> None:
        """A single read of an object that does not exist."""
        known = next(
            (a for a in self.asked if a.kind == kind.name and a.purpose is Purpose.KNOWN), None
        )
        tried_in_vain = known is not None and not known.answered
        if kind.reads.single and not tried_in_vain and not self._forbidden(kind):
            self.one(kind, kind.reads.single, Purpose.UNKNOWN, UNKNOWN)

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
            asked = self.many(kind, purpose, batch.operation, {batch.key: sought}, sought=sought)
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
            second = self.page(kind, longest.size, number=2)
            self.asked.append(second)
            # Where only an over-large page is known to be cut, a usual one may hold more.
            sound = longest.size == self.size or longest.total is not None
            if sound and second.shows_more_than(longest):
                self.client.routes.tenant.rows[longest.operation] = len(longest.rows)

    def wider(self, kind: Kind) -> None:
        """The first page with a filter that may show what the listing leaves out."""
        listing = kind.reads.listing
        first = next((a for a in self.asked if a.kind == kind.name and a.size), None)
        if listing and listing.wider and first and first.answered:
            asked = self.page(kind, first.size, constants=listing.wider)
            self.asked.append(replace(asked, purpose=Purpose.WIDER))

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


def _too_large(asked: Asked) -> bool:
    """Whether a smaller page may do better."""
    if asked.outcome is Outcome.LOST:
        return asked.size > DOCUMENTED_PAGE_ROWS
    return asked.outcome is Outcome.REFUSED and asked.status == 400
