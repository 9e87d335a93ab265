"""Price, cost and margin of an object at each place where it is sold, before and after a change.

Sales figures are not known and play no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.pricing import Offer, exact

Amount = int | Decimal
_UNKNOWN = Offer(None, None)


@dataclass(frozen=True, slots=True)
class Sale:
    """One object at one place, before and after a change; None where it is not sold or unknown."""

    outlet: str
    """The outlet's name; empty for the base price, which holds where no outlet has its own."""
    before: Offer | None
    after: Offer | None
    own: tuple[bool, bool] = (True, True)
    """True, before and after, where the place has a price of its own and not the base price."""
    hidden_fall: bool = False
    """True if it falls below cost, as a saved plan says that hides the numbers."""

    @property
    def where(self) -> str:
        """The outlet as a part of a sentence; empty for the base price."""
        return f" at {self.outlet}" if self.outlet else ""

    @property
    def moved(self) -> bool:
        """True if price or cost differ, as far as they are known."""
        return self.hidden_fall or (self.before or _UNKNOWN) != (self.after or _UNKNOWN)

    @property
    def rise(self) -> Amount:
        """The price after less the price before; 0 where one of them is unknown."""
        before, after = (self.before or _UNKNOWN).price, (self.after or _UNKNOWN).price
        return 0 if before is None or after is None else after - before

    @property
    def percent(self) -> Decimal | None:
        """The rise in percent of the price before; None where nothing can be compared."""
        if not self.rise or self.before is None or not self.before.price:
            return None
        return exact(self.rise) * 100 / self.before.price

    @property
    def margin_rise(self) -> Decimal:
        """The percentage points by which the margin rises; 0 where a side is unknown."""
        before, after = margin(self.before), margin(self.after)
        return Decimal(0) if before is None or after is None else after - before

    @property
    def is_masked(self) -> bool:
        """True if a price or cost comes from the environment, so that a margin would tell it."""
        offers = (self.before or _UNKNOWN, self.after or _UNKNOWN)
        return any(is_masked(number) for offer in offers for number in (offer.price, offer.cost))

    @property
    def falls_below_cost(self) -> bool:
        """True if it will be sold for less than it costs, and was not before."""
        return self.hidden_fall or (is_below_cost(self.after) and not is_below_cost(self.before))


def margin(offer: Offer | None) -> Decimal | None:
    """Return price less cost in percent of the price; None where one of them is unknown."""
    if offer is None or not offer.price or offer.cost is None:
        return None
    return exact(offer.price - offer.cost) * 100 / offer.price


def is_below_cost(offer: Offer | None) -> bool:
    """Return whether an offer is known to sell for less than it costs."""
    price, cost = offer or _UNKNOWN
    return price is not None and cost is not None and price < cost


def sales(change: Change, kinds: Kinds) -> Iterator[Sale]:
    """Yield every place where the changed object is sold, the base price first.

    What an interrupted apply has left out of sale was never sold.
    """
    offers = kinds[change.address.kind].prices
    if offers is None:
        return
    sold = None if change.interrupted else change.before
    before: Mapping[str, Offer] = offers(sold) if sold is not None else {}
    after: Mapping[str, Offer] = offers(change.after) if change.after is not None else {}
    base_before, base_after = before.get(""), after.get("")
    for outlet in sorted({*before, *after, *change.hidden_falls}):
        # An outlet without its own price sells at the base price.
        yield Sale(
            outlet,
            before.get(outlet, base_before),
            after.get(outlet, base_after),
            (outlet in before, outlet in after),
            outlet in change.hidden_falls,
        )


def moved_sales(change: Change, kinds: Kinds) -> tuple[Sale, ...]:
    """Return the places where the object's price or cost moves, the base price first."""
    return tuple(sale for sale in sales(change, kinds) if sale.moved)


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest price change of a plan, and where it is."""

    address: Address
    outlet: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class PriceImpact:
    """Objects by the way their prices and margins move at any place, and the largest moves."""

    price_increases: int = 0
    price_decreases: int = 0
    below_cost: int = 0
    """Objects that fall below cost, new ones included."""
    margins_up: int = 0
    margins_down: int = 0
    largest_increase: Peak | None = None
    largest_decrease: Peak | None = None


def sum_price_impact(changes: Iterable[Change], kinds: Kinds) -> PriceImpact:
    """Return the impact of all changes; a price that rises here and falls there counts twice."""
    moved = [(change.address, moved_sales(change, kinds)) for change in changes]
    peaks = [
        Peak(address, sale.outlet, sale.percent)
        for address, sold in moved
        for sale in sold
        if sale.percent is not None
    ]
    share = attrgetter("percent")
    return PriceImpact(
        price_increases=sum(any(sale.rise > 0 for sale in sold) for _, sold in moved),
        price_decreases=sum(any(sale.rise < 0 for sale in sold) for _, sold in moved),
        below_cost=sum(any(sale.falls_below_cost for sale in sold) for _, sold in moved),
        margins_up=sum(any(sale.margin_rise > 0 for sale in sold) for _, sold in moved),
        margins_down=sum(any(sale.margin_rise < 0 for sale in sold) for _, sold in moved),
        largest_increase=max((p for p in peaks if p.percent > 0), key=share, default=None),
        largest_decrease=min((p for p in peaks if p.percent < 0), key=share, default=None),
    )
