"""Coupons that can sell at a loss: the worst basket that they may be used on, at known costs.

Only prices and costs that the files or the shop give count. Articles without them are left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.pricing import Discount
from dealpos_reconciler.core.model.types import Name
from dealpos_reconciler.core.money import Amount, Sale
from dealpos_reconciler.guardrails.basket import ActiveCoupons, PricedItem, PricedItems, priced_item
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A coupon that can sell below cost; `ignore` lists addresses that no coupon is used on."""

    in_files = "error"
    ignore: list[Name] = field(default_factory=list)
    """Addresses of articles that are not judged. Example: `["variant/1003L"]`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each changed coupon, and each item that an old one undercuts."""
        shelf = PricedItems(context, {*map(Address.parse, self.ignore)})
        for change in context.plan.changes:
            reduction = _changed_discount(change, context)
            if reduction and (found := shelf.loss(reduction)):
                loss, item = found
                message = _message(change.address, reduction, loss, item)
                yield RuleFinding(message, change.address, measure=(loss, 0, "money"))
        standing = ActiveCoupons({reduction: address for address, reduction in _standing(context)})
        for change, places in context.sales:
            yield from islice(_undercut(change, places, standing, shelf), 1)


def _changed_discount(change: Change, context: PlanContext) -> Discount | None:
    """Return the discount of a coupon that is written; None where its terms stay.

    No read shows the cap of a live one (dealpos-api.md §10), so a percentage never provably
    stays the same.
    """
    reduces = context.kinds[change.address.kind].discount
    if reduces is None or change.after is None:
        return None
    now = reduces(change.after)
    before = context.was(change)
    was = reduces(before) if before is not None else None
    return None if now is None or (now == was and not now.percent) else now


def _standing(context: PlanContext) -> Iterator[tuple[Address, Discount]]:
    """Return the declared, unchanged coupons that can still be used."""
    for kind in context.kinds.values():
        if kind.discount is None:
            continue
        for name, declared in context.desired.objects.get(kind.name, {}).items():
            address = Address(kind.name, name)
            live = context.before(address)
            if live is None or address in context.changes:
                continue
            value = {**live, **declared.value}
            ended = kind.expiry_field and "" != (value.get(kind.expiry_field) or "") < context.today
            reduction = None if ended else kind.discount(value)
            if reduction:
                yield address, reduction


def _undercut(
    change: Change, places: Iterable[Sale], standing: ActiveCoupons, shelf: PricedItems
) -> Iterator[RuleFinding]:
    """Yield the items that an active coupon can sell below cost only since this change."""
    for item, was in _find_moved(change, places, shelf.context):
        for reduction, coupon in standing.over(item):
            loss = item.loss(reduction)
            new = loss > 0 and not (was and was.loss(reduction) > 0)
            if new and shelf.takes(change.address, reduction):
                message = _message(coupon, reduction, loss, item)
                path = path_of(change, item.outlet, item.price)
                yield RuleFinding(message, change.address, path, (loss, 0, "money"))


def _find_moved(
    change: Change, places: Iterable[Sale], context: PlanContext
) -> Iterator[tuple[PricedItem, PricedItem | None]]:
    """Yield the items that are on sale only after a change, or at another price."""
    if context.in_use(change.address, change.after):
        sold = context.in_use(change.address, change.before)
        for sale in places:
            now = priced_item(change.address, sale.outlet, sale.after)
            was = priced_item(change.address, sale.outlet, sale.before) if sold else None
            if now is not None and now != was:
                yield now, was


def _message(coupon: Address, reduction: Discount, loss: Amount, item: PricedItem) -> str:
    count = item.count(reduction)
    cost = count * item.cost
    what = f"{item.address} at {item.outlet}" if item.outlet else f"{item.address}"
    sold = f"{what} sells" if count == 1 else f"{count:,} × {what} sell"
    they = "it costs" if count == 1 else "they cost"
    return f"with {coupon}, {sold} for {cost - loss:,}; {they} {cost:,}. Loss: {loss:,}, limit 0"
