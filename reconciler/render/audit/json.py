"""An audit as a JSON document, and the type of that document."""

from __future__ import annotations

from typing import Annotated, Any, cast

from typing_extensions import TypedDict

from reconciler.core.audit import STATES, Audit, AuditFinding
from reconciler.render.audit.words import describe, describe_margins
from reconciler.render.json import (
    FORMAT_VERSION,
    Moment,
    ObjectDocument,
    OriginDocument,
    SourceDocument,
    described,
    dumps,
    object_document,
    one_of,
    origin_of,
    render_error,
    source_document,
)
from reconciler.render.view import AuditView
from reconciler.render.words import mask_value

__all__ = ["audit_document", "render_audit", "render_error"]


State = Annotated[str, one_of(STATES)]


@described
class DifferenceDocument(OriginDocument):
    """One field that differs from the files."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    live: Any
    """The value in the shop; null: none. Customer data is a fingerprint."""
    declared: Any
    """The value in the files; null: none."""


@described
class AuditFindingDocument(ObjectDocument):
    """One object that differs from the files, could not be read, or is in no file."""

    type: str
    """The kind."""
    name: str
    """The natural key."""
    state: State
    message: str
    """For people."""
    fields: list[DifferenceDocument]
    money: str | None
    """The margins that differ, for people."""
    source: SourceDocument | None
    """The line that declares it."""


@described
class AuditSummary(TypedDict):
    """Objects by state."""

    drifted: int
    """Different from the files."""
    missing: int
    """Declared, not in the shop."""
    pending_removal: int
    """Marked as removed, still in the shop."""
    blocked: int
    """Different from the files, and no plan can change it."""
    unknown: int
    """Could not be read."""
    unmanaged: int
    """In the shop, in no file."""
    unchanged: int
    """Objects as declared; counted and not listed."""


@described
class AuditDocument(TypedDict):
    """Output of `reconciler audit --format json`."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    finished_at: Moment
    """The time at which the audit ended, UTC."""
    store: str
    folder: str
    """The shop's folder, as seen from where the audit was made."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    clean: bool
    """true if no drift was found; unmanaged objects do not count as drift."""
    findings: list[AuditFindingDocument]
    notes: list[str]
    summary: AuditSummary
    requests: int
    """All requests of the audit: reads."""
    seconds: float
    """The duration of the audit."""


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as JSON text."""
    return dumps(audit_document(audit, view)) + "\n"


def audit_document(audit: Audit, view: AuditView) -> AuditDocument:
    """Return the document that `audit --format json` prints."""
    return {
        "format_version": FORMAT_VERSION,
        "finished_at": view.made_at,
        "store": audit.store,
        "folder": view.folder,
        "commit": view.commit,
        "clean": audit.clean,
        "findings": [_finding(finding, audit, view) for finding in audit.findings],
        "notes": list(audit.notes),
        "summary": cast("AuditSummary", audit.counts()),
        "requests": view.requests,
        "seconds": round(view.seconds, 3),
    }


def _finding(finding: AuditFinding, audit: Audit, view: AuditView) -> AuditFindingDocument:
    kind = view.kinds[finding.address.kind]
    return {
        **object_document(finding.address, audit.labels),
        "type": finding.address.kind,
        "name": finding.address.name,
        "state": finding.state,
        "message": "; ".join(describe(finding, view.kinds, audit.labels)),
        "fields": [
            {
                "path": field.name,
                "live": mask_value(finding.address, kind.fields[field.path[0]], field.before),
                "declared": mask_value(finding.address, kind.fields[field.path[0]], field.after),
                **origin_of(field),
            }
            for field in finding.fields
        ],
        "money": "; ".join(describe_margins(finding, view.kinds)) or None,
        "source": finding.source and source_document(finding.source),
    }
