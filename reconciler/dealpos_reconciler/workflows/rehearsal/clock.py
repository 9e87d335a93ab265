"""One virtual clock for the client, the rate limit of the twin and the observers of a rehearsal."""

from __future__ import annotations

from collections.abc import Callable

from dealpos_reconciler.core.rehearsal import TracedRequest
from dealpos_reconciler.dealpos.observer import ApplyObserver, ClientObserver, RequestRecord


class VirtualClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the virtual time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass, at once."""
        self.now += seconds


class VirtualObserver(ClientObserver, ApplyObserver):
    """Observer of client and apply that lets virtual time pass and keeps the trace.

    `look` is called after each step.
    """

    def __init__(self, clock: VirtualClock, look: Callable[[int], None] | None = None) -> None:
        self._clock = clock
        self._look = look
        self._step = ""
        self._begun = 0
        self.trace: list[TracedRequest] = []

    def clock(self) -> float:
        """Return the virtual time."""
        return self._clock.now

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._clock.sleep(seconds)

    def on_response(self, record: RequestRecord) -> None:
        """Keep what a trace may hold of a request: no value."""
        seconds = round(self._clock.now, 3)
        self.trace.append(
            TracedRequest(record.method, record.path, record.status, seconds, self._step)
        )

    def step(self, done: int, total: int, doing: str) -> None:
        """Note that the step before this one has ended."""
        if self._begun and self._look:
            self._look(self._begun - 1)
        self._begun += 1
        self._step = doing
