"""Reads of products (dealpos-api.md §6.4)."""

from typing import Any

from dealpos_reconciler.sandbox.api import image
from dealpos_reconciler.sandbox.api.paging import page_of, reported_total, requested_page
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record


def product_detail(shop: Shop, row: Record, variants: list[Record]) -> Payload:
    """Return the read object of a product with these variants."""
    product, choices = row.payload, shop.choices
    return {
        "ID": row.id,
        "Category": product["Category"],
        "Name": product["Name"],
        "SupplierName": "",
        "Brand": product["Brand"],
        "Code": product["Code"],
        "Discontinued": product["Discontinued"],
        "Description": product["Description"],
        "Storage": [],
        "Tags": product["Tags"],
        "ThumbnailURL": image.thumbnail(product["ImageURL"], row.id, choices),
        "ImageURL": image.url(product["ImageURL"], row.id, choices),
        "ExtraImagesURL": [image.url(u, row.id, choices) for u in product["ExtraImagesURL"]],
        "Variants": [
            {
                "ID": variant.id,
                "Model": variant.payload["Model"],
                "Code": variant.payload["Code"],
                "UnitCost": variant.payload["UnitCost"],
                "UnitPrice": variant.payload["UnitPrice"],
                "Discount": 0,
                "Discontinued": variant.payload["Discontinued"],
                "Description": variant.payload["Description"],
            }
            for variant in variants
        ],
    }


def _variants(shop: Shop, rows: list[Record]) -> dict[str, list[Record]]:
    """Return the variants of each product that its reads show, in one query."""
    grouped: dict[str, list[Record]] = {row.payload["Code"]: [] for row in rows}
    hidden = shop.choices.product_reads_hide_discontinued_variants
    for variant in shop.store.many("variant", "product", grouped):
        if not (hidden and variant.payload["Discontinued"]):
            grouped[variant.payload["Product"]].append(variant)
    return grouped


def detail(shop: Shop, fields: Fields) -> Any:
    """``GET /Product/Detail``, by ``Code`` or ``ID``."""
    column = "key" if fields.text("Code") else "id"
    row = require_found(shop.store.find("product", column, fields.text("Code") or fields.key("ID")))
    return product_detail(shop, row, _variants(shop, [row])[row.payload["Code"]])


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Product``; envelope and row fields are not in any page at hand."""
    choices = shop.choices
    where = Filter()
    if choices.lists_hide_discontinued:
        where.also("discontinued = 0")
    shown = page_of(shop, "product", where, requested_page(fields))
    variants = _variants(shop, shown)
    data = [product_detail(shop, row, variants[row.payload["Code"]]) for row in shown]
    if choices.product_list_rows == "lean":
        data = [{k: r[k] for k in r if k not in ("Variants", "Description")} for r in data]
    if choices.product_list_envelope == "array":
        return data
    enveloped: dict[str, Any] = {choices.product_list_envelope: data}
    if choices.product_list_total != "none":
        enveloped[choices.product_list_total] = reported_total(shop, "product", where, len(data))
    return enveloped


def with_pricebook(shop: Shop, fields: Fields) -> Any:
    """``GET /Product/WithPricebookByListID``; no write of a pricebook is known."""
    choices = shop.choices
    ids = fields.strings("ListID", maximum=choices.batch_max)
    rows = shop.store.many("product", "id", ids, choices.list_order)
    if len(rows) < len(set(ids)) and choices.batch_missing == "reject":
        raise Refusal("Some products were not found.")
    variants = _variants(shop, rows)
    return [_pricebook_row(shop, row, variants[row.payload["Code"]]) for row in rows]


def _pricebook_row(shop: Shop, row: Record, variants: list[Record]) -> Payload:
    product = row.payload
    category = shop.store.get("category", product["Category"])
    return {
        "ID": row.id,
        "Name": product["Name"],
        "Code": product["Code"],
        "CategoryID": category.id if category else None,
        "Category": product["Category"],
        "Description": product["Description"],
        "ThumbnailUrl": image.thumbnail(product["ImageURL"], row.id, shop.choices),
        "ImageUrl": image.url(product["ImageURL"], row.id, shop.choices),
        "Created": f"{product['Created']}T00:00:00",
        "Variants": [
            {
                "ID": variant.id,
                "Model": variant.payload["Model"],
                "Code": variant.payload["Code"],
                "UnitPrice": variant.payload["UnitPrice"],
                "Pricebook": variant.payload.get("Pricebook") or [],
            }
            for variant in variants
        ],
    }


ROUTES = (
    *read_routes(detail, "/Product/Detail"),
    *read_routes(list_, "/Product"),
    *read_routes(
        with_pricebook, "/Product/WithPricebookByListID", "/Product/WithPricebookByListID"
    ),
)
