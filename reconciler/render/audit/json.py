"""An audit as a JSON document."""

from __future__ import annotations

from typing import cast

from reconciler.core.audit import Audit, Finding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit import documents as contract
from reconciler.render.audit.words import Run, meaning, told
from reconciler.render.plan.json import FORMAT_VERSION, Origin
from reconciler.render.plan.origin import origin_of
from reconciler.render.words import shown


def audit_document(audit: Audit, run: Run, kinds: Kinds, origin: Origin) -> contract.AuditDocument:
    """The audit as the document that `audit --format json` prints."""
    return {
        "format_version": FORMAT_VERSION,
        "store": audit.store,
        "folder": origin.folder,
        "commit": origin.commit or None,
        "clean": audit.clean,
        "findings": [_finding(finding, kinds) for finding in audit.findings],
        "notes": list(audit.notes),
        "summary": cast("contract.Counts", audit.counts()),
        "requests": run.requests,
        "seconds": round(run.seconds, 3),
        "ended": run.ended,
    }


def _finding(finding: Finding, kinds: Kinds) -> contract.Finding:
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
