"""The credentials of a shop from a command, such as that of a password manager.

The environment names the command, never a file of the shop: a pull request can change those, and
would run a command of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess

from dealpos_reconciler.errors import StoreError

COMMAND = "RECONCILER_CREDENTIAL_COMMAND"
"""The variable with the command."""

MAX_SECONDS = 120
"""Seconds that the command may take: it may ask a person to confirm."""

_FORM = '{"client_id": "…", "client_secret": "…"}'


def ask_command(command: str, url: str) -> tuple[str, str]:
    """Return ID and secret of the API client of the store `url`.

    The command runs without a shell, with the address in DEALPOS_URL, and prints one JSON object.
    Its stderr goes to the terminal. Raises StoreError; no message contains what it has printed.
    """
    try:
        words = shlex.split(command)
        ran = subprocess.run(
            words,
            env={**os.environ, "DEALPOS_URL": url},
            stdout=subprocess.PIPE,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _fail(f"did not end within {MAX_SECONDS} seconds") from None
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _fail(f"cannot be run: {reason}") from None
    if ran.returncode:
        raise _fail(f"ended with exit code {ran.returncode}")
    try:
        found = json.loads(ran.stdout)
        client_id, secret = found["client_id"], found["client_secret"]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise _fail("printed something else than the credentials") from None
    if not all(isinstance(text, str) and text.strip() for text in (client_id, secret)):
        raise _fail("printed credentials that are empty or no text")
    return client_id, secret


def _fail(what: str) -> StoreError:
    hint = f"run it by hand; it must print {_FORM}"
    return StoreError(f"the command in {COMMAND} {what}", hint=hint)
