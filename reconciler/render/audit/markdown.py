"""An audit as Markdown for an issue, a comment or a job summary, within what a host takes."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.core.model.kind import Kinds
from reconciler.errors import ReconcilerError
from reconciler.render.audit.words import UNTOLD, closing, place, title_of, told, verdict
from reconciler.render.fit import Listing, code, fit_all, size
from reconciler.render.plan import markdown as plan_comment
from reconciler.render.plan.markdown import LIMIT, aside, footer, marker, short
from reconciler.render.view import AuditView, View
from reconciler.render.words import amount

_MOST = 10**9
_SIGNS = {"refused": "⛔", "careful": "⚠️", "calm": "✅"}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: verdict, counts, and every finding by name.

    Findings for which there is no room are counted in the first line.
    """
    kinds = view.kinds
    notes = aside("Notes", [code(note) for note in audit.notes])
    tail = notes + footer(audit.store, view)
    listings = [_listing(state, audit.of(state), kinds) for state in STATES]
    fitted = fit_all(listings, LIMIT - size(_head(audit, view, _MOST)) - size(tail))
    missing = sum(found.missing for found in fitted)
    return _head(audit, view, missing) + "".join(found.text for found in fitted) + tail


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no audit."""
    return plan_comment.render_error(error, view, "audit")


def _head(audit: Audit, view: AuditView, missing: int) -> str:
    tone, text = verdict(audit)
    lost = f" — {amount(missing)} entries NOT NAMED below" if missing else ""
    counts = audit.counts()
    return "\n".join(
        [
            marker("audit"),
            f"### {_SIGNS[tone]} {text}{lost}",
            "",
            f"Store: {short(audit.store)}",
            "",
            f"| {' | '.join(counts)} |",
            f"|{' ---: |' * len(counts)}",
            f"| {' | '.join(amount(number) for number in counts.values())} |",
            "",
            f"{closing(audit, view)}. {_drift(audit)}".rstrip(),
            "",
            "",
        ]
    )


def _drift(audit: Audit) -> str:
    return f"Drift: {UNTOLD}." if audit.of("drifted") else ""


def _listing(state: str, found: Sequence[AuditFinding], kinds: Kinds) -> Listing:
    names: dict[str, list[str]] = {}
    for finding in found:
        names.setdefault(finding.address.kind, []).append(finding.address.name)
    title = f"{title_of(state)}: {STATES[state]} ({len(found):,})"
    return Listing(title, [_entry(finding, kinds) for finding in found], names)


def _entry(finding: AuditFinding, kinds: Kinds) -> str:
    named = code(str(finding.address))
    if finding.state not in ("missing", "pending_removal", "unmanaged"):
        named += f": {code('; '.join(told(finding, kinds)))}"
    where = place(finding)
    return f"{named} — {code(where)}" if where else named
