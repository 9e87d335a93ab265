"""Pauses between reads: one read that disagrees with a write is no verdict.

Whether reads lag behind writes is undocumented (dealpos-api.md §13), and lists may lag further than
reads of one object. What disagrees is read again after growing pauses.
"""

from __future__ import annotations

from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.errors import Stopped

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""After these 31 seconds a write that no read shows is unverified."""

PAUSES_FOR_ANOTHER_VALUE = 2
"""Pauses after which a value that is neither the former nor the written one counts as stored."""


class Patience:
    """The pauses of one question to the shop, each longer than the one before."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.passed = 0
        self.cut: str | None = None
        """The reason why the pauses ended early."""

    @property
    def shows_what_is_stored(self) -> bool:
        """Return whether a value that is neither the former nor the written one is believed."""
        return self.passed >= PAUSES_FOR_ANOTHER_VALUE

    def wait(self, requests: int) -> bool:
        """Let the next pause pass before so many requests.

        Return False where none is left, Ctrl-C was pressed, or the limits of the run end before.
        """
        if self.passed == len(PAUSES_SECONDS):
            return False
        seconds = PAUSES_SECONDS[self.passed]
        if broken := self.client.broken_limit(requests, seconds):
            self.cut = f"{broken.limit} ends before the next look, {seconds:.0f} s later"
            return False
        try:
            self.client.pause(seconds, "reads may be behind the last writes")
        except Stopped as error:
            self.cut = error.message
            return False
        self.passed += 1
        return True
