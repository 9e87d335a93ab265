"""Rows out of answers: every documented envelope, and whole listings page by page.

Facts §13: the page-size cap, the end of a list and stability while paging are undocumented, so a
listing ends on evidence only: a total that is reached, a page without anything new, or a page
shorter than one the server has served before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Any

from reconciler.client import Client
from reconciler.core.kind import Kind, Listing
from reconciler.errors import Rejected, Unreadable

PAGE_SIZE = 500
"""The largest page in any documented sample (facts §13)."""

AHEAD = 3
"""Pages asked for while earlier ones are decoded: a far server answers them side by side."""

Row = Mapping[str, Any]

SMALL_PAGE = 100
"""What is asked for where the largest page is refused: the documented size of a batch."""

# facts §0: `Data` is documented, `DataArray` is what a public integration reads.
_ENVELOPES = ("Data", "DataArray")
_TOTALS = ("RecordsCount", "TotalCount")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one answer, the total where it is told, and every key that any row shows."""

    rows: list[Row]
    total: int | None = None

    @property
    def promises(self) -> int:
        """How many pages of this size the total makes; 1 where none is told."""
        return ceil(self.total / len(self.rows)) if self.total and self.rows else 1

    @property
    def shape(self) -> frozenset[str]:
        """Keys that rows of this answer have; a row without one of them holds null there."""
        return frozenset().union(*(row.keys() for row in self.rows)) if self.rows else frozenset()


def rows_of(operation: str, answer: Any) -> Rows:
    """The rows in an answer of many; raises Unreadable with the keys (never the values) seen."""
    total = None
    rows = answer
    if isinstance(answer, Mapping):
        rows = next((answer[key] for key in _ENVELOPES if key in answer), None)
        told = next((answer[key] for key in _TOTALS if answer.get(key) is not None), None)
        total = int(str(told)) if str(told).isascii() and str(told).isdecimal() else None
        if rows is None and total == 0:
            rows = []
    if isinstance(rows, list):
        # facts §13: how a batch shows a missing name is undocumented; null is one way.
        rows = [row for row in rows if row is not None]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        keys = ", ".join(sorted(answer)) if isinstance(answer, Mapping) else type(answer).__name__
        raise Unreadable(operation, f"the answer is no list of objects (it shows: {keys})")
    return Rows(rows, total)


def named_in(answer: Any, kind: Kind) -> str | None:
    """The name of the object that an answer of one holds, whichever it is."""
    if isinstance(answer, Mapping):
        answer = next((answer[key] for key in _ENVELOPES if key in answer), answer)
    return kind.named(answer)


def single_of(answer: Any, kind: Kind, name: str) -> Row | None:
    """The object in an answer of one, if it is the one that was asked for."""
    if isinstance(answer, Mapping):
        answer = next((answer[key] for key in _ENVELOPES if key in answer), answer)
    if isinstance(answer, list):
        answer = next((row for row in answer if kind.named(row) == name), None)
    return answer if kind.named(answer) == name else None


def pages(
    client: Client,
    kind: Kind,
    listing: Listing,
    enough: Callable[[set[str], Rows], bool],
    begun: Sequence[Rows] = (),
) -> Iterator[tuple[Rows, bool]]:
    """The pages of a listing, each with whether it is the last; `enough` may stop it early.

    `begun` are its first pages where they have been read already.
    """
    seen: set[str] = set()
    largest = 0
    for page in answers(client, listing, begun):
        named = {name for row in page.rows if (name := kind.named(row)) is not None}
        if page.rows and not named:
            keys = ", ".join(sorted(page.shape))
            raise Unreadable(
                listing.operation, f"no row shows the {kind.identity} of a {kind.name}: {keys}"
            )
        last = (
            not listing.paged
            or not named - seen
            or len(page.rows) < largest
            or len(page.rows) > PAGE_SIZE
            or (page.total is not None and len(seen | named) >= page.total)
        )
        seen |= named
        largest = max(largest, len(page.rows))
        yield page, last
        if last or enough(seen, page):
            return


def answers(client: Client, listing: Listing, begun: Sequence[Rows] = ()) -> Iterator[Rows]:
    """Page after page, without end; those that a total promises are asked for ahead."""
    asking = _Asking(client, listing)
    first = begun[0] if begun else asking.first()
    yield first
    yield from begun[1:]
    number = max(len(begun), 1) + 1
    if first.promises > number:
        yield from asking.ahead(range(number, first.promises + 1))
        number = first.promises + 1
    while True:
        yield asking.page(number)
        number += 1


class _Asking:
    """One listing, page by page."""

    def __init__(self, client: Client, listing: Listing) -> None:
        self.client = client
        self.listing = listing
        self.size = PAGE_SIZE

    def page(self, number: int) -> Rows:
        """The rows of one page; what comes after the last one is none."""
        parameters = dict(self.listing.constants)
        if self.listing.paged:
            parameters |= {"PageNumber": number, "PageSize": self.size}
        answer = self.client.call(self.listing.operation, parameters)
        if answer is None and number > 1:
            return Rows([])
        return rows_of(self.listing.operation, answer)

    def first(self) -> Rows:
        """The first page, which also shows whether the size is accepted."""
        try:
            return self.page(1)
        except Rejected as error:
            if error.status != 400 or not self.listing.paged:
                raise
        # facts §13: a page larger than the cap may be refused instead of cut.
        self.size = SMALL_PAGE
        return self.page(1)

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
