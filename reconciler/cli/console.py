"""What a run shows while it goes on: a progress bar on a terminal, plain lines in a log."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any, TextIO

import click

from reconciler.cli.request_log import Log
from reconciler.dealpos.observer import ApplyObserver, ClientObserver, RequestRecord
from reconciler.errors import Stopped
from reconciler.render.words import duration, plain


def coloured(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`: a terminal, and NO_COLOR unset."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def paint(style: str, text: str) -> str:
    """`text` in a colour, bold or dim."""
    if style == "bold":
        return click.style(text, bold=True)
    if style == "dim":
        return click.style(text, dim=True)
    return click.style(text, fg=style)


class Console(ClientObserver, ApplyObserver):
    """Listens to client and apply, and lets Ctrl-C stop between two calls.

    Once armed, the first Ctrl-C (or a termination signal, as a cancelled CI job sends it) asks for
    a stop, the second one ends the program at once.
    """

    def __init__(self, quiet: bool = False, verbosity: int = 0) -> None:
        self.terminal = sys.stderr.isatty() and not quiet
        self.log = Log(verbosity, self.say)
        self._stop = threading.Event()
        self._inside = False
        self._bar: Any = None
        self._task: Any = None
        self._total: int | None = None
        self._before: dict[int, Any] = {}
        self._expected = self._sent = 0

    def __enter__(self) -> Console:
        """Start; the bar is taken away at the end."""
        return self

    def arm(self) -> None:
        """From here on the shop is written to: let a signal stop between two calls."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._interrupt)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away and give Ctrl-C back."""
        self.finish()
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()
        self.say("stopping after the call in flight; press Ctrl-C again to stop at once")

    def say(self, text: str) -> None:
        """One line to stderr, above the bar where there is one."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)

    def expect(self, requests: int) -> None:
        """So many requests are to come, about: show how many of them were sent."""
        self._expected, self._sent = requests, 0

    def on_request(self, operation: str) -> None:
        """Show what is being asked for."""
        self._sent += 1
        if self.terminal and self._expected:
            self._expected = max(self._expected, self._sent)
            self._show(f"reading {operation.partition('.')[0]}", self._sent, self._expected)
        elif self.terminal and self._task is None:
            self._show(f"reading {operation.partition('.')[0]}", None, None)

    def on_response(self, record: RequestRecord) -> None:
        """Log it, where that was asked for."""
        self.log.answered(record)

    def on_wait(self, seconds: float, reason: str) -> None:
        """Say how long nothing will happen, and why."""
        if seconds >= 1 or self.log.verbosity:
            end = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
            span = duration(round(seconds)).removeprefix("about ")
            self.say(f"{reason}: waiting {span}, until {end}")

    def sleep(self, seconds: float) -> None:
        """Wait; Ctrl-C ends the wait unless a unit must be finished first."""
        if self._inside:
            threading.Event().wait(seconds)
        elif self._stop.wait(seconds):
            raise Stopped("stopped by Ctrl-C")

    def step(self, done: int, total: int, doing: str) -> None:
        """Move the bar."""
        if self.terminal:
            self._show(plain(doing), done, total)

    def atomic(self, inside: bool) -> None:
        """Remember whether a stop must wait."""
        self._inside = inside

    def stop_requested(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._stop.is_set()

    def _show(self, text: str, done: int | None, total: int | None) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as Bar

        if self._bar is None:
            self._bar = Bar(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=RichConsole(stderr=True),
                transient=True,
            )
            self._bar.start()
        if self._task is None or (total is None) != (self._total is None):
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=total)
        self._total = total
        self._bar.update(self._task, description=text, completed=done, total=total)

    def finish(self) -> None:
        """Take the bar away, so that the result stands alone."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None
