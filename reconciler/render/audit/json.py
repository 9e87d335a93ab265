"""An audit as a JSON document."""

from __future__ import annotations

from typing import cast

from reconciler.core.audit import Audit, AuditFinding
from reconciler.render.audit import documents
from reconciler.render.audit.words import describe, describe_margins
from reconciler.render.json import FORMAT_VERSION, dumps, render_error
from reconciler.render.plan.documents import origin_of
from reconciler.render.plan.violations import source_document
from reconciler.render.view import AuditView
from reconciler.render.words import shown

__all__ = ["audit_document", "render_audit", "render_error"]


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as JSON text."""
    return dumps(audit_document(audit, view)) + "\n"


def audit_document(audit: Audit, view: AuditView) -> documents.AuditDocument:
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
        "summary": cast("documents.AuditSummary", audit.counts()),
        "requests": view.requests,
        "seconds": round(view.seconds, 3),
    }


def _finding(
    finding: AuditFinding, audit: Audit, view: AuditView
) -> documents.AuditFindingDocument:
    kind = view.kinds[finding.address.kind]
    return {
        "address": str(finding.address),
        "label": audit.labels.get(finding.address),
        "type": finding.address.kind,
        "name": finding.address.name,
        "state": finding.state,
        "message": "; ".join(describe(finding, view.kinds, audit.labels)),
        "fields": [
            {
                "path": field.name,
                "live": shown(finding.address, kind.fields[field.path[0]], field.before),
                "declared": shown(finding.address, kind.fields[field.path[0]], field.after),
                **origin_of(field),
            }
            for field in finding.fields
        ],
        "money": "; ".join(describe_margins(finding, view.kinds)) or None,
        "source": source_document(finding.source),
    }
