"""A new price that is out of line with the other prices of its category."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.pricing import exact
from dealpos_reconciler.core.model.types import Count, Money
from dealpos_reconciler.core.money import Amount
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A new variant at `low` times the median price of its category or less, or `high` or more."""

    in_files = "warning"
    low: Money = Decimal("0.1")
    """The smallest price, as a part of the median of its category. Example: `0.1`."""
    high: Money = 10
    """The largest price, as a multiple of the median of its category. Example: `10`."""
    min_others: Count = 3
    """Other prices that a category needs to have a median. Example: `3`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each new object; a category with few other prices has no median."""
        new = [change for change in context.plan.changes if change.action is Action.CREATE]
        prices = _prices_by_category(context) if new else {}
        for change in new:
            price = _base_price(context, change.address)
            category = context.category_of(change.address)
            known = prices.get(category, ())
            if price is None or len(known) <= max(self.min_others, 1):
                continue
            median = _median_without(known, price)
            factor = exact(price) / median
            if self.low < factor < self.high:
                continue
            limit = self.low if factor <= self.low else self.high
            shown = round(factor, 3).normalize()
            yield RuleFinding(
                f"price {price:,} is {shown:,f} times the median of {category}, {median:,} "
                f"(limit {limit:,})",
                change.address,
                path_of(change, "", price),
                (shown, limit, "factor"),
            )


def _prices_by_category(context: PlanContext) -> Mapping[Address | None, Sequence[Amount]]:
    """Return the base prices of everything on sale after the plan, in order."""
    found: dict[Address, list[Amount]] = {}
    for kind in context.kinds.values():
        for address in context.known_addresses(kind) if kind.prices else ():
            price, category = _base_price(context, address), context.category_of(address)
            if price is not None and category is not None:
                found.setdefault(category, []).append(price)
    return {category: sorted(prices) for category, prices in found.items()}


def _base_price(context: PlanContext, address: Address) -> Amount | None:
    """Return the base price of an object on sale; None where it has none, or 0."""
    prices, value = context.kinds[address.kind].prices, context.sold_value(address)
    return None if prices is None or value is None else prices(value)[""].price or None


def _median_without(ordered: Sequence[Amount], price: Amount) -> Amount:
    own, count = bisect_left(ordered, price), len(ordered) - 1
    low, high = (ordered[n if n < own else n + 1] for n in ((count - 1) // 2, count // 2))
    return low if low == high else exact(low + high) / 2
