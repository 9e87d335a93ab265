"""An audit as Markdown for an issue, a comment or a job summary, within what a host takes."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.errors import ReconcilerError
from reconciler.render.audit.words import (
    LEDGER_HINT,
    WITHOUT_DETAILS,
    closing_line,
    describe,
    name_state,
    needs_ledger,
    place,
    summarize_audit,
    title_state,
)
from reconciler.render.comment import (
    MAX_COMMENT_BYTES,
    aside,
    error_comment,
    footer,
    marker,
    short,
)
from reconciler.render.fit import NameList, code, fit_all, size
from reconciler.render.view import AuditView, View
from reconciler.render.words import amount, moment, named, with_labels

_MOST = 10**9
_SIGNS = {"refused": "⛔", "careful": "⚠️", "calm": "✅"}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: verdict, counts, and every finding by name.

    Findings for which there is no room are counted in the first line.
    """
    notes = aside("Notes", [code(with_labels(note, audit.labels)) for note in audit.notes])
    tail = notes + footer(audit.store, view)
    listings = [_listing(state, audit.of(state), audit, view) for state in STATES]
    room = MAX_COMMENT_BYTES - size(_head(audit, view, _MOST)) - size(tail)
    fitted = fit_all(listings, room)
    missing = sum(found.missing for found in fitted)
    return _head(audit, view, missing) + "".join(found.text for found in fitted) + tail


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no audit."""
    return error_comment(error, "audit")


def _head(audit: Audit, view: AuditView, missing: int) -> str:
    tone, text = summarize_audit(audit)
    lost = f" — {amount(missing)} entries not shown (comment size limit)" if missing else ""
    counts = {name_state(word): number for word, number in audit.counts().items()}
    hint = f" {LEDGER_HINT}" if needs_ledger(audit) else ""
    return "\n".join(
        [
            marker("audit"),
            f"### {_SIGNS[tone]} {text}{lost}",
            "",
            f"Store: {short(audit.store)}, audited at {moment(view.made_at)}",
            "",
            f"| {' | '.join(counts)} |",
            f"|{' ---: |' * len(counts)}",
            f"| {' | '.join(amount(number) for number in counts.values())} |",
            "",
            f"{closing_line(audit, view)}{hint}",
            "",
            "",
        ]
    )


def _listing(state: str, found: Sequence[AuditFinding], audit: Audit, view: AuditView) -> NameList:
    names: dict[str, list[str]] = {}
    for finding in found:
        names.setdefault(finding.address.kind, []).append(finding.address.name)
    entries = [_entry(finding, audit, view) for finding in found]
    return NameList(title_state(state, len(found)), entries, names, "audit")


def _entry(finding: AuditFinding, audit: Audit, view: AuditView) -> str:
    entry = code(named(finding.address, audit.labels))
    if finding.state not in WITHOUT_DETAILS:
        entry += f": {code('; '.join(describe(finding, view.kinds, audit.labels)))}"
    where = place(finding)
    return f"{entry} — {code(where)}" if where else entry
