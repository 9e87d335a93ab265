"""The store of the coupon provider in PostgreSQL, for several servers at once.

A change of a counter is one statement and one transaction. Holds are committed without waiting for
the disk of the server; a report of a sale is on disk before it is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.invoice import KnownInvoice, transition
from dealpos_reconciler.provider.postgres import statements
from dealpos_reconciler.provider.postgres.connections import PostgresConnections
from dealpos_reconciler.provider.postgres.dump import dump
from dealpos_reconciler.provider.postgres.turn import DatabaseTurn
from dealpos_reconciler.provider.rows import batch_of, flags_of, in_utc, join_words
from dealpos_reconciler.provider.spool import SaleSpool
from dealpos_reconciler.provider.store import (
    DEADLINE,
    Booking,
    HoldRequest,
    HoldResult,
    InvoiceRow,
    PublishedRelease,
    SaleReport,
    Usage,
    UsageEvent,
    release_conflict,
    utc_now,
)


class PostgresStore:
    """A UsageStore in a database. Several servers may share it."""

    def __init__(
        self,
        connections: PostgresConnections,
        clock: Callable[[], datetime],
        durable_holds: bool,
        spool: Path | None,
    ) -> None:
        """Use connections that are open; see `open_postgres`. Must run in an event loop."""
        self._connections = connections
        self._clock = clock
        self._durable_holds = durable_holds
        self._spool = SaleSpool(spool, self._book) if spool else None
        self._turn = DatabaseTurn(connections, DEADLINE)

    @property
    def queue_length(self) -> int:
        """Calls that wait for a connection."""
        return self._connections.waiting

    @property
    def spool_length(self) -> int:
        """Reports of sales that wait on the local disk for the database."""
        return self._spool.length if self._spool else 0

    async def hold(self, request: HoldRequest) -> HoldResult:
        """See UsageStore."""
        values = {
            "counter": request.counter,
            "batch": batch_of(request.counter),
            "limit": request.limit,
            "customer_limit": request.limit_per_customer,
            "outlet": request.outlet,
            "customer": sorted(request.customer),
            "now": request.now,
            "until": request.until,
            "reentry": request.reentry,
            "durable": self._durable_holds,
        }
        ((status, used, held, outlet, until),) = await self._run(statements.HOLD, values)
        return HoldResult(status, used, held, outlet or "", in_utc(until) if until else None)

    async def book(self, sale: SaleReport) -> Booking:
        """See UsageStore. With a spool, the report waits there while the database is away."""
        return await (self._spool.book(sale) if self._spool else self._book(sale))

    async def _book(self, sale: SaleReport) -> Booking:
        """Decide and carry it out; decide again where another report of the invoice was first."""
        for _ in range(100):
            known = await self._known(sale.invoice)
            step = transition(known, sale)
            if not step.is_news:
                return step.booking(frozenset())
            values = {
                "seen": known.seen if known else 0,
                "gives": step.gives,
                "takes": step.takes,
                "batch": batch_of(step.takes),
                "limit": sale.limit,
                "result": step.result,
                "invoice": sale.invoice,
                "counter": step.counter,
                "code": sale.code,
                "outlet": sale.outlet,
                "number": sale.number,
                "customer": sorted(sale.customer),
                "state": step.state,
                "flags": join_words(step.flags),
                "at": sale.at or sale.now,
                "now": sale.now,
                "discount": sale.discount,
                "gross": sale.gross,
                "digests": json.dumps(step.digests),
            }
            ((added,),) = await self._run(statements.BOOK, values)
            if added is not None:
                return step.booking(flags_of(added))
        raise ProviderUnavailable(f"{self._connections.place}: too many reports of one invoice")

    async def _known(self, invoice: str) -> KnownInvoice | None:
        rows = await self._run(
            "SELECT state, counter, flags, digests, seen FROM invoice WHERE invoice = %(invoice)s",
            {"invoice": invoice},
        )
        for state, counter, flags, digests, seen in rows:
            return KnownInvoice(state, counter, flags_of(flags), tuple(json.loads(digests)), seen)
        return None

    async def dead_letter(
        self, reason: str, digest: str, length: int, invoice: str, now: datetime
    ) -> None:
        """See UsageStore."""
        await self._run(
            "INSERT INTO dead_letter (at, reason, digest, length, invoice)"
            " VALUES (%(now)s, %(reason)s, %(digest)s, %(length)s, %(invoice)s)",
            {"now": now, "reason": reason, "digest": digest, "length": length, "invoice": invoice},
        )

    async def free(self, counter: str) -> int:
        """See UsageStore."""
        values = {"counter": counter, "now": self._clock()}
        ((count,),) = await self._run("SELECT free_holds(%(counter)s, %(now)s)", values)
        return int(count)

    async def publish(
        self, document: str, digest: str, commit: str, previous: int, now: datetime
    ) -> PublishedRelease:
        """See UsageStore."""
        release = PublishedRelease(previous + 1, digest, document, commit, now)
        values = {"previous": previous, "now": now, "commit": commit}
        values |= {"digest": digest, "document": document}
        ((newest,),) = await self._run(statements.PUBLISH, values)
        if newest is None:
            return release
        if await self.current() == release:
            return release  # it was committed, and the answer to that was lost
        raise release_conflict(newest, previous)

    async def current(self) -> PublishedRelease | None:
        """See UsageStore."""
        rows = await self._run(
            "SELECT number, digest, document, commit_id, published FROM release"
            " ORDER BY number DESC LIMIT 1"
        )
        for number, digest, document, commit, published in rows:
            return PublishedRelease(number, digest, document, commit, in_utc(published))
        return None

    async def changes(self) -> AsyncIterator[None]:
        """See UsageStore. Listens, and looks again after each interruption of the connection."""
        number = -1
        while True:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                async with await self._connections.connect() as connection:
                    await connection.execute("LISTEN reconciler_release")
                    while True:
                        cursor = await connection.execute(statements.NEWEST)
                        before, ((number,),) = number, await cursor.fetchall()
                        if before != number:
                            yield
                        # A silent connection is asked now and then, so that a dead one is noticed.
                        async for _ in connection.notifies(timeout=15, stop_after=1):
                            pass
            await asyncio.sleep(1)

    async def usage(self, counters: Collection[str] | None = None) -> Mapping[str, Usage]:
        """See UsageStore."""
        if counters is None:
            return await self._counts("counter", "true")
        found = await self._counts("counter", "counter = ANY (%(counters)s)", list(counters))
        return {counter: found.get(counter, Usage()) for counter in counters}

    async def batch_usage(self) -> Mapping[str, Usage]:
        """See UsageStore."""
        return await self._counts("batch", "batch <> ''")

    async def _counts(self, key: str, which: str, counters: Sequence[str] = ()) -> dict[str, Usage]:
        values = {"now": self._clock(), "counters": counters}
        rows = await self._run(statements.USAGE.format(key=key, which=which), values)
        return {name: Usage(used, held, flagged) for name, used, held, flagged in rows}

    async def invoices(
        self, since: datetime | None = None, flagged: bool = False
    ) -> Sequence[InvoiceRow]:
        """See UsageStore."""
        rows = await self._run(statements.INVOICES, {"since": since, "flagged": flagged})
        return [
            InvoiceRow(invoice, counter, state, outlet, number, in_utc(at), flags_of(flags))
            for invoice, counter, state, outlet, number, at, flags in rows
        ]

    async def events(self, after: int = 0, limit: int = 1000) -> Sequence[UsageEvent]:
        """See UsageStore."""
        rows = await self._run(statements.EVENTS, {"after": after, "limit": limit})
        return [UsageEvent(number, in_utc(at), *rest) for number, at, *rest in rows]

    async def newest_event(self) -> int:
        """See UsageStore."""
        ((number,),) = await self._run("SELECT coalesce(max(number), 0) FROM event")
        return int(number)

    async def trim(self, before: datetime) -> int:
        """See UsageStore."""
        counts = [await self._run(each, {"before": before}) for each in statements.TRIM]
        return sum(int(count) for ((count,),) in counts)

    async def note_settled(self, detail: str, now: datetime) -> None:
        """See UsageStore."""
        await self._run(statements.NOTE_SETTLED, {"now": now, "detail": detail})

    async def last_settled(self) -> datetime | None:
        """See UsageStore."""
        ((at,),) = await self._run(statements.LAST_SETTLED)
        return in_utc(at) if at else None

    async def take_turn(self) -> bool:
        """See UsageStore."""
        return await self._turn.take()

    async def check(self) -> None:
        """See UsageStore."""
        await self._run(
            "INSERT INTO probe (id, at) VALUES (1, %(now)s)"
            " ON CONFLICT (id) DO UPDATE SET at = %(now)s RETURNING at",
            {"now": self._clock()},
        )

    async def backup(self, file: Path) -> None:
        """See UsageStore. Runs `pg_dump`; the copy is restored by `pg_restore`."""
        schema = await self._connections.current_schema()
        await dump(self._connections.dsn, schema, file, self._connections.place)

    async def close(self) -> None:
        """See UsageStore."""
        if self._spool:
            await self._spool.close()
        await self._turn.release()
        await self._connections.close()

    async def _run(self, statement: str, values: dict[str, Any] | None = None) -> list[Any]:
        return await self._connections.run(statement, values)


async def open_postgres(
    dsn: str,
    *,
    clock: Callable[[], datetime] = utc_now,
    deadline: float = DEADLINE,
    durable_holds: bool = False,
    spool: Path | None = None,
    on_commit: Callable[[float], None] | None = None,
) -> PostgresStore:
    """Open a database, and create or migrate its schema. Raises ProviderError."""
    connections = PostgresConnections(dsn, deadline, on_commit)
    await connections.open()
    return PostgresStore(connections, clock, durable_holds, spool)
