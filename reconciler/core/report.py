"""What an apply did: the outcome of each change, and how it was proven."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field

from reconciler.core.diff.change import Action, Change, mark
from reconciler.core.diff.diff import differing, rewritten
from reconciler.core.diff.equivalence import Path
from reconciler.core.diff.known_rewrites import Pair, carried_over, sent, traced
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Value

LONG = 80
"""Characters of a value that a note quotes."""


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
    held: bool = False
    """Whether it was skipped because its ground has moved."""
    done: int = 0
    verified: bool = False
    proven: bool = False
    """Whether it has been read back, or cannot be: nothing more to verify."""
    unseen: frozenset[str] = frozenset()
    """What only a listing can prove yet; the rest has been read as `observed`."""
    observed: Value = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    known: Mapping[Path, Pair] = field(default_factory=dict)
    """What the shop was known to keep otherwise than written."""
    kept: dict[Path, Pair] = field(default_factory=dict)
    """What it keeps now; what it did not show stays as known."""

    def heed(self, kind: Kind, live: Value) -> None:
        """Remember what is kept otherwise than it was written, and say it if that is new."""
        change = self.change
        found = rewritten(kind, change, live)
        kept = traced(kind, change.address, found)
        for path, pair in found.items():
            if self.known.get(path) != kept[path]:
                self.notes.append(_kept_as(kind, change.address, path, pair))
        unshown = {path: pair for path, pair in self.known.items() if path[0] not in live}
        over = carried_over(kind, change.address, change.carried)
        self.kept = {**unshown, **kept, **over, **sent(kind, change, live)}

    def judge_shown(self, unseen: Set[str]) -> None:
        """Call it verified, unless some of what was changed is shown by no read."""
        if unseen:
            named = ", ".join(f"`{name}`" for name in sorted(unseen))
            self.notes.append(f"acknowledged; this shop does not show {named}")
        else:
            self.verified = True


def _kept_as(kind: Kind, address: Address, path: Path, pair: Pair) -> str:
    """The note on a value that is kept otherwise than it was written; customer data as marks."""
    private = kind.fields[path[0]].private
    written, held = (mark(address, v) if private else _quoted(v) for v in pair)
    return f"the server keeps `{'.'.join(path)}` {written} as {held}"


def _quoted(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def differences(
    kind: Kind, change: Change, live: Value, names: Collection[str] | None = None
) -> str:
    """How what was read back differs from what was written, in words; empty when it does not.

    What the server rewrites without harm is no difference. With `names`, of these fields alone.
    """
    written = change.provable
    if names is not None:
        written = {name: value for name, value in written.items() if name in names}
    harmless = rewritten(kind, change, live)
    return "; ".join(
        f"`{changed.name}` was written"
        if kind.fields[changed.path[0]].private
        else f"`{changed.name}` was written as {changed.after} and reads {changed.before}"
        for changed in differing(kind, written, live)
        if changed.path not in harmless
    )


def discreet(kind: Kind, change: Change, message: str) -> str:
    """`message` without customer data that a server may have repeated in it."""
    for name, spec in kind.fields.items():
        if spec.private:
            for value in ((change.before or {}).get(name), (change.after or {}).get(name)):
                if isinstance(value, str) and len(value) > 2:
                    message = message.replace(value, "…")
    return message
