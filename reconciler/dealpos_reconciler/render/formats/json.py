"""A plan or an audit as a JSON document; a plan follows Terraform's where the two overlap."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from dealpos_reconciler.core.audit import Audit, AuditFinding
from dealpos_reconciler.core.diff.change import Action, Change, FieldChange, Marker, mark_at
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import Path, SecretText, is_masked
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.plan.plan import Plan, Violation
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.render import documents, sections
from dealpos_reconciler.render.dates.coming import coming_document, overdue_documents
from dealpos_reconciler.render.findings import describe, describe_margins
from dealpos_reconciler.render.json import (
    FORMAT_VERSION,
    FieldSourceDocument,
    SourceDocument,
    dumps,
    error_document,
    object_document,
    origin_of,
    source_document,
)
from dealpos_reconciler.render.money import impact_document, sale_document
from dealpos_reconciler.render.rehearsal.document import rehearsal_document
from dealpos_reconciler.render.sections import allow_block, find_exception
from dealpos_reconciler.render.view import AuditView, PlanView, View, field_place, place_of
from dealpos_reconciler.render.words import ObjectLabels, mask_value


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as JSON text."""
    return dumps(plan_document(plan, view)) + "\n"


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as JSON text."""
    return dumps(audit_document(audit, view)) + "\n"


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return an error as JSON text."""
    return dumps(error_document(error)) + "\n"


def plan_document(plan: Plan, view: PlanView) -> documents.PlanDocument:
    """Return the document that `plan --format json` prints and `plan --out` writes."""
    usage, labels = view.usage, plan.labels
    document: documents.PlanDocument = {
        "format_version": FORMAT_VERSION,
        "created_at": view.made_at,
        "store": plan.store,
        "folder": view.folder,
        "commit": view.commit,
        "warnings": [
            {"addresses": list(map(str, addresses)), "message": message}
            for addresses, message in (*plan.warnings, *plan.look_alikes)
        ],
        "resource_changes": [
            _change(change, view, labels, plan.holds_until.get(change.address))
            for change in plan.changes
        ],
        "unmanaged": [object_document(address, labels) for address in plan.unmanaged],
        "orphaned": [object_document(address, labels) for address in plan.orphaned],
        "unknown": _reasons(plan.unknown, labels),
        "blocked": _reasons(plan.blocked, labels),
        "stale": _reasons(((held.address, held.reason) for held in plan.stale), labels),
        "notes": list(plan.notes),
        "violations": [_violation(found, labels, view.made_at) for found in plan.violations],
        "summary": cast("documents.Summary", plan.counts()),
        "money": impact_document(view.price_impact(plan.changes), labels),
        "interruptions": {
            "points": plan.interruptions.points,
            "unsafe": [
                {"after": after, "until": until, **object_document(address, labels), "why": why}
                for after, until, address, why in plan.interruptions.unsafe
            ],
        },
        "api_usage": {
            "reads": usage.reads,
            "writes": usage.writes,
            "verification": usage.verification,
            "requests": usage.requests,
            "windows": usage.windows,
            "seconds": usage.seconds,
        },
    }
    if mentioned := sections.mentioned_labels(plan):
        document["labels"] = mentioned
    if plan.at:
        document["at"] = plan.at
    if plan.coming:
        document["coming"] = list(map(coming_document, plan.coming))
    if plan.as_of:
        document["as_of"] = plan.as_of
    if made := plan.publication:
        document["publication"] = {
            "place": made.place,
            "previous": made.previous,
            "number": made.number,
            "digest": made.digest,
            "settings": list(made.settings),
        }
    if view.rehearsal:
        document["rehearsal"] = rehearsal_document(plan, view.rehearsal)
    if any("from_environment" in change for change in document["resource_changes"]):
        document["marks"] = {"salt": view.marker.salt, "key": view.marker.key_mark}
    return document


def _reasons(
    found: Iterable[tuple[Address, str]], labels: ObjectLabels
) -> list[documents.ReasonDocument]:
    return [{**object_document(address, labels), "reason": reason} for address, reason in found]


def _violation(
    violation: Violation, labels: ObjectLabels, made_at: str
) -> documents.ViolationDocument:
    allowed = violation.allowed
    document: documents.ViolationDocument = {
        "rule": violation.rule,
        "message": violation.message,
        "measured": None if is_masked(violation.measured) else violation.measured,
        "limit": None if is_masked(violation.limit) else violation.limit,
        "unit": violation.unit,
        "address": str(violation.address) if violation.address else None,
        "label": labels.get(violation.address) if violation.address else None,
        "source": violation.source and source_document(violation.source),
        "hint": "\n".join(allow_block([find_exception(violation)], made_at)),
        "allowed": {
            "reason": allowed.reason,
            "until": allowed.until,
            "source": source_document(allowed.source),
        }
        if allowed
        else None,
    }
    if violation.day:
        document["day"] = violation.day
    return document


