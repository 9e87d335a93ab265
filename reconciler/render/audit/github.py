"""An audit as annotations on the YAML lines, in GitHub's workflow commands."""

from __future__ import annotations

from reconciler.core.audit import Audit, AuditFinding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit.words import closing, told
from reconciler.render.plan.github import Note, commands, log, render_error
from reconciler.render.view import AuditView

__all__ = ["render_audit", "render_error"]

_LEVELS = {
    "error": ("unknown",),
    "warning": ("drifted", "missing", "pending_removal", "blocked"),
    "notice": ("unmanaged",),
}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return unknown objects as errors, drift as warnings, and unmanaged objects as notices."""
    kinds, folder = view.kinds, view.repository_path
    lines = [f"Store: {log(audit.store)}"]
    for level, states in _LEVELS.items():
        found = (finding for state in states for finding in audit.of(state))
        lines += commands(level, (_note(finding, kinds) for finding in found), folder, "audit")
    return "\n".join([*lines, closing(audit, view), ""])


def _note(finding: AuditFinding, kinds: Kinds) -> Note:
    title = f"{finding.state} {finding.address}"
    return Note(title, "\n".join(told(finding, kinds)), finding.source)
