"""Runs of the program on a pseudo-terminal, with somebody who answers its questions."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from typing import Any

CTRL_C, CTRL_D = "\x03", "\x04"
_ABOUT_COLOR = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
_SECONDS = 60


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tests on an ordinary terminal, with these variables."""
    kept = {name: text for name, text in os.environ.items() if name not in _ABOUT_COLOR}
    return {**kept, "TERM": "xterm", **variables}


def on_terminal(
    *words: Any,
    columns: int = 80,
    answers: Sequence[tuple[str, str]] = (),
    **variables: str,
) -> tuple[int, str]:
    """Run the program with a pseudo-terminal for all its streams; give exit code and output.

    Each of `answers` is typed when the text before it has appeared.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "dealpos_reconciler", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(**variables),
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        return _converse(process, ours, answers)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """Make standard input the terminal of this process, so that Ctrl-C arrives."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _converse(
    process: subprocess.Popen[bytes], terminal: int, answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    output, answered, waiting = b"", 0, list(answers)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the program has ended
            break
        output += part
        if waiting and waiting[0][0].encode() in output[answered:]:
            answered = len(output)
            os.write(terminal, waiting.pop(0)[1].encode())
    assert not waiting, output.decode(errors="replace")
    return process.wait(_SECONDS), output.decode().replace("\r\n", "\n")
