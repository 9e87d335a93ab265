"""The ledger during one run: read before the plan, locked before a write, recorded after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.ledger import three_way
from dealpos_reconciler.core.ledger.ledger import Key, Ledger
from dealpos_reconciler.core.ledger.record import (
    Moment,
    RecordBasis,
    find_deleted,
    record_apply,
    unsettled_objects,
)
from dealpos_reconciler.core.ledger.three_way import LedgerView, ThreeWayInput
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.plan.past_runs import UsesByAddress, UsesSeen, show_whole_limits
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.errors import LedgerConflict, LedgerError, UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import KEY, TIME_FORMAT, now, open_backend, read_key
from dealpos_reconciler.ledger.backend import LedgerBackend, LedgerSnapshot
from dealpos_reconciler.ledger.document import REBUILD
from dealpos_reconciler.ledger.git_repository import commit_of
from dealpos_reconciler.ledger.journal import Journal
from dealpos_reconciler.ledger.objects import NotedObjects, note_objects, read_noted, save_noted
from dealpos_reconciler.ledger.rewrites import forget_rewrites, read_rewrites
from dealpos_reconciler.ledger.state_dir import StateDir

if TYPE_CHECKING:
    from dealpos_reconciler.core.report import Report

GRACE_TIME = timedelta(minutes=15)
"""Time by which a lock outlives twice the expected duration of a plan."""
MAX_NAMES = 10


@dataclass(frozen=True, slots=True)
class RunLedger:
    """The ledger of one store as it was read, with the rewrites that the folder remembers."""

    state: StateDir
    store: str
    backend: LedgerBackend | None
    snapshot: LedgerSnapshot
    key: Key | None
    journal: Journal
    rewrites: KnownRewrites
    """Values that DealPOS is known to store differently from how they were written."""
    sources: tuple[str, ...] = ()
    """The folders of the files that are applied, from the shop folder."""

    @property
    def applied(self) -> Mapping[Address, Value]:
        """The values of each object that were applied last."""
        return {address: entry.values for address, entry in self.snapshot.ledger.entries.items()}

    def with_new_rewrites(self) -> RunLedger:
        """Return the ledger with the rewrites that were remembered since, or are not saved yet."""
        merged = {a: dict(pairs) for a, pairs in self.rewrites.items()}
        for found in (read_rewrites(self.state, self.store), self.journal.unsaved):
            for address, pairs in found.items():
                merged.setdefault(address, {}).update(pairs)
        return replace(self, rewrites=merged)

    @property
    def uses(self) -> UsesByAddress:
        """The uses of coupons as ledger and folder know them."""
        found = dict(self.journal.uses)
        for address, entry in self.snapshot.ledger.entries.items():
            kind = KINDS.get(address.kind)
            limit = entry.values.get(kind.use_counts[0]) if kind else None
            if isinstance(limit, int):
                recorded = UsesSeen(entry.used, limit)
                found[address] = found.get(address, recorded).merge(recorded)
        return found

    @property
    def once_applied(self) -> frozenset[Address]:
        """Objects that were in the shop as declared once, and that no run has removed."""
        seen = {address for address, uses in self.journal.uses.items() if not uses.deleted}
        return frozenset(seen.union(self.snapshot.ledger.entries, self._noted.applied))

    @property
    def deleted(self) -> frozenset[Address]:
        """Objects of `removed:` that were deleted and verified, and not seen since."""
        return self.snapshot.ledger.deleted | self._noted.deleted

    def hold_conflicts(
        self, desired: Desired, live: Live, overwrite: Sequence[str] = ()
    ) -> ThreeWayInput:
        """Return both sides without the values that conflict; see `core.ledger.three_way`."""
        live = show_whole_limits(desired, live, self.rewrites, KINDS)
        if self.backend is None:
            return ThreeWayInput(desired, live, {}, ())
        known = LedgerView(self.snapshot.ledger, KINDS, self.key)
        asked, seen, notes = three_way.add_last_written(desired, live, known)

        def files_win(address: Address) -> bool:
            return any(fnmatchcase(str(address), pattern) for pattern in overwrite)

        sides = three_way.hold_conflicts(asked, seen, known, self.rewrites, files_win)
        return replace(sides, notes=(*self._notes(desired), *notes))

    def label_origins(
        self, plan: Plan, sides: ThreeWayInput, whole: Desired, partial: bool
    ) -> tuple[Plan, RecordBasis]:
        """Return the plan with the origin of each difference, and the basis of its record."""
        ledger, unsettled = self.snapshot.ledger, unsettled_objects(plan)
        deleted = frozenset(
            a
            for a in self.deleted
            if not isinstance(sides.live.get(a), Observed) and (partial or a in whole.removals)
        )
        if self.backend is None:
            basis = RecordBasis(ledger, whole, {}, unsettled, partial, deleted=deleted)
            return plan, basis
        gone = [] if partial else three_way.find_orphaned(ledger, whole, plan, sides.live.complete)
        held, orphaned = sides.held, frozenset(gone)
        basis = RecordBasis(ledger, whole, held, unsettled, partial, orphaned, deleted)
        plan = replace(
            three_way.label_origins(plan, LedgerView(ledger, KINDS, self.key)),
            blocked=tuple(sorted((*plan.blocked, *map(explain_conflict, sides.conflicts)))),
            orphaned=tuple(gone),
            notes=(*plan.notes, *sides.notes, *_orphaned_note(gone)),
        )
        return plan, basis

    @contextmanager
    def lock(
        self, plan: Plan, seconds: int, force: bool = False, births: Collection[Address] = ()
    ) -> Iterator[None]:
        """Keep other runs from writing to the shop; `seconds` is the expected duration.

        `force` releases the lock of a run that was killed. Raises LedgerConflict before anything
        is written.
        """
        if plan.empty:
            yield
            return
        noted = self.journal.begin_run(plan.changes, births)
        if self.backend is None:
            yield
            return
        self._take(self.backend, noted, seconds, force)
        self.journal.publish = partial(_publish, self.backend)
        try:
            yield
        except BaseException:
            self.backend.journal = self.journal.text()
            self.backend.abandon()
            raise
        finally:
            self.journal.publish = None

    def record(self, plan: Plan, basis: RecordBasis, report: Report) -> LedgerError | None:
        """Record the applied changes and unlock the ledger; return the error where that fails."""
        verified = {outcome.address for outcome in report.outcomes if outcome.verified}
        if self.backend is None:
            noted = note_objects(self._noted, plan, basis, frozenset(report.accepted), verified)
            save_noted(self.state, self.store, noted)
            return None
        after = self._after(plan, basis, report.accepted)
        after = replace(after, deleted=find_deleted(basis, plan, verified))
        try:
            if not plan.empty:
                self.backend.journal = self.journal.text()
                self.backend.release(after)
            elif after != self.snapshot.ledger or self.snapshot.lock or self.journal.has_news:
                self._replace(self.backend, after, force=False)
        except LedgerConflict as error:
            # Nothing was applied here, and the run that applies now records the same objects.
            return None if plan.empty else error
        except LedgerError as error:
            return error
        forget_rewrites(self.state, self.store, after.entries)
        return None

    @property
    def _noted(self) -> NotedObjects:
        """Return what this folder knows of objects, where no ledger records it."""
        return NotedObjects() if self.backend else read_noted(self.state, self.store)

    def forget_seen(self, live: Live) -> None:
        """Forget that objects were deleted which the shop shows again."""
        noted = self._noted
        seen = {a for a in noted.deleted if isinstance(live.get(a), Observed)}
        if seen:
            save_noted(self.state, self.store, replace(noted, deleted=noted.deleted - seen))

    def rebuild(self, plan: Plan, basis: RecordBasis, force: bool) -> None:
        """Write a ledger of every object that is as declared."""
        if self.backend is not None:
            self._replace(self.backend, self._after(plan, basis, []), force)

    def _after(self, plan: Plan, basis: RecordBasis, applied: Sequence[Address]) -> Ledger:
        moment = Moment(now(), commit_of(self.state.root, self.sources) or "")
        rewrites = self.with_new_rewrites().rewrites
        after = record_apply(basis, plan, applied, rewrites, KINDS, self.key, moment)
        uses = self.journal.uses
        entries = {
            a: replace(e, used=max(e.used, uses[a].used)) if a in uses else e
            for a, e in after.entries.items()
        }
        return replace(after, entries=entries)

    def _replace(self, backend: LedgerBackend, after: Ledger, force: bool) -> None:
        self._take(backend, self.journal.begin_run(), 0, force)
        backend.release(after)

    def _take(self, backend: LedgerBackend, noted: str, seconds: int, force: bool) -> None:
        end = datetime.now(UTC) + 2 * timedelta(seconds=seconds) + GRACE_TIME
        backend.journal = noted
        run = self.journal.content.run
        backend.take(self.snapshot, end.strftime(TIME_FORMAT), force, run)

    def _notes(self, desired: Desired) -> Iterator[str]:
        lock = self.snapshot.lock
        if lock:
            by = f" by {lock.by}" if lock.by else ""
            yield f"another apply is running since {lock.since}{by}, or was killed"
        if not self.snapshot.ledger.entries:
            yield (
                "no apply is recorded yet, so drift looks the same as a pending change; "
                f"the next apply, or {REBUILD}, creates the record"
            )
        if three_way.has_unrecorded_data(desired, KINDS, self.key):
            yield f"customer data is not in the ledger: {KEY} is not set"


def read_ledger(
    state: StateDir, mode: str, store: str, journal: Journal, sources: tuple[str, ...]
) -> RunLedger:
    """Read ledger and journal of `store`. Raises LedgerError; UsageError for a broken one."""
    backend = open_backend(state, mode, store)
    snapshot = backend.read() if backend else LedgerSnapshot()
    return _open(state, store, backend, snapshot, journal, sources)


def read_for_rebuild(
    backend: LedgerBackend,
    state: StateDir,
    store: str,
    journal: Journal,
    sources: tuple[str, ...],
) -> RunLedger:
    """Read runs and known rewrites, to recreate the ledger; a broken one gives neither.

    The journal that a git ledger carries is left out where it is damaged.
    """
    try:
        snapshot = backend.read()
    except UsageError:
        snapshot = backend.read_version()
    try:
        ledger = _open(state, store, backend, snapshot, journal, sources)
    except UsageError:  # a damaged journal in the ledger goes with it, one in the folder stays
        snapshot = replace(snapshot, journal=None)
        ledger = _open(state, store, backend, snapshot, journal, sources)
    return replace(
        ledger, snapshot=replace(snapshot, ledger=Ledger(applies=snapshot.ledger.applies))
    )


def _open(
    state: StateDir,
    store: str,
    backend: LedgerBackend | None,
    snapshot: LedgerSnapshot,
    journal: Journal,
    sources: tuple[str, ...],
) -> RunLedger:
    journal.read(snapshot.journal, snapshot.lock.run if snapshot.lock else "")
    key = read_key() if backend else None
    entries = {state.resolve(a): entry for a, entry in snapshot.ledger.entries.items()}
    deleted = frozenset(map(state.resolve, snapshot.ledger.deleted))
    snapshot = replace(snapshot, ledger=replace(snapshot.ledger, entries=entries, deleted=deleted))
    ledger = RunLedger(state, store, backend, snapshot, key, journal, snapshot.ledger.kept, sources)
    return ledger.with_new_rewrites()


def _publish(backend: LedgerBackend, journal: str) -> None:
    backend.journal = journal
    backend.publish()


def explain_conflict(conflict: tuple[Address, str]) -> tuple[Address, str]:
    """Return why a conflict is not resolved, and both ways to resolve it."""
    address, values = conflict
    return address, (
        f"conflict: {values}. Run `reconciler adopt {address}` to keep the live value, or pass "
        f"`--overwrite {address}` to write the declared one"
    )


def _orphaned_note(addresses: Sequence[Address]) -> Iterator[str]:
    if addresses:
        named = join_some(addresses, MAX_NAMES)
        yield f"orphaned (applied once, in no file any more): {named}; remove them with `removed:`"
