"""Apply a fleet wave by wave: a wave begins when the one before it is done, and has been so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.fleet.fleet import MAX_NAMED, Fleet, Member, by_wave
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import MemberResult
from dealpos_reconciler.core.fleet.rollout import (
    GateState,
    MemberRecord,
    Rollout,
    gate_state,
    short_commit,
    wave_state,
)
from dealpos_reconciler.core.model.address import join_some
from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.ledger import now
from dealpos_reconciler.ledger.file import FILE as LEDGER_FILE
from dealpos_reconciler.ledger.fleet.rollout_store import RolloutStore, open_store
from dealpos_reconciler.workflows.dates.schedule import read_schedule
from dealpos_reconciler.workflows.fleet.process import LocalInterrupts, MemberJob
from dealpos_reconciler.workflows.fleet.survey import AS_JSON, Checkout, Run, make_report


class ApprovedWave(NamedTuple):
    """The answer to the question for a wave."""

    plans: Mapping[str, Path]
    """The saved plan of each shop, which was shown."""
    failed: Sequence[MemberResult]
    """Shops that have no plan to apply."""


APPROVED = ("--auto-approve", *AS_JSON)
Approve = Callable[[int, Sequence[Member]], ApprovedWave | None]
"""Asks for a wave; returns None where the answer is no."""


@dataclass(slots=True)
class Rolling:
    """One run of an apply over the waves of a fleet."""

    fleet: Fleet
    means: Run
    commit: str
    store: RolloutStore
    say: Callable[[str], None]
    words: tuple[str, ...] = ()
    """Further words of each apply."""
    approve: Approve | None = None
    """None where nobody is asked."""
    stopped: str | None = None
    results: dict[str, MemberResult] = field(default_factory=dict)

    def run(self, members: Sequence[Member]) -> FleetReport:
        """Apply the shops of each wave in turn; return the report."""
        for number, wave in by_wave(members):
            if self.stopped is None:
                self._run_wave(number, wave)
            for member in wave:
                self.results.setdefault(member.name, self._not_started(member))
        results = [self.results[member.name] for member in members]
        report = make_report("apply", self.fleet, members, results, self.commit)
        rollout = self.store.read()
        known = rollout if rollout.commit == self.commit else Rollout()
        waves = tuple(wave_state(self.fleet, known, number) for number in self.fleet.waves)
        return replace(report, waves=waves, stopped=self.stopped)

    def _not_started(self, member: Member) -> MemberResult:
        signals = self.means.engine.interrupts.signals()
        code = 128 + signals[0] if signals else 0
        return MemberResult(member, "not_started", (), self.stopped or "", code)

    def _run_wave(self, number: int, members: Sequence[Member]) -> None:
        rollout = self.store.read()
        began = datetime.now(UTC)
        gate = gate_state(self.fleet, rollout, self.commit, number, began)
        if gate.closed is not None:
            self.stopped = f"wave {number} was not started: {gate.closed}"
            return
        if rollout.commit != self.commit:
            rollout = self.store.update(self._begin)
        left = [member for member in members if not rollout.is_up_to_date(member, began)]
        for member in members:
            if member not in left:
                self.results[member.name] = MemberResult(member, "already_done")
        if not left:
            return
        if not wait_for_gate(gate, number, self.means.engine.interrupts, self.say):
            self.stopped = f"wave {number} was not started: the run was interrupted"
            return
        self._apply(number, left, rollout.identity)

    def _apply(self, number: int, members: Sequence[Member], identity: str) -> None:
        began = datetime.now(UTC)
        approved = self.approve(number, members) if self.approve else ApprovedWave({}, ())
        if approved is None:
            self.stopped = f"wave {number} was not started: it was not approved"
            return
        for failed in approved.failed:
            self.results[failed.member.name] = self._record(failed, identity, began)
        members = [member for member in members if member.name not in self.results]

        def job(member: Member) -> MemberJob:
            made = self.means.place.job(
                member, ("apply", (*self.words, *APPROVED)), ("audit", AS_JSON)
            )
            saved = approved.plans.get(member.name)
            return replace(made, saved_plan=str(saved)) if saved else made

        def keep(result: MemberResult) -> MemberResult:
            return self._record(result, identity, began)

        for result in self.means.collect(members, job, keep):
            self.results[result.member.name] = result
        if self.means.engine.interrupts.signals():
            self.stopped = f"wave {number} was interrupted"

    def _begin(self, rollout: Rollout) -> Rollout:
        """Return a rollout of this commit, unless another runner of it has just started one."""
        if rollout.commit == self.commit:
            return rollout
        return Rollout(self.commit, uuid4().hex, now())

    def _record(self, result: MemberResult, identity: str, began: datetime) -> MemberResult:
        """Record the result of a shop; one that was interrupted is left to the next run."""
        if result.state in ("interrupted", "not_started"):
            return result
        verified = result.state == "done" or result.commands[-1].command == "audit"
        due = find_due(result.member, began)
        record = MemberRecord(now(), verified, result.state == "done", result.reason, due)

        def add(rollout: Rollout) -> Rollout:
            if rollout.identity != identity:
                return rollout
            return rollout.with_record(result.member.name, record)

        try:
            after = self.store.update(add)
        except ReconcilerError as error:
            reason = f"its result is not recorded: {error.message}"
            return replace(result, state="failed", reason=reason, exit_code=error.exit_code)
        if after.identity != identity:
            self.stopped = f"a rollout of commit {short_commit(after.commit)} began meanwhile"
            return replace(result, state="failed", reason=self.stopped, exit_code=1)
        return result


def find_due(member: Member, began: datetime) -> str:
    """Return the first instant after an apply began at which dated values change; empty without.

    Files with problems have none: the command of the shop reports them.
    """
    try:
        schedule = read_schedule(Path(member.folder))
    except ReconcilerError:
        return ""
    later = (change.at for change in schedule.changes if change.at > began)
    return min((at.astimezone(UTC).isoformat() for at in later), default="")


def wait_for_gate(
    gate: GateState, number: int, interrupts: LocalInterrupts, say: Callable[[str], None]
) -> bool:
    """Wait until a wave may start; return False where a signal came meanwhile."""
    if interrupts.signals():
        return False
    seconds = (gate.opens - datetime.now(UTC)).total_seconds() if gate.opens else 0.0
    if seconds <= 0:
        return True
    opens = gate.opens.strftime("%Y-%m-%d %H:%M:%S UTC") if gate.opens else ""
    say(f"wave {number} starts at {opens} (gate.wait)")
    return not interrupts.wait(seconds)


def open_rollout(fleet: Fleet) -> RolloutStore:
    """Return the place of the rollout: in git where the ledger of every shop is there."""
    return open_store(Path(fleet.file), not list(members_without_git(fleet)))


def check_ledgers(fleet: Fleet) -> None:
    """Raise UsageError where a shop has no ledger in git: a task may run twice at a time."""
    if found := list(members_without_git(fleet)):
        raise UsageError(
            f"--on needs `ledger: git` in every shop; not so: {join_some(found, MAX_NAMED)}",
            hint="the ledger keeps two workers from applying one shop at the same time",
        )


def members_without_git(fleet: Fleet) -> Iterator[str]:
    """Yield the shops whose ledger is not in git."""
    for member in fleet.members:
        if load(Path(member.folder)).ledger != "git":
            yield member.name


def check_commit(place: Checkout) -> str:
    """Return the commit to apply; raise UsageError where the files are not exactly one commit."""
    if place.commit is None:
        hint = "commit the files: run `git init`, `git add --all` and `git commit`"
        raise UsageError("`fleet apply` needs the files to be in a git commit", hint=hint)
    if place.commit.endswith("+"):
        message = f"files differ from commit {short_commit(place.commit[:-1])}"
        hint = f"commit or revert them; `git status` lists them ({LEDGER_FILE} does not count)"
        raise UsageError(message, hint=hint)
    return place.commit


def check_gate(fleet: Fleet, number: int, commit: str, store: RolloutStore) -> GateState:
    """Return the gate before a wave; raise ReconcilerError where it is closed."""
    gate = gate_state(fleet, store.read(), commit, number, datetime.now(UTC))
    if gate.closed is not None:
        raise ReconcilerError(
            f"wave {number} may not start: {gate.closed}",
            hint=f"fix the cause, then run: reconciler fleet apply {fleet.file}",
        )
    return gate
