"""An audit as annotations on the YAML lines, in GitHub's workflow commands."""

from __future__ import annotations

from reconciler.core.audit import Audit, AuditFinding
from reconciler.render.audit.words import closing_line, describe, name_state
from reconciler.render.plan.github import Annotation, commands, log, render_error
from reconciler.render.view import AuditView
from reconciler.render.words import with_label

__all__ = ["render_audit", "render_error"]

_LEVELS = {
    "error": ("unknown",),
    "warning": ("drifted", "missing", "pending_removal", "blocked"),
    "notice": ("unmanaged",),
}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return unknown objects as errors, drift as warnings, and unmanaged objects as notices."""
    lines = [f"Store: {log(audit.store)}"]
    for level, states in _LEVELS.items():
        found = [finding for state in states for finding in audit.of(state)]
        notes = (_annotation(finding, audit, view) for finding in found)
        lines += commands(level, notes, view.repository_path, "audit")
    return "\n".join([*lines, closing_line(audit, view), ""])


def _annotation(finding: AuditFinding, audit: Audit, view: AuditView) -> Annotation:
    title = f"{name_state(finding.state)} {with_label(finding.address, audit.labels)}"
    lines = describe(finding, view.kinds, audit.labels)
    return Annotation(title, "\n".join(lines), finding.source)
