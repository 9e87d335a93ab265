"""Items on sale after a plan, and the worst basket that a coupon can be used on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import takewhile
from math import ceil
from typing import NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import ancestors, references_of
from dealpos_reconciler.core.model.pricing import Discount, Offer, exact
from dealpos_reconciler.core.money import Amount
from dealpos_reconciler.guardrails.guardrail import PlanContext

Names = Collection[tuple[str, str]]
"""Kind and name of objects: an Address is one too."""


class PricedItem(NamedTuple):
    """Something on sale at one place, at a known price and cost."""

    address: Address
    outlet: str
    """Empty for the base price."""
    price: Amount
    cost: Amount

    def count(self, reduction: Discount) -> int:
        """Return how many make the smallest basket that the promotion can be used on.

        That is the worst one: a fixed amount, or a cap, weighs less in a larger basket.
        """
        return max(ceil(reduction.minimum / self.price), 1)

    def loss(self, reduction: Discount) -> Amount:
        """Return how much that basket brings in below its cost; negative for a gain."""
        count = self.count(reduction)
        basket = count * self.price
        return count * self.cost - (basket - reduction.off(basket))

    @property
    def gain(self) -> Amount:
        """The price less the cost."""
        return self.price - self.cost

    @property
    def margin(self) -> Decimal:
        """The same in percent of the price."""
        return exact(self.gain) * 100 / self.price


def priced_item(address: Address, outlet: str, offer: Offer | None) -> PricedItem | None:
    """Return the item that an offer sells; None if price or cost is unknown, or the price is 0.

    A price of 0 is that of what is not sold by itself.
    """
    if offer is None or not offer.price or offer.cost is None:
        return None
    return PricedItem(address, outlet, offer.price, offer.cost)


class PricedItems:
    """Every article that is known, less what nobody buys."""

    def __init__(self, context: PlanContext, ignored: Names) -> None:
        self.context = context
        self.ignored = ignored
        self._losses: dict[Discount, tuple[Amount, PricedItem] | None] = {}

    def loss(self, reduction: Discount) -> tuple[Amount, PricedItem] | None:
        """Return an item that a promotion sells below cost, and the loss; None without one."""
        if reduction not in self._losses:
            found = ((item.loss(reduction), item) for item in self._find_exposed(reduction))
            self._losses[reduction] = next((pair for pair in found if pair[0] > 0), None)
        return self._losses[reduction]

    def takes(self, address: Address, reduction: Discount) -> bool:
        """Return whether a promotion can be used on an object."""
        if not (self.ignored or reduction.needs):
            return True
        groups = self._groups(address)
        wanted = not reduction.needs or not groups.isdisjoint(reduction.needs)
        return wanted and groups.isdisjoint(self.ignored)

    def _find_exposed(self, reduction: Discount) -> Iterator[PricedItem]:
        """Return the items whose margin is below the largest discount, the smallest first."""
        share, most = reduction.share, reduction.most
        for row in self._rows(reduction.needs):
            if share is not None:
                spare = takewhile(lambda item: item.margin < share, row.by_margin)
                yield from (item for item in spare if most is None or item.gain < most)
            else:
                yield from takewhile(lambda item: item.gain < reduction.amount, row.by_gain)

    def _rows(self, needs: Names) -> Iterable[_Row]:
        if not needs:
            return [self._all]
        return [self._by_group[group] for group in sorted(needs) if group in self._by_group]

    @cached_property
    def _all(self) -> _Row:
        found = (
            item
            for kind in self.context.kinds.values()
            if kind.prices
            for address in self.context.known_addresses(kind)
            if (value := self.context.sold_value(address)) is not None
            for outlet, offer in kind.prices(value).items()
            if (item := priced_item(address, outlet, offer)) is not None
        )
        return _Row([i for i in found if self.takes(i.address, _ANYTHING)])

    @cached_property
    def _by_group(self) -> Mapping[tuple[str, str], _Row]:
        found: dict[tuple[str, str], list[PricedItem]] = {}
        for item in self._all.items:
            for group in self._groups(item.address):
                found.setdefault(group, []).append(item)
        return {group: _Row(items) for group, items in found.items()}

    def _groups(self, address: Address) -> set[tuple[str, str]]:
        """Return the object, its parent, their references, and everything above them in a tree."""
        found: set[tuple[str, str]] = {address}
        owner = self.context.owner(self.context.kinds[address.kind], address)
        if owner:
            found.add(owner)
            above = self.context.after(owner) or {}
            for target, _ in references_of(self.context.kinds[owner.kind], above):
                found |= {target, *ancestors(target, self.context.kinds)}
        return found


class _Row:
    """Articles in the order of what they have to spare."""

    def __init__(self, items: Sequence[PricedItem]) -> None:
        self.items = items

    @cached_property
    def by_margin(self) -> Sequence[PricedItem]:
        return sorted(self.items, key=lambda item: item.margin)

    @cached_property
    def by_gain(self) -> Sequence[PricedItem]:
        return sorted(self.items, key=lambda item: item.gain)


class ActiveCoupons:
    """Promotions that stay as they are, the strongest first."""

    def __init__(self, promotions: Mapping[Discount, Address]) -> None:
        self._promotions = promotions
        shares = [(r.share, r) for r in promotions if r.share is not None]
        amounts = [(r.amount, r) for r in promotions if r.share is None]
        self._by_share = sorted(shares, key=lambda pair: pair[0], reverse=True)
        self._by_amount = sorted(amounts, key=lambda pair: pair[0], reverse=True)

    def over(self, item: PricedItem) -> Iterator[tuple[Discount, Address]]:
        """Yield those that may sell an article below cost, before the exact reckoning."""
        margin, gain = item.margin, item.gain
        for _, reduction in takewhile(lambda pair: pair[0] > margin, self._by_share):
            if reduction.most is None or reduction.most > gain:
                yield reduction, self._promotions[reduction]
        for _, reduction in takewhile(lambda pair: pair[0] > gain, self._by_amount):
            yield reduction, self._promotions[reduction]


_ANYTHING = Discount(0, 0, None, 0)
