"""Paging through a whole listing, and the proof that it has ended.

dealpos-api.md §13: the largest page, the end of a list and its stability are undocumented. So the
largest page is requested and whatever comes back is believed. A listing ends on proof only: a
total that is reached, a page without new objects, or a page shorter than an earlier one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from reconciler.core.model.kind import Kind
from reconciler.dealpos.client import Client
from reconciler.dealpos.rows import UNDOCUMENTED_SHAPE_HINT, Rows, describe_shape, parse_rows
from reconciler.errors import OutcomeUnknown, Rejected, UnexpectedResponse

DOCUMENTED_PAGE_ROWS = 500
"""Rows of the largest page in any sample (dealpos-api.md §13)."""

DOCUMENTED_BATCH_ROWS = 100
"""Rows of a documented batch (dealpos-api.md §7); requested where a larger page is refused."""

PAGE_SIZES = (2_000, DOCUMENTED_PAGE_ROWS, DOCUMENTED_BATCH_ROWS, 20)
"""Page sizes to request, largest first: a response of some megabytes costs one request."""

MIN_CREDIBLE_PAGE_ROWS = 100
"""A shorter page with more to come is not a cap that anybody documents: another size is tried."""

MAX_REQUESTS_IN_FLIGHT = 3
"""Pages requested while earlier ones are decoded: a distant server answers them side by side."""

MAX_PAGES = 1_000
"""Pages after which a listing that still brings new rows is reported as endless.

