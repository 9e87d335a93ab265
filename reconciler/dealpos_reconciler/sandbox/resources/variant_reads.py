"""Reads of variants: lists, batches, single reads and look-ups of IDs (dealpos-api.md §7)."""

from typing import Any

from dealpos_reconciler.sandbox.api import image
from dealpos_reconciler.sandbox.api.paging import page_of, reported_total, requested_page
from dealpos_reconciler.sandbox.api.request import Fields, texts
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record

BATCH = 100
"""The printed maximum of GetByListCode."""

_LEAN = {"Components", "OutletPrice", "Pricebook", "Description", "ImageURL", "ThumbnailURL"}


def variant_objects(shop: Shop, rows: list[Record], *, promotions: bool = False) -> list[Payload]:
    """Return the read object of each variant; products and components take one query each."""
    parents = {row.payload["Product"] for row in rows}
    products = {row.payload["Code"]: row for row in shop.store.many("product", "key", parents)}
    parts = {part["Code"] for row in rows for part in row.payload["Components"]}
    found_parts = shop.store.many("variant", "key", parts) if parts else []
    names = {row.payload["Code"]: row.payload["Name"] for row in found_parts}
    extra: Payload = {"Promotions": []} if promotions else {}
    return [
        {**_object(shop, row, products[row.payload["Product"]], names), **extra} for row in rows
    ]


def _object(shop: Shop, row: Record, product: Record, names: dict[str, str]) -> Payload:
    variant, source = row.payload, product.payload["ImageURL"]
    own_name = shop.choices.variant_name_reads_as == "own"
    return {
        "ID": row.id,
        "Category": variant["Category"],
        "Brand": product.payload["Brand"],
        "Product": product.payload["Name"],
        "Variant": variant["Model"],
        "Name": (variant if own_name else product.payload)["Name"],
        "Code": variant["Code"],
        "Weight": variant["Weight"],
        "Type": variant["Type"],
        "OrderPrice": variant["OrderPrice"],
        "UnitCost": variant["UnitCost"],
        "UnitPrice": variant["UnitPrice"],
        "Taxable": variant["Taxable"],
        "LoyaltyPoint": variant["LoyaltyPoint"],
        "Discontinued": variant["Discontinued"],
        "ImageURL": image.url(source, product.id, shop.choices),
        "ThumbnailURL": image.thumbnail(source, product.id, shop.choices),
        "Components": [
            {"Name": names.get(part["Code"], ""), **part} for part in variant["Components"]
        ],
        "Description": variant["Description"],
        "OutletPrice": variant["OutletPrice"],
        "Pricebook": variant.get("Pricebook") or [],
    }


def _lean(rows: list[Payload], choice: str) -> list[Payload]:
    if choice == "full":
        return rows
    return [{key: row[key] for key in row if key not in _LEAN} for row in rows]


def _filter(shop: Shop, fields: Fields) -> Filter:
    choices = shop.choices
    where = Filter()
    category = fields.text("Category")
    if category:
        where.within("category", category, children=choices.category_filter_includes_children)
    elif choices.variant_list_without_category == "reject":
        raise Refusal("Category is required.")
    elif choices.variant_list_without_category == "empty":
        where.also("0")
    if choices.lists_hide_discontinued:
        where.also("discontinued = 0")
    where.text("type", fields.text("Type"), "exact")
    where.text("name", fields.text("Name"), choices.text_filters)
    where.text("key", fields.text("Code"), shop.key_filter())
    released = Filter().between("created", fields.text("ReleasedFrom"), fields.text("ReleasedTo"))
    if released.parameters:
        keys = f"SELECT key FROM product{released.sql}"
        where.also(f"product IN ({keys})", *released.parameters)
    return where


