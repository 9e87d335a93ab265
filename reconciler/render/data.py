"""A plan and a report as JSON documents; a plan follows Terraform's where the two overlap."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from reconciler.core.change import Change
from reconciler.core.cost import Cost
from reconciler.core.kind import Kind, Kinds, Value
from reconciler.core.plan import Plan
from reconciler.errors import ReconcilerError, SourceError
from reconciler.render.words import shown
from reconciler.report import Report

FORMAT_VERSION = "1.0"


def plan_document(plan: Plan, cost: Cost, kinds: Kinds) -> dict[str, Any]:
    """The plan as the document that `plan --format json` prints."""
    return {
        "format_version": FORMAT_VERSION,
        "store": plan.store,
        "resource_changes": [
            _change(change, kinds[change.address.kind]) for change in plan.changes
        ],
        "unmanaged": [str(address) for address in plan.unmanaged],
        "unknown": [{"address": str(a), "reason": reason} for a, reason in plan.unknown],
        "notes": [*(f"{a}: {reason}" for a, reason in plan.withheld), *plan.notes],
        "violations": [],
        "summary": plan.counts(),
        "cost": {
            "reads": cost.reads,
            "writes": cost.writes,
            "verification": cost.verification,
            "requests": cost.requests,
            "windows": cost.windows,
            "seconds": cost.seconds,
        },
    }


def _change(change: Change, kind: Kind) -> dict[str, Any]:
    source = change.source
    return {
        "address": str(change.address),
        "type": change.address.kind,
        "name": change.address.name,
        "action": change.action.value,
        "action_reason": change.reason,
        "change": {
            "actions": change.action.verbs,
            "before": _value(change, kind, change.before),
            "after": _value(change, kind, change.after),
        },
        "fields": [
            {
                "path": field.name,
                "before": shown(change.address, kind.fields[field.path[0]], field.before),
                "after": shown(change.address, kind.fields[field.path[0]], field.after),
                "reason": field.reason or None,
            }
            for field in change.fields
        ],
        "source": source and {"file": source.file, "line": source.line, "column": source.column},
        "basis": change.basis,
    }


def _value(change: Change, kind: Kind, value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        name: shown(change.address, kind.fields[name], item)
        for name, item in value.items()
        if not kind.fields[name].hidden
    }


def report_document(report: Report) -> dict[str, Any]:
    """The report as the document that `apply --format json` prints."""
    return {
        "store": report.store,
        "outcomes": [
            {
                "address": str(outcome.address),
                "action": outcome.action.value,
                "status": outcome.status,
                "message": outcome.message,
            }
            for outcome in report.outcomes
        ],
        "summary": report.counts(),
        "requests": report.requests,
        "verified": report.verified,
    }


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """An error for programs: the message, and every problem with its place."""
    problems = error.problems if isinstance(error, SourceError) else ()
    return {
        "error": error.message,
        "hint": error.hint or None,
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "hint": problem.hint or None,
            }
            for problem in problems
        ],
    }


def dumps(document: Any) -> str:
    """JSON text; exact numbers stay numbers."""
    return json.dumps(document, indent=2, ensure_ascii=False, default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
