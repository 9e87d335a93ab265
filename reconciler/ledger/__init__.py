"""Where a shop's ledger lives: nowhere, in a file beside it, or in its git repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler.core.ledger.ledger import Key
from reconciler.errors import UsageError
from reconciler.ledger.backend import Home
from reconciler.ledger.state_dir import StateDir

KEY = "RECONCILER_LEDGER_KEY"
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""How a moment is written."""
SHORTEST = 16
"""Characters of a key below which it could be guessed."""


def open_backend(state: StateDir, mode: str, store: str) -> Home | None:
    """Return the backend that `mode` names for the ledger of `store`; None for `none`."""
    if mode == "file":
        from reconciler.ledger.file import FileHome

        return FileHome(state.root, state.keep, store)
    if mode == "git":
        from reconciler.ledger.git import GitHome

        return GitHome(state.root, store)
    return None


def key(environment: Mapping[str, str] | None = None) -> Key | None:
    """The key of the environment for digests of private values; None where there is none.

    Raises UsageError for one that is no key.
    """
    found = (os.environ if environment is None else environment).get(KEY, "")
    if not found:
        return None
    if len(found) < SHORTEST:
        raise UsageError(
            f"{KEY} is too short",
            hint=f"keep a random text of at least {SHORTEST} characters as a secret, the same "
            "wherever this shop is applied from",
        )
    return Key(found.encode())


def now() -> str:
    """This moment, UTC."""
    return datetime.now(UTC).strftime(FORMAT)
