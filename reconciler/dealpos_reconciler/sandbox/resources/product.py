"""Products, and the writes that carry their variants (dealpos-api.md §6)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    boolean,
    defaults,
    merge_fields,
    names,
    prose,
    strings,
    text,
)
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import (
    require_existing,
    require_found,
    require_new,
    write_routes,
)
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.resources.category import ensure_category
from dealpos_reconciler.sandbox.resources.variant import (
    check_deletable,
    check_exist,
    write_variants,
)
from dealpos_reconciler.sandbox.shop import Shop

FIELDS = (
    BodyField("Name", prose, ""),
    BodyField("Category", text, ""),
    BodyField("Brand", prose, "", aliases=("BrandName",)),
    BodyField("Description", prose, ""),
    BodyField("Discontinued", boolean, False),
    BodyField("ImageURL", text, ""),
    BodyField("ExtraImagesURL", strings, []),
)
SEED = (
    BodyField("Code", text),
    *FIELDS,
    BodyField("Tags", strings, []),
    BodyField("Created", text),
)
BLANK = defaults(SEED)
_KEYS = {"Code", "Variants"} | names(FIELDS)


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Product``, with all of its variants."""
    fields.only(_KEYS)
    code = fields.key("Code")
    fields.demand("Category", "Name", "Brand", "Discontinued", "ImageURL", "Variants")
    fields.key("Name")
    require_new(shop, "product", code)
    double = shop.choices.duplicate_create == "double"
    known = None if double else shop.store.get("product", code)
    current = known.payload if known else {**BLANK, "Code": code, "Created": shop.now()}
    product = merge_fields(fields, FIELDS, current, update=False)
    if shop.choices.create_discontinued == "ignored":
        product["Discontinued"] = False
    place(shop, product, double=double)
    write_variants(shop, product, fields.objects("Variants"), "create")
    return _variants_response(shop, code)


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Product``; whether ``Variants`` replaces is undocumented and decisive."""
    fields.only(_KEYS)
    code = fields.key("Code")
    fields.demand("Category", "Name", "Discontinued")
    unwritten = {"ID": "", "Variants": [], "ListVariantID": []}
    row = require_existing(shop, shop.store.get("product", code), f"Product {code}", unwritten)
    product = merge_fields(fields, FIELDS, row.payload)
    if not product["Name"]:
        raise Refusal("Name is required.")
    place(shop, product)
    _variants(shop, product, fields)
    return _variants_response(shop, code)


def place(shop: Shop, product: dict[str, Any], *, double: bool = False) -> None:
    """Store the product; an unknown category is created (dealpos-api.md §6.2, §14 #4)."""
    ensure_category(shop.store, product["Category"])
    product["Category"] = check_exist(shop, "category", [product["Category"]])[0]
    before = None if double else shop.store.get("product", product["Code"])
    shop.store.put("product", product, double=double)
    if before and before.payload["Category"] != product["Category"]:
        for row in shop.store.many("variant", "product", [product["Code"]]):
            shop.store.put("variant", {**row.payload, "Category": product["Category"]})


def _variants(shop: Shop, product: dict[str, Any], fields: Fields) -> None:
    choice = shop.choices.product_put_variants
    if choice == "ignore" or not fields.present("Variants"):
        return
    items = fields.objects("Variants")
    for item in items:
        item.key("Code")
        item.demand("Model", "Discontinued")
    if choice == "replace":
        kept = {item.key("Code") for item in items}
        for row in shop.store.many("variant", "product", [product["Code"]]):
            if row.payload["Code"] not in kept:
                check_deletable(shop, row.payload["Code"])
                shop.store.delete("variant", row.payload["Code"])
    write_variants(shop, product, items, "update")


def _variants_response(shop: Shop, code: str) -> dict[str, Any]:
    """Return the answer of a write that carries variants: all variants of the product now."""
    row = require_found(shop.store.get("product", code))
    variants = shop.store.many("variant", "product", [code])
    return {
        "ID": row.id,
        "Variants": [{"Code": variant.payload["Code"], "ID": variant.id} for variant in variants],
        "ListVariantID": [variant.id for variant in variants],
    }


def add(shop: Shop, fields: Fields) -> Any:
    """``POST /Variant/Add``: new variants of an existing product, by the product's code."""
    fields.only(("Code", "Variants"))
    code = fields.key("Code")
    row = require_existing(shop, shop.store.get("product", code), f"Product {code}", {"ID": ""})
    items = fields.objects("Variants")
    write_variants(shop, row.payload, items, "add")
    written = _variants_response(shop, code)
    new = {item.key("Code") for item in items}
    variants = [variant for variant in written["Variants"] if variant["Code"] in new]
    return {**written, "Variants": variants, "ListVariantID": [v["ID"] for v in variants]}


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Product``; its page is cut, so body and effect are by analogy (API §6.3)."""
    code = fields.key("Code")
    row = require_existing(shop, shop.store.get("product", code), f"Product {code}", {"ID": ""})
    variants = [v.payload["Code"] for v in shop.store.many("variant", "product", [code])]
    if variants and shop.choices.product_delete_variants == "reject":
        raise Refusal(f"Product {code} has variants.")
    check_deletable(shop, *variants)
    for variant in variants:
        shop.store.delete("variant", variant)
    shop.store.delete("product", code)
    return {"ID": row.id}


ROUTES = (
    *write_routes(create, "POST", "/Product"),
    *write_routes(update, "PUT", "/Product"),
    *write_routes(delete, "DELETE", "/Product"),
    *write_routes(add, "POST", "/Variant/Add"),
)
