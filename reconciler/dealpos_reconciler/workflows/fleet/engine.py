"""Engines: where the processes of a fleet run. Each is an executor of `concurrent.futures`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.core.fleet.results import CommandResult
from dealpos_reconciler.workflows.fleet.process import (
    Interrupts,
    LocalInterrupts,
    MemberJob,
    run_job,
)

POLL_SECONDS = 0.5
GIVE_UP_SECONDS = 10.0
"""Time from a second Ctrl-C after which no result is waited for."""
MakeJob = Callable[[Member], MemberJob]


@dataclass(frozen=True, slots=True)
class Engine:
    """An executor, and the signals that it passes on."""

    executor: Executor
    interrupts: LocalInterrupts
    """Signals of this process."""
    passed_on: Interrupts = field(default_factory=LocalInterrupts)
    """The same signals, as the processes of the shops learn of them."""

    def run(
        self, members: Sequence[Member], make_job: MakeJob
    ) -> Iterator[tuple[Member, list[CommandResult]]]:
        """Yield each shop with the results of its commands, in the order in which they end."""
        futures: dict[Future[list[CommandResult]], Member] = {
            self.executor.submit(run_job, make_job(member), self.passed_on): member
            for member in members
        }
        pending = set(futures)
        patience = GIVE_UP_SECONDS
        while pending:
            ended, pending = wait(pending, POLL_SECONDS, FIRST_COMPLETED)
            for future in ended:
                yield futures[future], _result(future, make_job(futures[future]))
            if len(self.interrupts.signals()) > 1 and not ended:
                patience -= POLL_SECONDS
            if patience <= 0:  # a worker that is gone, or a task that no worker takes
                for future in pending:
                    future.cancel()
                    yield futures[future], []
                return


def _result(future: Future[list[CommandResult]], job: MemberJob) -> list[CommandResult]:
    """Return the results of a job; an error of the engine stands for the first of them."""
    try:
        return future.result()
    except Exception as error:  # a worker that died, or one that is not like this machine
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        return [CommandResult(job.commands[0][0], 1, None, said)]


@contextmanager
def local_engine(jobs: int, interrupts: LocalInterrupts) -> Iterator[Engine]:
    """Run at most `jobs` processes at the same time on this machine."""
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="fleet") as executor:
        yield Engine(executor, interrupts, interrupts)
