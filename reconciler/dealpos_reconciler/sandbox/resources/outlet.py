"""Outlets, and the prices of a variant at each of them (dealpos-api.md §8)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import BodyField, boolean, merge_fields, text, yes_no
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import (
    read_routes,
    require_existing,
    require_found,
    require_new,
    write_routes,
)
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.resources.variant import check_exist, price_row
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Record

FIELDS = (
    BodyField("Code", text, ""),
    BodyField("Receipt", text),
    BodyField("NegativeInventory", yes_no),
)
SEED = (BodyField("Name", text), *FIELDS, BodyField("Suspended", boolean, False))


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Outlet``: answers a message, no ID."""
    fields.only(("Name", "Code", "Receipt", "NegativeInventory"))
    name = fields.key("Name")
    require_new(shop, "outlet", name)
    row = {"Name": name, "Code": "", "Suspended": False}
    shop.store.put("outlet", merge_fields(fields, SEED, row))
    return {"Message": "Outlet has been created"}


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Outlet``."""
    fields.only(("Outlet", "Code", "Receipt", "NegativeInventory"))
    name = fields.key("Outlet")
    answer = {"Message": "Outlet has been updated"}
    row = require_existing(shop, shop.store.get("outlet", name), f"Outlet {name}", answer)
    shop.store.put("outlet", merge_fields(fields, FIELDS, row.payload))
    return answer


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Outlet``: the sample prints the three words of ``SuspendedStatus`` as one value."""
    where = Filter().text("key", fields.text("Name"), shop.choices.text_filters)
    status = fields.text("SuspendedStatus")
    if status not in ("Yes", "No", "All"):
        status = shop.choices.outlet_suspended_default
    if status != "All":
        where.also("suspended = ?", status == "Yes")
    return [
        {
            "ID": row.id,
            "Name": row.payload["Name"],
            "Code": row.payload["Code"],
            "Suspended": row.payload["Suspended"],
        }
        for row in shop.store.page("outlet", where, shop.choices.list_order)
    ]


Prices = dict[str, dict[str, Any]]


def _sent_prices(shop: Shop, fields: Fields) -> Prices:
    fields.only(("Code", "Outlets"))
    fields.demand("Outlets")
    prices: Prices = {}
    for item in fields.objects("Outlets"):
        item.only(("Outlet", "UnitPrice", "ExtraCost"))
        row = price_row(item, "UnitPrice")
        if row["Outlet"] in prices:
            raise Refusal("Outlets names the same Outlet twice.")
        prices[row["Outlet"]] = row
    check_exist(shop, "outlet", prices)
    return prices


def _variant(shop: Shop, fields: Fields) -> tuple[Record, Prices]:
    code = fields.key("Code")
    row = require_existing(shop, shop.store.get("variant", code), f"Variant {code}", {"ID": ""})
    return row, {price["Outlet"]: price for price in row.payload["OutletPrice"]}


def _store_prices(shop: Shop, row: Record, prices: Prices) -> dict[str, str]:
    ordered = [prices[outlet] for outlet in sorted(prices)]
    return {"ID": shop.store.put("variant", {**row.payload, "OutletPrice": ordered})}


def get_prices(shop: Shop, fields: Fields) -> Any:
    """``GET /OutletPrice``."""
    row = require_found(shop.store.get("variant", fields.key("Code")))
    name = shop.choices.outlet_price_read_key
    outlets = [
        {"Outlet": price["Outlet"], "ExtraCost": price["ExtraCost"], name: price["Price"]}
        for price in row.payload["OutletPrice"]
    ]
    return {"Code": row.payload["Code"], "Outlets": outlets}


def update_prices(shop: Shop, fields: Fields) -> Any:
    """``PUT /OutletPrice``."""
    row, prices = _variant(shop, fields)
    sent = _sent_prices(shop, fields)
    kept = prices if shop.choices.outlet_price_put == "merge" else {}
    return _store_prices(shop, row, {**kept, **sent})


def create_prices(shop: Shop, fields: Fields) -> Any:
    """``POST /OutletPrice``."""
    row, prices = _variant(shop, fields)
    sent = _sent_prices(shop, fields)
    taken = sorted(set(sent) & set(prices))
    if taken and shop.choices.outlet_price_create_existing == "reject":
        raise Refusal(f"Outlet {taken[0]} already has a price.")
    return _store_prices(shop, row, {**prices, **sent})


def delete_prices(shop: Shop, fields: Fields) -> Any:
    """``DELETE /OutletPrice``; its page is cut: the listed outlets, or all of them."""
    row, prices = _variant(shop, fields)
    outlets = fields.raw("Outlets")
    if outlets is None:
        return _store_prices(shop, row, {})
    if not isinstance(outlets, list):
        raise Refusal("Outlets must be an array.")
    gone = [item.get("Outlet") if isinstance(item, dict) else item for item in outlets]
    return _store_prices(shop, row, {name: prices[name] for name in prices if name not in gone})


ROUTES = (
    *read_routes(list_, "/Outlet", "/Outlet/p"),
    *write_routes(create, "POST", "/Outlet"),
    *write_routes(update, "PUT", "/Outlet"),
    *read_routes(get_prices, "/OutletPrice", "/OutletPrice/p"),
    *write_routes(update_prices, "PUT", "/OutletPrice"),
    *write_routes(create_prices, "POST", "/OutletPrice"),
    *write_routes(delete_prices, "DELETE", "/OutletPrice"),
)
