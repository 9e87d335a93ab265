"""The ledger, the journal and the files of `.reconciler/`: state that is kept between runs.

In: a `StateDir`, the ledger mode, the store, and the result of a run.
Out: the ledger, known rewrites and interrupted replacements of earlier runs.
Never: an import of `catalogue` or `dealpos`, or a request to the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler.core.ledger.ledger import Key
from reconciler.ledger.backend import LedgerBackend
from reconciler.ledger.secret import read_secret
from reconciler.ledger.state_dir import StateDir

KEY = "RECONCILER_LEDGER_KEY"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""The form of every moment in the ledger."""


def open_backend(state: StateDir, mode: str, store: str) -> LedgerBackend | None:
    """Return the backend that `mode` names for the ledger of `store`; None for `none`."""
    if mode == "file":
        from reconciler.ledger.file import FileBackend

        return FileBackend(state.root, state.create, store)
    if mode == "git":
        from reconciler.ledger.git import GitBackend

        return GitBackend(state.root, store)
    return None


def read_key(environment: Mapping[str, str] | None = None) -> Key | None:
    """Return the key for digests of private values, or None where the environment has none.

    Raises UsageError for one that is too short.
    """
    found = read_secret(KEY, "as a secret wherever this shop is applied from", environment)
    return None if found is None else Key(found)


def now() -> str:
    """Return this moment in UTC."""
    return datetime.now(UTC).strftime(TIME_FORMAT)
