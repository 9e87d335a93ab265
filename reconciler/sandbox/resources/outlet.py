"""Outlets (dealpos-api.md §8): `Name` on create, `Outlet` on update, and no rename."""

from typing import Any

from reconciler.sandbox.api.field import Field, boolean, merged, text, yes_no
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import existing, fresh, reads, writes
from reconciler.sandbox.filter import Filter
from reconciler.sandbox.shop import Shop

FIELDS = (
    Field("Code", text, ""),
    Field("Receipt", text),
    Field("NegativeInventory", yes_no),
)
SEED = (Field("Name", text), *FIELDS, Field("Suspended", boolean, False))


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Outlet``: answers a message, no ID."""
    fields.only(("Name", "Code", "Receipt", "NegativeInventory"))
    name = fields.key("Name")
    fresh(shop, "outlet", name)
    shop.store.put("outlet", merged(fields, SEED, {"Name": name, "Suspended": False}))
    return {"Message": "Outlet has been created"}


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Outlet``."""
    fields.only(("Outlet", "Code", "Receipt", "NegativeInventory"))
    name = fields.key("Outlet")
    answer = {"Message": "Outlet has been updated"}
    row = existing(shop, shop.store.get("outlet", name), f"Outlet {name}", answer)
    shop.store.put("outlet", merged(fields, FIELDS, row.payload))
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


ROUTES = (
    *reads(list_, "/Outlet", "/Outlet/p"),
    *writes(create, "POST", "/Outlet"),
    *writes(update, "PUT", "/Outlet"),
)
