"""The reports of sales that wait on the local disk while the store is away.

A report is safe before it is answered, and is sent in order once the store answers again. One
that was committed although its answer was lost is sent twice, and then changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dealpos_reconciler.confined import create_private
from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.store import Booking, SaleReport

Send = Callable[[SaleReport], Awaitable[Booking]]

PAUSE = 0.5
"""Seconds between two attempts while the store is away."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (
  number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, problem TEXT
)
"""


class SaleSpool:
    """The file of waiting reports, and the task that sends them."""

    def __init__(self, path: Path, send: Send) -> None:
        """Open the file; create it where it is absent. Raises ProviderUnavailable.

        `send` books one report, and raises ProviderUnavailable while the store is away.
        """
        self.place = f"the provider's spool {path}"
        self._send = send
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="provider-spool")
        self._draining: asyncio.Task[None] | None = None
        try:
            create_private(path)
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute(_SCHEMA)
            self.length = self._count()
        except (sqlite3.Error, OSError) as error:
            raise ProviderUnavailable(f"{self.place} cannot be opened: {error}") from error
        if self.length:
            self._start()

    async def book(self, sale: SaleReport) -> Booking:
        """Book a report, or keep it: behind the others where some wait already."""
        if not self.length:
            with contextlib.suppress(ProviderUnavailable):
                return await self._send(sale)
        await self._run("INSERT INTO spool (document) VALUES (?)", document_of(sale))
        self.length += 1
        self._start()
        return Booking("spooled", sale.flags)

    async def close(self) -> None:
        """End the task; what waits is sent by the next process."""
        if self._draining:
            self._draining.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._draining
        self._thread.shutdown()
        self._file.close()

    def _start(self) -> None:
        if self._draining is None or self._draining.done():
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        while self.length:
            try:
                await self._send_oldest()
            except ProviderUnavailable:
                await asyncio.sleep(PAUSE)

    async def _send_oldest(self) -> None:
        rows = await self._run(
            "SELECT number, document FROM spool WHERE problem IS NULL ORDER BY number LIMIT 1"
        )
        for number, document in rows:
            try:
                await self._send(sale_of(document))
            except ProviderUnavailable:
                raise
            except Exception as error:  # it would hold up all that wait behind it
                await self._run(
                    "UPDATE spool SET problem = ? WHERE number = ?", repr(error), number
                )
            else:
                await self._run("DELETE FROM spool WHERE number = ?", number)
        self.length = await asyncio.get_running_loop().run_in_executor(self._thread, self._count)

    def _count(self) -> int:
        (count,) = self._file.execute("SELECT count(*) FROM spool WHERE problem IS NULL").fetchone()
        return int(count)

    async def _run(self, statement: str, *values: Any) -> list[Any]:
        def work() -> list[Any]:
            return self._file.execute(statement, values).fetchall()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise ProviderUnavailable(f"{self.place} cannot be written: {error}") from error


def document_of(sale: SaleReport) -> str:
    """Return a report as JSON text."""
    return json.dumps(asdict(sale), default=_plain, sort_keys=True)


def sale_of(document: str) -> SaleReport:
    """Return the report of a JSON text."""
    values = json.loads(document)
    for name in ("customer", "flags"):
        values[name] = frozenset(values[name])
    for name in ("at", "now"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    for name in ("discount", "gross"):
        if isinstance(values[name], str):
            values[name] = Decimal(values[name])
    return SaleReport(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else str(value)
