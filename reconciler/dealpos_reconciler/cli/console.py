"""Progress of a run on stderr: a bar on a terminal, plain lines in a log; and Ctrl-C meanwhile.

With `-v` and `-vv` there are lines for each request: names, sizes and times, never a value.
"""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from dealpos_reconciler.cli import log, terminal
from dealpos_reconciler.dealpos.observer import ApplyObserver, ClientObserver, RequestRecord
from dealpos_reconciler.errors import Stopped
from dealpos_reconciler.render.words import duration, plain

if TYPE_CHECKING:
    from dealpos_reconciler.workflows.open_shop import OpenShop


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
    "ratelimit-reset",
    "ratelimit-policy",
    "ratelimit",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
)
"""Response headers that help to understand what a server did."""

_FIGURES = re.compile(r'(?:"default"|[\d;=wqrt, ]){1,40}')
"""Header values of figures alone are shown: a server may put anything, also secrets, elsewhere."""


class Console(ClientObserver, ApplyObserver, AbstractContextManager["Console"]):
    """Observer of client and apply that shows progress and lets Ctrl-C stop between two requests.

    Once armed, the first Ctrl-C (or a termination signal, as a cancelled CI job sends it) asks for
    a stop, the second one ends the program at once.
    """

    def __init__(self, quiet: bool = False, verbosity: int = 0) -> None:
        self.shows_bar = terminal.is_interactive(sys.stderr) and not quiet
        self._has_color = terminal.has_color(sys.stderr)
        self.verbosity = verbosity
        self.log = RequestLog(log.write)
        log.stderr().setLevel(log.LEVELS.get(min(verbosity, 2), log.INFO))
        self.exit_code: int | None = None
        """The exit code of a run that a signal stopped; None where none came."""
        self._stop = threading.Event()
        self._inside_atomic = False
        self._bar: Any = None
        self._task: Any = None
        self._total: int | None = None
        self._previous_handlers: dict[int, Any] = {}
        self._expected_requests = self._sent_requests = 0

    def arm(self) -> None:
        """Let a signal stop between two requests: from here on the shop is written to."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous_handlers[number] = signal.signal(number, self._interrupt)

    def __exit__(self, *raised: object) -> None:
        """Remove the bar and restore the signal handlers."""
        self.finish()
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self.exit_code = 128 + number
        self._stop.set()
        self.say("Stopping after the current request. Press Ctrl-C again to stop at once.")

    def say(self, text: str) -> None:
        """Write one line to stderr, above the bar where there is one."""
        log.write(text)

    def expect(self, requests: int) -> None:
        """Show from here on how many of about so many requests were sent."""
        self._expected_requests, self._sent_requests = requests, 0

    def on_request(self, operation: str) -> None:
        """Show the subject of the next request."""
        self._sent_requests += 1
        if self.shows_bar and self._expected_requests:
            self._expected_requests = max(self._expected_requests, self._sent_requests)
            self._show(_describe(operation), self._sent_requests, self._expected_requests)
        elif self.shows_bar and self._total is None:
            self._show(_describe(operation), 0, None)

    def on_response(self, record: RequestRecord) -> None:
        """Log the request, where that was asked for."""
        self.log.on_response(record)

    def on_wait(self, seconds: float, reason: str) -> None:
        """Say why nothing is sent, for how long, and until when."""
        if seconds >= 1 or self.verbosity:
            end = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
            span = duration(round(seconds)).removeprefix("about ")
            self.say(f"{reason}: waiting {span}, until {end}")
            if self._bar is not None:
                self._bar.update(self._task, description=f"waiting until {end}")

    def sleep(self, seconds: float) -> None:
        """Wait; a signal ends the wait, except inside an atomic group."""
        if self._inside_atomic:
            threading.Event().wait(seconds)
        elif self._stop.wait(seconds):
            raise Stopped("interrupted by Ctrl-C")

    def step(self, done: int, total: int, doing: str) -> None:
        """Move the bar."""
        if self.shows_bar:
            self._show(plain(doing), done, total)

    def atomic(self, inside: bool) -> None:
        """Remember whether a stop must wait."""
        self._inside_atomic = inside

    def stop_requested(self) -> bool:
        """Return whether a signal asked for a stop."""
        return self._stop.is_set()

    def _show(self, text: str, done: int, total: int | None) -> None:
        if self._bar is None:
            self._bar = _make_bar(self._has_color)
            self._bar.start()
            log.stderr().write = partial(
                self._bar.console.print, markup=False, highlight=False, soft_wrap=True
            )
        if self._task is None or (total is None) != (self._total is None):
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=total, count="")
        self._total = total
        count = "" if total is None else f"{done}/{total}"
        self._bar.update(self._task, description=text, completed=done, total=total, count=count)

    def finish(self) -> None:
        """Remove the bar, so that the result stands alone."""
        if self._bar is not None:
            self._bar.stop()
            log.stderr().write = terminal.write_stderr
            self._bar = self._task = self._total = None


@contextmanager
def open_shop(
    folder: Path,
    output_format: str,
    reserve: int,
    verbose: int,
    timeout: float | None,
    *,
    without_file: bool = False,
) -> Iterator[tuple[Console, OpenShop]]:
    """Open the shop of `folder` to read it, with progress where the result is text."""
    from dealpos_reconciler.dealpos.budget import Limits
    from dealpos_reconciler.workflows import open_shop as shops

    with (
        Console(output_format != "text", verbose) as console,
        shops.open_shop(
            folder, console, Limits(seconds=timeout, reserve=reserve), without_file=without_file
        ) as shop,
    ):
        try:
            yield console, shop
        finally:
            note_run(shop)


def note_run(shop: OpenShop) -> None:
    """Remember the requests that the running command has sent, for the board."""
    from dealpos_reconciler.workflows.board.runs import note_run

    context = click.get_current_context(silent=True)
    command = (context.info_name if context else "") or "reconciler"
    note_run(shop.state, shop.store, command, shop.client.requests)


def _describe(operation: str) -> str:
    """Return the words of the bar for an operation: `variant.list` is `reading variants`."""
    from dealpos_reconciler.kinds import KINDS

    if operation == "token":
        return "authenticating"
    name = operation.partition(".")[0]
    return f"reading {KINDS[name].collection if name in KINDS else name}"


def _make_bar(has_color: bool) -> Any:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=RichConsole(stderr=True, force_terminal=True, no_color=not has_color),
        transient=True,
    )


class RequestLog:
    """Writer of the log records of requests: one for each, and one with its details."""

    def __init__(self, write: Callable[..., None]) -> None:
        self._write = write
        self._previous = threading.local()
        self._lock = threading.Lock()

    def on_response(self, record: RequestRecord) -> None:
        """Log a request that was answered, or whose answer was lost."""
        before: RequestRecord | None = getattr(self._previous, "record", None)
        self._previous.record = record
        fields = {
            "operation": record.operation,
            "method": record.method,
            "path": record.path,
            "status": record.status or None,
            "milliseconds": round(record.seconds * 1000),
            "bytes": record.size,
            "remaining": record.remaining,
            "parameters": list(record.parameters),
            "response_headers": _shown_headers(record),
        }
        with self._lock:
            self._write(format_line(record, before), log.DEBUG, **fields)
            self._write(format_details(record), log.DETAIL)


def format_line(record: RequestRecord, before: RequestRecord | None = None) -> str:
    """Return operation, route, status, size, and why it was sent after the one `before`."""
    status = record.status or "no answer"
    reason = _reason(record, before)
    return (
        f"{record.operation} {record.method} {record.path}: "
        f"{status}, {record.seconds * 1000:,.0f} ms, {record.size:,} bytes, "
        f"{record.remaining} requests remaining{f' ({reason})' if reason else ''}"
    )


def _reason(record: RequestRecord, before: RequestRecord | None) -> str | None:
    if before is None:
        return None
    status = f"HTTP {before.status}" if before.status else "no answer"
    if record.operation == "token" and before.status == 401:
        return f"new token: {before.operation} returned HTTP 401"
    same = record.operation == before.operation
    if same and (record.method, record.path) != (before.method, before.path):
        return f"instead of {before.method} {before.path}, which returned {status}"
    return None


def format_details(record: RequestRecord) -> str:
    """Return the names of the parameters that were sent, and the response headers of interest."""
    headers = [f"{name} {value}".rstrip() for name, value in _shown_headers(record).items()]
    parameters = ", ".join(record.parameters) or "none"
    return f"    parameters: {parameters}; response headers: {', '.join(headers) or 'none shown'}"


def _shown_headers(record: RequestRecord) -> dict[str, str]:
    """Return the response headers of interest; only figures have their value shown."""
    found = ((name, record.headers[name]) for name in SHOWN_HEADERS if name in record.headers)
    return {name: value if _FIGURES.fullmatch(value) else "" for name, value in found}
