"""Text onto stdout and stderr: any encoding, a closed pipe, a full disk."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE

from reconciler.errors import ReconcilerError

_WRITE_ERRORS = (EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE)
"""Error numbers of a stream that does not take what is written to it."""


def prepare_streams() -> None:
    """Make stdout and stderr take any text, and stdin give any text."""
    # A stream that was closed (`>&-`) is None here. First stdout: each gets the lowest free number.
    sys.stdout = sys.stdout or _open_null_stream()
    sys.stderr = sys.stderr or _open_null_stream()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every console or pipe can take every character; Python's stderr is set up like this.
        sys.stdout.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="backslashreplace")


def _open_null_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")


@contextmanager
def guard_stdout() -> Iterator[None]:
    """Ignore a reader of stdout that has gone away: it has read what it wanted.

    Raises ReconcilerError where the disk is full or gone.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _WRITE_ERRORS or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise ReconcilerError(f"the output cannot be written: {error.strerror}") from None


def write_stdout(text: str) -> None:
    """Write text to stdout at once."""
    with guard_stdout():
        sys.stdout.write(text)
        sys.stdout.flush()


def write_stderr(text: str) -> None:
    """Write one line to stderr at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
