"""An audit as one page that needs nothing else, and runs nothing."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.core.audit import STATES, Audit, Finding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit.words import Run, closing, place, told, verdict
from reconciler.render.page import page
from reconciler.render.plan.json import Origin
from reconciler.render.words import plain


class Item(NamedTuple):
    """One finding, in words."""

    address: str
    place: str
    lines: list[str]


def audit_html(audit: Audit, run: Run, kinds: Kinds, origin: Origin) -> str:
    """The audit as a page."""
    return page(
        "audit.html.j2",
        verdict=verdict(audit),
        store=plain(audit.store),
        folder=plain(origin.folder),
        commit=plain(origin.commit),
        counts=audit.counts(),
        closing=closing(audit, run),
        sections=[
            (f"{state.capitalize()}: {means}", [_item(found, kinds) for found in audit.of(state)])
            for state, means in STATES.items()
        ],
        notes=audit.notes,
    )


def _item(finding: Finding, kinds: Kinds) -> Item:
    plainly = finding.state in ("missing", "retained", "unmanaged")
    lines = [] if plainly else told(finding, kinds)
    return Item(plain(str(finding.address)), place(finding), lines)
