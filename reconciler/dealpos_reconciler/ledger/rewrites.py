"""Values that DealPOS stores differently from how they were written, in `.reconciler/kept.json`.

The file is safe to delete: without it the next plan shows the declared value as a change again.
Private values are stored as fingerprints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from typing_extensions import TypedDict

from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites, Pair
from dealpos_reconciler.core.marks import Bounds
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.masked import Path
from dealpos_reconciler.core.model.shape import adapter_of
from dealpos_reconciler.ledger.state_dir import StateDir

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE = "kept.json"

AddressText = Annotated[str, Bounds(pattern="^[^/]+/.")]


class PairDocument(TypedDict):
    """The value that was written to a field of one object, and the one that is stored."""

    path: Annotated[list[str], Bounds(min_length=1)]
    written: Any
    kept: Any


@cache
def _shape() -> TypeAdapter[dict[str, list[PairDocument]]]:
    return adapter_of(dict[AddressText, list[PairDocument]])


def _read(state: StateDir, store: str) -> dict[str, list[PairDocument]]:
    section = state.section(FILE, store)
    try:
        return _shape().validate_python(section, strict=True) if section else {}
    except ValueError:
        return {}


def read_rewrites(state: StateDir, store: str) -> KnownRewrites:
    """Return the rewrites remembered for `store`; none where the file is damaged."""
    known = _read(state, store)
    return {state.parse(name): parse_pairs(entries) for name, entries in known.items()}


def save_rewrites(state: StateDir, store: str, kept: KnownRewrites) -> None:
    """Remember for `store` what is kept of each object of `kept`, and nothing else of them.

    In a folder that cannot be written it is lost.
    """
    known = _read(state, store)
    content = dict(known)
    for address, pairs in kept.items():
        content.pop(str(address), None)
        if pairs:
            content[str(address)] = pairs_document(pairs)
    if content != known:
        state.save_section(FILE, store, content)


def forget_rewrites(state: StateDir, store: str, addresses: Collection[Address]) -> None:
    """Forget what is kept of `addresses`: a ledger remembers it from now on."""
    known = _read(state, store)
    gone = set(map(str, addresses))
    left = {name: pairs for name, pairs in known.items() if name not in gone}
    if left != known:
        state.save_section(FILE, store, left)


def pairs_document(pairs: Mapping[Path, Pair]) -> list[PairDocument]:
    """Return the rewrites of one object as JSON."""
    return [
        {"path": list(path), "written": written, "kept": held}
        for path, (written, held) in pairs.items()
    ]


def parse_pairs(entries: Iterable[PairDocument]) -> dict[Path, Pair]:
    """Return the rewrites of one object from such a document."""
    return {tuple(entry["path"]): (entry["written"], entry["kept"]) for entry in entries}
