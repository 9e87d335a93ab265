"""Write-ahead journal of replacements, in `.reconciler/journal.json`.

A coupon cannot be updated, so it is deleted and created again (dealpos-api.md §10). A run that
ends between the two requests leaves an entry behind, and the next plan finishes or undoes the
replacement with the uses that were left. Without the file, those uses are lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace

from reconciler.core.diff.change import Change
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import Live
from reconciler.core.plan.replacement import Interrupted, resume_interrupted
from reconciler.errors import JournalUnwritable
from reconciler.kinds import KINDS
from reconciler.ledger.rewrites import read_rewrites, save_rewrites
from reconciler.ledger.state_dir import StateDir

FILE = "journal.json"


class Journal:
    """The replacements of one store that were started and are not settled, by address."""

    def __init__(self, state: StateDir, store: str) -> None:
        self.state = state
        self.store = store
        self.entries: dict[Address, Interrupted] = dict(_read_entries(state, store))
        self._ours = {str(address) for address in self.entries}
        """Entries of this run, or found by it; the rest of the file belongs to other runs."""

    def begin(self, change: Change) -> None:
        """Note a replacement before it is sent, or how an interrupted one is to end.

        Raises JournalUnwritable when the note cannot be written: then nothing may be sent.
        """
        known = self.entries.get(change.address)
        before = change.before or (known.before if known else {})
        after, gone = change.after or {}, change.before is None
        self.entries[change.address] = Interrupted(before, after, change.carried, gone)
        if not self._save():
            if known is None:
                del self.entries[change.address]
            raise JournalUnwritable(
                f"not started: {self.state.path / FILE} cannot be written; without it, "
                "an interrupted replacement could lose the uses that the old object has left"
            )

    def note_removal(self, address: Address) -> None:
        """Note that the old object is deleted. Without the note, the next read finds out."""
        self.entries[address] = replace(self.entries[address], gone=True)
        self._save()

    def settle(self, done: Collection[Address], kept: KnownRewrites) -> None:
        """Save the known rewrites, then remove the entries of settled replacements."""
        save_rewrites(self.state, self.store, kept)
        struck = [self.entries.pop(address, None) for address in done]
        if any(struck):
            self._save()

    def resume(self, live: Live, kinds: Kinds) -> tuple[Live, Mapping[Address, Interrupted]]:
        """Return the interrupted replacements that are still to be finished or undone.

        The live objects are returned with the values from before the replacement, where it was
        undone in part. Settled entries are removed.
        """
        live, pending, settled = resume_interrupted(live, self.entries, kinds)
        known = read_rewrites(self.state, self.store)
        kept = {a: {**known.get(a, {}), **pairs} for a, pairs in settled.items()}
        self.settle(settled.keys(), kept)
        return live, pending

    def _save(self) -> bool:
        self._ours.update(map(str, self.entries))
        known = self.state.section(FILE, self.store)
        others = {name: entry for name, entry in known.items() if name not in self._ours}
        content = others | {str(a): asdict(entry) for a, entry in self.entries.items()}
        return self.state.save_section(FILE, self.store, content)


def _read_entries(state: StateDir, store: str) -> Iterator[tuple[Address, Interrupted]]:
    """Yield the entries of `store`; entries in another form are skipped."""
    for name, note in state.section(FILE, store).items():
        kind = KINDS.get(name.partition("/")[0])
        match note:
            case {"before": dict(), "after": dict(), "carried": dict()} if kind and "/" in name:
                before, after, carried = (
                    {n: value for n, value in note[key].items() if n in kind.fields}
                    for key in ("before", "after", "carried")
                )
                pairs = {
                    n: (p[0], p[1]) for n, p in carried.items() if type(p) is list and len(p) == 2
                }
                gone = note.get("gone") is True
                yield Address.parse(name), Interrupted(before, after, pairs, gone)
