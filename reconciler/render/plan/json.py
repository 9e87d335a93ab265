"""A plan as a JSON document, which follows Terraform's where the two overlap."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.pricing import Offer
from reconciler.core.money import Peak, Sale, margin, moves, total
from reconciler.core.plan.plan import Plan
from reconciler.render.json import FORMAT_VERSION, dumps, render_error
from reconciler.render.plan.documents import origin_of
from reconciler.render.plan.violations import violation_document
from reconciler.render.view import PlanView
from reconciler.render.words import shown

if TYPE_CHECKING:
    from reconciler.render.plan import documents

__all__ = ["plan_document", "render_error", "render_plan"]


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as JSON text."""
    return dumps(plan_document(plan, view)) + "\n"


def plan_document(plan: Plan, view: PlanView) -> documents.PlanDocument:
    """Return the document that `plan --format json` prints and `plan --out` writes."""
    kinds, usage = view.kinds, view.usage
    document: documents.PlanDocument = {
        "format_version": FORMAT_VERSION,
        "store": plan.store,
        "folder": view.folder,
        "commit": view.commit,
        "resource_changes": [
            _change(change, kinds[change.address.kind], kinds) for change in plan.changes
        ],
        "unmanaged": [str(address) for address in plan.unmanaged],
        "unknown": [{"address": str(a), "reason": reason} for a, reason in plan.unknown],
        "notes": [*(f"{a}: {reason}" for a, reason in plan.blocked), *plan.notes],
        "violations": [violation_document(violation) for violation in plan.violations],
        "summary": cast("documents.Summary", plan.counts()),
        "money": _money(plan, kinds),
        "cost": {
            "reads": usage.reads,
            "writes": usage.writes,
            "verification": usage.verification,
            "requests": usage.requests,
            "windows": usage.windows,
            "seconds": usage.seconds,
        },
    }
    if plan.orphaned:
        document["dropped"] = [str(address) for address in plan.orphaned]
    return document


def _money(plan: Plan, kinds: Kinds) -> documents.Money:
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


def _peak(peak: Peak | None) -> documents.Peak | None:
    if peak is None:
        return None
    return {
        "address": str(peak.address),
        "outlet": peak.outlet or None,
        "percent": round(peak.percent, 1),
    }


def _sale(sale: Sale) -> documents.Sale:
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


def _change(change: Change, kind: Kind, kinds: Kinds) -> documents.ResourceChange:
    source = change.source
    rest: documents.Remembered = {}
    if change.renamed_from:
        rest["previous_address"] = f"{change.address.kind}/{change.renamed_from}"
    if change.implied:
        rest["implied"] = [str(address) for address in change.implied]
    if change.carried:
        rest["carried"] = {
            name: {"declared": asked, "written": left}
            for name, (asked, left) in change.carried.items()
        }
    left = (change.before or {}).get(kind.use_counts[1]) if change.action is Action.DELETE else None
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
        if not kind.fields[name].internal
    }
