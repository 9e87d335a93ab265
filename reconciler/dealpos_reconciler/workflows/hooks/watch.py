"""The watch over the hints: what is due is read within the budget, judged and told once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from dealpos_reconciler.core.hints import EVERYTHING, HookSettings, Topic
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.drift import DriftState, count_drift, note_drift
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.outbox import put_notice
from dealpos_reconciler.hooks.queue import Hint, count_hints, end_hints, find_due, spend, sum_spent
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.workflows.hooks.apart import Read
from dealpos_reconciler.workflows.hooks.result import FoundDrift, Reading
from dealpos_reconciler.workflows.hooks.turn import TakeTurn, always
from dealpos_reconciler.workflows.hooks.words import notification_body

BATCH = 100
"""Objects that are read together: codes in one request (dealpos-api.md §13)."""
READ_SECONDS = 600.0
"""The time of one read, waits for the rate limit included."""
IDLE_SECONDS, TICK_SECONDS = 60.0, 1.0
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 30.0, 900.0
TOKEN_REQUESTS = 1
"""Requests of a read that its own count leaves out."""


@dataclass(slots=True)
class Notifier:
    """Makes notifications: the facts that are wanted, in the words and the time of the shop."""

    shop: str
    topics: frozenset[Topic]
    zone: tzinfo | None
    wake: Callable[[], None] = lambda: None

    def put(
        self, connection: sqlite3.Connection, lines: Sequence[tuple[Topic, str, str]], now: float
    ) -> None:
        """Put one notification of these lines in the outbox; none without lines."""
        wanted = [line for line in lines if line[0] in self.topics]
        if wanted:
            body = notification_body(self.shop, write_moment(now), wanted)
            put_notice(connection, f"msg_{secrets.token_hex(12)}", json.dumps(body), now)

    def clock(self, moment: float) -> str:
        """Return a moment as the time of day in the shop."""
        if self.zone is None:
            return f"{datetime.fromtimestamp(moment, UTC):%H:%M} UTC"
        return f"{datetime.fromtimestamp(moment, self.zone):%H:%M}"


@dataclass(slots=True)
class HintWatch:
    """Reads the hints of one shop."""

    folder: Path
    settings: HookSettings
    file: HookFile
    metrics: Metrics
    log: Log
    read: Read
    notifier: Notifier | None = None
    clock: Callable[[], float] = time.time
    take_turn: TakeTurn = always
    _hinted: asyncio.Event = field(default_factory=asyncio.Event)
    _batch: int = BATCH
    _needed: int = 1
    """Requests below which no read is begun: the last one would have needed them."""
    _retry_at: float = 0.0
    _retry_seconds: float = FIRST_RETRY_SECONDS

    def wake(self) -> None:
        """Look at the hints: one has come."""
        self._hinted.set()

    async def run(self) -> None:
        """Read hints as they become due; never returns."""
        while True:
            waiting = 1
            # Before the look, so that a hint that comes after it is not slept over.
            self._hinted.clear()
            try:
                waiting = await self.read_due()
            except ProviderError as error:
                self.log.add_event("hints stand still", "error", why=error.message)
            except Exception as error:  # whatever a read meets, coupons are answered
                self.log.add_failure("unforeseen error", error)
            tick = min(TICK_SECONDS, self.settings.settle.total_seconds())
            await self._sleep(tick if waiting else IDLE_SECONDS, wakes=not waiting)

    async def _sleep(self, seconds: float, wakes: bool) -> None:
        if not wakes:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hinted.wait(), seconds)

    async def read_due(self) -> int:
        """Read one batch, if one is due and may be read; return the number of hints that wait."""
        if not await self.take_turn():
            return 0
        now = self.clock()
        settle = self.settings.settle.total_seconds()
        waiting, due, spent, drift = await self.file.run(
            lambda c: (
                *(count_hints(c), find_due(c, now, settle, self._batch), sum_spent(c, now)),
                count_drift(c),
            )
        )
        self._set_metrics(waiting, drift)
        allowed = self.settings.max_reads - spent - TOKEN_REQUESTS
        if not due or now < self._retry_at or allowed < self._needed:
            return waiting
        limits = Limits(allowed, READ_SECONDS, self.settings.reserve)
        reading = await self.read(self.folder, [hint.address for hint in due], limits)
        await self._count(reading)
        if reading.result == "failed":
            self._put_off(reading)
        elif reading.result == "budget":
            await self._shrink(due, allowed, reading)
        else:
            await self._settle(due, reading)
        waiting, drift = await self.file.run(lambda c: (count_hints(c), count_drift(c)))
        self._set_metrics(waiting, drift)
        return waiting

    def _set_metrics(self, waiting: int, drift: Mapping[str, int]) -> None:
        self.metrics.hook_queue_length.set(waiting)
        for state in ("drifted", "missing"):
            self.metrics.drift.labels(state).set(drift.get(state, 0))

    async def _count(self, reading: Reading) -> None:
        sent = reading.requests + (TOKEN_REQUESTS if reading.has_connected else 0)
        self.metrics.hook_readings.labels(reading.result).inc()
        self.metrics.hook_reads.inc(sent)
        if sent:
            await self.file.run(lambda c: spend(c, sent, self.clock()))

    def _put_off(self, reading: Reading) -> None:
        """Keep the hints, and read them later."""
        self._retry_at = self.clock() + self._retry_seconds
        self.log.add_event(
            "hints could not be read", "warning", why=reading.reason, again=self._retry_seconds
        )
        self._retry_seconds = min(2 * self._retry_seconds, LAST_RETRY_SECONDS)

    async def _shrink(self, due: Sequence[Hint], allowed: int, reading: Reading) -> None:
        """Wait for more requests, or read fewer objects at once where an hour has not more."""
        whole = self.settings.max_reads - TOKEN_REQUESTS
        if allowed < whole:
            self._needed = min(allowed + 1, whole)
        elif len(due) > 1:
            self._batch = len(due) // 2
        else:
            self.log.add_event(
                "hints left to the next audit", "warning", why=f"hooks.max_reads: {reading.reason}"
            )
            await self.file.run(lambda c: end_hints(c, due, self.clock()))

    async def _settle(self, due: Sequence[Hint], reading: Reading) -> None:
        """Remember and tell what was found; the hints leave in the same transaction."""
        self._batch, self._needed = min(2 * self._batch, BATCH), 1
        self._retry_seconds = FIRST_RETRY_SECONDS
        now = self.clock()
        states = [DriftState(f.address, f.state, f.digest) for f in reading.found]

        def is_judged(address: Address) -> bool:
            return reading.judged is None or address in reading.judged

        def work(connection: sqlite3.Connection) -> Mapping[Address, float]:
            news = note_drift(connection, states, is_judged, now)
            end_hints(connection, due, now)
            if self.notifier:
                self.notifier.put(connection, self._tell(reading.found, news), now)
            return news

        news = await self.file.run(work)
        if any(hint.address == EVERYTHING for hint in due):
            self.log.add_event("audited everything", requests=reading.requests)
        self._log_news([found for found in reading.found if found.address in news])

    def _tell(
        self, found: Sequence[FoundDrift], news: Mapping[Address, float]
    ) -> list[tuple[Topic, str, str]]:
        assert self.notifier is not None
        return [
            (f.state, f.words.line(self.notifier.clock(seen)), write_moment(seen))
            for f in found
            if (seen := news.get(f.address)) is not None
        ]

    def _log_news(self, news: Sequence[FoundDrift]) -> None:
        for found in news:
            self.metrics.drift_found.labels(found.state).inc()
            words = found.words
            self.log.add_event(
                "drift", "warning", object=words.name, state=found.state, place=words.place
            )
        if news and self.notifier:
            self.notifier.wake()


def write_moment(moment: float) -> str:
    """Return a moment in ISO 8601, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
