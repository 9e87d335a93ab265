"""Money in words: a change's margins, and what a whole plan does to prices.

No currency is named: the API states none (dealpos-api.md §13).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.core.model.pricing import Offer
from reconciler.core.money import Peak, Sale, Total, margin
from reconciler.render.words import Row, amount, plain

_PLACES = 6


def percent(value: Decimal | None) -> str:
    """A share with one decimal: `52.6 %`; a dash where it is unknown."""
    return "—" if value is None else f"{value:,.1f} %"


def money_line(sold: Sequence[Sale]) -> str:
    """The margins of the places where price or cost move, in one line; empty without any.

    Outlets are named where they differ from the base price; those below cost come first, so that
    what a long line leaves out is never they.
    """
    told: dict[str, list[Sale]] = {}
    for sale in sold:
        if words := _words(sale):
            told.setdefault(words, []).append(sale)
    entries = sorted(told.items(), key=lambda entry: not entry[1][0].falls_below_cost)
    shown = [_named(words, sales) for words, sales in entries[:_PLACES]]
    rest = sum(len(sales) for _, sales in entries[_PLACES:])
    return "; ".join([*shown, f"and {rest} more outlets"] if rest else shown)


def _named(words: str, sales: list[Sale]) -> str:
    # What holds at the base price holds for the outlets that agree with it.
    if not sales[0].outlet:
        return words
    return f"{plain(', '.join(sale.outlet for sale in sales))}: {words}"


def _words(sale: Sale) -> str:
    return ", ".join(_facts(sale))


def _facts(sale: Sale) -> Iterator[str]:
    if sale.after is None:
        return
    before, after = margin(sale.before), margin(sale.after)
    if _indirect(sale):
        yield f"price {_price(sale.before)} → {_price(sale.after)}"
    if before != after:
        new = sale.before is None
        yield f"margin {percent(after) if new else f'{percent(before)} → {percent(after)}'}"
    if sale.falls_below_cost:
        yield "falls below cost" if sale.before else "below cost"


def _price(offer: Offer | None) -> str:
    return "—" if offer is None or offer.price is None else amount(offer.price)


def money_rows(sold: Sequence[Sale]) -> list[Row]:
    """What no field says by itself: the margins, and the prices of outlets without their own."""
    return [row for sale in sold if sale.after is not None for row in _rows(sale)]


def _rows(sale: Sale) -> Iterator[Row]:
    at = f" at {plain(sale.outlet)}" if sale.outlet else ""
    if _indirect(sale):
        yield Row(f"price{at}", _price(sale.before), _price(sale.after))
    before, after = margin(sale.before), margin(sale.after)
    if before != after:
        yield Row(f"margin{at}", percent(before), percent(after))


def _indirect(sale: Sale) -> bool:
    """Whether an outlet gains or loses a price of its own: no field says where it ends up."""
    return bool(sale.own != (True, True) and sale.rise and sale.outlet)


def total_line(total: Total) -> str:
    """The whole plan in one line after `Money:`; empty when no price and no margin moves."""
    counts = [
        (total.dearer, "dearer", "dearer"),
        (total.cheaper, "cheaper", "cheaper"),
        (total.below_cost, "falls below cost", "fall below cost"),
        (total.margin_up, "margin up", "margins up"),
        (total.margin_down, "margin down", "margins down"),
    ]
    told = [
        f"{amount(count)} {one if count == 1 else many}" for count, one, many in counts if count
    ]
    peaks = [
        f"{name} {_peak(peak)}"
        for name, peak in (
            ("largest rise", total.largest_rise),
            ("largest fall", total.largest_fall),
        )
        if peak
    ]
    return "; ".join(filter(None, [", ".join(told), *peaks]))


def _peak(peak: Peak) -> str:
    where = f" at {plain(peak.outlet)}" if peak.outlet else ""
    return f"{peak.percent:+,.1f} % ({plain(str(peak.address))}{where})"
