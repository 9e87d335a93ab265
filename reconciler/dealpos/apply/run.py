"""Steps to calls to a Report: one step at a time, settled before the next, read back at the end.

A report says what happened, never what was planned: *applied* means acknowledged, *verified* means
read back as it should be. A step that fails skips what waits for it, not its siblings. There are
no idempotency keys (dealpos-api.md §13), so a lost answer is settled by a look-up before anything
is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.core.diff.change import Action, Change
from reconciler.core.diff.known_rewrites import carried_over
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.replacement import latest
from reconciler.core.report import Outcome, Report, State, differences, discreet
from reconciler.core.steps.step import Step, filled, request_for
from reconciler.dealpos.apply.send import Settler
from reconciler.dealpos.apply.stopping import Boundary
from reconciler.dealpos.apply.verify import changed_fields, prove
from reconciler.dealpos.client import Client
from reconciler.dealpos.observer import ApplyObserver
from reconciler.errors import (
    ApiError,
    Doubtful,
    NotKept,
    Overtaken,
    Rejected,
    Stopped,
    Throttled,
    Unauthorised,
    Unreachable,
    Unremembered,
)
from reconciler.ledger.journal import Journal

# What makes every further call pointless.
_FATAL = (Unreachable, Unauthorised, Throttled)


def run(
    client: Client,
    plan: Plan,
    steps: Sequence[Step],
    kinds: Kinds,
    journal: Journal,
    observer: ApplyObserver | None = None,
) -> Report:
    """Carry out the steps of `plan`, in order, and read back what was written.

    `journal` holds what a replacement is about to delete, until the new object is proven.
    """
    before = client.requests
    applier = _Applier(client, plan, steps, kinds, journal, observer or ApplyObserver())
    applier.all()
    if not applier.stopped:
        prove(applier.states, steps, kinds, applier.settler)
    outcomes = (*applier.outcomes(), *_set_aside(plan))
    own = [outcome for outcome in outcomes if outcome.address in applier.states]
    kept = {o.address: applier.states[o.address].kept for o in own if o.status == "applied"}
    settled = [*plan.given_up, *(outcome.address for outcome in own if outcome.verified)]
    journal.settle(settled, kept)
    requests = client.requests - before
    boundary = applier.boundary
    stopped = applier.stopped or boundary.closed
    needed = boundary.needed if boundary.closed and not boundary.begun else None
    return Report(plan.store, outcomes, requests, stopped, needed)


def _set_aside(plan: Plan) -> Iterable[Outcome]:
    """What a saved plan approved and is not carried out: as it should be already, or held."""
    for done in plan.done:
        yield Outcome(done.address, done.action, "skipped", done.reason, verified=True)
    for held in plan.stale:
        yield Outcome(held.address, held.action, "held", held.reason)


class _Applier:
    def __init__(
        self,
        client: Client,
        plan: Plan,
        steps: Sequence[Step],
        kinds: Kinds,
        journal: Journal,
        observer: ApplyObserver,
    ) -> None:
        self.client = client
        self.plan = plan
        self.steps = steps
        self.kinds = kinds
        self.journal = journal
        self.observer = observer
        self.states = {change.address: self._state(change) for change in plan.changes}
        self.settler = Settler(client, kinds, plan.pages)
        self.boundary = Boundary(client, steps, kinds, plan.pages)
        self.failed: set[int] = set()
        self.lost: set[str] = set()
        """Kinds of which something was not kept as written: a replacement could lose another."""
        self.stopped = ""

    def _state(self, change: Change) -> State:
        known = self.plan.kept.get(change.address, {})
        over = carried_over(self.kinds[change.address.kind], change.address, change.carried)
        return State(change, known=known, kept={**known, **over})

    def all(self) -> None:
        """Every step, or as many as can be."""
        total = sum(len(step.requests) for step in self.steps)
        sent = 0
        for step in self.steps:
            if not self.stopped and self.observer.stop_requested():
                self.stopped = "stopped by Ctrl-C"
            self.observer.step(sent, total, f"{step.action.value} {step.addresses[0]}")
            self._step(step)
            sent += len(step.requests)
        self.observer.step(total, total, "reading back")

    def _step(self, step: Step) -> None:
        if self.stopped:
            self._skip(step, self.stopped)
        elif step.action is Action.REPLACE and step.kind in self.lost:
            self._skip(step, f"not tried: this shop did not keep another {step.kind} as written")
        elif blocked := step.waits & self.failed:
            cause = next(s for s in self.steps if s.id in blocked)
            self._skip(step, f"it needs {cause.addresses[0]}, which was not applied")
        elif why := self.boundary.refuses(step):
            self._skip(step, why)
        else:
            self._attempt(step)

    def _attempt(self, step: Step) -> None:
        try:
            self._perform(step)
        except Stopped as error:
            self.stopped = error.message
            self._skip(step, error.message)
        except KeyboardInterrupt:
            self.stopped = "stopped at once by a second Ctrl-C"
            self._fail(step, "stopped at once: whether it happened is not known; plan again to see")
        except _FATAL as error:
            self._fail(step, str(error))
            self.stopped = f"no further call was made: {error.detail}"
        except Overtaken as error:
            self._hold(step, error.detail)
        except (ApiError, Unremembered) as error:
            self._fail(step, str(error))
            self.lost |= {step.kind} if isinstance(error, NotKept) else set()
        else:
            for address in step.addresses:
                self.states[address].done += 1

    def _perform(self, step: Step) -> None:
        kind = self.kinds[step.kind]
        address = step.addresses[0]
        if step.action is Action.REPLACE:
            self._replace(kind, step)
        elif step.action is Action.DELETE:
            self._delete(kind, step)
        elif step.creates and kind.widens:
            if address in self.journal.entries:
                self.journal.begin(step.changes[0])
            self._introduce(kind, step)
        else:
            self.settler.write(step, step.requests[0])

    def _replace(self, kind: Kind, step: Step) -> None:
        """Delete and create, with nothing between them that could end the run in good order."""
        step = self._latest(kind, step)
        change = step.changes[0]
        self.journal.begin(change)
        self.observer.atomic(True)
        try:
            self.settler.remove(kind, step.requests[0], change.address)
            self.journal.removed(change.address)
            self._introduce(kind, step)
        except _FATAL:
            self.states[change.address].notes.append(
                "the old one may be deleted and the new one not created yet: "
                "plan again, and apply finishes it"
            )
            raise
        except ApiError:
            self.lost.add(kind.name)
            raise
        finally:
            self.observer.atomic(False)

    def _latest(self, kind: Kind, step: Step) -> Step:
        """The step as it must be by what the shop has right before it; raises Overtaken."""
        address = step.addresses[0]
        state = self.states[address]
        now = self.settler.read([address]).get(address)
        found = latest(kind, state.change, now, state.known)
        if found.change is None:
            raise Overtaken(step.requests[0].operation, found.note)
        if found.change is state.change:
            return step
        state.notes.append(found.note)
        state.change = found.change
        state.kept = {**state.kept, **carried_over(kind, address, found.change.carried)}
        assert kind.create is not None
        creation = request_for(kind, kind.create, filled(found.change))
        return replace(step, changes=(found.change,), requests=(step.requests[0], creation))

    def _delete(self, kind: Kind, step: Step) -> None:
        """Delete in one call; what refuses several is asked for each."""
        try:
            self.settler.remove(kind, step.requests[0], *step.addresses)
        except (Rejected, Doubtful):
            if len(step.changes) == 1:
                raise
            for address in step.addresses:
                try:
                    self.settler.remove(kind, step.fallback[address], address)
                except (Rejected, Doubtful) as error:
                    self.states[address].failed = str(error)
                    self.failed.add(step.id)

    def _introduce(self, kind: Kind, step: Step) -> None:
        """Create what is read back at once; the reading is its verification too."""
        change = step.changes[0]
        state = self.states[change.address]
        entry = self.journal.entries.get(change.address)
        request = step.requests[-1]
        found = self.settler.introduce(kind, step, request, entry.before if entry else None)
        state.proven = True
        if found is None:
            state.notes.append("acknowledged, not read back")
            return
        difference = differences(kind, change, found.value)
        if difference:
            raise NotKept(step.requests[-1].operation, difference)
        after = change.after or {}
        state.unseen = kind.listed_in(after) - found.value.keys()
        state.observed = found.value
        if not state.unseen:
            state.heed(kind, found.value)
            state.judge_shown(changed_fields(kind, change) - found.value.keys())

    def _hold(self, step: Step, why: str) -> None:
        self._skip(step, why)
        for address in step.addresses:
            self.states[address].held = True

    def _skip(self, step: Step, why: str) -> None:
        self.failed.add(step.id)
        for address in step.addresses:
            state = self.states[address]
            if not state.done:
                state.skipped = state.skipped or why
            else:
                state.failed = state.failed or f"done in part: {why}"

    def _fail(self, step: Step, why: str) -> None:
        self.failed.add(step.id)
        for address in step.addresses:
            state = self.states[address]
            state.failed = why if not state.done else f"done in part: {why}"

    def outcomes(self) -> Iterable[Outcome]:
        """What became of each change, in the order of the plan."""
        for address, state in self.states.items():
            if state.failed:
                status, message = "failed", state.failed
            elif state.skipped or not state.done:
                status = "held" if state.held else "skipped"
                message = state.skipped or self.stopped
            else:
                status, message = "applied", ""
            text = "; ".join(part for part in (message, *state.notes) if part)
            kind = self.kinds[address.kind]
            yield Outcome(
                address,
                state.change.action,
                status,
                discreet(kind, state.change, text),
                state.verified and status == "applied",
            )
