"""The request budget of the doctor: at most 20 requests, counted where the client sends them."""

from __future__ import annotations

import time
from collections.abc import Callable

from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS, TimedRecord
from dealpos_reconciler.dealpos.observer import ClientObserver, RequestRecord
from dealpos_reconciler.errors import ReconcilerError

_RETRYING = ", retrying"
"""The end of the client's reason for a retry."""


class BudgetSpent(ReconcilerError):
    """All requests of the budget are used: no further question is asked."""


class QuestionBudgetSpent(ReconcilerError):
    """One question has used its share: an operation that keeps failing must not use the rest."""


class RequestBudget(ClientObserver):
    """Refuses requests beyond the budget, records the others, and passes all on to `observer`."""

    def __init__(self, observer: ClientObserver, now: Callable[[], float] = time.time) -> None:
        self.observer = observer
        self.now = now
        self.records: list[TimedRecord] = []
        self.sent = 0
        self._operation = ""
        self._share = 0
        self._reason = ""

    def begin_question(self, operation: str, share: int) -> None:
        """Begin a question that may use so many requests of its own operation."""
        self._operation, self._share, self._reason = operation, share, ""

    def on_request(self, operation: str) -> None:
        """Count a request; raise BudgetSpent or QuestionBudgetSpent instead of letting it go."""
        if self.sent >= MAX_REQUESTS:
            raise BudgetSpent(
                f"skipped: all {MAX_REQUESTS} requests are used",
                hint="no action needed: 'plan' finds it out when it needs it",
            )
        if operation == self._operation:
            if not self._share:
                raise QuestionBudgetSpent(self._reason.removesuffix(_RETRYING))
            self._share -= 1
        self.sent += 1
        self.observer.on_request(operation)

    def on_response(self, record: RequestRecord) -> None:
        """Record a response with the time."""
        self.records.append(TimedRecord(self.now(), record))
        self.observer.on_response(record)

    def on_wait(self, seconds: float, reason: str) -> None:
        """Remember the reason of a wait: it may be the last thing known of a question."""
        self._reason = reason
        self.observer.on_wait(seconds, reason)

    def clock(self) -> float:
        """Return the time of the observer."""
        return self.observer.clock()

    def sleep(self, seconds: float) -> None:
        """Let the observer sleep."""
        self.observer.sleep(seconds)
