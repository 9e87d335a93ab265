"""What is known of earlier applies: read before a plan, taken before a write, recorded after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reconciler import ledger as homes
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.ledger.ledger import Key, Ledger
from reconciler.core.ledger.record import Moment, RecordBasis, record_apply, unsettled_objects
from reconciler.core.ledger.three_way import (
    ThreeWayInput,
    add_last_written,
    find_orphaned,
    has_unrecorded_data,
    hold_conflicts,
    label_origins,
)
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.live import Live
from reconciler.core.model.text import join_some
from reconciler.errors import LedgerConflict, LedgerError, UsageError
from reconciler.kinds import KINDS
from reconciler.ledger import rewrites as memory
from reconciler.ledger.backend import Held, Home
from reconciler.ledger.document import REBUILD
from reconciler.ledger.git_repository import commit_of
from reconciler.ledger.state_dir import StateDir

if TYPE_CHECKING:
    from reconciler.core.plan.plan import Plan
    from reconciler.core.report import Report

GRACE = timedelta(minutes=15)
"""How long a lease outlives twice the time that a plan is expected to take."""
DONE = "applied"
_MANY = 10


@dataclass(frozen=True, slots=True)
class Past:
    """The ledger of one store as it was read, and what the folder remembers besides."""

    state: StateDir
    store: str
    home: Home | None
    held: Held
    key: Key | None
    kept: KnownRewrites
    """What the shop is known to keep otherwise than it was written."""

    def renewed(self) -> Past:
        """With what has been remembered since."""
        return replace(self, kept=joined(self.kept, memory.recall(self.state, self.store)))

    def apart(self, desired: Desired, live: Live, overwrite: Sequence[str] = ()) -> ThreeWayInput:
        """Both sides, as far as they may be brought together; see `core.threeway`."""
        if self.home is None:
            return ThreeWayInput(desired, live, {}, ())
        known = self.held.ledger
        asked, seen, notes = add_last_written(desired, live, known, KINDS, self.key)
        ground = hold_conflicts(asked, seen, known, KINDS, self.kept, self.key, _wins(overwrite))
        return replace(ground, notes=(*self._aside(desired), *notes))

    def told(
        self, plan: Plan, ground: ThreeWayInput, whole: Desired, partial: bool
    ) -> tuple[Plan, RecordBasis]:
        """The plan with where each difference comes from, and what its record rests on."""
        if self.home is None:
            return plan, RecordBasis(Ledger())
        gone = () if partial else find_orphaned(self.held.ledger, whole, plan, ground.live.complete)
        basis = RecordBasis(
            self.held.ledger, whole, ground.held, unsettled_objects(plan), partial, frozenset(gone)
        )
        plan = label_origins(plan, self.held.ledger, KINDS, self.key)
        plan = replace(
            plan,
            blocked=tuple(sorted((*plan.blocked, *ground.reasons))),
            orphaned=tuple(gone),
            notes=(*plan.notes, *ground.notes, *_gone(gone)),
        )
        return plan, basis

    @contextmanager
    def applying(self, plan: Plan, seconds: int, over: bool = False) -> Iterator[None]:
        """While it lasts no other run writes to the shop; `seconds` is how long it should take.

        `over` takes the ledger from a run that ended without releasing it. Raises LedgerConflict
        before anything is written.
        """
        if self.home is None or plan.empty:
            yield
            return
        self._take(self.home, seconds, over)
        try:
            yield
        except BaseException:
            self.home.abandon()
            raise

    def record(self, plan: Plan, basis: RecordBasis, report: Report) -> LedgerError | None:
        """Write down what was applied, and let other runs in; gives what stood in its way."""
        if self.home is None:
            return None
        after = self._after(plan, basis, [o.address for o in report.outcomes if o.status == DONE])
        try:
            if not plan.empty:
                self.home.release(after)
            elif after != self.held.ledger or self.held.lease:
                self._replace(self.home, after, over=False)
        except LedgerConflict as error:
            # Where nothing was applied, whoever applies now records the rest of it too.
            return None if plan.empty else error
        except LedgerError as error:
            return error
        memory.forget(self.state, self.store, after.entries)
        return None

    def rebuild(self, plan: Plan, basis: RecordBasis, over: bool) -> None:
        """Write a ledger of what is as declared without a change."""
        if self.home is not None:
            self._replace(self.home, self._after(plan, basis, []), over)

    def _after(self, plan: Plan, basis: RecordBasis, applied: Sequence[Address]) -> Ledger:
        moment = Moment(homes.now(), commit_of(self.state.root))
        kept = joined(self.kept, memory.recall(self.state, self.store))
        return record_apply(basis, plan, applied, kept, KINDS, self.key, moment)

    def _replace(self, home: Home, after: Ledger, over: bool) -> None:
        self._take(home, 0, over)
        home.release(after)

    def _take(self, home: Home, seconds: int, over: bool) -> None:
        end = datetime.now(UTC) + 2 * timedelta(seconds=seconds) + GRACE
        home.take(self.held, end.strftime(homes.FORMAT), over)

    def _aside(self, desired: Desired) -> Iterator[str]:
        lease = self.held.lease
        if lease:
            by = f" by {lease.by}" if lease.by else ""
            yield f"another apply is running since {lease.since}{by}, or was killed"
        if not self.held.ledger.entries:
            yield (
                "no apply is recorded yet, so drift looks the same as a pending change; "
                f"the next apply, or {REBUILD}, creates the record"
            )
        if has_unrecorded_data(desired, KINDS, self.key):
            yield f"customer data is not in the ledger: {homes.KEY} is not set"


def recall(state: StateDir, mode: str, store: str) -> Past:
    """What is known of the applies to `store`. Raises LedgerError, UsageError for a broken one."""
    home = homes.open_backend(state, mode, store)
    key = homes.read_key() if home else None
    held = home.read() if home else Held()
    kept = joined(held.ledger.kept, memory.recall(state, store))
    return Past(state, store, home, held, key, kept)


def forgotten(home: Home, state: StateDir, store: str) -> Past:
    """What is left to know for making a ledger anew: its runs, and what the shop keeps otherwise.

    Of one that is broken nothing is.
    """
    try:
        held = home.read()
    except UsageError:
        held = home.glance()
    kept = joined(held.ledger.kept, memory.recall(state, store))
    held = replace(held, ledger=Ledger(applies=held.ledger.applies))
    return Past(state, store, home, held, homes.read_key(), kept)


def joined(first: KnownRewrites, second: KnownRewrites) -> KnownRewrites:
    """What either knows; where both do, the second."""
    return {a: {**first.get(a, {}), **second.get(a, {})} for a in {**first, **second}}


def _wins(overwrite: Sequence[str]) -> Any:
    def told(address: Address) -> bool:
        return any(fnmatchcase(str(address), pattern) for pattern in overwrite)

    return told


def _gone(addresses: Sequence[Address]) -> Iterator[str]:
    if addresses:
        named = join_some(addresses, _MANY)
        yield f"orphaned (applied once, in no file any more): {named}; remove them with `removed:`"
