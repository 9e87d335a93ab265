"""Observers of a run: what the client and an apply report of their work while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and its response, without any value that either of them holds."""

    operation: str
    method: str
    path: str
    status: int
    """The HTTP status; 0 where no response came."""
    seconds: float
    """From sending to the end of the response."""
    size: int
    """Bytes of the response body."""
    remaining: int
    """Requests that the rate-limit window still has."""
    headers: Mapping[str, str]
    parameters: tuple[str, ...] = ()
    """The names of its parameters; of a list, with its length."""


def parameter_names(parameters: Any) -> tuple[str, ...]:
    """Return the names of parameters without their values: `("PageSize", "ListCode[100]")`."""
    if isinstance(parameters, list):
        return (f"[{len(parameters)}]",)
    if not isinstance(parameters, Mapping):
        return ()
    return tuple(
        f"{name}[{len(value)}]" if isinstance(value, list) else str(name)
        for name, value in parameters.items()
    )


class ClientObserver:
    """Observer of a client; the default only lets time pass."""

    def on_request(self, operation: str) -> None:
        """Note that a request is about to be sent; may raise to prevent it."""

    def on_response(self, record: RequestRecord) -> None:
        """Note that a request was answered, or that its response was lost."""

    def on_wait(self, seconds: float, reason: str) -> None:
        """Note that nothing is sent for so many seconds, and why."""

    def clock(self) -> float:
        """Return the time in seconds that `sleep` lets pass."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the time pass; may raise to stop the run."""
        time.sleep(seconds)


class ApplyObserver:
    """Observer of an apply: which step is next, and whether to stop; the default does nothing."""

    def step(self, done: int, total: int, doing: str) -> None:
        """Note that `done` of `total` requests are sent, and the subject of the next one."""

    def atomic(self, inside: bool) -> None:
        """Note the begin and the end of requests between which a stop must wait."""

    def stop_requested(self) -> bool:
        """Return whether to stop before the next step."""
        return False
