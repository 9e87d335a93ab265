"""Stock on hand, which is asked for before an object is deleted.

dealpos-api.md §11: a row begins with `Category, Product, Variant, Code`, and its page is cut after
the first letter of the key that follows, `I`. So every spelling of a stock that leaves no doubt is
understood: counts by outlet, a list of outlets, a row for each outlet, one number. Anything else
leaves the stock unknown, and the object is not deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.codec import number, text
from dealpos_reconciler.core.model.kind import Single
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading.paging import DOCUMENTED_PAGE_ROWS
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.dealpos.rows import Row, parse_rows, unwrap
from dealpos_reconciler.errors import OutcomeUnknown, Rejected, UnexpectedResponse

Stock = dict[str, int | Decimal]

MAX_STOCK_PAGES = 40
"""Pages of the inventory list that are read where no read by code shows the stock."""

_EVERYWHERE = "all outlets"
_PLACES = ("outlet", "outletname", "location")
_COUNTS = (
    "quantity",
    "qty",
    "count",
    "stock",
    "onhand",
    "quantityonhand",
    "qtyonhand",
    "available",
)
_NO_STOCK = ("id", "image", "is")
"""Beginnings of keys with the letter `I` that are known from other rows."""


def read_stock(reader: Reader, addresses: Iterable[Address]) -> None:
    """Read the stock of objects; a response that cannot be understood leaves it unknown."""
    left = {a: single for a in addresses if (single := reader.kinds[a.kind].stock_read)}
    listings = (reader.live.listings.get(kind) for kind in {a.kind for a in left})
    pages = sum(s.requests() + 1 if s else MAX_STOCK_PAGES for s in listings)
    if len(left) > pages:
        _read_list(reader, left, len(left))
    for address in (a for a in left if a not in reader.live.stock):
        _read_by_code(reader, address, left[address])
    left = {a: single for a, single in left.items() if a not in reader.live.stock}
    if left and _read_list(reader, left, MAX_STOCK_PAGES):
        # Whether the list shows what is discontinued is undocumented (dealpos-api.md §14 #21).
        unlisted = (address for address in left if address not in reader.live.stock)
        reader.live.stock |= {a: {} for a in unlisted if not _may_be_hidden(reader, a)}


def _may_be_hidden(reader: Reader, address: Address) -> bool:
    kind, state = reader.kinds[address.kind], reader.live.get(address)
    return not isinstance(state, Observed) or state.value.get(kind.retire or "") is not False


def _read_by_code(reader: Reader, address: Address, single: Single) -> None:
    with suppress(Rejected, OutcomeUnknown, UnexpectedResponse, ValueError):
        answer = reader.client.call(single.operation, {single.key: address.name})
        content = unwrap(answer)
        rows = content if isinstance(content, list) else [content]
        if {_code(row, single.key) for row in rows} == {address.name}:
            reader.live.stock[address] = _add_up(map(parse_stock, rows))


def _read_list(reader: Reader, asked: Mapping[Address, Single], most: int) -> bool:
    """Read the stock of objects that the list shows; return whether it was read to its end."""
    with suppress(Rejected, OutcomeUnknown, UnexpectedResponse, ValueError):
        key = next(iter(asked.values())).key
        found = _read_pages(reader.client, key, {a.name for a in asked}, most)
        reader.live.stock |= {a: found[a.name] for a in asked if a.name in found}
        return True
    return False


def _read_pages(client: Client, key: str, names: Set[str], most: int) -> dict[str, Stock]:
    """Return the stock of the objects that the whole list shows, in at most so many pages.

    It ends with a page without new rows. A shorter page is believed if all objects have a row: one
    without stock may have none, which makes a page shorter.
    """
    found: dict[str, Stock] = {}
    seen: set[str] = set()
    largest = 0
    for page in range(1, most + 1):
        asked = {"PageNumber": page, "PageSize": DOCUMENTED_PAGE_ROWS}
        rows = parse_rows("inventory.list", client.call("inventory.list", asked)).rows
        new = [row for row in rows if repr(row) not in seen]
        if not new and seen:
            return found
        if not new:
            break
        seen.update(map(repr, new))
        for row in new:
            stock = parse_stock(row)
            if (code := _code(row, key)) in names:
                found[code] = _add_up([found.get(code, {}), stock])
        if len(rows) < largest and names <= found.keys():
            return found
        largest = max(largest, len(rows))
    raise ValueError("the list is empty, or longer than is read")


def parse_stock(row: Row) -> Stock:
    """Return the stock by outlet that a row shows; raises ValueError where it shows none."""
    shown = {key.casefold(): value for key, value in row.items()}
    place = next((text(shown[name]) for name in _PLACES if shown.get(name)), _EVERYWHERE)
    held = [value for key, value in shown.items() if _holds_stock(key)]
    if not held:
        raise ValueError("a row without stock")
    return _add_up(_count(value, place) for value in held)


def _holds_stock(key: str) -> bool:
    return key in _COUNTS or (key.startswith("i") and not key.startswith(_NO_STOCK))


def _count(value: Any, place: str) -> Stock:
    if isinstance(value, list):
        return _add_up(_count(item, place) for item in value)
    if not isinstance(value, Mapping):
        return {place: number(value)}
    shown = {key.casefold(): item for key, item in value.items()}
    named = next((text(shown[name]) for name in (*_PLACES, "name") if shown.get(name)), None)
    if named is None and not shown.keys() <= {*_COUNTS}:
        return _add_up(_count(item, key) for key, item in value.items())
    counts = [number(shown[name]) for name in _COUNTS if name in shown]
    if not counts and value:
        raise ValueError("an outlet without a count")
    return {named or place: ([n for n in counts if n] or counts)[0]} if counts else {}


def _add_up(parts: Iterable[Stock]) -> Stock:
    total: Stock = {}
    for part in parts:
        for place, count in part.items():
            total[place] = total.get(place, 0) + count
    return total


def _code(row: Any, key: str) -> str:
    return text(row.get(key) if isinstance(row, Mapping) else None)
