"""Read the promotion events that run now, of objects whose prices change (dealpos-api.md §11).

The list names no articles, so each article is asked for by itself: not at all where no event runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.codec import day, number, text
from dealpos_reconciler.core.model.pricing import ListedPrice
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import may_mean_not_found
from dealpos_reconciler.dealpos.reading.paging import DOCUMENTED_PAGE_ROWS
from dealpos_reconciler.dealpos.rows import Row, parse_rows
from dealpos_reconciler.errors import ApiError, OutcomeUnknown, Rejected, UnexpectedResponse

MAX_REQUESTS = 20
"""Requests that reading events sends at most in one plan."""

_FAILED = (Rejected, UnexpectedResponse, OutcomeUnknown)


class RunningEvents(NamedTuple):
    """The promotion events that run today, by object, and notes on what was not read."""

    prices: Mapping[Address, Sequence[ListedPrice]] = {}
    notes: tuple[str, ...] = ()


def read_events(client: Client, addresses: Sequence[Address], today: str) -> RunningEvents:
    """Return the events of some objects; `today` is `YYYY-MM-DD`.

    What cannot be read is a note: an event is no reason to stop a plan.
    """
    if not addresses:
        return RunningEvents()
    before = client.requests
    try:
        outlets = _read_running(client, today)
    except _FAILED as error:
        return RunningEvents(notes=(_say_unread(error),))
    found: dict[Address, Sequence[ListedPrice]] = {}
    for asked, address in enumerate(addresses if outlets else ()):
        # An operation may try several routes for the first object.
        if client.requests - before + 1 > MAX_REQUESTS:
            rest = len(addresses) - asked
            limit = f"the promotion events of {rest:,} more objects were not read: a plan sends at "
            return RunningEvents(found, (f"{limit}most {MAX_REQUESTS} requests for events",))
        try:
            rows = _read_rows(client, "promotion.by_variant", {"VariantCode": address.name})
        except _FAILED as error:
            if isinstance(error, Rejected) and may_mean_not_found(error):
                continue
            return RunningEvents(found, (_say_unread(error),))
        if prices := [_price(row, outlets) for row in rows if _runs(row, today)]:
            found[address] = prices
    return RunningEvents(found)


def _read_running(client: Client, today: str) -> dict[str, list[str]]:
    """Return the outlets of each event that runs, by its name."""
    asked = {"PageNumber": 1, "PageSize": DOCUMENTED_PAGE_ROWS, "Status": "Active"}
    rows = _read_rows(client, "promotion.list", asked)
    return {text(row.get("Name") or ""): _outlets(row) for row in rows if _runs(row, today)}


def _read_rows(client: Client, operation: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
    answer = client.call(operation, parameters)
    return [] if answer is None else parse_rows(operation, answer).rows


def _outlets(row: Row) -> list[str]:
    shown = row.get("Outlet")
    return [name for name in shown if isinstance(name, str)] if isinstance(shown, list) else []


def _runs(row: Row, today: str) -> bool:
    """Return whether an event runs today; one whose dates are not understood may."""
    start, end = (_read_day(row.get(key)) for key in ("StartDate", "ExpirationDate"))
    return (start or today) <= today <= (end or today)


def _read_day(raw: Any) -> str:
    with suppress(ValueError):
        return day(raw) if raw else ""
    return ""


def _price(row: Row, outlets: Mapping[str, Sequence[str]]) -> ListedPrice:
    name, price = text(row.get("Name") or ""), None
    with suppress(ValueError):
        price = number(row.get("UnitPrice")) or None
    end, where = _read_day(row.get("ExpirationDate")), outlets.get(name, ())
    terms = [f"until {end}" if end else "", f"at {', '.join(where)}" if where else ""]
    return ListedPrice(f'promotion event "{name}"', price, " ".join(filter(None, terms)))


def _say_unread(error: ApiError) -> str:
    return f"promotion events could not be read, so none is named that hides a price: {error}"
