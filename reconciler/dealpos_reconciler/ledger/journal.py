"""Write-ahead journal of what a run begins, in `.reconciler/journal.json`.

A coupon cannot be updated, so it is deleted and created again (dealpos-api.md §10). A run that
ends between the two requests leaves an entry behind, and the next plan finishes or undoes the
replacement with the uses that were left. With `ledger: git` the commit that locks the ledger holds
the journal too, so that a run in another clone can go on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import uuid4

from dealpos_reconciler.core.diff.attempts import Attempt
from dealpos_reconciler.core.diff.births import find_settled_births
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.past_runs import UsesSeen, uses_after
from dealpos_reconciler.core.plan.replacement import Interrupted, resume_interrupted
from dealpos_reconciler.errors import JournalUnwritable, LedgerConflict, LedgerError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import now
from dealpos_reconciler.ledger.document import REBUILD
from dealpos_reconciler.ledger.journal_document import (
    REMOVE,
    JournalContent,
    dump,
    is_doubtful,
    parse_text,
    report_damage,
    to_text,
)
from dealpos_reconciler.ledger.rewrites import read_rewrites, save_rewrites
from dealpos_reconciler.ledger.run_lock import RunLock
from dealpos_reconciler.ledger.state_dir import StateDir

FILE = "journal.json"
Resumed = tuple[Live, Mapping[Address, Interrupted]]


class Journal:
    """The unfinished work of runs on one store, by address, and the uses last seen.

    `across_folders` locks out runs of this user in other folders that share the store.
    """

    def __init__(self, state: StateDir, store: str, *, across_folders: bool = False) -> None:
        self.state = state
        self.store = store
        self.publish: Callable[[str], None] | None = None
        """Brings the journal to other clones during a run; None where there are none."""
        self.unsaved: KnownRewrites = {}
        """Values carried over by settled replacements, until a run saves them."""
        self._over: frozenset[Address] = frozenset()
        """Births that were found complete or gone, until a run saves that."""
        self._seen: Mapping[Address, UsesSeen] = {}
        self._done: Collection[Address] = ()  # as declared: attempts on them are forgotten
        self._lock = RunLock(state, store, across_folders=across_folders)
        self._shared: JournalContent | None = None
        """The journal of a run in another clone, which takes the place of the file."""
        self._version: tuple[str, str] | None = None
        self._published: Mapping[Address, Interrupted] = {}

    @property
    def content(self) -> JournalContent:
        """Everything that is known; raises UsageError for a journal that is damaged."""
        return self._shared or self._read_file()

    @property
    def entries(self) -> Mapping[Address, Interrupted]:
        """The interrupted replacements."""
        return self.content.replacements

    @property
    def births(self) -> frozenset[Address]:
        """New objects that were created out of use, to be completed and put in use."""
        return self.content.births - self._over

    @property
    def uses(self) -> Mapping[Address, UsesSeen]:
        """The uses of declared coupons, as they were last seen."""
        return {**self.content.uses, **self._seen}

    @property
    def attempts(self) -> Mapping[Address, Attempt]:
        """The attempts of earlier runs that did not end as written."""
        known = {**self._lock.attempts(self.state.masked), **self.content.attempts}
        return {a: tried for a, tried in known.items() if a not in self._done}

    @property
    def has_news(self) -> bool:
        """True if more is known than the journal says."""
        known, others = self.content, self._lock.attempts(self.state.masked)
        is_over = not others.keys().isdisjoint(self._done)
        is_new = (self.uses, self.attempts) != (known.uses, known.attempts)
        return bool(self.unsaved) or is_over or is_new

    def read(self, shared: str | None = None, run: str = "") -> None:
        """Read the journal before the shop is read.

        `shared` is the journal in a git ledger, of `run`: it takes the place of the file, except
        where that run was made here. Raises UsageError for a journal that is damaged.
        """
        mine = self._read_file()
        self._shared = None
        if shared is not None and not (run and run == mine.run):
            way = f"recreate the ledger with {REBUILD}"
            name = "the journal in the git ledger"
            self._shared = parse_text(shared, name, way, self.state.masked)
        self._version = mine.run, self._lock.last_run()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs from writing, until the result is recorded.

        Raises LedgerConflict where another run is applying, or has begun since the shop was read.
        """
        with self._lock.hold():
            if self._version not in (None, (self._read_file().run, self._lock.last_run())):
                raise LedgerConflict(
                    "another apply has run since the plan was made",
                    hint="nothing was written; run the command again",
                )
            yield

    def begin_run(self, changes: Iterable[Change] = (), births: Collection[Address] = ()) -> str:
        """Note a new run, and return the journal as other clones need it, with all it will begin.

        The replacements that were found settled are removed from the file. Other clones need
        theirs until the ledger holds what they have carried over.
        """
        left = {a: e for a, e in self.entries.items() if a not in self.unsaved or is_doubtful(e)}
        save_rewrites(self.state, self.store, self.unsaved)
        known = self.content
        content = replace(known, replacements=left, births=self.births, uses=self.uses)
        content = replace(content, attempts=self.attempts, run=uuid4().hex)
        if self._save(content):
            self._shared, self.unsaved, self._over = None, {}, frozenset()
        self._lock.note_run(content.run)
        self._version = self._read_file().run, self._lock.last_run()
        begun = {c.address: self._entry(c) for c in changes if c.is_replacement}
        self._published = {**known.replacements, **begun}
        born = content.births.union(births)
        return to_text(replace(content, replacements=self._published, births=born))

    def text(self) -> str:
        """Return the journal as other clones need it once the run has ended."""
        return to_text(self.content)

    def begin(self, change: Change) -> None:
        """Note a replacement before it is sent, or how an interrupted one is to end.

        Raises JournalUnwritable when the note cannot be written: then nothing may be sent.
        """
        entry = self._entry(change)
        if change.before:
            self.note_uses([change])
        if not self._put(change.address, entry):
            raise JournalUnwritable(
                f"not started: {self.state.path / FILE} cannot be written; without it, "
                "an interrupted replacement could lose the uses that the old object has left"
            )
        if self._published.get(change.address) != entry:
            try:
                self._share({change.address: entry})
            except LedgerError as error:
                raise JournalUnwritable(f"not started: {error.message}", hint=error.hint) from None

    def begin_births(self, addresses: Collection[Address]) -> None:
        """Note objects before they are created out of use.

        Raises JournalUnwritable when the note cannot be written: then nothing may be sent.
        """
        born = self.content.births.union(addresses)
        if not self._save(replace(self.content, births=born)):
            raise JournalUnwritable(
                f"not started: {self.state.path / FILE} cannot be written; without it, a new "
                "object whose creation is interrupted could stay out of use"
            )

    def note_sold_at_once(self) -> None:
        """Note that the shop puts new objects in use; other clones are told at once."""
        self._save(replace(self.content, sold_at_once=True))
        with suppress(LedgerError):
            self._share({})

    def note_removal(self, address: Address) -> None:
        """Note that the old object is deleted; other clones are told where no read could."""
        entry = replace(self.entries[address], gone=True)
        self._put(address, entry)
        written = {name: value for name, (_, value) in entry.carried.items()}
        if written and all(entry.before.get(name) == value for name, value in written.items()):
            with suppress(LedgerError):
                self._share({address: entry})

    def note_lost(self, addresses: Iterable[Address]) -> None:
        """Note a deletion without an answer: the shop may carry it out later than a new creation.

        For a day, what is gone then is gone by it, and comes back without a decision.
        """
        for address in addresses:
            if entry := self.entries.get(address):
                self._put(address, replace(entry, lost=now()))

    def see(self, uses: Mapping[Address, UsesSeen], done: Collection[Address]) -> None:
        """Remember uses, and forget attempts on what is as declared; later if a run is writing."""
        self._seen, self._done = uses, done
        if self._shared is None and self.has_news:
            with suppress(LedgerError), self._lock.hold():
                self._lock.note_attempts(self.attempts)
                self._save(replace(self.content, uses=self.uses, attempts=self.attempts))

    def note_uses(self, changes: Iterable[Change]) -> None:
        """Remember the uses of coupons as changes find them, or leave them behind."""
        found = {c.address: seen for c in changes if (seen := uses_after(KINDS[c.address.kind], c))}
        known = self.content
        merged = {a: seen.merge(known.uses.get(a)) for a, seen in found.items()}
        if merged:
            self._save(replace(known, uses={**known.uses, **merged}))

    def note_attempts(self, made: Mapping[Address, Attempt], done: Collection[Address]) -> None:
        """Remember the attempts of a run, and forget those of the objects that are settled."""
        tried = {a: each for a, each in self.attempts.items() if a not in done} | dict(made)
        if tried != self.content.attempts:
            self._save(replace(self.content, attempts=tried))
            self._lock.note_attempts(tried)

    def settle(self, done: Collection[Address], kept: KnownRewrites) -> None:
        """Save the known rewrites, then remove what was noted of settled objects."""
        save_rewrites(self.state, self.store, kept)
        known = self.content
        left = {a: e for a, e in known.replacements.items() if a not in done or is_doubtful(e)}
        born = known.births.difference(done)
        if len(left) < len(known.replacements) or born != known.births:
            self._save(replace(known, replacements=left, births=born))

    def resume(self, desired: Desired, live: Live, kinds: Kinds) -> Resumed:
        """Return the interrupted replacements that are still to be finished or undone.

        The journal is read again: another run may have written it. The live objects are returned
        with the values from before a replacement that was undone in part. Settled entries are
        removed, unless another run is writing. `births` are then the new objects still incomplete.
        """
        if self.content == JournalContent() and self._lock.was_never_taken(self.state):
            return self._resume(desired, live, kinds, save=False)
        try:
            with self._lock.hold():
                return self._resume(desired, live, kinds, save=self._shared is None)
        except LedgerConflict as error:
            live.notes.append(f"{error.message}; the shop may be shown between two of its changes")
        except LedgerError:
            pass  # a folder that cannot be written
        return self._resume(desired, live, kinds, save=False)

    def _resume(self, desired: Desired, live: Live, kinds: Kinds, *, save: bool) -> Resumed:
        live, pending, settled = resume_interrupted(live, self.entries, kinds)
        known = read_rewrites(self.state, self.store)
        self.unsaved = {a: {**known.get(a, {}), **pairs} for a, pairs in settled.items()}
        self._over = frozenset(find_settled_births(self.births, desired, live, kinds))
        if save:
            self.settle(settled.keys() | self._over, self.unsaved)
            self.unsaved, self._over = {}, frozenset()
        return live, pending

    def _entry(self, change: Change) -> Interrupted:
        known = self.entries.get(change.address)
        before = change.before or (known.before if known else change.replaces or {})
        lost, gone = known.lost if known else "", change.before is None
        return Interrupted(before, change.after or {}, change.carried, gone, lost)

    def _share(self, entries: Mapping[Address, Interrupted]) -> None:
        """Bring the journal with these entries to other clones; may raise LedgerError."""
        if self.publish:
            self._published = {**self._published, **entries}
            self.publish(to_text(replace(self.content, replacements=self._published)))

    def _put(self, address: Address, entry: Interrupted) -> bool:
        return self._save(replace(self.content, replacements={**self.entries, address: entry}))

    def _save(self, content: JournalContent) -> bool:
        return self.state.save_section(FILE, self.store, dump(content))

    def _read_file(self) -> JournalContent:
        name = str(self.state.path / FILE)
        try:
            text = self.state.read(FILE)
        except FileNotFoundError:
            return JournalContent()
        except OSError as error:
            raise report_damage(name, REMOVE) from error
        return parse_text(text, name, REMOVE, self.state.masked, self.store)
