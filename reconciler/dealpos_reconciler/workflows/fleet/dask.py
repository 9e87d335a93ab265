"""The workers of a Dask cluster as an engine: its client is an executor like any other.

The scheduler sees folders, commits and command lines. Credentials stay with the workers, who read
them from their own environment. Dask may run a task again when a worker dies: an apply is
idempotent, and the lock of the ledger keeps two of them apart.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.workflows.fleet.engine import Engine
from dealpos_reconciler.workflows.fleet.process import LocalInterrupts

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
MAX_SIGNALS = 2
"""Signals that are passed on: the second one ends a command at once."""


@dataclass(frozen=True, slots=True)
class RemoteInterrupts:
    """The signals of a run, as a task on a worker learns of them."""

    run: str
    poll_seconds: float = 0.5

    def signals(self) -> Sequence[int]:
        """Return the signals so far, the first one first."""
        from distributed import Variable, get_client

        try:
            return tuple(Variable(self.run, client=get_client()).get(timeout="100ms"))
        except TimeoutError:  # none was sent
            return ()


@contextmanager
def dask_engine(address: str, interrupts: LocalInterrupts) -> Iterator[Engine]:
    """Run each shop as a task of the scheduler at `address`.

    Raises ReconcilerError where the scheduler is unreachable or has no worker: nothing was started.
    """
    client = _connect(address)
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise ReconcilerError(
                f"the Dask scheduler at {address} has no worker; nothing was started",
                hint=f"start one in a clone of the files: dask worker {address}",
            ) from None
        passed_on = RemoteInterrupts(f"reconciler-fleet-{uuid4().hex}")
        ended = threading.Event()
        watcher = threading.Thread(
            target=_publish, args=(client, passed_on.run, interrupts, ended), daemon=True
        )
        watcher.start()
        try:
            executor = client.get_executor(pure=False, retries=0)
            yield Engine(executor, interrupts, passed_on)
        finally:
            ended.set()
            watcher.join()
    finally:
        client.close()


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "--on needs Dask, which is not installed",
            hint="install it: python -m pip install 'dealpos-reconciler[fleet]'",
        ) from None
    # What it logs of lost connections is said by the results, in words of this program.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ReconcilerError(
            f"the Dask scheduler at {address} is unreachable; nothing was started ({said})",
            hint="start it with `dask scheduler`, or run without --on",
        ) from None


def _publish(client: Client, run: str, interrupts: LocalInterrupts, ended: threading.Event) -> None:
    """Tell the workers of each signal until the run has ended."""
    from distributed import Variable

    told = 0
    while not ended.wait(0.2):
        received = interrupts.signals()[:MAX_SIGNALS]
        if len(received) > told:
            told = len(received)
            Variable(run, client=client).set(list(received))
