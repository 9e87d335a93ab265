"""The ledger, the journal and the files of `.reconciler/`: state that is kept between runs.

In: a `StateDir`, the ledger mode, the store, and the result of a run.
Out: the ledger, known rewrites and interrupted replacements of earlier runs.
Never: an import of `catalogue` or `dealpos`, or a request to the shop.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dealpos_reconciler.core.ledger.ledger import Key
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.ledger.backend import LedgerBackend
from dealpos_reconciler.ledger.state_dir import StateDir

KEY = "RECONCILER_LEDGER_KEY"
WHERE = "as a secret wherever this shop is applied from"
MIN_SECRET_CHARACTERS = 16
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""The form of every moment in the ledger."""


def open_backend(state: StateDir, mode: str, store: str) -> LedgerBackend | None:
    """Return the backend that `mode` names for the ledger of `store`; None for `none`."""
    if mode == "file":
        from dealpos_reconciler.ledger.file import FileBackend

        return FileBackend(state.root, state.create, store)
    if mode == "git":
        from dealpos_reconciler.ledger.git import GitBackend

        return GitBackend(state.root, store)
    return None


def read_key(environment: Mapping[str, str] | None = None) -> Key | None:
    """Return the key for digests of private values, or None where the environment has none.

    Raises UsageError for one that is too short.
    """
    found = read_secret(KEY, WHERE, environment)
    return None if found is None else Key(found)


def now(less: timedelta = timedelta()) -> str:
    """Return this moment in UTC, or the one that lies so far back."""
    return (datetime.now(UTC) - less).strftime(TIME_FORMAT)


def read_secret(
    name: str, where: str, environment: Mapping[str, str] | None = None
) -> bytes | None:
    """Return the secret in the environment variable `name`, or None where it is not set.

    Raises UsageError for one that is too short; its hint says `where` the secret is needed.
    """
    found = (os.environ if environment is None else environment).get(name)
    if found and len(found) < MIN_SECRET_CHARACTERS:
        raise UsageError(f"{name} is too short", hint=how_to_set(where))
    return found.encode() if found else None


def how_to_set(where: str) -> str:
    """Return the hint for a secret that is missing or too short."""
    return f"set it to a random string of {MIN_SECRET_CHARACTERS} characters or more, {where}"
