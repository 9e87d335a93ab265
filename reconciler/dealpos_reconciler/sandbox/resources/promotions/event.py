"""Promotion events: made in the back office, read by list and by variant (dealpos-api.md §11)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    amount,
    day,
    integer,
    moment,
    money,
    strings,
    text,
)
from dealpos_reconciler.sandbox.api.paging import requested_page
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record

SEED = (
    BodyField("Name", text),
    BodyField("Type", text, "Amount"),
    BodyField("Outlet", strings, []),
    BodyField("MinimumQty", integer, 0),
    BodyField("StartDate", day),
    BodyField("ExpirationDate", day),
    BodyField("StartTime", text, "00:00"),
    BodyField("ExpirationTime", text, "23:59"),
    BodyField("UnitPrice", money, 0),
    BodyField("ExtraCost", money, 0),
    BodyField("Discount", amount, 0),
    BodyField("Variants", strings, []),
)


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionEvent``: an array without IDs and variants; of its status, one word is seen.

    Its dates have a space between day and time.
    """
    type_, active = fields.text("Type"), fields.text("Status") == "Active"
    rows = [
        row.payload
        for row in shop.store.page("promotion")
        if type_ in ("", row.payload["Type"]) and _is_shown(shop, row.payload, active=active)
    ]
    page = requested_page(fields)
    shown = rows[page.offset :] if page.limit < 0 else rows[page.offset :][: page.limit]
    return [
        {
            "Name": row["Name"],
            "StartDate": _format_moment(row["StartDate"]),
            "ExpirationDate": _format_moment(row["ExpirationDate"]),
            "Outlet": row["Outlet"],
            "Type": row["Type"],
            "MinimumQty": row["MinimumQty"],
        }
        for row in shown
    ]


def by_variant_code(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionEvent/GetByVariantCode``: the events that a variant is part of."""
    return _events(shop, require_found(shop.store.get("variant", fields.key("VariantCode"))))


def by_variant_id(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionEvent/GetByVariantID``."""
    return _events(shop, require_found(shop.store.find("variant", "id", fields.key("VariantID"))))


def _events(shop: Shop, variant: Record) -> list[Payload]:
    return [
        {
            "Name": row.payload["Name"],
            "UnitPrice": row.payload["UnitPrice"],
            "ExtraCost": row.payload["ExtraCost"],
            "Discount": row.payload["Discount"],
            "StartDate": moment(row.payload["StartDate"]),
            "ExpirationDate": moment(row.payload["ExpirationDate"]),
            "StartTime": row.payload["StartTime"],
            "ExpirationTime": row.payload["ExpirationTime"],
            "PromotionID": row.id,
        }
        for row in shop.store.page("promotion")
        if variant.payload["Code"] in row.payload["Variants"] and _is_shown(shop, row.payload)
    ]


def _is_shown(shop: Shop, row: Payload, *, active: bool = False) -> bool:
    """Return whether a read shows an event; ``Choices.promotion_events`` rules other ones."""
    today = shop.today().isoformat()
    runs = (row["StartDate"] or today)[:10] <= today <= (row["ExpirationDate"] or today)[:10]
    return runs or (shop.choices.promotion_events == "all" and not active)


def _format_moment(value: str | None) -> str | None:
    return (moment(value) or "").replace("T", " ") or None


_CODE, _ID = "/PromotionEvent/GetByVariantCode", "/PromotionEvent/GetByVariantID"
ROUTES = (
    *read_routes(list_, "/PromotionEvent", "/PromotionEvent"),
    *read_routes(by_variant_code, _CODE, _CODE),
    *read_routes(by_variant_id, _ID, _ID),
)
