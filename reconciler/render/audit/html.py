"""An audit as one self-contained page without a script."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.errors import ReconcilerError
from reconciler.render.audit.words import (
    LEDGER_HINT,
    WITHOUT_DETAILS,
    closing_line,
    describe,
    name_state,
    needs_ledger,
    summarize_audit,
    title_state,
)
from reconciler.render.page import page
from reconciler.render.plan import html as plan_page
from reconciler.render.view import AuditView, View, place
from reconciler.render.words import moment, plain, with_label, with_labels


class AuditItem(NamedTuple):
    """One finding, in words."""

    name: str
    place: str
    lines: list[str]


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as a page."""
    sections = [(state, audit.of(state)) for state in STATES]
    return page(
        "audit.html.j2",
        verdict=summarize_audit(audit),
        store=plain(audit.store),
        folder=plain(view.folder),
        commit=plain(view.commit or ""),
        made_at=moment(view.made_at),
        made="Audited at",
        counts={name_state(word): number for word, number in audit.counts().items()},
        closing=closing_line(audit, view),
        hint=LEDGER_HINT if needs_ledger(audit) else "",
        sections=[
            (title_state(state, len(found)), [_item(finding, audit, view) for finding in found])
            for state, found in sections
        ],
        notes=[with_labels(note, audit.labels) for note in audit.notes],
    )


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no audit."""
    return plan_page.render_error(error, view, "audit")


def _item(finding: AuditFinding, audit: Audit, view: AuditView) -> AuditItem:
    plainly = finding.state in WITHOUT_DETAILS
    lines = [] if plainly else describe(finding, view.kinds, audit.labels)
    return AuditItem(with_label(finding.address, audit.labels), place(finding.source), lines)
