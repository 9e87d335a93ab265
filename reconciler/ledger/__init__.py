"""Where a shop's ledger lives: nowhere, in a file beside it, or in its git repository."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler.core.ledger.ledger import Key
from reconciler.ledger.backend import Home
from reconciler.ledger.secret import read_secret
from reconciler.ledger.state_dir import StateDir

KEY = "RECONCILER_LEDGER_KEY"
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""How a moment is written."""


def open_backend(state: StateDir, mode: str, store: str) -> Home | None:
    """Return the backend that `mode` names for the ledger of `store`; None for `none`."""
    if mode == "file":
        from reconciler.ledger.file import FileHome

        return FileHome(state.root, state.keep, store)
    if mode == "git":
        from reconciler.ledger.git import GitHome

        return GitHome(state.root, store)
    return None


def read_key(environment: Mapping[str, str] | None = None) -> Key | None:
    """Return the key for digests of private values, or None where the environment has none.

    Raises UsageError for one that is too short.
    """
    found = read_secret(KEY, "as a secret wherever this shop is applied from", environment)
    return None if found is None else Key(found)


def now() -> str:
    """This moment, UTC."""
    return datetime.now(UTC).strftime(FORMAT)
