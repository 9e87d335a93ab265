"""Text onto stdout and stderr: encoding, colour, width; a closed pipe, a full disk.

Only a terminal gets wrapped text. In a pipe or a CI log each fact stays on one line, so that
`grep` and `diff` find it whole.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE
from typing import Final, TextIO

import click

from dealpos_reconciler.errors import ReconcilerError

MIN_COLUMNS: Final = 40
"""Columns below which wrapping would leave a word a line."""
MAX_HANGING_INDENT_COLUMNS: Final = 12

kept: list[object] = []
"""Large values that a command is done with: the end of the process frees them in less time."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_MAYBE_WIDE = r"[\u1100-\u200f\u231a-\U0010ffff]"
"""Characters that may take two columns; arrows and dashes, which plans are full of, take one.

Compiled where text is wrapped: that takes as long as a hundredth of a small plan.
"""
_WORD = re.compile(r"'[^']*'\S*|`[^`]*`\S*|(?<=: )reconciler .*|\S+")
"""One word, or a command, which stays on one line so that it can be copied."""
_INDENT = re.compile(r"\s*(?:(?:\x1b\[[0-9;]*m)*[^\w\s'\"](?:\x1b\[[0-9;]*m)*\s+)?")
"""Leading white space, with the sign that begins a list entry."""
_WRITE_ERRORS = (EBADF, EDQUOT, EFBIG, EINVAL, EIO, ENOSPC, EPIPE)
"""Error numbers of a stream that does not take what is written to it."""


def has_color(stream: TextIO) -> bool:
    """Return whether text for `stream` is coloured.

    `--color` decides first, then NO_COLOR, FORCE_COLOR, TERM=dumb, and last whether the stream is
    a terminal. An environment variable that is empty counts as not set.
    """
    context = click.get_current_context(silent=True)
    if context and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_interactive(stream)


def is_interactive(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal that understands control sequences."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def paint(style: str, text: str) -> str:
    """Return `text` in a colour, bold or dim."""
    if style in ("bold", "dim"):
        return click.style(text, **{style: True})
    return click.style(text, fg=style)


def read_width(stream: TextIO) -> int | None:
    """Return the width of the terminal behind `stream`, or None where nothing is to be wrapped."""
    if not stream.isatty():
        return None
    try:
        width = int(os.environ.get("COLUMNS") or os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return None
    return max(width, MIN_COLUMNS) if width > 0 else None


def wrap(text: str, width: int | None) -> str:
    """Return `text` with lines of at most `width` columns; None leaves it as it is.

    A line that goes on is indented like the text of its first line. A word or a quoted command
    that is longer than a line is not broken.
    """
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _wrap_line(line, width))


def _wrap_line(line: str, width: int) -> Iterator[str]:
    if 2 * len(line) <= width or _cells(line) <= width:  # no character takes more than two columns
        yield line
        return
    found = _INDENT.match(line)
    begin = found[0] if found else ""
    margin = " " * min(_cells(begin), MAX_HANGING_INDENT_COLUMNS)
    current, used, end = begin, _cells(begin), len(begin)
    for word in _WORD.finditer(line, len(begin)):
        gap, size = line[end : word.start()], _cells(word[0])
        end = word.end()
        if used + len(gap) + size > width and current.strip():
            yield current
            current, used, gap = margin, len(margin), ""
        current += gap + word[0]
        used += len(gap) + size
    yield current


def _cells(text: str) -> int:
    """Return the columns that `text` takes; wide characters take two, control sequences none."""
    visible = _ANSI.sub("", text) if "\x1b" in text else text
    if not re.search(_MAYBE_WIDE, visible):
        return len(visible)
    from rich.cells import cell_len  # a terminal needs rich for its progress bar anyway

    return cell_len(visible)


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
