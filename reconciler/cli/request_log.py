"""Log lines of `-v` and `-vv`: one per request, with names, sizes and times, never a value."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from reconciler.dealpos.observer import RequestRecord

SHOWN_HEADERS = (
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
"""Response headers that help to understand what a server did."""

_FIGURES = re.compile(r"[\d;=w ]{1,40}")
"""Header values of figures alone are shown: a server may put anything, also secrets, elsewhere."""


class RequestLog:
    """Writer of one line per request, two with -vv, none with verbosity 0."""

    def __init__(self, verbosity: int, say: Callable[[str], None]) -> None:
        self.verbosity = verbosity
        self._say = say
        self._previous = threading.local()

    def on_response(self, record: RequestRecord) -> None:
        """Write the lines of a request that was answered, or whose answer was lost."""
        before: RequestRecord | None = getattr(self._previous, "record", None)
        self._previous.record = record
        if self.verbosity >= 1:
            self._say(format_line(record, before))
        if self.verbosity >= 2:
            self._say(format_details(record))


def format_line(record: RequestRecord, before: RequestRecord | None = None) -> str:
    """Return time, operation, route, status, size, and why it was sent after the one `before`."""
    status = record.status or "no answer"
    return (
        f"{time.strftime('%H:%M:%S')} {record.operation} {record.method} {record.path}: "
        f"{status}, {record.seconds * 1000:,.0f} ms, {record.size:,} bytes, "
        f"{record.remaining} requests remaining{_reason(record, before)}"
    )


def _reason(record: RequestRecord, before: RequestRecord | None) -> str:
    if before is None:
        return ""
    status = f"HTTP {before.status}" if before.status else "no answer"
    if record.operation == "token" and before.status == 401:
        return f" (new token: {before.operation} returned HTTP 401)"
    same = record.operation == before.operation
    if same and (record.method, record.path) != (before.method, before.path):
        return f" (instead of {before.method} {before.path}, which returned {status})"
    return ""


def format_details(record: RequestRecord) -> str:
    """Return the names of the parameters that were sent, and the response headers of interest."""
    headers = [
        f"{name} {value}" if _FIGURES.fullmatch(value := record.headers[name]) else name
        for name in SHOWN_HEADERS
        if name in record.headers
    ]
    parameters = ", ".join(record.parameters) or "none"
    return f"    parameters: {parameters}; response headers: {', '.join(headers) or 'none shown'}"
