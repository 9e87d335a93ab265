"""An audit for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.core.model.kind import Kinds
from reconciler.core.model.text import join_some
from reconciler.render.audit.words import UNTOLD, closing, place, title_of, told
from reconciler.render.plan.text import render_error
from reconciler.render.view import AuditView, Paint
from reconciler.render.words import counted, plain

__all__ = ["render_audit", "render_error"]

_SIGNS = {
    "drifted": ("~", "yellow"),
    "missing": ("-", "red"),
    "pending_removal": ("+", "yellow"),
    "blocked": ("!", "yellow"),
    "unknown": ("?", "red"),
    "unmanaged": ("+", "dim"),
}
_MANY = 10


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: target, a section for each state, notes, a closing line."""
    return "\n".join(_audit(audit, view)) + "\n"


def _audit(audit: Audit, view: AuditView) -> Iterator[str]:
    kinds, paint = view.kinds, view.paint
    yield f"Store: {plain(audit.store)}"
    yield ""
    for state, means in STATES.items():
        if found := audit.of(state):
            sign, style = _SIGNS[state]
            title = f"{title_of(state)} ({counted(len(found), 'object')}): {means}"
            yield paint(style, title)
            yield from _section(found, f"  {paint(style, sign)}", kinds, paint)
            yield ""
    if audit.of("drifted"):
        yield f"Drift: {UNTOLD}."
        yield ""
    if audit.notes:
        yield "Notes:"
        yield from (f"  - {plain(note)}" for note in audit.notes)
        yield ""
    yield closing(audit, view)


def _section(found: Sequence[AuditFinding], sign: str, kinds: Kinds, paint: Paint) -> Iterator[str]:
    """Objects of which nothing but a common reason is known share a line."""
    together: dict[str, list[str]] = {}
    for finding in found:
        if finding.state in ("unknown", "unmanaged"):
            together.setdefault(finding.reason, []).append(plain(str(finding.address)))
            continue
        where = place(finding)
        name = paint("bold", plain(str(finding.address)))
        yield f"{sign} {name}" + (paint("dim", f"  {where}") if where else "")
        if finding.state not in ("missing", "pending_removal"):
            yield from (f"      {line}" for line in told(finding, kinds))
    for reason, names in together.items():
        why = f": {plain(reason)}" if reason else ""
        yield f"{sign} {join_some(names, _MANY)}{why}"
