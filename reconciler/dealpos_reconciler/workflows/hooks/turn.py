"""The turn of one server among several: it alone takes webhooks, reads what they name, and tells.

Each server has a queue and a budget of its own, so two that followed the same webhooks would read
and tell twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dealpos_reconciler.provider.store import UsageStore
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics

TakeTurn = Callable[[], Awaitable[bool]]


async def always() -> bool:
    """Return True: there is no other server."""
    return True


@dataclass(slots=True)
class HookTurn:
    """Asks the store whose turn it is, and tells of each change."""

    store: UsageStore
    metrics: Metrics
    log: Log
    _had_it: bool | None = None

    async def take(self) -> bool:
        """Return whether this server follows the webhooks; it does where no other one does."""
        has_it = await self.store.take_turn()
        if has_it != self._had_it:
            who = "this server" if has_it else "another server"
            self.log.add_event(f"{who} follows the webhooks", "info" if has_it else "warning")
            self.metrics.hook_turn.set(has_it)
            self._had_it = has_it
        return has_it
