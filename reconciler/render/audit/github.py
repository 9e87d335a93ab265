"""An audit as annotations on the YAML lines, in GitHub's workflow commands."""

from __future__ import annotations

from reconciler.core.audit import Audit, Finding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit.words import Run, closing, told
from reconciler.render.plan.github import Note, commands, log

_LEVELS = {
    "error": ("unknown",),
    "warning": ("drifted", "missing", "retained", "withheld"),
    "notice": ("unmanaged",),
}


def audit_github(audit: Audit, run: Run, kinds: Kinds, folder: str) -> str:
    """What could not be read as errors, drift as warnings, what is unmanaged as notices.

    `folder` is the shop's, from the top of its repository; empty where it is the top.
    """
    lines = [f"Store: {log(audit.store)}"]
    for level, states in _LEVELS.items():
        found = (finding for state in states for finding in audit.of(state))
        lines += commands(level, (_note(finding, kinds) for finding in found), folder, "audit")
    return "\n".join([*lines, closing(audit, run), ""])


def _note(finding: Finding, kinds: Kinds) -> Note:
    title = f"{finding.state} {finding.address}"
    return Note(title, "\n".join(told(finding, kinds)), finding.source)
