"""The sender of notifications: what waits in the outbox leaves, with pauses after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.outbox import Notice, end_notice, find_due_notices, put_off
from dealpos_reconciler.hooks.receiver import Receiver
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics

LOOK_SECONDS = 5.0


@dataclass(slots=True)
class NoticeSender:
    """Sends the notifications of one shop, one after the other."""

    file: HookFile
    receiver: Receiver
    metrics: Metrics
    log: Log
    clock: Callable[[], float] = time.time
    _put: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look at the outbox: a notification was put there."""
        self._put.set()

    async def run(self) -> None:
        """Send notifications as they become due; never returns."""
        try:
            while True:
                try:
                    await self.send_due()
                except ProviderError as error:
                    self.log.add_event("notifications stand still", "error", why=error.message)
                except Exception as error:  # coupons are answered whatever becomes of a notice
                    self.log.add_failure("unforeseen error", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._put.wait(), LOOK_SECONDS)
                self._put.clear()
        finally:
            await self.receiver.close()

    async def send_due(self) -> None:
        """Try each notification that is due once."""
        for notice in await self.file.run(lambda c: find_due_notices(c, self.clock())):
            await self._send(notice)

    async def _send(self, notice: Notice) -> None:
        why = await self.receiver.send(notice)
        if not why:
            self.metrics.notifications.labels("sent").inc()
            await self.file.run(lambda c: end_notice(c, notice))
            return
        is_kept = await self.file.run(lambda c: put_off(c, notice, self.clock()))
        self.metrics.notifications.labels("failed" if is_kept else "given_up").inc()
        event = "notification not taken" if is_kept else "notification given up"
        self.log.add_event(event, "warning", to=self.receiver.place, why=why, id=notice.id)
