"""Prices, costs and discounts: the values that money rules calculate with."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


def exact(number: int | Decimal) -> Decimal:
    """Return a number that divides without loss; a mask stays on it."""
    return number if isinstance(number, Decimal) else Decimal(number)


class Offer(NamedTuple):
    """At what price something is sold, and what it costs; None where that is not known."""

    price: int | Decimal | None
    cost: int | Decimal | None


class ListedPrice(NamedTuple):
    """A price that takes the place of the base price, and that no write can change."""

    source: str
    """The place where it stands: `pricebook "Member"`."""
    price: int | Decimal | None
    """None where no read shows it."""
    terms: str = ""
    """The limits of its use, for people: `from 10 units`."""
    takes_all: bool = True
    """True if a single unit is sold at it."""


class Discount(NamedTuple):
    """A share of the basket or a fixed amount; the one that it is not is 0."""

    percent: int | Decimal
    amount: int | Decimal
    cap: int | Decimal | None
    """The most that a share comes to; None where nothing is written."""
    minimum: int | Decimal
    """The least amount of the basket."""
    needs: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of what must be in the basket, one of them; empty for anything."""

    def off(self, basket: int | Decimal) -> int | Decimal:
        """Return the amount taken off a basket of that price, at most all of it."""
        share = self.percent * basket
        # Whole numbers stay whole: this is reckoned for every article of a shop.
        share = exact(share) / 100 if share % 100 else share // 100
        if self.cap is not None:
            share = min(share, self.cap)
        return min(share + self.amount, basket)

    @property
    def share(self) -> Decimal | None:
        """The most that comes off any basket, in percent; None where its price alone decides."""
        if self.percent:
            return exact(self.percent)
        return exact(self.amount) * 100 / self.minimum if self.minimum else None

    @property
    def most(self) -> int | Decimal | None:
        """The most that comes off any basket; None where nothing limits it."""
        return self.cap if self.percent else self.amount
