"""An audit as one page that needs nothing else, and runs nothing."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.core.model.kind import Kinds
from reconciler.errors import ReconcilerError
from reconciler.render.audit.words import closing, place, title_of, told, verdict
from reconciler.render.page import page
from reconciler.render.plan import html as plan_page
from reconciler.render.view import AuditView, View
from reconciler.render.words import plain


class Item(NamedTuple):
    """One finding, in words."""

    address: str
    place: str
    lines: list[str]


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as a page."""
    kinds = view.kinds
    return page(
        "audit.html.j2",
        verdict=verdict(audit),
        store=plain(audit.store),
        folder=plain(view.folder),
        commit=plain(view.commit or ""),
        counts=audit.counts(),
        closing=closing(audit, view),
        sections=[
            (f"{title_of(state)}: {means}", [_item(found, kinds) for found in audit.of(state)])
            for state, means in STATES.items()
        ],
        notes=audit.notes,
    )


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no audit."""
    return plan_page.render_error(error, view, "audit")


def _item(finding: AuditFinding, kinds: Kinds) -> Item:
    plainly = finding.state in ("missing", "pending_removal", "unmanaged")
    lines = [] if plainly else told(finding, kinds)
    return Item(plain(str(finding.address)), place(finding), lines)
