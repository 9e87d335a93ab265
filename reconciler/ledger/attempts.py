"""Destructive attempts that did not end as written, in `.reconciler/attempts.json`.

The file is safe to delete: then they are tried once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from reconciler.core.diff.attempts import Attempt
from reconciler.core.model.address import Address
from reconciler.ledger.state_dir import StateDir

FILE = "attempts.json"


def read_attempts(state: StateDir, store: str) -> dict[Address, Attempt]:
    """Return the attempts remembered for `store`; entries in another form are skipped."""
    return {
        state.parse(name): Attempt(
            frozenset(entry["written"]), frozenset(entry["live"]), entry["reason"]
        )
        for name, entry in state.section(FILE, store).items()
        if "/" in name and _is_attempt(entry)
    }


def save_attempts(
    state: StateDir,
    store: str,
    made: Mapping[Address, Attempt],
    settled: Collection[Address],
) -> None:
    """Remember the attempts of a run, and forget those of the objects that are settled."""
    known = state.section(FILE, store)
    gone = set(map(str, settled))
    content = {name: entry for name, entry in known.items() if name not in gone}
    content |= {
        str(address): {
            "written": sorted(attempt.written),
            "live": sorted(attempt.live),
            "reason": attempt.reason,
        }
        for address, attempt in made.items()
    }
    if content != known:
        state.save_section(FILE, store, content)


def _is_attempt(entry: Any) -> bool:
    match entry:
        case {"written": [*written], "live": [*live], "reason": str()}:
            return all(isinstance(item, str) for item in (*written, *live))
    return False
