"""An audit as a JSON document."""

from __future__ import annotations

from typing import cast

from reconciler.core.audit import Audit, AuditFinding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit import documents as contract
from reconciler.render.audit.words import meaning, told
from reconciler.render.json import FORMAT_VERSION, dumps, render_error
from reconciler.render.plan.documents import origin_of
from reconciler.render.view import AuditView
from reconciler.render.words import shown

__all__ = ["audit_document", "render_audit", "render_error"]


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as JSON text."""
    return dumps(audit_document(audit, view)) + "\n"


def audit_document(audit: Audit, view: AuditView) -> contract.AuditDocument:
    """Return the document that `audit --format json` prints."""
    kinds = view.kinds
    return {
        "format_version": FORMAT_VERSION,
        "store": audit.store,
        "folder": view.folder,
        "commit": view.commit,
        "clean": audit.clean,
        "findings": [_finding(finding, kinds) for finding in audit.findings],
        "notes": list(audit.notes),
        "summary": cast("contract.Counts", audit.counts()),
        "requests": view.requests,
        "seconds": round(view.seconds, 3),
        "ended": view.epoch,
    }


def _finding(finding: AuditFinding, kinds: Kinds) -> contract.Finding:
    kind = kinds[finding.address.kind]
    source = finding.source
    return {
        "address": str(finding.address),
        "type": finding.address.kind,
        "name": finding.address.name,
        "state": finding.state,
        "message": "; ".join(told(finding, kinds)),
        "fields": [
            {
                "path": field.name,
                "live": shown(finding.address, kind.fields[field.path[0]], field.before),
                "declared": shown(finding.address, kind.fields[field.path[0]], field.after),
                **origin_of(field),
            }
            for field in finding.fields
        ],
        "money": meaning(finding, kinds) or None,
        "source": source and {"file": source.file, "line": source.line, "column": source.column},
    }
