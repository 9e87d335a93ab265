"""The words of an audit: what the shop has, and what the files say."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.audit import CALM, STATES, Audit, AuditFinding
from reconciler.core.diff.change import CONFLICT, DRIFTED, PENDING, FieldChange
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.money import moves
from reconciler.render.money import money_line
from reconciler.render.plan.verdict import Verdict
from reconciler.render.view import AuditView
from reconciler.render.words import counted, plain, written

UNTOLD = "which of the two moved, a ledger tells; by whose hand, the API does not"


_MOVED = {PENDING: "the files moved", DRIFTED: "the shop moved", CONFLICT: "both moved"}
"""What a ledger tells of a difference."""


def title_of(state: str) -> str:
    """Return a state of an object as the start of a heading."""
    return state.replace("_", " ").capitalize()


def differences(finding: AuditFinding, kinds: Kinds) -> list[str]:
    """Each field that differs: `unit_price is 18,500, the files say 18,000`."""
    kind = kinds[finding.address.kind]
    return [_difference(finding, kind, field) for field in finding.fields]


def _difference(finding: AuditFinding, kind: Kind, field: FieldChange) -> str:
    spec = kind.fields[field.path[0]]
    live, declared = (
        "nothing" if value is None else written(finding.address, spec, value)
        for value in (field.before, field.after)
    )
    moved = f" ({_MOVED[field.origin]})" if field.origin else ""
    return f"{plain(field.name)} is {live}, the files say {declared}{moved}"


def meaning(finding: AuditFinding, kinds: Kinds) -> str:
    """What the way from the files to the shop did to margins; empty where it did nothing."""
    return money_line(moves(finding.moved, kinds)) if finding.moved else ""


def told(finding: AuditFinding, kinds: Kinds) -> list[str]:
    """All that is to say of an object, a line each."""
    lines = differences(finding, kinds) or [plain(finding.reason or STATES[finding.state])]
    money = meaning(finding, kinds)
    return [*lines, f"money: {money}"] if money else lines


def place(finding: AuditFinding) -> str:
    """The line that declares it: `catalogue/drinks.yaml:14`; empty when none does."""
    return plain(f"{finding.source.file}:{finding.source.line}") if finding.source else ""


def verdict(audit: Audit) -> Verdict:
    """What a reader must know if it is the only line that is read."""
    if unread := len(audit.of("unknown")):
        return Verdict("refused", f"Incomplete: {counted(unread, 'object')} could not be read")
    if audit.clean:
        return Verdict("calm", "Clean: the shop is as the files say")
    apart = sum(finding.state not in CALM for finding in audit.findings)
    return Verdict("careful", f"Drift: {counted(apart, 'object')} not as the files say")


def closing(audit: Audit, view: AuditView) -> str:
    """The one line to grep for."""
    return (
        f"Audit: {', '.join(_counts(audit))}; {counted(view.requests, 'request')}, nothing written"
    )


def _counts(audit: Audit) -> Iterator[str]:
    counts = audit.counts()
    if audit.clean:
        yield "clean"
    yield from (f"{counts[state]:,} {state.replace('_', ' ')}" for state in STATES if counts[state])
    yield f"{counts['unchanged']:,} unchanged"
