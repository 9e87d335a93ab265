"""A store of the coupon provider as tests drive it: one call after the other, on a set clock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from dealpos_reconciler.provider.store import (
    Booking,
    HoldRequest,
    HoldResult,
    PublishedRelease,
    SaleReport,
    Usage,
    UsageStore,
)

T = TypeVar("T")
NOON = datetime(2027, 3, 20, 12, tzinfo=UTC)
HOLD = timedelta(minutes=10)


class SetClock:
    """A clock that stands until a test moves it, forward or back."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class UsageDriver:
    """An open store. Each method is one call; the loop stands still between two."""

    def __init__(self, open_it: Callable[[], Awaitable[UsageStore]], clock: SetClock) -> None:
        self.clock = clock
        self._open = open_it
        self._runner = asyncio.Runner()
        try:
            self.store = self.run(self.opened())
        except BaseException:
            self._runner.close()
            raise

    async def opened(self) -> UsageStore:
        return await self._open()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)

    def close(self) -> None:
        self.run(self.store.close())

    def end(self) -> None:
        """Close what is open; called after each test."""
        with suppress(Exception):
            self.close()
        self._runner.close()

    def reopen(self) -> None:
        self.close()
        self.store = self.run(self.opened())

    def request(self, counter: str = "x", *, limit: int | None = 1, **more: Any) -> HoldRequest:
        values: dict[str, Any] = {
            "counter": counter,
            "limit": limit,
            "limit_per_customer": None,
            "outlet": "Kemang",
            "customer": frozenset(),
            "now": self.clock.now,
            "until": self.clock.now + HOLD,
        }
        return HoldRequest(**values | more)

    def hold(self, counter: str = "x", *, limit: int | None = 1, **more: Any) -> HoldResult:
        return self.run(self.store.hold(self.request(counter, limit=limit, **more)))

    def report(
        self, invoice: str = "i1", state: str = "counted", counter: str | None = "x", **more: Any
    ) -> SaleReport:
        values: dict[str, Any] = {
            "invoice": invoice,
            "state": state,
            "counter": counter,
            "limit": 1,
            "outlet": "Kemang",
            "now": self.clock.now,
            "digest": f"{invoice} {state}",
        }
        return SaleReport(**values | more)

    def book(
        self, invoice: str = "i1", state: str = "counted", counter: str | None = "x", **more: Any
    ) -> Booking:
        return self.run(self.store.book(self.report(invoice, state, counter, **more)))

    def publish(self, document: str = "{}", previous: int = 0) -> PublishedRelease:
        return self.run(
            self.store.publish(document, f"digest of {document}", "c0ffee", previous, self.clock())
        )

    def free(self, counter: str = "x") -> int:
        return self.run(self.store.free(counter))

    def usage(self, counter: str = "x") -> tuple[int, int]:
        """Return how many uses and holds a counter has."""
        (counts,) = self.run(self.store.usage([counter])).values()
        return counts.used, counts.held

    def all_usage(self, counters: Collection[str] | None = None) -> dict[str, Usage]:
        return dict(self.run(self.store.usage(counters)))

    def state(self, invoice: str = "i1") -> str:
        return {row.invoice: row.state for row in self.run(self.store.invoices())}[invoice]

    def flags(self, invoice: str = "i1") -> set[str]:
        return {*{row.invoice: row.flags for row in self.run(self.store.invoices())}[invoice]}

    def backup(self, file: Path) -> None:
        self.run(self.store.backup(file))


INVARIANTS = {
    "I1: a hold is counted": """
        SELECT counter FROM counter WHERE holds <>
          (SELECT count(*) FROM hold WHERE hold.counter = counter.counter)""",
    "I2: used are the counted invoices": """
        SELECT counter FROM counter WHERE used <> (SELECT count(*) FROM invoice
          WHERE invoice.counter = counter.counter AND state = 'counted')""",
    "I2: a counted invoice has a counter": """
        SELECT invoice FROM invoice WHERE state = 'counted'
          AND counter NOT IN (SELECT counter FROM counter)""",
    "a state is flagged": """
        SELECT invoice FROM invoice WHERE (state IN ('doubtful', 'unknown_code'))
          <> (flags LIKE '%doubtful%' OR flags LIKE '%unknown_code%')""",
}


def broken_invariants(place: str) -> list[str]:
    """Return the invariants that do not hold in a store, as a reader of its own sees it."""
    with closing(connect(place)) as connection:
        return [name for name, query in INVARIANTS.items() if connection.execute(query).fetchall()]


def connect(place: str) -> Any:
    """Open a connection of the test's own to a store."""
    if place.startswith("postgresql:"):
        return psycopg.connect(place, autocommit=True)
    connection = sqlite3.connect(place)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return connection
