"""Changes of amounts that look like a typing error: one zero too many, or two columns swapped."""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.masked import DERIVED, is_masked
from dealpos_reconciler.core.model.pricing import Offer
from dealpos_reconciler.core.money import Amount, Sale
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of

_COUPON_AMOUNTS = {"amount": "discount", "minimum": "minimum amount", "cap": "maximum discount"}
_FACTORS = {
    10: ("ten times", "one tenth"),
    100: ("a hundred times", "one hundredth"),
    1000: ("a thousand times", "one thousandth"),
}


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A price, cost or amount of a coupon exactly ×10, ×100 or ×1000, or ÷ as much.

    Also a price and a cost that are swapped.
    """

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object, about the first place where it looks so."""
        for change, places in context.sales:
            for sale in places:
                if shape := _shape(sale):
                    found, value = shape
                    message = f"{_words(sale)}{sale.where} looks like a typing error: {found}"
                    path = path_of(change, sale.outlet, value)
                    yield RuleFinding(message, change.address, path)
                    break
        for change in context.plan.changes:
            yield from _check_coupon(change, context)


def _check_coupon(change: Change, context: PlanContext) -> Iterator[RuleFinding]:
    read = context.kinds[change.address.kind].discount
    before = context.was(change)
    if read is None or before is None or change.after is None:
        return
    sides = read(before), read(change.after)
    for attribute, name in _COUPON_AMOUNTS.items():
        was, becomes = (getattr(side, attribute, None) for side in sides)
        if found := _factor(was, becomes):
            message = f"{name} {was:,} → {becomes:,} looks like a typing error: {found}"
            yield RuleFinding(message, change.address, path_of(change, "", becomes))


def _shape(sale: Sale) -> tuple[str, Amount | None] | None:
    """Return the likely typing error, and the value that has it."""
    was, becomes = sale.before, sale.after
    if was is None or becomes is None or was == becomes:
        return None
    if all(was) and was.price != was.cost and was == Offer(becomes.cost, becomes.price):
        is_hidden = any(map(is_masked, (*was, *becomes)))
        return DERIVED if is_hidden else "price and cost are swapped", becomes.price
    for name in ("price", "cost"):
        if found := _factor(getattr(was, name), getattr(becomes, name)):
            return found, getattr(becomes, name)
    return None


def _factor(was: Amount | None, becomes: Amount | None) -> str | None:
    if was and becomes:
        if is_masked(becomes - was):
            # Which mistake it looks like would tell one value from the other.
            is_likely = any(was * f == becomes or becomes * f == was for f in _FACTORS)
            return DERIVED if is_likely else None
        for factor, (multiple, part) in _FACTORS.items():
            if becomes == was * factor:
                return f"exactly {multiple} as much"
            if was == becomes * factor:
                return f"exactly {part}"
    return None


def _words(sale: Sale) -> str:
    """Return the price and cost that change, as far as both sides are known."""
    sides = zip(("price", "cost"), sale.before or (), sale.after or (), strict=False)
    return ", ".join(
        f"{name} {was:,} → {becomes:,}"
        for name, was, becomes in sides
        if was is not None and becomes is not None and was != becomes
    )
