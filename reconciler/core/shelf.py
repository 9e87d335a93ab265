"""What a shop sells after a plan, and what a promotion can make of it in the worst case."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import cached_property
from itertools import takewhile
from math import ceil
from typing import NamedTuple

from reconciler.core.guardrail import Ground
from reconciler.core.kind import Offer, Value
from reconciler.core.money import Amount
from reconciler.core.reduction import Reduction
from reconciler.core.references import names
from reconciler.core.state import Address

Names = Collection[tuple[str, str]]
"""Kind and name of objects: an Address is one too."""


class Article(NamedTuple):
    """Something on sale at one place, at a known price and cost."""

    address: Address
    outlet: str
    """Empty for the base price."""
    price: Amount
    cost: Amount

    def count(self, reduction: Reduction) -> int:
        """How many make the smallest basket that the promotion can be used on.

        That is the worst one: a fixed amount, or a cap, weighs less in a larger basket.
        """
        return max(ceil(reduction.minimum / self.price), 1)

    def loss(self, reduction: Reduction) -> Amount:
        """How much that basket brings in below its cost; negative for a gain."""
        count = self.count(reduction)
        basket = count * self.price
        return count * self.cost - (basket - reduction.off(basket))


def article(address: Address, outlet: str, offer: Offer | None) -> Article | None:
    """What an offer puts on sale; None where price or cost is not known, or the price is 0.

    A price of 0 is that of what is not sold by itself.
    """
    if offer is None or not offer.price or offer.cost is None:
        return None
    return Article(address, outlet, offer.price, offer.cost)


class Shelf:
    """Every article that is known, less what nobody buys."""

    def __init__(self, ground: Ground, ignored: Names) -> None:
        self.ground = ground
        self.ignored = ignored
        self._known: dict[Reduction, list[tuple[Amount, Article]]] = {}

    def losses(self, reduction: Reduction) -> list[tuple[Amount, Article]]:
        """Everything that a promotion can sell below cost, the worst first."""
        if reduction not in self._known:
            found = [
                (loss, item)
                for item in self._exposed(reduction)
                if (loss := item.loss(reduction)) > 0 and self.takes(item.address, reduction)
            ]
            self._known[reduction] = sorted(found, key=lambda pair: (-pair[0], pair[1]))
        return self._known[reduction]

    def takes(self, address: Address, reduction: Reduction) -> bool:
        """Whether a promotion can be used on an object."""
        if not (self.ignored or reduction.needs):
            return True
        groups = self._groups(address)
        wanted = not reduction.needs or not groups.isdisjoint(reduction.needs)
        return wanted and groups.isdisjoint(self.ignored)

    def _exposed(self, reduction: Reduction) -> Iterator[Article]:
        """The articles that have less to spare than a promotion takes at most."""
        share, spare = Decimal(reduction.percent), self._by_margin
        if not share and reduction.minimum:
            share = Decimal(reduction.amount) * 100 / Decimal(reduction.minimum)
        elif not share:
            share, spare = Decimal(reduction.amount), self._by_gain
        return (item for _, item in takewhile(lambda pair: pair[0] < share, spare))

    @cached_property
    def _all(self) -> list[Article]:
        return [
            found
            for kind in self.ground.kinds.values()
            if kind.offers
            for address in self.ground.known(kind)
            if (value := self._sold(address)) is not None
            for outlet, offer in kind.offers(value).items()
            if (found := article(address, outlet, offer)) is not None
        ]

    def _sold(self, address: Address) -> Value | None:
        value = self.ground.after(address)
        return value if self.ground.in_use(address, value) else None

    @cached_property
    def _by_margin(self) -> list[tuple[Decimal, Article]]:
        pairs = ((Decimal(a.price - a.cost) * 100 / Decimal(a.price), a) for a in self._all)
        return sorted(pairs, key=lambda pair: pair[0])

    @cached_property
    def _by_gain(self) -> list[tuple[Decimal, Article]]:
        pairs = ((Decimal(a.price - a.cost), a) for a in self._all)
        return sorted(pairs, key=lambda pair: pair[0])

    def _groups(self, address: Address) -> set[tuple[str, str]]:
        """The object, its parent, what that refers to, and everything above that in a tree."""
        found: set[tuple[str, str]] = {address}
        parent = self.ground.kinds[address.kind].parent
        value = self.ground.after(address)
        if parent and value:
            owner = Address(parent.kind, value.get(parent.kind, ""))
            found.add(owner)
            above = self.ground.after(owner) or {}
            for target, _ in names(self.ground.kinds[owner.kind], above):
                found.add(target)
                if self.ground.kinds[target.kind].tree:
                    parts = target.name.split("/")
                    found |= {(target.kind, "/".join(parts[:n])) for n in range(1, len(parts))}
        return found
