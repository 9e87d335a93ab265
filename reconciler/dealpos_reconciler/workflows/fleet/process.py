"""Run the commands of one shop in processes of their own, and pass signals on to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dealpos_reconciler import __version__
from dealpos_reconciler.core.fleet.results import Command, CommandResult
from dealpos_reconciler.ledger.git_repository import commit_of_all
from dealpos_reconciler.ledger.state_dir import load_json

POLL_SECONDS = 0.1
ROOT = "RECONCILER_FLEET_ROOT"
"""The variable with the clone of a worker; without it the folder that the worker runs in."""


class Interrupts(Protocol):
    """The signals that a run was sent."""

    @property
    def poll_seconds(self) -> float:
        """The time after which a process looks for a signal again."""

    def signals(self) -> Sequence[int]:
        """Return the signals so far, the first one first."""


class LocalInterrupts:
    """The signals that this process was sent."""

    poll_seconds = POLL_SECONDS

    def __init__(self) -> None:
        self._received: list[int] = []
        self._any = threading.Event()

    def add(self, number: int) -> None:
        """Remember a signal."""
        self._received.append(number)
        self._any.set()

    def signals(self) -> Sequence[int]:
        """Return the signals so far, the first one first."""
        return tuple(self._received)

    def wait(self, seconds: float) -> bool:
        """Wait; return whether a signal came."""
        return self._any.wait(seconds)


@dataclass(frozen=True, slots=True)
class MemberJob:
    """The commands of one shop, which end with the first that does not succeed."""

    name: str
    folder: str
    commands: tuple[tuple[Command, tuple[str, ...]], ...]
    """The name of each command, with the words of its command line after the folder."""
    commit: str = ""
    """The commit that a worker must have; empty where the files are those of this machine."""
    saved_plan: str = ""
    """A plan that was shown and approved; empty where the files are applied as they are."""
    version: str = __version__


def run_job(job: MemberJob, interrupts: Interrupts) -> list[CommandResult]:
    """Run the commands of a shop; nothing after a signal, or after a command that fails."""
    folder = Path(job.folder)
    if job.commit:
        folder = Path(os.environ.get(ROOT) or ".") / folder
        if problem := _check_worker(job, folder):
            return [CommandResult(job.commands[0][0], 1, {"error": problem, "hint": None})]
    ran: list[CommandResult] = []
    for command, words in job.commands:
        if interrupts.signals():
            break
        target = [str(folder)]
        if command == "apply" and job.saved_plan:
            target = [job.saved_plan, "--shop", str(folder)]
        ran.append(_run(command, (command, *target, *words), interrupts))
        if ran[-1].exit_code:
            break
    return ran


def _check_worker(job: MemberJob, folder: Path) -> str | None:
    """Return the reason why this worker cannot run a job; None where it can."""
    if job.version != __version__:
        return f"the worker has reconciler {__version__}, not {job.version}"
    if not folder.is_dir():
        return f"the worker has no folder {job.folder}; set {ROOT} to its clone"
    found = commit_of_all(folder) or "no commit"
    if found != job.commit:
        return f"the worker has {found} of {job.folder}, not {job.commit}: check it out there"
    return None


def _run(command: Command, words: Sequence[str], interrupts: Interrupts) -> CommandResult:
    # Without `-P` a folder `reconciler` beside the fleet file would be run instead.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dealpos_reconciler", "--log-format", "text", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        # Ctrl-C reaches the group of a terminal: the shop would get it twice, and stop at once.
        start_new_session=True,
    )
    passed_on = 0
    while True:
        try:
            out, err = process.communicate(timeout=interrupts.poll_seconds)
            break
        except subprocess.TimeoutExpired:
            received = interrupts.signals()
            for number in received[passed_on:]:
                _send(process, number)
            passed_on = len(received)
    code = process.returncode
    return read_result(command, code if code >= 0 else 128 - code, out, err)


def _send(process: subprocess.Popen[str], number: int) -> None:
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.Signals(number))


def read_result(command: Command, exit_code: int, out: str, err: str) -> CommandResult:
    """Return the result of a command from its exit code and its two streams."""
    try:
        document = load_json(out)
    except (ValueError, RecursionError):
        document = None
    lines = [line for line in err.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    said = (errors or lines or [""])[-1]
    return CommandResult(command, exit_code, document if isinstance(document, dict) else None, said)
