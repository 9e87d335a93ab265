"""An audit: where shop and files have come apart, read off a plan that nobody applies.

Which of the two moved, and by whose hand, the API does not tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dealpos_reconciler.core.diff.change import CARRIED, Action, Change, FieldChange
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.plan.plan import OverdueStep, Plan

STATES = ("drifted", "missing", "pending_removal", "blocked", "unknown", "authorising", "unmanaged")
"""The states of an object in an audit, in the order of a report."""
_STATES = {Action.CREATE: "missing", Action.DELETE: "pending_removal"}
CALM = frozenset({"authorising", "unmanaged"})
"""States that contradict no file."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One object that is not simply as declared; `state` is one of `STATES`."""

    address: Address
    state: str
    reason: str | None = None
    """The reason of a state that the fields do not explain."""
    fields: tuple[FieldChange, ...] = ()
    """The differences: `before` is the live value, `after` the declared one."""
    source: Source | None = None
    moved: Change | None = None
    """The way from the files to the shop, for what it means in money."""
    overdue: tuple[OverdueStep, ...] = ()
    """The due values that no run has applied."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that an audit found."""

    store: str
    findings: tuple[AuditFinding, ...]
    notes: tuple[str, ...]
    unchanged: int
    """Objects that are as declared."""
    reads: int
    labels: Mapping[Address, str] = field(default_factory=dict, repr=False, compare=False)
    """The names that people call objects by; no private data."""

    @property
    def overdue_seconds(self) -> int:
        """The time since the oldest due value that no run has applied; 0 without one."""
        steps = (step for finding in self.findings for step in finding.overdue)
        return max((step.seconds for step in steps), default=0)

    @property
    def clean(self) -> bool:
        """True if nothing contradicts the files, as far as all of it was read."""
        return all(finding.state in CALM for finding in self.findings)

    def of(self, state: str) -> list[AuditFinding]:
        """Return the findings of one state."""
        return [finding for finding in self.findings if finding.state == state]

    def counts(self) -> dict[str, int]:
        """Return the number of objects by state."""
        found = Counter(finding.state for finding in self.findings)
        return {state: found[state] for state in STATES} | {"unchanged": self.unchanged}


def audit_plan(plan: Plan) -> Audit:
    """Return the audit that a plan implies."""
    drift = {change.address: change for change in plan.blocked_changes}
    findings = [
        *map(_finding, plan.changes),
        *(_blocked_finding(a, reason, drift.get(a)) for a, reason in plan.blocked),
        *(AuditFinding(address, "unknown", reason) for address, reason in plan.unknown),
        *(AuditFinding(address, "authorising", reach) for address, reach in plan.authorising),
        *(AuditFinding(address, "unmanaged") for address in plan.unmanaged),
    ]
    late = plan.overdue
    findings = [replace(f, overdue=late[f.address]) if f.address in late else f for f in findings]
    made = plan.publication
    released = [f"the published release differs: {said}" for said in made.settings] if made else []
    ordered = sorted(findings, key=lambda finding: (STATES.index(finding.state), finding.address))
    notes = (*plan.notes, *released)
    return Audit(plan.store, tuple(ordered), notes, plan.unchanged or 0, plan.reads, plan.labels)


def _blocked_finding(address: Address, reason: str, change: Change | None) -> AuditFinding:
    """Return an object that no plan can change, with its drift where that was seen."""
    if change is None or change.action in _STATES:
        return AuditFinding(address, "blocked", reason)
    return replace(_finding(change), state="blocked", reason=reason)


def _finding(change: Change) -> AuditFinding:
    if change.action in _STATES:
        return AuditFinding(change.address, _STATES[change.action], source=change.source)
    fields = tuple(_declared_fields(change))
    declared = {name: asked for name, (asked, _) in change.carried.items()}
    moved = replace(change, before={**(change.after or {}), **declared}, after=change.before)
    return AuditFinding(change.address, "drifted", fields=fields, source=change.source, moved=moved)


def _declared_fields(change: Change) -> Iterator[FieldChange]:
    """Yield the differences as the files have them, without what a replacement carries over."""
    for found in change.fields:
        asked, _ = change.carried.get(found.path[0], (found.after, None))
        if found.reason != CARRIED and asked != found.before:
            yield replace(found, after=asked)
