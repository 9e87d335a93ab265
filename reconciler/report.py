"""What an apply did: the outcome of each change, and how it was proven."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from reconciler.core.change import Action, Change
from reconciler.core.diff import compare
from reconciler.core.kind import Kind, Value
from reconciler.core.state import Address


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change. `status` is applied, failed, held or skipped."""

    address: Address
    action: Action
    status: str
    message: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What an apply did."""

    store: str
    outcomes: tuple[Outcome, ...]
    requests: int
    stopped: str = ""
    """Why the run ended early; empty when it did not."""
    needed: tuple[int, float] | None = None
    """Requests and seconds of a run in which a first unit fits; set where none did."""

    @property
    def verified(self) -> int:
        """How many changes were read back as they should be."""
        return sum(outcome.verified for outcome in self.outcomes)

    @property
    def complete(self) -> bool:
        """Whether every change was applied and verified."""
        return all(outcome.verified for outcome in self.outcomes)

    def counts(self) -> dict[str, int]:
        """Outcomes by status."""
        statuses = [outcome.status for outcome in self.outcomes]
        return {name: statuses.count(name) for name in ("applied", "failed", "held", "skipped")}


@dataclass(slots=True)
class State:
    """What is known of one change while the run goes on."""

    change: Change
    failed: str = ""
    skipped: str = ""
    done: int = 0
    verified: bool = False
    proven: bool = False
    """Whether it has been read back, or cannot be: nothing more to verify."""
    unseen: frozenset[str] = frozenset()
    """What only a listing can prove yet; the rest has been read as `observed`."""
    observed: Value = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def judge_shown(self, unseen: Set[str]) -> None:
        """Call it verified, unless some of what was changed is shown by no read."""
        if unseen:
            named = ", ".join(f"`{name}`" for name in sorted(unseen))
            self.notes.append(f"acknowledged; this shop does not show {named}")
        else:
            self.verified = True


def differences(kind: Kind, after: Value, live: Value) -> str:
    """How what was read back differs from what was written, in words; empty when it does not."""
    return "; ".join(
        f"`{changed.name}` was written"
        if kind.fields[changed.path[0]].private
        else f"`{changed.name}` was written as {changed.after} and reads {changed.before}"
        for changed in compare(kind, after, live)
    )


def discreet(kind: Kind, change: Change, message: str) -> str:
    """`message` without customer data that a server may have repeated in it."""
    for name, spec in kind.fields.items():
        if spec.private:
            for value in ((change.before or {}).get(name), (change.after or {}).get(name)):
                if isinstance(value, str) and len(value) > 2:
                    message = message.replace(value, "…")
    return message
