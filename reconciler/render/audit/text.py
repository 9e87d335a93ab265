"""An audit for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.core.model.address import join_some
from reconciler.render.audit.words import (
    LEDGER_HINT,
    WITHOUT_DETAILS,
    closing_line,
    describe,
    needs_ledger,
    title_state,
)
from reconciler.render.plan.text import MAX_NAMES
from reconciler.render.view import AuditView, place
from reconciler.render.words import moment, plain, with_label, with_labels

_SIGNS = {
    "drifted": ("~", "yellow"),
    "missing": ("✗", "red"),
    "pending_removal": ("○", "yellow"),
    "blocked": ("!", "yellow"),
    "unknown": ("?", "red"),
    "unmanaged": ("•", "dim"),
}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: target, a section for each state, notes, a closing line."""
    return "\n".join(_audit(audit, view)) + "\n"


def _audit(audit: Audit, view: AuditView) -> Iterator[str]:
    yield f"Store: {plain(audit.store)}"
    yield f"Audited at: {moment(view.made_at)}"
    yield ""
    for state in STATES:
        if found := audit.of(state):
            sign, style = _SIGNS[state]
            yield view.paint(style, title_state(state, len(found)))
            yield from _section(found, f"  {view.paint(style, sign)}", audit, view)
            yield ""
    if needs_ledger(audit):
        yield LEDGER_HINT
        yield ""
    if audit.notes:
        yield "Notes:"
        yield from (f"  • {with_labels(plain(note), audit.labels)}" for note in audit.notes)
        yield ""
    yield closing_line(audit, view)


def _section(
    found: Sequence[AuditFinding], sign: str, audit: Audit, view: AuditView
) -> Iterator[str]:
    """Yield the objects of one state; those that only share a reason share a line."""
    together: dict[str, list[str]] = {}
    for finding in found:
        name = with_label(finding.address, audit.labels)
        if finding.state in ("unknown", "unmanaged"):
            together.setdefault(finding.reason or "", []).append(name)
            continue
        where = place(finding.source)
        yield f"{sign} {view.paint('bold', name)}" + (
            view.paint("dim", f"  {where}") if where else ""
        )
        if finding.state not in WITHOUT_DETAILS:
            yield from (f"      {line}" for line in describe(finding, view.kinds, audit.labels))
    for reason, names in together.items():
        why = f": {with_labels(plain(reason), audit.labels)}" if reason else ""
        yield f"{sign} {join_some(names, MAX_NAMES)}{why}"
