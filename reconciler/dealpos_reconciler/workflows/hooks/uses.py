"""The watch over uses of coupons that no till was promised: beyond a limit, or of an unknown code.

It reads the events of the store, so it hears of what a settlement has booked as well.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dealpos_reconciler.core.hints import Topic
from dealpos_reconciler.core.provider.lookup import name_counter
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.outbox import read_place, save_place
from dealpos_reconciler.provider.store import UsageEvent, UsageStore
from dealpos_reconciler.render.words import plain
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.workflows.hooks.turn import TakeTurn, always
from dealpos_reconciler.workflows.hooks.watch import Notifier, write_moment

PLACE = "uses"
LOOK_SECONDS = 10.0
_PAGE = 1000


@dataclass(slots=True)
class UseWatch:
    """Tells each flagged use once."""

    store: UsageStore
    file: HookFile
    log: Log
    notifier: Notifier
    names: Callable[[], Mapping[str, str]]
    """The names of the coupons that are served, for people, by counter."""
    clock: Callable[[], float] = time.time
    take_turn: TakeTurn = always
    _passed: int = 0
    """Of a server without the turn: the newest event of its last look."""

    async def run(self) -> None:
        """Look at new events from time to time; never returns."""
        while True:
            try:
                await self.look()
            except ProviderError:
                pass  # the metrics of the store tell; the events are there when it is back
            except Exception as error:  # coupons are answered whatever becomes of a notice
                self.log.add_failure("unforeseen error", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Put the news in the outbox. Events from before the first look are no news."""
        if not await self.take_turn():
            await self._pass()
            return
        place = await self.file.run(lambda c: read_place(c, PLACE))
        is_first, after = place is None, place or 0
        while events := await self.store.events(after, _PAGE):
            after = events[-1].number
            await self._note([] if is_first else events, after)
        if is_first and not after:
            await self._note([], 0)

    async def _pass(self) -> None:
        """Leave the news to the server that has the turn, but for those since the last look.

        If that server ends, nobody has told the newest ones.
        """
        before, self._passed = self._passed, await self.store.newest_event()
        await self._note([], before or self._passed)

    async def _note(self, events: Sequence[UsageEvent], after: int) -> None:
        lines = [line for event in events if (line := self._describe(event))]

        def work(connection: sqlite3.Connection) -> None:
            save_place(connection, PLACE, after)
            self.notifier.put(connection, lines, self.clock())

        await self.file.run(work)
        if lines:
            self.notifier.wake()

    def _describe(self, event: UsageEvent) -> tuple[Topic, str, str] | None:
        at = event.at.timestamp()
        seen = f"seen {self.notifier.clock(at)}"
        invoice = f"invoice {plain(event.invoice)}"
        if event.kind == "unknown_code":
            text = f"a sale used a coupon that no release knows: {invoice}, {seen}"
            return "unknown_code", text, write_moment(at)
        if event.kind in ("counted", "moved", "restored") and "beyond" in event.detail.split():
            # A code of a batch is known by its number alone.
            name = name_counter(event.counter, self.names()) or "a coupon that was removed"
            text = f"{plain(name)} was used beyond its limit: {invoice}, {seen}"
            return "beyond", text, write_moment(at)
        return None
