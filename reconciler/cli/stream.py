"""Where output goes: a console, a pipe, a file, or nowhere."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE

from reconciler.errors import ReconcilerError

_LOST = (EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE)
"""How a stream says that it does not take what is written to it."""


def ready() -> None:
    """Make stdout and stderr take any text."""
    # One that was closed (`>&-`) is None here. First stdout: each gets the lowest free number.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every console or pipe can take every character; Python's stderr is set up like this.
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")


@contextmanager
def taken() -> Iterator[None]:
    """For what writes to stdout: a reader of a pipe that has gone away has what it wanted.

    Raises ReconcilerError where the disk is full, or gone.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _LOST or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise ReconcilerError(f"the output cannot be written: {error.strerror}") from None
