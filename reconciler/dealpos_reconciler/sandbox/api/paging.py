"""Pages of a list (dealpos-api.md §13)."""

from dataclasses import dataclass

from dealpos_reconciler.sandbox.api.request import LARGEST, Fields
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Record
from dealpos_reconciler.sandbox.tables import KEYS


@dataclass(frozen=True, slots=True)
class PageSlice:
    """A slice of a list; a limit of -1 takes the rest."""

    limit: int = -1
    offset: int = 0


def requested_page(fields: Fields) -> PageSlice:
    """Return the page that ``PageNumber`` (first page 1) and ``PageSize`` name, under the cap."""
    choices = fields.choices
    number = fields.integer("PageNumber")
    size = fields.integer("PageSize")
    if number is not None and number < 1:
        raise Refusal("PageNumber must be 1 or more.")
    if size is not None and size < 1:
        raise Refusal("PageSize must be 1 or more.")
    cap = choices.page_cap
    if size is None:
        size = choices.default_page_size or cap
    elif cap is not None and size > cap:
        if choices.page_over_cap == "reject":
            raise Refusal(f"PageSize may be at most {cap}.")
        size = min(cap, 10) if choices.page_over_cap == "ten" else cap
    if size is None:
        return PageSlice()
    return PageSlice(size, min(((number or 1) - 1) * size, LARGEST))


def page_of(shop: Shop, kind: str, where: Filter, page: PageSlice) -> list[Record]:
    """Return the rows of a page; ``Choices.page_number`` rules a number past the end."""
    offset, choice = page.offset, shop.choices.page_number
    if choice == "endless" and offset >= shop.store.count(kind, where):
        return _made_up(shop, kind, where, page)
    if offset and choice == "ignored":
        offset = 0
    elif offset and choice == "clamped":
        last = max(shop.store.count(kind, where) - 1, 0) // page.limit * page.limit
        offset = min(offset, last)
    return shop.store.page(kind, where, shop.choices.list_order, page.limit, offset)


def _made_up(shop: Shop, kind: str, where: Filter, page: PageSlice) -> list[Record]:
    """Return the first page under keys that nobody gave, so that the list never ends."""
    rows = shop.store.page(kind, where, shop.choices.list_order, page.limit)
    key, turn = KEYS[kind], page.offset
    return [
        Record(f"{row.id}-{turn}", {**row.payload, key: f"{row.payload[key]}-{turn}"})
        for row in rows
    ]


def reported_total(shop: Shop, kind: str, where: Filter, shown: int) -> int:
    """Return the total that is printed beside `shown` rows."""
    if shop.choices.page_total == "page":
        return shown
    return shop.store.count(kind, where) * (2 if shop.choices.page_total == "double" else 1)
