"""Values that DealPOS stores differently from how they were written, in `.reconciler/kept.json`.

The file is safe to delete: without it the next plan shows the declared value as a change again.
Private values are stored as fingerprints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from reconciler.core.diff.change import Path
from reconciler.core.diff.known_rewrites import KnownRewrites, Pair
from reconciler.core.model.address import Address
from reconciler.ledger.state_dir import StateDir

FILE = "kept.json"


def read_rewrites(state: StateDir, store: str) -> KnownRewrites:
    """Return the rewrites remembered for `store`; entries in another form are skipped."""
    return {
        state.parse(name): dict(_parse_known(entries))
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
            content[str(address)] = pairs_document(pairs)
    if content != known:
        state.save_section(FILE, store, content)


def forget_rewrites(state: StateDir, store: str, addresses: Collection[Address]) -> None:
    """Forget what is kept of `addresses`: a ledger remembers it from now on."""
    known = state.section(FILE, store)
    gone = set(map(str, addresses))
    left = {name: pairs for name, pairs in known.items() if name not in gone}
    if left != known:
        state.save_section(FILE, store, left)


def pairs_document(pairs: Mapping[Path, Pair]) -> list[dict[str, Any]]:
    """Return the rewrites of one object as JSON."""
    return [
        {"path": list(path), "written": written, "kept": held}
        for path, (written, held) in pairs.items()
    ]


def parse_pair(entry: Any) -> tuple[Path, Pair]:
    """Return one rewrite of such a document; raises ValueError for an entry in another form."""
    match entry:
        case {"path": [_, *_] as path, "written": written, "kept": held}:
            if all(isinstance(key, str) for key in path):
                return tuple(path), (written, held)
    raise ValueError(entry)


def _parse_known(entries: list[Any]) -> Iterator[tuple[Path, Pair]]:
    for entry in entries:
        with suppress(ValueError):
            yield parse_pair(entry)
