"""Observers of the client and of an apply: whoever shows or records a run subclasses them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without anything that either of them says."""

    operation: str
    method: str
    path: str
    status: int
    """The HTTP status; 0 where no answer came."""
    seconds: float
    """From the sending to the end of the answer."""
    size: int
    """Bytes of the answer's body."""
    left: int
    """Requests that the window still has."""
    headers: Mapping[str, str]
    sent: tuple[str, ...] = ()
    """The names of its parameters; of a list, with its length."""


def outline(parameters: Any) -> tuple[str, ...]:
    """The names of parameters without their values: `("PageSize", "ListCode[100]")`."""
    if isinstance(parameters, list):
        return (f"[{len(parameters)}]",)
    if not isinstance(parameters, Mapping):
        return ()
    return tuple(
        f"{name}[{len(value)}]" if isinstance(value, list) else str(name)
        for name, value in parameters.items()
    )


class Watcher:
    """Hears what the client does; the default hears nothing."""

    def request(self, operation: str) -> None:
        """A request is about to be sent."""

    def answered(self, exchange: Exchange) -> None:
        """A request was answered, or its answer was lost."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing is sent for so many seconds, and why."""

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
