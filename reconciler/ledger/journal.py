"""What a replacement is about to delete, on disk beside the shop until the new object is proven.

A coupon cannot be updated, so it is deleted and created again (dealpos-api.md §10). A run that
ends between
the two, however it ends, leaves a note behind, and the next plan finishes or undoes it with the
uses that were left. A file that is deleted loses no more than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.diff.change import Change
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import Live
from reconciler.core.plan.replacement import Interrupted, resume_interrupted
from reconciler.errors import JournalUnwritable
from reconciler.kinds import KINDS
from reconciler.ledger import rewrites as memory
from reconciler.ledger.state_dir import StateDir

FILE = "journal.json"


class Journal:
    """The replacements of one store that have begun and are not settled, by their address."""

    def __init__(self, state: StateDir, store: str) -> None:
        self.state = state
        self.store = store
        self.entries: dict[Address, Interrupted] = dict(_recalled(state, store))
        self._ours = {str(address) for address in self.entries}
        """What this run has noted, or found noted; the rest of the file is another run's."""

    def begin(self, change: Change) -> None:
        """Note a replacement that is about to happen, or how an interrupted one is to end.

        Raises JournalUnwritable when it cannot be noted: then it must not happen.
        """
        known = self.entries.get(change.address)
        before = change.before or (known.before if known else {})
        gone = change.before is None
        self.entries[change.address] = Interrupted(
            before, change.after or {}, change.carried, gone=gone
        )
        if not self._keep():
            if known is None:
                del self.entries[change.address]
            raise JournalUnwritable(
                f"not started: {self.state.path / FILE} cannot be written; without it, "
                "an interrupted replacement could lose the uses that the old object has left"
            )

    def removed(self, address: Address) -> None:
        """Note that the old object is gone; without the note, the next reading tells."""
        self.entries[address] = replace(self.entries[address], gone=True)
        self._keep()

    def settle(self, done: Collection[Address], kept: KnownRewrites) -> None:
        """Strike out what is settled, once what the shop keeps of it is remembered."""
        memory.remember(self.state, self.store, kept)
        struck = [self.entries.pop(address, None) for address in done]
        if any(struck):
            self._keep()

    def resume(self, live: Live, kinds: Kinds) -> tuple[Live, Mapping[Address, Interrupted]]:
        """What an earlier run left behind, after a reading of it: to be finished or undone.

        Gives `live` with what an object had before it was put back in part; strikes out the rest.
        """
        live, pending, settled = resume_interrupted(live, self.entries, kinds)
        known = memory.recall(self.state, self.store)
        kept = {a: {**known.get(a, {}), **pairs} for a, pairs in settled.items()}
        self.settle(settled.keys(), kept)
        return live, pending

    def _keep(self) -> bool:
        self._ours.update(map(str, self.entries))
        known = self.state.section(FILE, self.store)
        others = {name: entry for name, entry in known.items() if name not in self._ours}
        content = others | {
            str(address): {
                "before": entry.before,
                "after": entry.after,
                "carried": entry.carried,
                "gone": entry.gone,
            }
            for address, entry in self.entries.items()
        }
        return self.state.save_section(FILE, self.store, content)


def _recalled(state: StateDir, store: str) -> Iterator[tuple[Address, Interrupted]]:
    """What the file holds for `store`; what no version like this one writes is passed over."""
    for name, kept in state.section(FILE, store).items():
        address = Address(*name.partition("/")[::2])
        kind = KINDS.get(address.kind)
        if kind is None or not isinstance(kept, dict):
            continue
        parts: list[Any] = [kept.get(key) for key in ("before", "after", "carried")]
        if all(isinstance(part, dict) for part in parts):
            before, after, carried = (
                {n: value for n, value in part.items() if n in kind.fields} for part in parts
            )
            pairs = {
                n: (p[0], p[1]) for n, p in carried.items() if isinstance(p, list) and len(p) == 2
            }
            yield address, Interrupted(before, after, pairs, gone=kept.get("gone") is True)