def data(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/Data``: the rows alone; category and paging are marked required."""
    fields.demand("Category", "PageNumber", "PageSize")
    return {"Data": _rows(shop, fields, _filter(shop, fields))}


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant``: the rows and how many there are in all."""
    where = _filter(shop, fields)
    data = _rows(shop, fields, where)
    return {"Data": data, "RecordsCount": reported_total(shop, "variant", where, len(data))}


def _rows(shop: Shop, fields: Fields, where: Filter) -> list[Payload]:
    rows = page_of(shop, "variant", where, requested_page(fields))
    return _lean(variant_objects(shop, rows), shop.choices.variant_list_rows)


def count(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/Count``: a string."""
    fields.demand("Category", "PageNumber", "PageSize")
    return {"Count": str(shop.store.count("variant", _filter(shop, fields)))}


def by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/Code``."""
    return _single(shop, fields, shop.store.get("variant", fields.key("Code")))


def by_id(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/ID``, flagged "coming soon" in one generation of the pages."""
    single = _single(shop, fields, shop.store.find("variant", "id", fields.key("ID")))
    if not shop.choices.variant_by_id_lean:
        return single
    unseen = ("Brand", "ImageURL", "ThumbnailURL", "Description")
    return {key: value for key, value in single.items() if key not in unseen}


def detail(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/Detail``, by ``Code`` or ``ID``."""
    column = "key" if fields.text("Code") else "id"
    value = fields.text("Code") or fields.key("ID")
    return _single(shop, fields, shop.store.find("variant", column, value))


def _single(shop: Shop, fields: Fields, row: Record | None) -> Payload:
    # The header's name is documented; that it adds Promotions is an inference (dealpos-api.md §7).
    wanted = fields.flag("promotions_field_include")
    return variant_objects(shop, [require_found(row)], promotions=wanted)[0]


def _batch(shop: Shop, column: str, keys: list[str]) -> list[Record]:
    rows = shop.store.many("variant", column, keys, shop.choices.list_order)
    if len(rows) < len(set(keys)) and shop.choices.batch_missing == "reject":
        raise Refusal("Some variants were not found.")
    return rows


def by_list_id(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/ListID``: codes and prices, at one outlet if it is named."""
    outlet = fields.text("Outlet")
    answers = []
    for row in _batch(shop, "id", fields.strings("ListID", maximum=shop.choices.batch_max)):
        prices = {price["Outlet"]: price["Price"] for price in row.payload["OutletPrice"]}
        price = prices.get(outlet, row.payload["UnitPrice"])
        answers.append({"ID": row.id, "Code": row.payload["Code"], "Price": price})
    return answers


def by_list_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/GetByListCode``: at most 100 codes."""
    rows = _batch(shop, "key", fields.strings("ListCode", maximum=BATCH))
    if shop.choices.batches_hide_discontinued:
        rows = [row for row in rows if not row.payload["Discontinued"]]
    return {"Data": _lean(variant_objects(shop, rows), shop.choices.variant_batch_rows)}


def _ids(shop: Shop, codes: list[str]) -> list[tuple[Payload, bool]]:
    rows = shop.store.many("variant", "key", codes, shop.choices.list_order)
    if len(rows) < len(set(codes)) and shop.choices.batch_missing == "reject":
        raise Refusal("Some variants were not found.")
    parents = {row.payload["Product"] for row in rows}
    products = {row.payload["Code"]: row.id for row in shop.store.many("product", "key", parents)}
    return [
        (
            {
                "ID": row.id,
                "ProductID": products[row.payload["Product"]],
                "Code": row.payload["Code"],
            },
            row.payload["Discontinued"],
        )
        for row in rows
    ]


def ids_by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/GetIDByListCode``: the body is a bare array."""
    codes = texts("The body", fields.bare, shop.choices.batch_max)
    return [ids for ids, _ in _ids(shop, codes)]


def ids_and_state(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/GetIDByListCodeDiscontinued``: of its filter only `All` was seen."""
    codes = fields.strings("ListCode", maximum=shop.choices.batch_max)
    word = fields.text("Discontinued") or "All"
    if word not in ("All", "Yes", "No"):
        raise Refusal("Discontinued must be All, Yes or No.")
    return [
        {**ids, "Discontinued": discontinued}
        for ids, discontinued in _ids(shop, codes)
        if word == "All" or discontinued == (word == "Yes")
    ]


_PATHS = ("/Variant/GetIDByListCode", "/Variant/GetIDByListCodeDiscontinued")
ROUTES = (
    *read_routes(list_, "/Variant", "/Variant"),
    *read_routes(data, "/Variant/Data", "/Variant/Data"),
    *read_routes(count, "/Variant/Count", "/Variant/Count"),
    *read_routes(by_code, "/Variant/Code"),
    *read_routes(by_id, "/Variant/ID", "/Variant/ID"),
    *read_routes(detail, "/Variant/Detail"),
    *read_routes(by_list_id, "/Variant/ListID"),
    *read_routes(by_list_code, "/Variant/GetByListCode", "/Variant/GetByListCode"),
    *read_routes(ids_by_code, _PATHS[0], _PATHS[0]),
    *read_routes(ids_and_state, _PATHS[1], _PATHS[1]),
)
