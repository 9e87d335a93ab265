"""The stock of variants by outlet, which no operation here writes (dealpos-api.md §11)."""

from typing import Any

from dealpos_reconciler.sandbox.api.paging import page_of, requested_page
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record


def by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Inventory/Code``; its page is cut: a row as the list prints."""
    rows = _rows(shop, require_found(shop.store.get("variant", fields.key("Code"))))
    if shop.choices.inventory_answer == "Data":
        return {"Data": rows}
    return rows[0] if shop.choices.inventory_answer == "object" and len(rows) == 1 else rows


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Inventory``: an array of the variants of a page, with their stock."""
    where = Filter()
    if category := fields.text("Category"):
        where.within("category", category)
    discontinued = fields.boolean("Discontinued")
    if discontinued is not None:
        where.also("discontinued = ?", discontinued)
    page = page_of(shop, "variant", where, requested_page(fields))
    return [row for variant in page for row in _rows(shop, variant)]


def _rows(shop: Shop, variant: Record) -> list[Payload]:
    """Return the rows of one variant, in the form that the choices name."""
    row, choices = variant.payload, shop.choices
    product = require_found(shop.store.get("product", row["Product"])).payload
    stock: dict[str, int] = row.get("Stock") or {}
    head = {
        "Category": row["Category"],
        "Product": product["Name"],
        "Variant": row["Model"],
        "Code": row["Code"],
    }
    each = [{"Outlet": o, choices.inventory_quantity: count} for o, count in stock.items()]
    forms: dict[str, list[Any]] = {
        "map": [stock],
        "rows": [each],
        "row_each": [*each],
        "number": [sum(stock.values())],
    }
    return [{**head, choices.inventory_key: form} for form in forms[choices.inventory_form]]


ROUTES = (
    *read_routes(list_, "/Inventory", "/Inventory"),
    *read_routes(by_code, "/Inventory/Code", "/Inventory/Code"),
)
