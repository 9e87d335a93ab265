"""Apply the steps of a plan: one step at a time, settled before the next, read back at the end.

A report says what happened, never what was planned: *applied* means accepted by the API,
*verified* means that a read confirmed it. A failed step skips the steps that wait for it, not its
siblings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.plan.replacement import revalidate_replacement
from dealpos_reconciler.core.report import (
    Report,
    Status,
    Written,
    gather_writes,
    leave_unread,
    list_set_aside,
)
from dealpos_reconciler.core.steps.readbacks import grow_listings
from dealpos_reconciler.core.steps.step import Step, renew_replacement
from dealpos_reconciler.dealpos.apply.first_births import FirstBirths
from dealpos_reconciler.dealpos.apply.send import RequestSender
from dealpos_reconciler.dealpos.apply.settle import settle_writes
from dealpos_reconciler.dealpos.apply.stopping import StopPolicy
from dealpos_reconciler.dealpos.apply.verify import Verifier
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.observer import ApplyObserver
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.errors import (
    ApiError,
    OutcomeUnknown,
    RateLimited,
    ReadbackMismatch,
    ReconcilerError,
    Rejected,
    Stopped,
    Unauthorised,
    Unreachable,
)
from dealpos_reconciler.ledger.journal import Journal

_FATAL = (Unreachable, Unauthorised, RateLimited)
"""Errors after which every further call is pointless."""

_CUT_IN_HALF = (
    "the old one may be deleted and the new one not created. Plan again: the next apply finishes it"
)

INTERRUPTED = "interrupted by a second Ctrl-C"
"""The reason for the end of a run that was stopped at once."""


def apply_steps(
    client: Client,
    plan: Plan,
    steps: Sequence[Step],
    kinds: Kinds,
    journal: Journal,
    observer: ApplyObserver | None = None,
) -> Report:
    """Send the steps of `plan`, in order, read back what was written, and return the report.

    `journal` holds what a replacement is about to delete, until the new object is verified, and
    the new objects that are out of use until they are complete.
    """
    writing = {address for step in steps for address in step.addresses}
    assert all(change.address in writing for change in plan.changes), "a change without a step"
    before = client.requests
    sender = RequestSender(client, kinds, plan.listings)
    policy = StopPolicy(client, steps, kinds, plan.listings)
    sender.reserved = policy.count_reserved
    sender.note_lost = journal.note_lost
    current = _Run(plan, steps, sender, policy, journal, observer or ApplyObserver())
    writes = gather_writes(plan, current.send_all())
    sender.pages = grow_listings(
        plan.listings, (w.change for w in writes.values() if w.status == "applied")
    )
    try:
        if not current.is_cut:
            verifier = Verifier(current.sent_steps(), kinds, sender, plan.known_rewrites)
            writes = verifier.verify(writes)
    except KeyboardInterrupt:
        current.stopped = INTERRUPTED
    writes = leave_unread(writes, current.stopped)
    outcomes = settle_writes(
        plan, writes, kinds, journal, current.refused, current.births.addresses
    )
    return Report(
        plan.store,
        (*outcomes, *list_set_aside(plan)),
        client.requests - before,
        current.stopped or policy.closed,
        policy.needed if policy.closed and not policy.begun else None,
        plan.labels,
    )


@dataclass
class _Run:
    plan: Plan
    steps: Sequence[Step]
    sender: RequestSender
    policy: StopPolicy
    journal: Journal
    observer: ApplyObserver
    failed: set[int] = field(default_factory=set)
    refused: dict[Address, tuple[Address, ...]] = field(default_factory=dict)
    """New objects that the shop refused, each with all of the same request."""
    lossy: set[str] = field(default_factory=set)
    """Kinds of which an object was not kept as written: a replacement could lose another."""
    unseen: dict[str, str] = field(default_factory=dict)
    """Kinds of which a new object could not be seen, and why none of them is created any more."""
    doubted: set[int] = field(default_factory=set)
    """Steps whose objects are completed one by one, because the shop sets other values."""
    proven: set[int] = field(default_factory=set)
    """Creations of whose shape an object was read back as written: the next may be read later."""
    stopped: str | None = None
    is_cut: bool = False
    """True where no further request can succeed, or none is wanted."""

    def __post_init__(self) -> None:
        self.births = FirstBirths(self.steps, self.sender, self.policy.groups, self.journal)

    def send_all(self) -> list[Written]:
        """Send every step, or as many as can be; return one record per step and change."""
        total = sum(len(step.requests) for step in self.steps)
        sent = 0
        writes: list[Written] = []
        for step in self.steps:
            if self.stopped is None and self.observer.stop_requested():
                self.stopped = "interrupted by Ctrl-C"
            self.observer.step(sent, total, f"{step.action.value} {step.addresses[0]}")
            writes += self._send(step)
            sent += len(step.requests)
        self.observer.step(total, total, "reading back")
        return writes

    def _send(self, step: Step) -> tuple[Written, ...]:
        if self.stopped is not None:
            return self._skip(step, self.stopped)
        if step.action is Action.REPLACE and step.kind in self.lossy:
            return self._skip(
                step, f"not sent: this shop did not store another {step.kind} as written"
            )
        if step.undo is not None and step.kind in self.unseen:
            return self._skip(step, f"not sent: {self.unseen[step.kind]}")
        if missing := step.waits & self.failed:
            cause = next(s for s in self.steps if s.id in missing)
            return self._skip(
                step, f"not sent: it depends on {cause.addresses[0]}, which was not applied"
            )
        if why := self.births.reason_against(step):
            return self._skip(step, why)
        if step.proven_by is not None and step.proven_by not in self.proven:
            self.policy.read_at_once(step)
        if why := self.policy.reason_to_stop(step):
            return self._skip(step, why)
        return self._attempt(step) if self.births.is_confirmed(step) else self._doubt(step)

    def _doubt(self, step: Step) -> tuple[Written, ...]:
        """Create the objects of a step out of use, and complete each by an update."""
        creation, *updates = step.doubted
        self.doubted.add(step.id)
        writes = self._attempt(creation)
        for update in () if step.id in self.failed else updates:
            writes += self._send_single(update)
        return writes

    def sent_steps(self) -> list[Step]:
        """Return the steps as they were sent."""
        sent = (s.doubted if s.id in self.doubted else (s,) for s in self.steps)
        return list(chain.from_iterable(sent))

    def _attempt(self, step: Step) -> tuple[Written, ...]:
        client = self.sender.client
        client.in_doubt = False
        if denied := [r.operation for r in step.requests if r.operation in client.routes.denied]:
            needed = OPERATIONS[denied[0]].right
            return self._skip(step, f"not sent: permission denied: the API client needs {needed}")
        try:
            if step.action is Action.REPLACE:
                return self._replace(step)
            if step.action is Action.DELETE:
                return self._delete(step)
            if step.undo is not None:
                if step.undo.replaces:
                    self.journal.begin(step.changes[0])
                return self._create(step)
            if not step.births:
                return self.sender.send(step)
            self.births.begin(step)
            writes = self.sender.send(step)
            self.births.prove(step)
            return writes
        except (ReconcilerError, KeyboardInterrupt) as error:
            return self._fail(step, error)

    def _delete(self, step: Step) -> tuple[Written, ...]:
        """Delete in one call; where the API refuses several, each is deleted alone."""
        try:
            return self.sender.delete(step)
        except (Rejected, OutcomeUnknown):
            if len(step.changes) == 1:
                raise
        return tuple(written for single in step.singles for written in self._send_single(single))

    def _send_single(self, step: Step) -> tuple[Written, ...]:
        return self._skip(step, self.stopped) if self.stopped else self._attempt(step)

    def _replace(self, step: Step) -> tuple[Written, ...]:
        """Replace an object as it is in the shop right now, or record it as stale."""
        change, kind = step.changes[0], self.sender.kinds[step.kind]
        # A wait after the read could miss a use, and one after the deletion leaves a gap.
        self._make_room(1 + len(step.requests))
        now = self.sender.read([change.address]).get(change.address)
        found = revalidate_replacement(
            kind, change, now, self.plan.known_rewrites.get(change.address, {})
        )
        if found.change is None:
            return self._skip(step, found.note, "stale")
        if found.change is change:
            return self._delete_and_create(step)
        writes = self._delete_and_create(renew_replacement(step, kind, found.change))
        return tuple(replace(w, notes=(found.note, *w.notes)) for w in writes)

    def _make_room(self, count: int) -> None:
        """Wait now where the window has no room for so many requests, so that none waits later."""
        client, window = self.sender.client, self.sender.client.window
        if seconds := window.seconds_until_sent(min(count, window.capacity)):
            client.pause(seconds, f"rate limit without room for {count} requests ({window.quota})")

    def _delete_and_create(self, step: Step) -> tuple[Written, ...]:
        """Delete and create with nothing between that could end the run in good order."""
        address = step.addresses[0]
        try:
            self.journal.begin(step.changes[0])
            self.observer.atomic(True)
            try:
                self.sender.delete(step)
                self.journal.note_removal(address)
                return self._create(step)
            finally:
                self.observer.atomic(False)
        except (*_FATAL, KeyboardInterrupt) as error:
            return tuple(replace(w, notes=(_CUT_IN_HALF,)) for w in self._fail(step, error))
        except ApiError as error:
            if self.sender.client.in_doubt:
                self.unseen[step.kind] = f"it is unknown if {address} was replaced"
                return tuple(replace(w, notes=(_CUT_IN_HALF,)) for w in self._fail(step, error))
            self.lossy.add(step.kind)
            return self._fail(step, error)

    def _create(self, step: Step) -> tuple[Written, ...]:
        late = step.proven_by is not None and step.proven_by in self.proven
        written = self.sender.create_and_verify(step, late=late)
        if written.status == "unverified":
            self.unseen[step.kind] = f"{step.addresses[0]} does not read back as written yet"
        elif written.observed is not None:
            self.proven |= {step.id, step.id if step.proven_by is None else step.proven_by}
        return (written,)

    def _fail(self, step: Step, error: BaseException) -> tuple[Written, ...]:
        """Record an error of a step, and stop the run where no further call can succeed."""
        is_cut = isinstance(error, KeyboardInterrupt)
        lost, reason = is_cut or self.sender.client.in_doubt, str(error)
        if isinstance(error, Stopped):
            self.stopped = error.message
            if not lost:
                return self._skip(step, error.message)
        elif is_cut:
            self.is_cut = True
            self.stopped = reason = INTERRUPTED
        elif isinstance(error, _FATAL):
            self.is_cut = True
            self.stopped = f"no further request was sent: {error.detail}"
        elif isinstance(error, ReadbackMismatch):
            self.lossy.add(step.kind)
        elif (
            step.action is Action.CREATE
            and isinstance(error, Rejected)
            and error.is_lasting
            and not lost
        ):
            self.refused |= dict.fromkeys(step.addresses, step.addresses)
        writes = self._skip(step, reason, "unverified" if lost else "failed")
        readback = error.readback if isinstance(error, ReadbackMismatch) else None
        return tuple(replace(written, readback=readback, lost=lost) for written in writes)

    def _skip(self, step: Step, why: str, status: Status = "skipped") -> tuple[Written, ...]:
        """Record why a step was not carried out; the steps that wait for it are skipped too."""
        self.failed.add(step.id)
        return tuple(Written(c, step.proofs[c.address], status, why) for c in step.changes)
