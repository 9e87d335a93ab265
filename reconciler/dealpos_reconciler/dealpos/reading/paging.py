"""Paging through a whole listing, and the proof that it has ended.

dealpos-api.md §13: the largest page, the end of a list and its stability are undocumented. So the
largest page is requested and whatever comes back is believed. A listing ends on proof only: a
total that is reached, a page without new objects, or a page shorter than an earlier one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Set
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from threading import Thread
from typing import NamedTuple, TypeVar

from dealpos_reconciler.core.model.kind import Kind, Listing
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.rows import (
    UNDOCUMENTED_SHAPE_HINT,
    Rows,
    describe_shape,
    parse_rows,
)
from dealpos_reconciler.errors import ApiError, OutcomeUnknown, Rejected, UnexpectedResponse

DOCUMENTED_PAGE_ROWS = 500
"""Rows of the largest page in any sample (dealpos-api.md §13)."""

DOCUMENTED_BATCH_ROWS = 100
"""Rows of a documented batch (dealpos-api.md §7); requested where a larger page is refused."""

PAGE_SIZES = (2_000, DOCUMENTED_PAGE_ROWS, DOCUMENTED_BATCH_ROWS, 20)
"""Page sizes to request, largest first: a response of some megabytes costs one request."""

MIN_CREDIBLE_PAGE_ROWS = 100
"""A shorter page with more to come is not a cap that anybody documents: another size is tried."""

MAX_PARTING_SECONDS = 2.0
"""Seconds that a read that has failed waits for the other requests that are in flight."""

MAX_PAGES = 1_000
"""Pages after which a listing that still brings new rows is reported as endless.

