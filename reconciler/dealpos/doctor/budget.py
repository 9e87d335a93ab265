"""The requests that an examination may spend, counted where the client tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from reconciler.dealpos.doctor.evidence import BUDGET, Heard
from reconciler.dealpos.observer import ClientObserver, RequestRecord
from reconciler.errors import ReconcilerError

_AGAIN = ", retrying"
"""What the client appends to the reason of a retry."""


class Spent(ReconcilerError):
    """The budget is spent: nothing more is asked."""


class Enough(ReconcilerError):
    """One question has had its share: an operation that keeps failing must not eat the rest."""


class Purse(ClientObserver):
    """Lets so many requests pass, and remembers what came of each; tells `listener` all of it."""

    def __init__(self, listener: ClientObserver, now: Callable[[], float] = time.time) -> None:
        self.listener = listener
        self.now = now
        self.heard: list[Heard] = []
        self.sent = 0
        self._operation = ""
        self._share = 0
        self._reason = ""

    def open(self, operation: str, share: int) -> None:
        """A new question begins, which may take so many requests of its own operation."""
        self._operation, self._share, self._reason = operation, share, ""

    def on_request(self, operation: str) -> None:
        """Count it; raises Spent or Enough instead of letting it go."""
        if self.sent >= BUDGET:
            raise Spent(
                f"not tried: the {BUDGET} requests are spent",
                hint="nothing: `plan` finds it out when it needs it",
            )
        if operation == self._operation:
            if not self._share:
                raise Enough(self._reason.removesuffix(_AGAIN))
            self._share -= 1
        self.sent += 1
        self.listener.on_request(operation)

    def on_response(self, record: RequestRecord) -> None:
        """Remember it, with the time."""
        self.heard.append(Heard(self.now(), record))
        self.listener.on_response(record)

    def on_wait(self, seconds: float, reason: str) -> None:
        """Pass it on, and remember the reason: it may be the last word on a question."""
        self._reason = reason
        self.listener.on_wait(seconds, reason)

    def sleep(self, seconds: float) -> None:
        """Pass it on."""
        self.listener.sleep(seconds)
