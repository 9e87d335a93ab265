"""The read of hints in a process of its own: a till never waits while YAML is parsed."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Awaitable, Callable, Collection
from multiprocessing.connection import Connection
from pathlib import Path

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.workflows.hooks.result import Reading

Read = Callable[[Path, Collection[Address], Limits], Awaitable[Reading]]


async def read_apart(folder: Path, hinted: Collection[Address], limits: Limits) -> Reading:
    """Return the result of `read_hinted` from a process that is ended with this call."""
    # A new interpreter: this one has threads, and a fork of it could stand still.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_answer, args=(theirs, folder, tuple(hinted), limits), daemon=True
    )
    process.start()
    theirs.close()
    try:
        return await asyncio.to_thread(_receive, ours)
    finally:
        process.kill()
        process.join()


def _receive(connection: Connection) -> Reading:
    with connection:
        try:
            found = connection.recv()
        except (EOFError, OSError):
            found = None
    return found if isinstance(found, Reading) else Reading("failed", reason="the read was ended")


def _answer(
    connection: Connection, folder: Path, hinted: Collection[Address], limits: Limits
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this one
    from dealpos_reconciler.workflows.hooks.reading import read_hinted

    connection.send(read_hinted(folder, hinted, limits))
