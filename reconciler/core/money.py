"""What a change means in money: at which price and cost a variant is sold, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.core.change import Change
from reconciler.core.kind import Kinds, Offer

Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Sale:
    """One object at one place, before and after a change; None where it is not sold or unknown."""

    outlet: str
    """The outlet's name; empty for the base price, which holds where no outlet has its own."""
    before: Offer | None
    after: Offer | None

    @property
    def moved(self) -> bool:
        """Whether price or cost differ."""
        return self.before != self.after

    @property
    def rise(self) -> Amount:
        """By how much the price rises; below zero where it falls, 0 where a side is unknown."""
        if self.before is None or self.after is None:
            return 0
        return (self.after.price or 0) - (self.before.price or 0)


def margin(offer: Offer | None) -> Decimal | None:
    """What is left of the price after cost, in percent of the price; None where it is unknown."""
    if offer is None or not offer.price or offer.cost is None:
        return None
    return Decimal(offer.price - offer.cost) * 100 / Decimal(offer.price)


def below_cost(offer: Offer | None) -> bool:
    """Whether something is sold for less than it costs; an unknown side is not held against it."""
    return bool(
        offer is not None
        and offer.price is not None
        and offer.cost is not None
        and offer.price < offer.cost
    )


def sales(change: Change, kinds: Kinds) -> Iterator[Sale]:
    """Every place where the changed object is sold, the base price first."""
    offers = kinds[change.address.kind].offers
    if offers is None:
        return
    before: Mapping[str, Offer] = offers(change.before) if change.before is not None else {}
    after: Mapping[str, Offer] = offers(change.after) if change.after is not None else {}
    base_before, base_after = before.get(""), after.get("")
    for outlet in sorted({*before, *after}):
        # An outlet without its own price sells at the base price.
        yield Sale(outlet, before.get(outlet, base_before), after.get(outlet, base_after))
