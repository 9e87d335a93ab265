"""A plan as a JSON document, which follows Terraform's where the two overlap."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.pricing import Offer
from reconciler.core.money import Peak, Sale, margin, moved_sales, sum_price_impact
from reconciler.core.plan.plan import Plan, Violation
from reconciler.render.json import (
    FORMAT_VERSION,
    dumps,
    object_document,
    origin_of,
    render_error,
    source_document,
)
from reconciler.render.plan import documents
from reconciler.render.plan.violations import allow_block
from reconciler.render.view import PlanView
from reconciler.render.words import ObjectLabels, mask_value

__all__ = ["plan_document", "render_error", "render_plan"]


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as JSON text."""
    return dumps(plan_document(plan, view)) + "\n"


def plan_document(plan: Plan, view: PlanView) -> documents.PlanDocument:
    """Return the document that `plan --format json` prints and `plan --out` writes."""
    kinds, usage, labels = view.kinds, view.usage, plan.labels
    return {
        "format_version": FORMAT_VERSION,
        "created_at": view.made_at,
        "store": plan.store,
        "folder": view.folder,
        "commit": view.commit,
        "warnings": [
            {"addresses": list(map(str, addresses)), "message": message}
            for addresses, message in plan.warnings
        ],
        "resource_changes": [_change(change, kinds, labels) for change in plan.changes],
        "unmanaged": [object_document(address, labels) for address in plan.unmanaged],
        "orphaned": [object_document(address, labels) for address in plan.orphaned],
        "unknown": _reasons(plan.unknown, labels),
        "blocked": _reasons(plan.blocked, labels),
        "stale": _reasons(((held.address, held.reason) for held in plan.stale), labels),
        "notes": list(plan.notes),
        "violations": [_violation(found, labels, view.made_at) for found in plan.violations],
        "summary": cast("documents.Summary", plan.counts()),
        "money": _money(plan, kinds),
        "api_usage": {
            "reads": usage.reads,
            "writes": usage.writes,
            "verification": usage.verification,
            "requests": usage.requests,
            "windows": usage.windows,
            "seconds": usage.seconds,
        },
    }


def _reasons(
    found: Iterable[tuple[Address, str]], labels: ObjectLabels
) -> list[documents.ReasonDocument]:
    return [{**object_document(address, labels), "reason": reason} for address, reason in found]


def _violation(
    violation: Violation, labels: ObjectLabels, made_at: str
) -> documents.ViolationDocument:
    allowed = violation.allowed
    return {
        "rule": violation.rule,
        "message": violation.message,
        "measured": violation.measured,
        "limit": violation.limit,
        "unit": violation.unit,
        "address": str(violation.address) if violation.address else None,
        "label": labels.get(violation.address) if violation.address else None,
        "source": violation.source and source_document(violation.source),
        "hint": "\n".join(allow_block([violation], made_at)),
        "allowed": {
            "reason": allowed.reason,
            "until": allowed.until,
            "source": source_document(allowed.source),
        }
        if allowed
        else None,
    }


def _money(plan: Plan, kinds: Kinds) -> documents.PriceImpactDocument:
    impact = sum_price_impact(plan.changes, kinds)
    return {
        "price_increases": impact.price_increases,
        "price_decreases": impact.price_decreases,
        "below_cost": impact.below_cost,
        "margins_up": impact.margins_up,
        "margins_down": impact.margins_down,
        "largest_increase": _peak(impact.largest_increase, plan.labels),
        "largest_decrease": _peak(impact.largest_decrease, plan.labels),
    }


def _peak(peak: Peak | None, labels: ObjectLabels) -> documents.PeakDocument | None:
    if peak is None:
        return None
    return {
        **object_document(peak.address, labels),
        "outlet": peak.outlet or None,
        "percent": round(peak.percent, 1),
    }


def _sale(sale: Sale) -> documents.SaleDocument:
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


def _change(change: Change, kinds: Kinds, labels: ObjectLabels) -> documents.ResourceChange:
    kind = kinds[change.address.kind]
    document: documents.ResourceChange = {
        "address": str(change.address),
        "label": labels.get(change.address),
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
                "before": mask_value(change.address, kind.fields[field.path[0]], field.before),
                "after": mask_value(change.address, kind.fields[field.path[0]], field.after),
                "reason": field.reason,
                **origin_of(field),
            }
            for field in change.fields
        ],
        "money": [_sale(sale) for sale in moved_sales(change, kinds)],
        "source": change.source and source_document(change.source),
        "basis": change.basis,
    }
    _add_details(document, change, kind)
    return document


def _add_details(document: documents.ResourceChange, change: Change, kind: Kind) -> None:
    """Add the keys that only some changes have."""
    if change.renamed_from:
        document["previous_address"] = f"{change.address.kind}/{change.renamed_from}"
    if change.implied:
        document["implied"] = [str(address) for address in change.implied]
    if change.carried:
        document["carried"] = {
            name: {"declared": asked, "written": left}
            for name, (asked, left) in change.carried.items()
        }
    left = (change.before or {}).get(kind.use_counts[1]) if change.action is Action.DELETE else None
    if left is not None:
        document["uses_left"] = left
    if change.origin:
        document["origin"] = change.origin


def _value(change: Change, kind: Kind, value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        name: mask_value(change.address, kind.fields[name], item)
        for name, item in value.items()
        if not kind.fields[name].internal
    }