A shop with 100,000 variants and pages of 100 rows has as many.
"""


T = TypeVar("T")


class Page(NamedTuple):
    """One page of a listing."""

    rows: Rows
    last: bool
    """True where the listing is proven to end here."""
    seen: int
    """Objects that the listing has shown so far."""


@dataclass
class Until:
    """The end of a read of a listing: all of `asked` are seen, or it costs more than `budget`."""

    asked: Set[str]
    to_the_end: bool = False
    """True if it is read as a whole, so that objects which no file declares are known."""
    budget: int | None = None
    spent: int = field(default=0, compare=False)

    def is_reached(self, seen: set[str], page: Rows) -> bool:
        """Return whether to end with this page; called once for each page."""
        self.spent += 1
        if not self.to_the_end and self.asked <= seen:
            return True
        ahead = page.expected_pages - self.spent
        return self.budget is not None and (self.spent >= self.budget or ahead > self.budget)

    def count_certain(self, seen: set[str], largest: int) -> int:
        """Return how many more pages of at most `largest` rows are read, unless the list ends."""
        missing = MAX_PAGES if self.to_the_end else ceil(len(self.asked - seen) / largest)
        return missing if self.budget is None else min(missing, self.budget - self.spent)


def read_until(client: Client, kind: Kind, until: Until) -> Generator[Page, None, None]:
    """Yield the pages of the listing of a kind until an end; some are requested ahead."""
    listing = kind.reads.listing
    assert listing is not None
    return read_pages(client, kind, until.is_reached, listing, until.count_certain)


def read_pages(
    client: Client,
    kind: Kind,
    stop: Callable[[set[str], Rows], bool],
    listing: Listing,
    count_certain: Callable[[set[str], int], int] = lambda seen, largest: 1,
) -> Generator[Page, None, None]:
    """Yield the pages of a listing of a kind; `stop` may end it early.

    `count_certain` tells how many pages will be read after those that were.
    """
    request = ListingRequest(client, kind, listing)
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
                yield from read_pages(client, kind, stop, listing, count_certain)
                return
            yield Page(page, request.ignores_paging, len(seen))
            return
        last = not listing.paged or not has_new or request.ends(page, largest, len(seen | names))
        seen |= names
        if has_new and number == 2 and page.rows:
            client.routes.tenant.note_second_page(listing.operation, len(first.rows))
        first = page if number == 1 else first
        largest = max(largest, len(page.rows))
        yield Page(page, last, len(seen))
        if last or stop(seen, page):
            if not last and page.expected_pages > 1:
                client.routes.tenant.rows[listing.operation] = largest
            return
        request.foresee(number, partial(count_certain, seen, largest))
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
    """Requests a listing of a kind page by page, in the largest size that the shop serves."""

    def __init__(self, client: Client, kind: Kind, listing: Listing) -> None:
        self.client = client
        self.kind = kind
        self.listing = listing
        self.size = client.routes.tenant.size or PAGE_SIZES[0]
        self.ignores_paging = False
        """True where the shop ignores number and size: one response is all that it can show."""
        self.certain = 0
        """The last page that is read in any case, unless the list ends before."""

    def pages(self) -> Iterator[Rows]:
        """Yield page after page without end; pages that a total promises are requested ahead."""
        first = self._first_page()
        yield first
        number = 2
        if first.expected_pages >= number:
            yield from self._pages_ahead(first.expected_pages)
            number = first.expected_pages + 1
        while True:
            page = self._page(number)
            if number == 2 and len(page.rows) == len(first.rows) and page.rows != first.rows:
                larger = self._try_documented_size(page)
                number = number if larger is page else 1
                page = larger
            yield page
            number += 1

    def foresee(self, number: int, count_more: Callable[[], int]) -> None:
        """Note after page `number` how many more are read in any case.

        A shop that ignores the page number would answer page one to all of them: not before page
        two was something else, in this run or in an earlier one. A total alone proves no page two.
        """
        is_proven = number > 1 or self.listing.operation in self.client.routes.tenant.numbered
        if number >= self.certain and is_proven:
            self.certain = number + count_more()

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
            except (Rejected, OutcomeUnknown, UnexpectedResponse) as error:
                if not self._can_ask_otherwise(error):
                    raise
                continue
            self.client.routes.tenant.size = self.size
            return self._try_documented_size(page) if page.expected_pages > 1 else page

    def _can_ask_otherwise(self, error: ApiError) -> bool:
        """Choose another way to ask after a refusal: a smaller page, then another route.

        dealpos-api.md §10 shows no response of the list with a total, so any failure of it is met
        by the plain list.
        """
        if isinstance(error, Rejected) and error.status != 400:
            return False
        if self.kind.reads.batch and self.size == self.client.routes.tenant.size:
            return False  # this size was accepted before, and batches can read this kind
        # dealpos-api.md §13: a page over the cap may be refused, or take too long.
        lowest = DOCUMENTED_PAGE_ROWS if isinstance(error, OutcomeUnknown) else PAGE_SIZES[-1]
        if self.size > lowest and not isinstance(error, UnexpectedResponse):
            self.size = next(size for size in PAGE_SIZES if size < self.size)
            return True
        if self.client.routes.reject_total(self.listing.operation):
            self.size = self.client.routes.tenant.size or PAGE_SIZES[0]
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

    def _pages_ahead(self, last: int) -> Iterator[Rows]:
        """Yield pages 2 to `last` in order; the certain ones are requested side by side."""
        waiting: deque[Future[Rows]] = deque()
        number = requested = 1
        try:
            while number < last:
                number += 1
                if not waiting and self.certain <= number:
                    requested = number
                    yield self._page(number)
                    continue
                while (
                    requested < min(self.certain, last)
                    and len(waiting) < self.client.store.concurrency
                ):
                    requested += 1
                    waiting.append(run_aside(partial(self._page, requested)))
                yield waiting.popleft().result()
        except (Exception, GeneratorExit):
            wait(waiting, MAX_PARTING_SECONDS)
            raise


def run_aside(work: Callable[[], T]) -> Future[T]:
    """Begin `work` in a thread of its own; the future has its result or error.

    The thread ends with the program: after Ctrl-C nothing waits for an answer.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future
