"""Whole listings, page by page: the size that a shop serves, and the evidence that a list ended.

API §13: the page-size cap, the end of a list and stability while paging are undocumented. So the
largest page is asked for and what comes back believed, and a listing ends on evidence only: a
total that is reached, a page without anything new, or a page shorter than one served before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from reconciler.core.model.kind import Kind
from reconciler.dealpos.client import Client
from reconciler.dealpos.rows import UNDOCUMENTED_SHAPE_HINT, Rows, describe_shape, parse_rows
from reconciler.errors import Doubtful, Rejected, Unreadable

USUAL = 500
"""The largest page in any sample (dealpos-api.md §13)."""

SMALL = 100
"""The documented size of a batch, asked for where the usual page is refused."""

SIZES = (2_000, USUAL, SMALL, 20)
"""Page sizes to ask for: an answer of some megabytes first, what nobody can refuse last."""

ODD = 100
"""A page of fewer rows, with more to come, is no cap that anybody documents: another is tried."""

AHEAD = 3
"""Pages asked for while earlier ones are decoded: a far server answers them side by side."""

MOST = 10_000
"""Pages after which a list that still brings new rows is said to have no end."""


class Page(NamedTuple):
    """One page of a listing."""

    rows: Rows
    last: bool
    """Whether the listing is known to end here."""
    seen: int
    """Objects that the listing has shown so far."""


def pages(client: Client, kind: Kind, enough: Callable[[set[str], Rows], bool]) -> Iterator[Page]:
    """The pages of the listing of a kind; `enough` may stop it early."""
    asking = Asking(client, kind)
    listing = asking.listing
    seen: set[str] = set()
    largest = 0
    first = Rows([])
    for number, page in enumerate(asking.answers(), 1):
        named = asking.names(page)
        fresh = bool(named - seen)
        if page.rows and not fresh and number == 2 and not asking.heeds(first):
            # Page two is page one again, and that is not because the list has ended.
            if client.routes.reject(listing.operation):
                yield from pages(client, kind, enough)
                return
            yield Page(page, asking.deaf, len(seen))
            return
        last = not listing.paged or not fresh or asking.ends(page, largest, len(seen | named))
        seen |= named
        if fresh and number == 2 and page.rows:
            client.routes.tenant.rows[listing.operation] = len(first.rows)
        first = page if number == 1 else first
        largest = max(largest, len(page.rows))
        yield Page(page, last, len(seen))
        if last or enough(seen, page):
            if not last and page.expected_pages > 1:
                client.routes.tenant.rows[listing.operation] = largest
            return
        if number == MOST:
            raise Unreadable(listing.operation, f"the list has not ended after {MOST} pages")


def dearer(client: Client, kind: Kind) -> bool:
    """Whether pages of this shop are remembered to bring fewer objects than batches do."""
    listing, batch = kind.reads.listing, kind.reads.batch
    if listing is None or batch is None:
        return False
    return 0 < client.routes.tenant.rows.get(listing.operation, 0) < batch.limit


class Asking:
    """The listing of a kind, page by page in the largest size that the shop serves."""

    def __init__(self, client: Client, kind: Kind) -> None:
        assert kind.reads.listing is not None
        self.client = client
        self.kind = kind
        self.listing = kind.reads.listing
        self.size = client.routes.tenant.size or SIZES[0]
        self.deaf = False
        """The shop heeds neither number nor size: what it shows is all that it can show."""

    def page(self, number: int, size: int | None = None) -> Rows:
        """The rows of one page; what comes after the last one is none."""
        parameters = dict(self.listing.constants)
        if self.listing.paged:
            parameters |= {"PageNumber": number, "PageSize": size or self.size}
        answer = self.client.call(self.listing.operation, parameters)
        if answer is None and number > 1:
            return Rows([])
        return parse_rows(self.listing.operation, answer)

    def first(self) -> Rows:
        """The first page, in the largest size that is accepted."""
        if not self.listing.paged:
            return self.page(1)
        while True:
            try:
                page = self.page(1)
            except (Rejected, Doubtful) as error:
                if not self._retreat(error):
                    raise
                continue
            self.client.routes.tenant.size = self.size
            return self._larger(page) if page.expected_pages > 1 else page

    def _retreat(self, error: Rejected | Doubtful) -> bool:
        """Another way to ask, after a refusal: a smaller page, then another route."""
        if isinstance(error, Rejected) and error.status != 400:
            return False
        if self.kind.reads.batch and self.size == self.client.routes.tenant.size:
            return False  # it is not for the size, and there is another way to read this kind
        if smaller := next((size for size in SIZES if size < self.size), 0):
            # dealpos-api.md §13: a page over the cap may be refused, or take too long, instead of
            # being cut.
            if isinstance(error, Doubtful) and self.size <= USUAL:
                return False
            self.size = smaller
            return True
        return isinstance(error, Rejected) and self.client.routes.reject(self.listing.operation)

    def _larger(self, page: Rows) -> Rows:
        """The first page again in a documented size, where an over-large one brought few rows."""
        if not 0 < len(page.rows) < ODD or self.size <= USUAL:
            return page
        # Whatever comes of it, the over-large size gains nothing here and is not asked for again.
        self.size = self.client.routes.tenant.size = USUAL
        again = self.page(1)
        return again if len(again.rows) > len(page.rows) else page

    def answers(self) -> Iterator[Rows]:
        """Page after page, without end; those that a total promises are asked for ahead."""
        first = self.first()
        yield first
        number = 2
        if first.expected_pages >= number:
            yield from self.ahead(range(number, first.expected_pages + 1))
            number = first.expected_pages + 1
        while True:
            page = self.page(number)
            if number == 2 and len(page.rows) == len(first.rows) and page.rows != first.rows:
                larger = self._larger(page)
                number = number if larger is page else 1
                page = larger
            yield page
            number += 1

    def ahead(self, numbers: Iterable[int]) -> Iterator[Rows]:
        """Pages in turn, a few of them asked for while earlier ones are being used."""
        with ThreadPoolExecutor(AHEAD) as pool:
            waiting: deque[Future[Rows]] = deque()
            try:
                for number in numbers:
                    waiting.append(pool.submit(self.page, number))
                    if len(waiting) == AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def ends(self, page: Rows, largest: int, seen: int) -> bool:
        """Whether a page with something new is the last one."""
        if len(page.rows) > self.size:
            return True  # the size is not heeded: this is everything
        if page.total is not None:
            return seen >= page.total
        return len(page.rows) < largest

    def heeds(self, first: Rows) -> bool:
        """Whether the shop heeds a page number, although its second page is the first one again.

        A page two of half the size tells: it is the other half, the same half, or everything.
        """
        half = len(first.rows) // 2
        if half == 0:
            return True
        found = self.names(self.page(2, half))
        self.deaf = len(found) > half
        return not self.deaf and found != self.names(Rows(first.rows[:half]))

    def names(self, page: Rows) -> set[str]:
        """The objects of a page; raises Unreadable where rows show none of their names."""
        named = {name for row in page.rows if (name := self.kind.named(row)) is not None}
        if page.rows and not named:
            why = f"no row shows the {self.kind.identity} of a {self.kind.name}"
            seen = describe_shape(page.rows)
            raise Unreadable(self.listing.operation, f"{why}: {seen}", hint=UNDOCUMENTED_SHAPE_HINT)
        return named
