"""An audit as Markdown for an issue, a comment or a job summary, within what a host takes."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.errors import ReconcilerError
from reconciler.render import comment
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
from reconciler.render.comment import NameList, code, fit_all, size
from reconciler.render.view import AuditView, View, place
from reconciler.render.words import group_names, moment, with_label, with_labels


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: verdict, counts, and every finding by name.

    Findings for which there is no room are counted in the first line.
    """
    notes = comment.aside("Notes", [code(with_labels(note, audit.labels)) for note in audit.notes])
    tail = notes + comment.footer(audit.store, view)
    listings = [_listing(state, audit.of(state), audit, view) for state in STATES]
    verdict, head = summarize_audit(audit), _head(audit, view)
    frame = comment.heading("audit", verdict) + head + tail
    fitted = fit_all(listings, comment.MAX_COMMENT_BYTES - size(frame))
    title = comment.heading("audit", verdict, sum(found.missing for found in fitted))
    return title + head + "".join(found.text for found in fitted) + tail


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no audit."""
    return comment.error_comment(error, "audit")


def _head(audit: Audit, view: AuditView) -> str:
    counts = {name_state(word): number for word, number in audit.counts().items()}
    hint = f" {LEDGER_HINT}" if needs_ledger(audit) else ""
    lines = [
        f"Store: {comment.short(audit.store)}, audited at {moment(view.made_at)}",
        "",
        *comment.count_table(counts),
        f"{closing_line(audit, view)}{hint}",
    ]
    return "\n".join(lines) + "\n\n"


def _listing(state: str, found: Sequence[AuditFinding], audit: Audit, view: AuditView) -> NameList:
    names = group_names(finding.address for finding in found)
    entries = [_entry(finding, audit, view) for finding in found]
    return NameList(title_state(state, len(found)), entries, names, "audit")


def _entry(finding: AuditFinding, audit: Audit, view: AuditView) -> str:
    entry = code(with_label(finding.address, audit.labels))
    if finding.state not in WITHOUT_DETAILS:
        entry += f": {code('; '.join(describe(finding, view.kinds, audit.labels)))}"
    where = place(finding.source)
    return f"{entry} — {code(where)}" if where else entry
