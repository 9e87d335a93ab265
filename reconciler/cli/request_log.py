"""Requests as lines for `-v` and `-vv`: names, sizes and times, never a value of shop or person."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from reconciler.dealpos.observer import RequestRecord

SHOWN = (
    "date",
    "server",
    "via",
    "location",
    "content-type",
    "content-encoding",
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-policy",
)
"""The headers of an answer that help to understand it."""

_FIGURES = re.compile(r"[\d;=w ]{1,40}")
"""Values of headers that can be nothing but figures; a server may put anything into the others."""


class Log:
    """Writes a line (with -vv two) for each request; 0 writes none."""

    def __init__(self, verbosity: int, say: Callable[[str], None]) -> None:
        self.verbosity = verbosity
        self._say = say
        self._before = threading.local()

    def answered(self, exchange: RequestRecord) -> None:
        """A request and what came of it."""
        before: RequestRecord | None = getattr(self._before, "exchange", None)
        self._before.exchange = exchange
        if self.verbosity >= 1:
            self._say(line(exchange, before))
        if self.verbosity >= 2:
            self._say(details(exchange))


def line(exchange: RequestRecord, before: RequestRecord | None = None) -> str:
    """Time, operation, route, status, what it cost, and why it was sent after the one `before`."""
    status = exchange.status or "no answer"
    return (
        f"{time.strftime('%H:%M:%S')} {exchange.operation} {exchange.method} {exchange.path}: "
        f"{status}, {exchange.seconds * 1000:,.0f} ms, {exchange.size:,} bytes, "
        f"{exchange.remaining} left in the window{_reason(exchange, before)}"
    )


def _reason(exchange: RequestRecord, before: RequestRecord | None) -> str:
    if before is None:
        return ""
    answered = before.status or "nothing"
    if exchange.operation == "token" and before.status == 401:
        return f" (new token: {before.operation} was answered 401)"
    same = exchange.operation == before.operation
    if same and (exchange.method, exchange.path) != (before.method, before.path):
        return f" (instead of {before.method} {before.path}, which answered {answered})"
    return ""


def details(exchange: RequestRecord) -> str:
    """What was sent, by the names of its parameters, and the headers of interest."""
    headers = [
        f"{name} {value}" if _FIGURES.fullmatch(value := exchange.headers[name]) else name
        for name in SHOWN
        if name in exchange.headers
    ]
    sent = ", ".join(exchange.parameters) or "nothing"
    return f"    sent {sent}; answered with {', '.join(headers) or 'no header of interest'}"