def _change(
    change: Change, view: PlanView, labels: ObjectLabels, holds_until: str | None
) -> documents.ResourceChange:
    kinds = view.kinds
    kind = kinds[change.address.kind]
    masked = _masked_paths(change, kind)
    document: documents.ResourceChange = {
        "address": str(change.address),
        "label": labels.get(change.address),
        "type": change.address.kind,
        "name": str(change.address.name),
        "action": change.action.value,
        "action_reason": change.reason,
        "change": {
            "actions": change.action.verbs,
            "before": _value(change, kind, change.before, masked, view.marker),
            "after": _value(change, kind, change.after, masked, view.marker),
        },
        "fields": [
            {
                "path": field.name,
                "before": _side(change.address, kind, field, field.before),
                "after": _side(change.address, kind, field, field.after),
                "reason": field.reason,
                **origin_of(field),
                **_field_source(change, field),
            }
            for field in change.fields
        ],
        "money": [sale_document(sale) for sale in moved_sales(change, kinds)],
        "source": _source(change),
        "basis": change.basis,
    }
    if masked:
        document["from_environment"] = list(map(list, masked))
    if holds_until:
        document["holds_until"] = holds_until
    _add_details(document, change, kind, view.marker)
    return document


def _source(found: Change | AuditFinding) -> SourceDocument | None:
    source = place_of(found)
    return source and source_document(source)


def _field_source(found: Change | AuditFinding, field: FieldChange) -> FieldSourceDocument:
    """Return the place of one field, where it is not that of the object."""
    source = field_place(found, field)
    return {"source": source_document(source)} if source else {}


def _add_details(
    document: documents.ResourceChange, change: Change, kind: Kind, marker: Marker
) -> None:
    """Add the keys that only some changes have."""
    if change.renamed_from:
        document["previous_address"] = f"{change.address.kind}/{change.renamed_from}"
    if change.implied:
        document["implied"] = [str(address) for address in change.implied]
    if change.carried:

        def show(value: Any) -> Any:
            return marker.mark(change.address, value) if is_masked(value) else value

        document["carried"] = {
            name: {"declared": show(asked), "written": show(left)}
            for name, (asked, left) in change.carried.items()
        }
    left = (change.before or {}).get(kind.use_counts[1]) if change.action is Action.DELETE else None
    if left is not None:
        document["uses_left"] = left
    if change.remarks:
        document["remarks"] = list(change.remarks)
    if change.origin:
        document["origin"] = change.origin


def _side(address: Address, kind: Kind, field: FieldChange, value: Any) -> Any:
    return mask_value(address, kind.fields[field.path[0]], value, field.is_masked)


def _masked_paths(change: Change, kind: Kind) -> tuple[Path, ...]:
    """Return the ways to the values that come from the environment, the identity included."""
    identity = ((kind.identity,),) if isinstance(change.address.name, SecretText) else ()
    return tuple(dict.fromkeys((*identity, *change.masked)))


def _value(
    change: Change, kind: Kind, value: Value | None, masked: Iterable[Path], marker: Marker
) -> dict[str, Any] | None:
    """Return an object as data, with marks in the place of what is secret."""
    if value is None:
        return None
    marked = mark_at(value, masked, partial(marker.mark, change.address))
    return {
        name: mask_value(change.address, kind.fields[name], item) if item is value[name] else item
        for name, item in marked.items()
        if not kind.fields[name].internal
    }


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
        "overdue_seconds": audit.overdue_seconds,
        "requests": view.requests,
        "seconds": round(view.seconds, 3),
    }


def _finding(
    finding: AuditFinding, audit: Audit, view: AuditView
) -> documents.AuditFindingDocument:
    kind = view.kinds[finding.address.kind]
    document: documents.AuditFindingDocument = {
        "address": str(finding.address),
        "label": audit.labels.get(finding.address),
        "type": finding.address.kind,
        "name": str(finding.address.name),
        "state": finding.state,
        "message": "; ".join(describe(finding, view.kinds, audit.labels)),
        "fields": [
            {
                "path": field.name,
                "live": _side(finding.address, kind, field, field.before),
                "declared": _side(finding.address, kind, field, field.after),
                **origin_of(field),
                **_field_source(finding, field),
            }
            for field in finding.fields
        ],
        "money": "; ".join(describe_margins(finding, view.kinds)) or None,
        "source": _source(finding),
    }
    if finding.overdue:
        document["overdue"] = overdue_documents(finding.overdue)
    return document
