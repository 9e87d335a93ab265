"""Options of the fleet commands; signals, progress and the report of a run."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.errors import UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.core.fleet.fleet import Fleet, Member
    from dealpos_reconciler.core.fleet.report import FleetReport
    from dealpos_reconciler.core.fleet.results import MemberResult
    from dealpos_reconciler.workflows.fleet.engine import Engine

DEFAULT_JOBS = 8

fleet_file = click.argument(
    "file", metavar="[FILE]", default="fleet.yaml", type=click.Path(path_type=Path)
)
wave = click.option(
    "--wave", type=click.IntRange(min=1), metavar="N", help="Only the shops of this wave."
)
shop = click.option(
    "--shop",
    "shops",
    metavar="GLOB",
    multiple=True,
    help="Only shops with this name. Accepts patterns such as 'jakarta-*'; repeatable.",
)
jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1, max=256),
    default=DEFAULT_JOBS,
    metavar="N",
    help=f"Run at most N shops at the same time on this machine (default: {DEFAULT_JOBS}).",
)
on = click.option(
    "--on",
    metavar="ADDRESS",
    help="Run the shops on the workers of this Dask scheduler, such as tcp://scheduler:8786.",
)
parity = click.option(
    "--parity", is_flag=True, help="Also show every value that the shops do not declare alike."
)
output_format = options.format_option(markdown="a pull-request comment")


class Signals:
    """Hands signals to the run: the shops end as they do after the same signal."""

    def __init__(self) -> None:
        from dealpos_reconciler.workflows.fleet.process import LocalInterrupts

        self.interrupts = LocalInterrupts()
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        """Take over the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._pass_on)
        return self

    def __exit__(self, *raised: object) -> None:
        """Restore the signal handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _pass_on(self, number: int, frame: object) -> None:
        first = not self.interrupts.signals()
        self.interrupts.add(number)
        more = "; press Ctrl-C again to stop at once" if first else ""
        say(f"Stopping: the signal is passed on to the shops that are running{more}.")


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a signal end a question, which is no process of a shop."""
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def open_engine(on: str | None, jobs: int) -> Iterator[Engine]:
    """Return the engine that the options ask for, which passes signals on while it is open."""
    from dealpos_reconciler.workflows.fleet.engine import local_engine

    with Signals() as signals:
        if on is None:
            with local_engine(jobs, signals.interrupts) as engine:
                yield engine
            return
        from dealpos_reconciler.workflows.fleet.dask import dask_engine

        with dask_engine(on, signals.interrupts) as engine:
            yield engine


def say(text: str) -> None:
    """Write one line of progress to stderr."""
    output.print_message(text)


def show_progress(result: MemberResult, ended: int, total: int) -> None:
    """Write a line for a shop that has ended."""
    state = result.state.replace("_", " ")
    reason = f": {result.reason}" if result.reason else ""
    say(f"[{ended}/{total}] {result.member.name}: {state}{reason}")


def load(file: Path) -> Fleet:
    """Read the fleet file."""
    from dealpos_reconciler.catalogue.fleet.fleet_file import load_fleet

    return load_fleet(file / "fleet.yaml" if file.is_dir() else file)


def select(fleet: Fleet, wave: int | None, shops: tuple[str, ...]) -> tuple[Member, ...]:
    """Return the shops that the options select; each needs a store of its own."""
    from dealpos_reconciler.catalogue.fleet.fleet_file import check_override
    from dealpos_reconciler.core.fleet.fleet import select_members

    members = select_members(fleet, wave, shops)
    check_override(members, os.environ)
    return members


def print_fleet(report: FleetReport, output_format: str) -> None:
    """Write the report to stdout."""
    from datetime import UTC, datetime

    from dealpos_reconciler.render.view import View

    made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    view = View(made_at=made_at, commit=report.commit, paint=output.choose_paint())
    if output_format == "json":
        from dealpos_reconciler.render.fleet.json import fleet_document

        output.print_json(fleet_document(report, view))
    elif output_format == "markdown":
        from dealpos_reconciler.render.fleet.markdown import render_fleet as render_comment

        output.print_lines(render_comment(report, view))
    else:
        from dealpos_reconciler.render.fleet.text import render_fleet

        output.print_text(render_fleet(report, view))


def end(report: FleetReport, interrupted: int | None = None) -> None:
    """Exit with the worst code of the shops; return where all of them are 0."""
    codes = [result.exit_code for result in report.results]
    if interrupted is not None:
        codes.append(128 + interrupted)
    code = exit_codes.worst(codes)
    if not code and report.stopped:
        code = exit_codes.ERROR
    if code:
        sys.exit(code)


def refuse(condition: object, message: str, hint: str) -> None:
    """Raise UsageError where a condition holds."""
    if condition:
        raise UsageError(message, hint=hint)