A shop with 100,000 variants and pages of 100 rows has as many.
"""


class Page(NamedTuple):
    """One page of a listing."""

    rows: Rows
    last: bool
    """True where the listing is proven to end here."""
    seen: int
    """Objects that the listing has shown so far."""


def read_pages(
    client: Client, kind: Kind, stop: Callable[[set[str], Rows], bool]
) -> Iterator[Page]:
    """Yield the pages of the listing of a kind; `stop` may end it early."""
    request = ListingRequest(client, kind)
    listing = request.listing
    seen: set[str] = set()
    largest = 0
    first = Rows([])
    for number, page in enumerate(request.pages(), 1):
        names = request.names_in(page)
        has_new = bool(names - seen)
        if page.rows and not has_new and number == 2 and not request.honours_page_number(first):
            # Page two is page one again, which is not how a list ends: to stop here would take
            # every object of the other pages for absent.
            if client.routes.reject(listing.operation):
                yield from read_pages(client, kind, stop)
                return
            yield Page(page, request.ignores_paging, len(seen))
            return
        last = not listing.paged or not has_new or request.ends(page, largest, len(seen | names))
        seen |= names
        if has_new and number == 2 and page.rows:
            client.routes.tenant.rows[listing.operation] = len(first.rows)
        first = page if number == 1 else first
        largest = max(largest, len(page.rows))
        yield Page(page, last, len(seen))
        if last or stop(seen, page):
            if not last and page.expected_pages > 1:
                client.routes.tenant.rows[listing.operation] = largest
            return
        if number == MAX_PAGES:
            endless = f"the list did not end after {MAX_PAGES:,} pages"
            raise UnexpectedResponse(listing.operation, endless)


def batches_are_cheaper(client: Client, kind: Kind) -> bool:
    """Return whether pages of this shop are known to hold fewer objects than batches do."""
    listing, batch = kind.reads.listing, kind.reads.batch
    if listing is None or batch is None:
        return False
    return 0 < client.routes.tenant.rows.get(listing.operation, 0) < batch.limit


class ListingRequest:
    """Requests the listing of a kind page by page, in the largest size that the shop serves."""

    def __init__(self, client: Client, kind: Kind) -> None:
        assert kind.reads.listing is not None
        self.client = client
        self.kind = kind
        self.listing = kind.reads.listing
        self.size = client.routes.tenant.size or PAGE_SIZES[0]
        self.ignores_paging = False
        """True where the shop ignores number and size: one response is all that it can show."""

    def pages(self) -> Iterator[Rows]:
        """Yield page after page without end; pages that a total promises are requested ahead."""
        first = self._first_page()
        yield first
        number = 2
        if first.expected_pages >= number:
            yield from self._pages_ahead(range(number, first.expected_pages + 1))
            number = first.expected_pages + 1
        while True:
            page = self._page(number)
            if number == 2 and len(page.rows) == len(first.rows) and page.rows != first.rows:
                larger = self._try_documented_size(page)
                number = number if larger is page else 1
                page = larger
            yield page
            number += 1

    def ends(self, page: Rows, largest: int, seen: int) -> bool:
        """Return whether a page with something new is proven to be the last one."""
        if len(page.rows) > self.size:
            return True  # the shop ignores the page size: this is everything
        if page.total is not None:
            return seen >= page.total
        return len(page.rows) < largest

    def honours_page_number(self, first: Rows) -> bool:
        """Return whether the shop honours PageNumber.

        Called when page 2 equals page 1. Requests page 2 with half the page size: a shop that
        pages answers the second half, one that ignores the number answers the first half, one that
        ignores both answers everything.
        """
        half = len(first.rows) // 2
        if half == 0:
            return True
        found = self.names_in(self._page(2, half))
        self.ignores_paging = len(found) > half
        return not self.ignores_paging and found != self.names_in(Rows(first.rows[:half]))

    def names_in(self, page: Rows) -> set[str]:
        """Return the names of the objects on a page. Raises UnexpectedResponse for none."""
        names = {name for row in page.rows if (name := self.kind.identity_of(row)) is not None}
        if page.rows and not names:
            missing = f"no row has the {self.kind.identity} of a {self.kind.name}"
            detail = f"{missing}: {describe_shape(page.rows)}"
            raise UnexpectedResponse(self.listing.operation, detail, hint=UNDOCUMENTED_SHAPE_HINT)
        return names

    def _page(self, number: int, size: int | None = None) -> Rows:
        parameters = dict(self.listing.constants)
        if self.listing.paged:
            parameters |= {"PageNumber": number, "PageSize": size or self.size}
        answer = self.client.call(self.listing.operation, parameters)
        is_past_end = answer is None and number > 1
        return Rows([]) if is_past_end else parse_rows(self.listing.operation, answer)

    def _first_page(self) -> Rows:
        if not self.listing.paged:
            return self._page(1)
        while True:
            try:
                page = self._page(1)
            except (Rejected, OutcomeUnknown) as error:
                if not self._can_ask_otherwise(error):
                    raise
                continue
            self.client.routes.tenant.size = self.size
            return self._try_documented_size(page) if page.expected_pages > 1 else page

    def _can_ask_otherwise(self, error: Rejected | OutcomeUnknown) -> bool:
        """Choose another way to ask after a refusal: a smaller page, then another route."""
        if isinstance(error, Rejected) and error.status != 400:
            return False
        if self.kind.reads.batch and self.size == self.client.routes.tenant.size:
            return False  # this size was accepted before, and batches can read this kind
        if smaller := next((size for size in PAGE_SIZES if size < self.size), 0):
            # dealpos-api.md §13: a page over the cap may be refused, or take too long.
            if isinstance(error, OutcomeUnknown) and self.size <= DOCUMENTED_PAGE_ROWS:
                return False
            self.size = smaller
            return True
        return isinstance(error, Rejected) and self.client.routes.reject(self.listing.operation)

    def _try_documented_size(self, page: Rows) -> Rows:
        """Return the first page in a documented size, where an over-large one brought few rows."""
        if not 0 < len(page.rows) < MIN_CREDIBLE_PAGE_ROWS or self.size <= DOCUMENTED_PAGE_ROWS:
            return page
        # Whatever comes of it, the over-large size gains nothing here and is not requested again.
        self.size = self.client.routes.tenant.size = DOCUMENTED_PAGE_ROWS
        again = self._page(1)
        return again if len(again.rows) > len(page.rows) else page

    def _pages_ahead(self, numbers: Iterable[int]) -> Iterator[Rows]:
        """Yield pages in order; a few of them are requested while earlier ones are used."""
        with ThreadPoolExecutor(MAX_REQUESTS_IN_FLIGHT) as pool:
            waiting: deque[Future[Rows]] = deque()
            try:
                for number in numbers:
                    waiting.append(pool.submit(self._page, number))
                    if len(waiting) == MAX_REQUESTS_IN_FLIGHT:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)
