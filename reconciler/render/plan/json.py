"""A plan and a report as JSON documents; a plan follows Terraform's where the two overlap."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.pricing import Offer
from reconciler.core.money import Peak, Sale, margin, moves, total
from reconciler.core.plan.plan import Plan
from reconciler.core.report import Report
from reconciler.core.steps.cost import Cost
from reconciler.errors import ReconcilerError
from reconciler.render.plan.origin import origin_of
from reconciler.render.plan.violations import violation_document
from reconciler.render.words import shown

if TYPE_CHECKING:
    from reconciler.render.plan import documents as contract
    from reconciler.render.plan import origin

FORMAT_VERSION = "1.0"


class Origin(NamedTuple):
    """Where a plan was made: the shop's folder as seen from there, and its git commit."""

    folder: str
    commit: str
    """Empty where there is none; `+` behind it says that files differ from it."""


def plan_document(
    plan: Plan, cost: Cost, kinds: Kinds, origin: Origin | None = None
) -> contract.PlanDocument:
    """The plan as the document that `plan --format json` prints and `plan --out` writes."""
    made: contract.Made = {}
    if origin:
        made = {"folder": origin.folder, "commit": origin.commit or None}
    return {
        "format_version": FORMAT_VERSION,
        "store": plan.store,
        **made,
        "resource_changes": [
            _change(change, kinds[change.address.kind], kinds) for change in plan.changes
        ],
        "unmanaged": [str(address) for address in plan.unmanaged],
        **_dropped(plan),
        "unknown": [{"address": str(a), "reason": reason} for a, reason in plan.unknown],
        "notes": [*(f"{a}: {reason}" for a, reason in plan.withheld), *plan.notes],
        "violations": [violation_document(violation) for violation in plan.violations],
        "summary": cast("contract.Summary", plan.counts()),
        "money": _money(plan, kinds),
        "cost": {
            "reads": cost.reads,
            "writes": cost.writes,
            "verification": cost.verification,
            "requests": cost.requests,
            "windows": cost.windows,
            "seconds": cost.seconds,
        },
    }


def _dropped(plan: Plan) -> origin.Dropped:
    return {"dropped": [str(address) for address in plan.dropped]} if plan.dropped else {}


def _money(plan: Plan, kinds: Kinds) -> contract.Money:
    money = total(plan.changes, kinds)
    return {
        "dearer": money.dearer,
        "cheaper": money.cheaper,
        "below_cost": money.below_cost,
        "margin_up": money.margin_up,
        "margin_down": money.margin_down,
        "largest_rise": _peak(money.largest_rise),
        "largest_fall": _peak(money.largest_fall),
    }


def _peak(peak: Peak | None) -> contract.Peak | None:
    if peak is None:
        return None
    return {
        "address": str(peak.address),
        "outlet": peak.outlet or None,
        "percent": round(peak.percent, 1),
    }


def _sale(sale: Sale) -> contract.Sale:
    before, after = sale.before or Offer(None, None), sale.after or Offer(None, None)
    return {
        "outlet": sale.outlet or None,
        "price": {"before": before.price, "after": after.price},
        "cost": {"before": before.cost, "after": after.cost},
        "margin": {"before": _share(margin(before)), "after": _share(margin(after))},
        "falls_below_cost": sale.falls_below_cost,
    }


def _share(share: Decimal | None) -> Decimal | None:
    return share if share is None else round(share, 1)


def _change(change: Change, kind: Kind, kinds: Kinds) -> contract.ResourceChange:
    source = change.source
    rest: origin.Remembered = {}
    if change.renamed_from:
        rest["previous_address"] = f"{change.address.kind}/{change.renamed_from}"
    if change.implied:
        rest["implied"] = [str(address) for address in change.implied]
    if change.carried:
        rest["carried"] = {
            name: {"declared": asked, "written": left}
            for name, (asked, left) in change.carried.items()
        }
    left = (change.before or {}).get(kind.uses[1]) if change.action is Action.DELETE else None
    if left is not None:
        rest["uses_left"] = left
    if change.origin:
        rest["origin"] = change.origin
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
                **origin_of(field),
            }
            for field in change.fields
        ],
        "money": [_sale(sale) for sale in moves(change, kinds)],
        "source": source and {"file": source.file, "line": source.line, "column": source.column},
        "basis": change.basis,
        **rest,
    }


def _value(change: Change, kind: Kind, value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        name: shown(change.address, kind.fields[name], item)
        for name, item in value.items()
        if not kind.fields[name].hidden
    }


def report_document(report: Report, going_on: str = "") -> contract.ReportDocument:
    """The report as the document that `apply --format json` prints.

    A run that ended early and can go on says why it ended, and which command does the rest.
    """
    document: contract.ReportDocument = {
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
        "summary": cast("contract.Statuses", report.counts()),
        "requests": report.requests,
        "verified": report.verified,
    }
    if going_on:
        document |= {"stopped": report.stopped, "going_on": going_on}
    return document


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """An error for programs: the message, and every problem with its place."""
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
            for problem in error.problems
        ],
    }


def dumps(document: Any) -> str:
    """JSON text; exact numbers stay numbers."""
    return json.dumps(document, indent=2, ensure_ascii=False, default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
