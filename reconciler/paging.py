"""Rows out of answers: every documented envelope, and whole listings page by page.

Facts §13: the page-size cap, the end of a list and stability while paging are undocumented, so a
listing ends on evidence only: a total that is reached, a page without anything new, or a page
shorter than one the server has served before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Any

from reconciler.client import Client
from reconciler.core.kind import Kind, Listing
from reconciler.errors import Unreadable

PAGE_SIZE = 500
"""The largest page in any documented sample (facts §13)."""

AHEAD = 3
"""Pages asked for while earlier ones are decoded: a far server answers them side by side."""

Row = Mapping[str, Any]

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
        total = int(str(told)) if str(told).isdigit() else None
        if rows is None and total == 0:
            rows = []
    elif answer is None:
        rows = []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        keys = ", ".join(sorted(answer)) if isinstance(answer, Mapping) else type(answer).__name__
        raise Unreadable(operation, f"the answer is no list of objects (it shows: {keys})")
    return Rows(rows, total)


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

    def ask(number: int) -> Rows:
        parameters = dict(listing.constants)
        if listing.paged:
            parameters |= {"PageNumber": number, "PageSize": PAGE_SIZE}
        return rows_of(listing.operation, client.call(listing.operation, parameters))

    first = begun[0] if begun else ask(1)
    yield first
    yield from begun[1:]
    number = max(len(begun), 1) + 1
    promised = first.promises
    if promised > number:
        with ThreadPoolExecutor(AHEAD) as pool:
            ahead: deque[Future[Rows]] = deque()
            try:
                for later in range(number, promised + 1):
                    ahead.append(pool.submit(ask, later))
                    if len(ahead) == AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)
        number = promised + 1
    while True:
        yield ask(number)
        number += 1
