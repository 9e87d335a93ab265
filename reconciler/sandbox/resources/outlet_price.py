"""Outlet prices, by variant code and outlet name (API §8): `UnitPrice` here, `Price` there."""

from typing import Any

from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import existing, found, reads, writes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.resources.variant_fields import check_exist, price_row
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Row

Prices = dict[str, dict[str, Any]]


def _sent(shop: Shop, fields: Fields) -> Prices:
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


def _variant(shop: Shop, fields: Fields) -> tuple[Row, Prices]:
    code = fields.key("Code")
    row = existing(shop, shop.store.get("variant", code), f"Variant {code}", {"ID": ""})
    return row, {price["Outlet"]: price for price in row.payload["OutletPrice"]}


def _store(shop: Shop, row: Row, prices: Prices) -> dict[str, str]:
    ordered = [prices[outlet] for outlet in sorted(prices)]
    return {"ID": shop.store.put("variant", {**row.payload, "OutletPrice": ordered})}


def get(shop: Shop, fields: Fields) -> Any:
    """``GET /OutletPrice``."""
    row = found(shop.store.get("variant", fields.key("Code")))
    name = shop.choices.outlet_price_read_key
    outlets = [
        {"Outlet": price["Outlet"], "ExtraCost": price["ExtraCost"], name: price["Price"]}
        for price in row.payload["OutletPrice"]
    ]
    return {"Code": row.payload["Code"], "Outlets": outlets}


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /OutletPrice``."""
    row, prices = _variant(shop, fields)
    sent = _sent(shop, fields)
    kept = prices if shop.choices.outlet_price_put == "merge" else {}
    return _store(shop, row, {**kept, **sent})


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /OutletPrice``."""
    row, prices = _variant(shop, fields)
    sent = _sent(shop, fields)
    taken = sorted(set(sent) & set(prices))
    if taken and shop.choices.outlet_price_create_existing == "reject":
        raise Refusal(f"Outlet {taken[0]} already has a price.")
    return _store(shop, row, {**prices, **sent})


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /OutletPrice``; its page is cut: the listed outlets, or all of them."""
    row, prices = _variant(shop, fields)
    outlets = fields.raw("Outlets")
    if outlets is None:
        return _store(shop, row, {})
    if not isinstance(outlets, list):
        raise Refusal("Outlets must be an array.")
    gone = [item.get("Outlet") if isinstance(item, dict) else item for item in outlets]
    return _store(shop, row, {name: prices[name] for name in prices if name not in gone})


ROUTES = (
    *reads(get, "/OutletPrice", "/OutletPrice/p"),
    *writes(update, "PUT", "/OutletPrice"),
    *writes(create, "POST", "/OutletPrice"),
    *writes(delete, "DELETE", "/OutletPrice"),
)
