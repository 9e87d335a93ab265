"""The credentials of a shop from a command, such as that of a password manager.

The environment names the command, never a file of the shop: a pull request can change those, and
would run a command of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading

from dealpos_reconciler.errors import StoreError

COMMAND = "RECONCILER_CREDENTIAL_COMMAND"
"""The variable with the command."""

MAX_SECONDS = 120
"""Seconds that the command may take: it may ask a person to confirm."""
MAX_BYTES = 64 * 1024
"""Bytes that the command may print."""

_FORM = '{"client_id": "…", "client_secret": "…"}'


def ask_command(command: str, url: str) -> tuple[str, str]:
    """Return ID and secret of the API client of the store `url`.

    The command runs without a shell, with the address in DEALPOS_URL, and prints one JSON object.
    Its stderr goes to the terminal. Raises StoreError; no message contains what it has printed.
    """
    code, printed = _run(command, {**os.environ, "DEALPOS_URL": url})
    if code:
        raise _fail(f"ended with exit code {code}")
    try:
        found = json.loads(printed)
        client_id, secret = found["client_id"], found["client_secret"]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise _fail("printed something else than the credentials") from None
    if not all(isinstance(text, str) and text.strip() for text in (client_id, secret)):
        raise _fail("printed credentials that are empty or no text")
    return client_id, secret


def _run(command: str, environment: dict[str, str]) -> tuple[int, bytes]:
    """Return the exit code of a command, and what it has printed. Raises StoreError."""
    try:
        words = shlex.split(command)
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE)
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _fail(f"cannot be run: {reason}") from None
    printed: list[bytes] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as pipe:
            printed.append(pipe.read(MAX_BYTES + 1))
        if len(printed[0]) <= MAX_BYTES:
            process.wait()

    # A process that the command has left may keep the pipe open, so nobody waits for its end.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        reader.join(MAX_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
    code = process.wait()
    if printed and len(printed[0]) > MAX_BYTES:
        raise _fail(f"printed more than {MAX_BYTES // 1024} KiB")
    if reader.is_alive():
        raise _fail(f"did not end within {MAX_SECONDS} seconds")
    return code, printed[0]


def _fail(what: str) -> StoreError:
    hint = f"run it by hand; it must print {_FORM}"
    return StoreError(f"the command in {COMMAND} {what}", hint=hint)
