"""The store of the coupon provider in one SQLite file, which is the default.

WAL lets readers and a backup work beside the one writer. Holds are committed without waiting for
the disk, so a power failure may take the newest of them; a report of a sale is on disk before it is
answered. The end of a process takes neither.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.rows import stamp
from dealpos_reconciler.provider.spool import SaleSpool
from dealpos_reconciler.provider.sqlite import queries, transactions
from dealpos_reconciler.provider.sqlite.file import SqliteFile
from dealpos_reconciler.provider.sqlite.turn import FileTurn
from dealpos_reconciler.provider.sqlite.writer import StoreWriter
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
    utc_now,
)
from dealpos_reconciler.provider.trimming import trim_statements

T = TypeVar("T")

_TRIM = trim_statements(":before")

POLL = 0.5
"""Seconds between two looks for a new release."""


class SqliteStore:
    """A UsageStore in one file. Several processes may share it."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        deadline: float = DEADLINE,
        durable_holds: bool = False,
        spool: Path | None = None,
        on_failure: Callable[[str], None] | None = None,
        on_commit: Callable[[float], None] | None = None,
    ) -> None:
        """Open the file, create or migrate it. Raises ProviderError, ProviderUnavailable.

        With a `spool`, must run in an event loop.
        """
        self._clock = clock
        self._deadline = deadline
        self._durable_holds = durable_holds
        self._file = SqliteFile(path, deadline * 0.8)  # a lock is reported before the deadline
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="provider-reader")
        self._reader = self._file.connect()
        try:
            self._writer = StoreWriter(self._file, deadline, on_failure, on_commit)
        except BaseException:
            self._reader.close()
            raise
        self._spool = SaleSpool(spool, self._book) if spool else None
        self._turn = FileTurn(path)

    @property
    def queue_length(self) -> int:
        """Writes that wait."""
        return self._writer.queue_length

    @property
    def spool_length(self) -> int:
        """Reports of sales that wait in the spool, while another process has locked the file."""
        return self._spool.length if self._spool else 0

    async def hold(self, request: HoldRequest) -> HoldResult:
        """See UsageStore."""
        return await self._write(
            lambda connection: transactions.hold_use(connection, request),
            durable=self._durable_holds,
        )

    async def book(self, sale: SaleReport) -> Booking:
        """See UsageStore. With a spool, the report waits there while the file is locked or gone."""
        return await (self._spool.book(sale) if self._spool else self._book(sale))

    async def _book(self, sale: SaleReport) -> Booking:
        return await self._write(lambda connection: transactions.book_sale(connection, sale))

    async def dead_letter(
        self, reason: str, digest: str, length: int, invoice: str, now: datetime
    ) -> None:
        """See UsageStore."""
        row = (stamp(now), reason, digest, length, invoice)
        await self._write(lambda connection: transactions.keep_dead_letter(connection, row))

    async def free(self, counter: str) -> int:
        """See UsageStore."""
        now = stamp(self._clock())
        return await self._write(
            lambda connection: transactions.free_holds(connection, counter, now)
        )

    async def publish(
        self, document: str, digest: str, commit: str, previous: int, now: datetime
    ) -> PublishedRelease:
        """See UsageStore."""
        release = PublishedRelease(previous + 1, digest, document, commit, now)
        return await self._write(
            lambda connection: transactions.publish_release(connection, release, previous)
        )

    async def current(self) -> PublishedRelease | None:
        """See UsageStore."""
        return await self._read(queries.current_release)

    async def changes(self) -> AsyncIterator[None]:
        """See UsageStore. Looks twice a second, and reads only where the file has changed."""
        version = number = -1
        while True:
            seen = await self._read(queries.data_version)
            if seen != version:
                version, before = seen, number
                number = await self._read(queries.newest_number)
                if before != number:
                    yield
            await asyncio.sleep(POLL)

    async def usage(self, counters: Collection[str] | None = None) -> Mapping[str, Usage]:
        """See UsageStore."""
        now = stamp(self._clock())
        return await self._read(lambda connection: queries.usage(connection, counters, now))

    async def batch_usage(self) -> Mapping[str, Usage]:
        """See UsageStore."""
        now = stamp(self._clock())
        return await self._read(lambda connection: queries.batch_usage(connection, now))

    async def invoices(
        self, since: datetime | None = None, flagged: bool = False
    ) -> Sequence[InvoiceRow]:
        """See UsageStore."""
        start = stamp(since) if since else None
        return await self._read(lambda connection: queries.invoices(connection, start, flagged))

    async def events(self, after: int = 0, limit: int = 1000) -> Sequence[UsageEvent]:
        """See UsageStore."""
        return await self._read(lambda connection: queries.events(connection, after, limit))

    async def newest_event(self) -> int:
        """See UsageStore."""
        return await self._read(queries.newest_event)

    async def trim(self, before: datetime) -> int:
        """See UsageStore."""
        moment = stamp(before)
        return await self._write(lambda connection: _trim(connection, moment), durable=False)

    async def note_settled(self, detail: str, now: datetime) -> None:
        """See UsageStore."""
        row = (stamp(now), "settled", "", "", detail)
        await self._write(lambda connection: transactions.note_event(connection, *row))

    async def last_settled(self) -> datetime | None:
        """See UsageStore."""
        return await self._read(queries.last_settled)

    async def take_turn(self) -> bool:
        """See UsageStore."""
        return self._turn.take()

    async def check(self) -> None:
        """See UsageStore."""
        now = stamp(self._clock())
        await self._write(lambda connection: transactions.write_probe(connection, now))
        await self._read(queries.read_probe)

    async def backup(self, file: Path) -> None:
        """See UsageStore. The copy is whole or absent; its mode is 0600."""
        await asyncio.to_thread(self._file.copy_to, file)

    async def close(self) -> None:
        """See UsageStore."""
        if self._spool:
            await self._spool.close()
        await self._writer.close()
        self._reading.shutdown()
        self._reader.close()
        self._turn.release()

    async def _write(
        self, operation: Callable[[sqlite3.Connection], T], *, durable: bool = True
    ) -> T:
        return await self._writer.write(operation, durable=durable)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline):
                return await loop.run_in_executor(self._reading, query, self._reader)
        except TimeoutError:
            raise ProviderUnavailable(
                f"{self._file.place} was not read within {self._deadline:g} s"
            ) from None
        except sqlite3.Error as error:
            raise self._file.explain(error) from error


def _trim(connection: sqlite3.Connection, before: int) -> int:
    deleted = [connection.execute(each, {"before": before}).rowcount for each in _TRIM]
    return sum(deleted)
