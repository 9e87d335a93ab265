"""Values that DealPOS stores differently from how they were written, in `.reconciler/kept.json`.

The file is safe to delete: without it the next plan shows the declared value as a change again.
Private values are stored as fingerprints.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reconciler.core.diff.change import Path
from reconciler.core.diff.known_rewrites import KnownRewrites, Pair
from reconciler.core.model.address import Address
from reconciler.ledger.state_dir import StateDir

FILE = "kept.json"


def read_rewrites(state: StateDir, store: str) -> KnownRewrites:
    """Return the rewrites remembered for `store`; entries in another form are skipped."""
    return {
        Address(*name.split("/", 1)): dict(filter(None, map(_entry, entries)))
        for name, entries in state.section(FILE, store).items()
        if "/" in name and isinstance(entries, list)
    }


def save_rewrites(state: StateDir, store: str, kept: KnownRewrites) -> None:
    """Remember for `store` what is kept of each object of `kept`, and nothing else of them.

    In a folder that cannot be written it is lost.
    """
    known = state.section(FILE, store)
    content = dict(known)
    for address, pairs in kept.items():
        content.pop(str(address), None)
        if pairs:
            content[str(address)] = [
                {"path": list(path), "written": written, "kept": held}
                for path, (written, held) in pairs.items()
            ]
    if content != known:
        state.save_section(FILE, store, content)


def forget_rewrites(state: StateDir, store: str, addresses: Collection[Address]) -> None:
    """Forget what is kept of `addresses`: a ledger remembers it from now on."""
    known = state.section(FILE, store)
    gone = set(map(str, addresses))
    left = {name: pairs for name, pairs in known.items() if name not in gone}
    if left != known:
        state.save_section(FILE, store, left)


def _entry(entry: Any) -> tuple[Path, Pair] | None:
    if not isinstance(entry, dict) or not {"path", "written", "kept"} <= entry.keys():
        return None
    path = entry["path"]
    if not isinstance(path, list) or not path or not all(isinstance(key, str) for key in path):
        return None
    return tuple(path), (entry["written"], entry["kept"])
