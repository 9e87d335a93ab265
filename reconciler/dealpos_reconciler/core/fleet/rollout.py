"""A rollout: one commit on its way through the waves, and the gate that it passes.

A result of an earlier rollout never counts, not even one of the same commit: another commit may
have been applied in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dealpos_reconciler.core.fleet.fleet import MAX_NAMED, Fleet, Member
from dealpos_reconciler.core.model.address import join_some


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """The last result of one shop in a rollout."""

    ended: str
    """UTC, ISO 8601."""
    verified: bool
    """True if its apply of this commit was verified as a whole."""
    clean: bool
    """True if an audit after that apply found it as declared."""
    reason: str = ""
    """The reason why it is not done; empty for one that is."""
    due: str = ""
    """The first instant at which its dated values change after that apply; empty without any."""

    def is_due(self, now: datetime) -> bool:
        """Return whether dated values have become due since it was applied."""
        return bool(self.due) and datetime.fromisoformat(self.due) <= now

    @property
    def done(self) -> bool:
        """True if the shop is as this commit declares."""
        return self.verified and self.clean


@dataclass(frozen=True, slots=True)
class Rollout:
    """The results of the shops since the rollout began."""

    commit: str = ""
    """The git commit of the files; empty before any rollout."""
    identity: str = ""
    """A random text: tells this rollout from another one of the same commit."""
    began: str = ""
    members: Mapping[str, MemberRecord] = field(default_factory=dict)

    def with_record(self, name: str, record: MemberRecord) -> Rollout:
        """Return the rollout with the result of one shop."""
        return replace(self, members={**self.members, name: record})

    def is_up_to_date(self, member: Member, now: datetime) -> bool:
        """Return whether a shop is as this commit declares now."""
        record = self.members.get(member.name)
        return record is not None and record.done and not record.is_due(now)


@dataclass(frozen=True, slots=True)
class WaveState:
    """The state of one wave in a rollout."""

    number: int
    done: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Shops that are not done, each with the reason."""
    missing: tuple[str, ...]
    """Shops without a result."""
    ended: str
    """The end of the last result, UTC; empty where a result is missing."""
    passed: bool
    """True if the next wave may start, as far as the results are concerned."""


def wave_state(fleet: Fleet, rollout: Rollout, number: int) -> WaveState:
    """Return the state of a wave."""
    members = fleet.wave(number)
    found = {m.name: rollout.members[m.name] for m in members if m.name in rollout.members}
    failed = tuple((name, r.reason) for name, r in found.items() if not r.done)
    missing = tuple(member.name for member in members if member.name not in found)
    return WaveState(
        number,
        tuple(name for name, record in found.items() if record.done),
        failed,
        missing,
        "" if missing else max((record.ended for record in found.values()), default=""),
        not missing and len(failed) <= fleet.gate.max_failed,
    )


@dataclass(frozen=True, slots=True)
class GateState:
    """The answer of the gate before a wave."""

    opens: datetime | None
    """The moment from which the wave may start; None for one that may start at any time."""
    closed: str | None = None
    """The reason why it may not start at all."""


def gate_state(
    fleet: Fleet, rollout: Rollout, commit: str, number: int, now: datetime
) -> GateState:
    """Return whether a wave of `commit` may start, and from when on."""
    opens = None
    for earlier in fleet.waves[: number - 1]:
        if rollout.commit != commit:
            why = f"the rollout is of commit {short_commit(rollout.commit)}"
            why = why if rollout.commit else "nothing was applied yet"
            return GateState(None, f"wave {earlier} of commit {short_commit(commit)}: {why}")
        state = wave_state(fleet, rollout, earlier)
        if not state.passed:
            obstacles = "; ".join(_obstacles(fleet, state))
            return GateState(None, f"wave {earlier} is not done: {obstacles}")
        if due := [name for name in state.done if rollout.members[name].is_due(now)]:
            why = f"dated values of {join_some(due, MAX_NAMED)} are due"
            return GateState(None, f"wave {earlier}: {why}")
        opens = datetime.fromisoformat(state.ended) + fleet.gate.wait
    return GateState(opens)


def _obstacles(fleet: Fleet, state: WaveState) -> Iterator[str]:
    """Yield the reasons why a wave has not passed."""
    if len(state.failed) > fleet.gate.max_failed:
        shown = [f"{name}: {reason}" for name, reason in state.failed[:MAX_NAMED]]
        yield from shown
        if len(state.failed) > MAX_NAMED:
            yield f"{len(state.failed) - MAX_NAMED:,} more shops failed"
    if state.missing:
        yield f"no result of {join_some(state.missing, MAX_NAMED)}"


def short_commit(commit: str) -> str:
    """Return a commit as people write it."""
    return commit[:7] + ("+" if commit.endswith("+") else "")
