"""Reads ahead of their turn: a distant server answers several requests side by side.

Only what is read in any case is requested ahead, in threads; its answers are used in the order in
which a run without threads would have asked. So plans, notes and errors are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Set
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from functools import cache
from math import ceil
from queue import SimpleQueue
from threading import Semaphore
from typing import Generic, TypeVar

from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading.paging import (
    DOCUMENTED_PAGE_ROWS,
    MAX_PARTING_SECONDS,
    MIN_CREDIBLE_PAGE_ROWS,
    Page,
    Until,
    batches_are_cheaper,
    read_until,
    run_aside,
)

MAX_UNQUESTIONED_BATCHES = 2
"""Batches that are read without asking whether a listing would cost less."""

_M_ARENA_MAX = -8
"""The parameter of mallopt(3) for the number of heaps."""

T = TypeVar("T")


class Background(Generic[T]):
    """The items of a generator, which runs in a thread, at most `depth` of them ahead."""

    def __init__(self, items: Generator[T, None, None], depth: int) -> None:
        self._items = items
        self._found: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()
        self._room = Semaphore(depth)
        self._is_closed = False
        share_freed_memory()
        self._ended = run_aside(self._run)

    def _run(self) -> None:
        try:
            while self._room.acquire() and not self._is_closed:
                self._found.put((next(self._items), None))
        except BaseException as error:  # StopIteration included
            self._found.put((None, error))
        self._items.close()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        item, error = self._found.get()
        self._room.release()
        if error is not None:
            raise error
        return item  # type: ignore[return-value]

    def close(self, seconds: float) -> None:
        """Request nothing more, and wait so long at most for what was requested."""
        self._is_closed = True
        self._room.release()
        wait([self._ended], seconds)


@cache
def share_freed_memory() -> None:
    """Let threads use the memory that others have freed, where the C library is glibc.

    By default it keeps some for each thread, which a plan of 10,000 variants pays with a tenth of
    its memory.
    """
    with suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


class ListingsAhead:
    """Listings that a run is about to read, requested while earlier ones are used."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._depth = client.store.concurrency
        self._planned: list[tuple[Kind, Until]] = []
        self._started: dict[str, tuple[Until, Background[Page]]] = {}
        self._is_settled = client.routes.tenant.size > 0
        """True once the size of a page is known to be served."""
        self._asks_for_size = False
        """True once a listing was started that finds it out."""

    @contextmanager
    def plan(self, listings: Iterable[tuple[Kind, Until]]) -> Iterator[None]:
        """Inside of the context, read `listings` ahead; each of them must be read there."""
        self._planned = list(listings) if self._depth > 1 else []
        try:
            yield
        except BaseException as error:
            # After Ctrl-C nothing waits for an answer.
            self._close(MAX_PARTING_SECONDS if isinstance(error, Exception) else 0.0)
            raise
        self._close(MAX_PARTING_SECONDS)

    def start(self, kind: Kind, page: Page) -> None:
        """Start what is planned, now that a page has told what the rate limit allows.

        A list with pages waits until the size of a page is settled, so that it asks for the size
        that it would ask for in its turn.
        """
        is_paged = kind.reads.listing is not None and kind.reads.listing.paged
        self._is_settled |= is_paged and len(page.rows.rows) >= MIN_CREDIBLE_PAGE_ROWS
        self._is_settled |= 0 < self._client.routes.tenant.size <= DOCUMENTED_PAGE_ROWS
        later = []
        for kind, until in self._planned:
            if kind.reads.listing and kind.reads.listing.paged and not self._is_settled:
                if self._asks_for_size:
                    later.append((kind, until))
                    continue
                self._asks_for_size = True
            pages = Background(read_until(self._client, kind, until), self._depth)
            self._started[kind.name] = until, pages
        self._planned = later

    def choose(
        self, asked: Iterable[tuple[Kind, Mapping[str, object]]], declared: Collection[str]
    ) -> Iterator[tuple[Kind, Until]]:
        """Yield the listings that reads of these objects begin with, where that is certain.

        The kinds in `declared` are listed to the end.
        """
        for kind, names in asked:
            if kind.reads.batch:
                if budget := self.choose_budget(kind, names.keys()):
                    yield kind, Until(names.keys(), budget=budget)
            elif kind.reads.prefer_listing:
                yield kind, Until(names.keys(), kind.name in declared)

    def choose_budget(self, kind: Kind, asked: Set[str]) -> int:
        """Return the pages of a listing that are worth reading; 0 where batches cost less."""
        until, _ = self._started.get(kind.name, (None, None))
        if until and until.asked == asked:
            return until.budget or 0
        cost = ceil(len(asked) / kind.reads.batch.limit) if kind.reads.batch else 0
        if kind.reads.listing is None or batches_are_cheaper(self._client, kind):
            return 0
        return cost if cost > MAX_UNQUESTIONED_BATCHES else 0

    def take(self, kind: Kind, until: Until) -> Iterator[Page]:
        """Return the pages of a listing, which was started or is begun now."""
        self._planned = [planned for planned in self._planned if planned[0] is not kind]
        planned, pages = self._started.pop(kind.name, (None, None))
        if pages and planned == until:
            return pages
        if pages:
            pages.close(MAX_PARTING_SECONDS)
        return read_until(self._client, kind, until)

    def _close(self, seconds: float) -> None:
        self._planned = []
        for _, pages in self._started.values():
            pages.close(seconds)
        self._started.clear()
