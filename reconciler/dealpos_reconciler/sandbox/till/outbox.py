"""The webhooks of a served shop, sent in a thread of their own, in the order of the changes."""

import queue
import threading
from collections.abc import Callable

from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import StoredChange
from dealpos_reconciler.sandbox.till.delivery import Courier, Delivery, Target, WebhookCall
from dealpos_reconciler.sandbox.till.events import calls_of

_WAITING = 10_000
"""Calls that may wait; later ones are lost, as at a shop whose receiver stands still."""


class Outbox:
    """Hears the changes of a shop and sends their webhooks."""

    def __init__(
        self, shop: Shop, target: Target, courier: Courier, tell: Callable[[Delivery], None]
    ) -> None:
        self._shop, self._target, self._courier, self._tell = shop, target, courier, tell
        self._calls: queue.Queue[WebhookCall | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> None:
        """Begin to hear and to send."""
        self._shop.store.listener = self._hear
        self._thread.start()

    def close(self) -> None:
        """Hear no more, and wait until everything was sent."""
        self._shop.store.listener = None
        self._calls.put(None)
        self._thread.join()

    def _hear(self, changes: list[StoredChange]) -> None:
        for call in calls_of(self._shop, changes):
            try:
                self._calls.put_nowait(call)
            except queue.Full:
                self._tell(Delivery(call.event, ()))

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            self._tell(self._courier.deliver(self._target, call))
