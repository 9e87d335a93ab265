"""Price and margin changes as text and as data: those of one change, and those of a whole plan.

No currency is named: the API states none (dealpos-api.md §13).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.pricing import Offer
from dealpos_reconciler.core.money import Peak, PriceImpact, Sale, margin
from dealpos_reconciler.render.json import Number, ObjectDocument, described, object_document
from dealpos_reconciler.render.words import ObjectLabels, Row, amount, plain, plural, with_label

MAX_PLACES = 6


def percent(value: Decimal | None) -> str:
    """Return a share with one decimal: `52.6 %`; a dash where it is unknown."""
    return "—" if value is None else f"{value:,.1f} %"


def money_line(sold: Sequence[Sale]) -> str:
    """Return the margins of the places where price or cost move, in one line; empty without any.

    Outlets are named where they differ from the base price. Places that fall below cost come
    first, so that a long line never leaves them out.
    """
    places: dict[str, list[Sale]] = {}
    for sale in sold:
        if words := ", ".join(_facts(sale)):
            places.setdefault(words, []).append(sale)
    entries = sorted(places.items(), key=lambda entry: not entry[1][0].falls_below_cost)
    shown = [_at_outlets(words, sales) for words, sales in entries[:MAX_PLACES]]
    rest = sum(len(sales) for _, sales in entries[MAX_PLACES:])
    return "; ".join([*shown, f"and {rest} more outlets"] if rest else shown)


def _at_outlets(words: str, sales: list[Sale]) -> str:
    # What holds at the base price holds for the outlets that agree with it.
    if not sales[0].outlet:
        return words
    return f"{plain(', '.join(sale.outlet for sale in sales))}: {words}"


def _facts(sale: Sale) -> Iterator[str]:
    for name, before, after, _ in _moves(sale):
        yield f"{name} {after}" if sale.before is None else f"{name} {before} → {after}"
    if sale.falls_below_cost:
        yield "falls below cost" if sale.before else "below cost"


def _price(offer: Offer | None) -> str:
    return "—" if offer is None or offer.price is None else amount(offer.price)


def money_rows(sold: Sequence[Sale]) -> list[Row]:
    """Return margins, and the prices of outlets without their own, which no field shows."""
    return [
        row._replace(name=f"{row.name} at {plain(sale.outlet)}") if sale.outlet else row
        for sale in sold
        for row in _moves(sale)
    ]


def _moves(sale: Sale) -> Iterator[Row]:
    if sale.after is None:
        return
    # Where an outlet gains or loses its own price, no field shows its new price.
    if sale.own != (True, True) and sale.rise and sale.outlet:
        yield Row("price", _price(sale.before), _price(sale.after))
    before, after = margin(sale.before), margin(sale.after)
    if before != after and not sale.is_masked:
        yield Row("margin", percent(before), percent(after))


def impact_line(impact: PriceImpact, labels: ObjectLabels) -> str:
    """Return the impact of a plan in one line; empty when no price and no margin moves."""
    prices = {"increase": impact.price_increases, "decrease": impact.price_decreases}
    counts = [plural(number, noun) for noun, number in prices.items() if number]
    counts += [f"{amount(impact.below_cost)} below cost"] if impact.below_cost else []
    ways = {"up": impact.margins_up, "down": impact.margins_down}
    margins = ", ".join(f"{amount(number)} {way}" for way, number in ways.items() if number)
    peaks = {"increase": impact.largest_increase, "decrease": impact.largest_decrease}
    largest = ", ".join(f"largest {n} {_peak(peak, labels)}" for n, peak in peaks.items() if peak)
    moves = filter(None, [", ".join(counts), f"margins: {margins}" if margins else ""])
    return ". ".join(filter(None, ["; ".join(moves), largest[:1].upper() + largest[1:]]))


def _peak(peak: Peak, labels: ObjectLabels) -> str:
    where = f" at {plain(peak.outlet)}" if peak.outlet else ""
    share = str(peak.percent) if is_masked(peak.percent) else f"{peak.percent:+,.1f} %"
    return f"{share} ({with_label(peak.address, labels)}{where})"


@described
class MoveDocument(TypedDict):
    """A number before and after; null where it is not known or there is none."""

    before: Number | None
    after: Number | None


@described
class SaleDocument(TypedDict):
    """A place where price or cost move."""

    outlet: str | None
    """The outlet; null for the base price, which holds where an outlet has none of its own."""
    price: MoveDocument
    """The price, in the shop's currency (which the API does not state)."""
    cost: MoveDocument
    """The cost, the outlet's extra cost included."""
    margin: MoveDocument
    """Price less cost, in percent of the price, to one decimal."""
    falls_below_cost: bool
    """true if it will be sold for less than it costs, and was not before."""


@described
class PeakDocument(ObjectDocument):
    """The largest price change."""

    outlet: str | None
    percent: Number | None
    """Of the price before, to one decimal; null where a price is under a mask."""


@described
class PriceImpactDocument(TypedDict):
    """Objects whose price or margin changes, at any place; sales figures are not known."""

    price_increases: int
    price_decreases: int
    below_cost: int
    """Objects that fall below cost, new ones included."""
    margins_up: int
    margins_down: int
    largest_increase: PeakDocument | None
    largest_decrease: PeakDocument | None


def impact_document(impact: PriceImpact, labels: ObjectLabels) -> PriceImpactDocument:
    """Return the impact of a plan as data."""
    return {
        "price_increases": impact.price_increases,
        "price_decreases": impact.price_decreases,
        "below_cost": impact.below_cost,
        "margins_up": impact.margins_up,
        "margins_down": impact.margins_down,
        "largest_increase": _peak_document(impact.largest_increase, labels),
        "largest_decrease": _peak_document(impact.largest_decrease, labels),
    }


def _peak_document(peak: Peak | None, labels: ObjectLabels) -> PeakDocument | None:
    if peak is None:
        return None
    return {
        **object_document(peak.address, labels),
        "outlet": peak.outlet or None,
        "percent": None if is_masked(peak.percent) else round(peak.percent, 1),
    }


def sale_document(sale: Sale) -> SaleDocument:
    """Return a place where price or cost move as data."""
    before, after = sale.before or Offer(None, None), sale.after or Offer(None, None)
    return {
        "outlet": sale.outlet or None,
        "price": _move(before.price, after.price),
        "cost": _move(before.cost, after.cost),
        "margin": {
            "before": None if sale.is_masked else _share(margin(before)),
            "after": None if sale.is_masked else _share(margin(after)),
        },
        "falls_below_cost": sale.falls_below_cost,
    }


def _move(before: Number | None, after: Number | None) -> MoveDocument:
    """Return a number before and after; neither where one comes from the environment."""
    hidden = is_masked(before) or is_masked(after)
    return {"before": None if hidden else before, "after": None if hidden else after}


def _share(share: Decimal | None) -> Decimal | None:
    return share if share is None else round(share, 1)
