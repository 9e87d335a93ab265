"""Variants: their fields, and the writes that carry them (dealpos-api.md §6, §7)."""

import json
from collections.abc import Iterable
from typing import Any, Literal

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    boolean,
    defaults,
    integer,
    merge_fields,
    money,
    names,
    prose,
    text,
)
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import require_existing, write_routes
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import ObjectStore, Payload, Record
from dealpos_reconciler.sandbox.tables import COMPOUND, KEYS

TYPES = (
    "Standard",
    "Composite",
    "NonInventory",
    "Manufactured",
    "MultipleUOM",
    "Complementary",
    "PrepaidPackage",
    "PrepaidPoint",
)
"""The types of the write table; reads also know `Serialized`."""


def variant_type(name: str, value: Any, choices: Choices) -> str:
    """Return a type, as a string."""
    if value == "Serialized" and choices.serialized_write == "accept":
        return "Serialized"
    if value not in TYPES:
        raise Refusal(f"{value!r} is not a variant type.")
    return str(value)


def _items(name: str, value: Any, choices: Choices) -> list[Fields]:
    return Fields({name: value}, choices).objects(name)


def components(name: str, value: Any, choices: Choices) -> list[dict[str, Any]]:
    """Return ``Components``: the code counts, the name is the server's."""
    rows = []
    for item in _items(name, value, choices):
        item.only(("Code", "Name", "Qty"))
        rows.append({"Code": item.key("Code"), "Qty": integer("Qty", item.raw("Qty"), choices)})
    return _once(name, rows, "Code")


def outlet_prices(name: str, value: Any, choices: Choices) -> list[dict[str, Any]]:
    """Return ``OutletPrice``, with the names that ``PUT /Variant`` uses."""
    rows = []
    for item in _items(name, value, choices):
        item.only(("Outlet", "Price", "ExtraCost"))
        rows.append(price_row(item, "Price"))
    return _once(name, rows, "Outlet")


def price_row(item: Fields, price: str) -> dict[str, Any]:
    """Return one outlet's price; ``price`` is its name in the operation (dealpos-api.md §8)."""
    cost = item.raw("ExtraCost")
    return {
        "Outlet": item.key("Outlet"),
        "Price": money(price, item.raw(price), item.choices),
        "ExtraCost": 0 if cost is None else money("ExtraCost", cost, item.choices),
    }


def stock(name: str, value: Any, choices: Choices) -> dict[str, int]:
    """Return the stock on hand by outlet; the till counts it, no operation here writes it."""
    if not isinstance(value, dict):
        raise Refusal(f"{name} must be an object of outlets.")
    return {outlet: integer(name, count, choices) for outlet, count in value.items()}


def _once(name: str, rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    if len({row[key] for row in rows}) < len(rows):
        raise Refusal(f"{name} names the same {key} twice.")
    return sorted(rows, key=lambda row: str(row[key]))


# Written inside a product and by Variant/Add; Type is read by the operations that take it.
ITEM = (
    BodyField("Model", prose, ""),
    BodyField("UnitCost", money, 0),
    BodyField("UnitPrice", money, 0),
    BodyField("Discontinued", boolean, False),
    BodyField("VariantDescription", prose, "", key="Description"),
)
ITEM_KEYS = {"Code", "Type"} | names(ITEM)

LISTS = (
    BodyField("Components", components, []),
    BodyField("OutletPrice", outlet_prices, []),
)
UPDATE = (
    BodyField("Name", prose, ""),
    BodyField("Model", prose, "", aliases=("Variant",)),
    BodyField("Weight", integer, 0),
    BodyField("Type", variant_type, "Standard"),
    BodyField("OrderPrice", money, 0),
    BodyField("UnitCost", money, 0),
    BodyField("UnitPrice", money, 0),
    BodyField("Taxable", boolean, True),
    BodyField("LoyaltyPoint", boolean, True),
    BodyField("Discontinued", boolean, False),
    BodyField("ParentCode", text),
    BodyField("Ratio", integer),
    BodyField("ExpiredDayPrepaid", integer),
    BodyField("ExpiredMonthPrepaid", integer),
    BodyField("PointPrepaid", integer),
    *LISTS,
)
UPDATE_KEYS = {"Code", "ProductCode"} | names(UPDATE)

SEED = (
    BodyField("Code", text),
    *UPDATE,
    BodyField("Description", prose, ""),
    BodyField("Stock", stock, None),
)

BLANK = defaults(SEED)
"""A variant on which nothing was set."""


def check_references(shop: Shop, payload: dict[str, Any]) -> None:
    """Refuse outlets, components and parents that do not exist, as the choice says."""
    own = [row["Code"] for row in payload["Components"]]
    parents = [payload["ParentCode"]] if payload["ParentCode"] else []
    if payload["Code"] in own + parents:
        raise Refusal(f"Variant {payload['Code']} cannot be made of itself.")
    outlets = [row["Outlet"] for row in payload["OutletPrice"]]
    stored = {key: check_exist(shop, "variant", [key])[0] for key in own + parents}
    payload["Components"] = [{**r, "Code": stored[r["Code"]]} for r in payload["Components"]]
    payload["ParentCode"] = stored.get(payload["ParentCode"], payload["ParentCode"])
    check_exist(shop, "outlet", outlets)


def check_exist(shop: Shop, kind: str, keys: Iterable[str]) -> list[str]:
    """Return keys as they are stored.

    Refuses those that no object of the kind has, as ``Choices.unknown_reference`` says.
    """
    stored = []
    for key in keys:
        row = shop.store.get(kind, key)
        if row is None and shop.choices.unknown_reference == "reject":
            raise Refusal(f"{kind.capitalize()} {key} was not found.")
        stored.append(str(row.payload[KEYS[kind]]) if row else key)
    return stored


Operation = Literal["create", "update", "add"]


def write_variants(shop: Shop, product: Payload, items: list[Fields], operation: Operation) -> None:
    """Write the variants of one product: update its own ones, add the others."""
    maximum = shop.choices.batch_max
    if maximum is not None and len(items) > maximum:
        raise Refusal(f"Variants may hold at most {maximum} items.")
    codes = [item.key("Code") for item in items]
    if len(set(codes)) < len(codes):
        raise Refusal("Variants names the same Code twice.")
    for code, item in zip(codes, items, strict=True):
        item.only(ITEM_KEYS)
        row = shop.store.get("variant", code)
        own = row is not None and row.payload["Product"] == product["Code"]
        if row and own and operation == "update":
            shop.store.put("variant", merge_fields(item, ITEM, row.payload))
        else:
            _new(shop, product, item, operation, row)


def _new(
    shop: Shop, product: Payload, item: Fields, operation: Operation, taken: Record | None
) -> None:
    choice = shop.choices.variant_add_existing
    code = item.key("Code")
    if taken and choice == "reject":
        raise Refusal(f"Variant {code} already exists.")
    if taken and choice == "skip":
        return
    place = {"Code": code, "Product": product["Code"], "Category": product["Category"]}
    double = choice == "double"
    blank = {**BLANK, "Taxable": shop.choices.new_variant_taxable}
    current = taken.payload if taken and not double else blank
    payload = merge_fields(item, ITEM, {**current, **place}, update=False)
    payload["Type"] = _type(shop, item, operation, payload["Type"])
    payload["Name"] = payload["Name"] or display_name(shop, product, payload)
    ignored = shop.choices.create_discontinued
    if ignored == "ignored" or (ignored == "ignored_on_add" and operation == "add"):
        payload["Discontinued"] = False
    shop.store.put("variant", payload, double=double)


def display_name(shop: Shop, product: Payload, variant: Payload) -> str:
    """Return the ``Name`` of a variant that was never given one."""
    choice = shop.choices.variant_default_name
    if choice == "model":
        return str(variant["Model"])
    if choice == "product_model":
        return f"{product['Name']} {variant['Model']}".strip()
    return str(product["Name"])


def _type(shop: Shop, item: Fields, operation: Operation, current: str) -> str:
    """``Type``: in a create printed as an object, elsewhere not printed (dealpos-api.md §6.1)."""
    choices = shop.choices
    value: Any = item.raw("Type")
    form = choices.create_type_form if operation == "create" else "any"
    stored = operation == "create" or choices.type_on_add == "stored"
    if value is None or not stored or form == "ignore":
        return current
    given = "object" if isinstance(value, dict) else "string"
    if form not in ("any", given):
        raise Refusal(f"Type must be {'an object' if form == 'object' else 'a string'}.")
    return variant_type("Type", value.get("value") if given == "object" else value, choices)


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Variant``; ``Components`` and ``OutletPrice`` are marked required."""
    fields.only(UPDATE_KEYS)
    code = fields.key("Code")
    fields.demand("Components", "OutletPrice")
    answer = {"Message": "Update Success"}
    row = require_existing(shop, shop.store.get("variant", code), f"Variant {code}", answer)
    payload = merge_fields(fields, UPDATE, row.payload)
    if not shop.choices.empty_arrays_clear:
        for field in LISTS:
            payload[field.name] = payload[field.name] or row.payload[field.name]
    _move(shop, payload, fields.text("ProductCode"))
    check_references(shop, payload)
    shop.store.put("variant", payload)
    return answer


def _move(shop: Shop, payload: Payload, product: str) -> None:
    """Move a variant to another ``ProductCode``, as ``Choices.variant_move`` says."""
    choice = shop.choices.variant_move
    if choice == "ignore" or product in ("", payload["Product"]):
        return
    row = shop.store.get("product", product)
    if choice == "reject" or row is None:
        raise Refusal(f"Variant {payload['Code']} cannot move to product {product}.")
    payload.update(Product=product, Category=row.payload["Category"])


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Variant``; the answer is a bare JSON string."""
    code = fields.key("Code")
    answer = f"Variant with code {code} has been successfully deleted."
    require_existing(shop, shop.store.get("variant", code), f"Variant {code}", answer)
    check_deletable(shop, code)
    shop.store.delete("variant", code)
    return answer


def check_deletable(shop: Shop, *codes: str) -> None:
    """Refuse to delete variants that something else names, where the choice says so."""
    if shop.choices.delete_used == "accept":
        return
    for code in codes:
        for user in sorted(_users(shop.store, code)):
            if user not in codes:
                raise Refusal(f"Variant {code} is used by {user}.")


def _users(store: ObjectStore, code: str) -> set[str]:
    """Return the variants and coupons that name a variant."""
    # The text search only narrows down; the payload decides.
    quoted = json.dumps(code, ensure_ascii=False)
    where = Filter().also(f"({COMPOUND})").also("instr(payload, ?) > 0 AND key <> ?", quoted, code)
    users = {
        row.payload["Code"]
        for row in store.page("variant", where)
        if row.payload["ParentCode"] == code
        or code in [component["Code"] for component in row.payload["Components"]]
    }
    coupons = store.page("coupon", Filter().also("instr(payload, ?) > 0", quoted))
    needed = (row.payload for row in coupons if code in row.payload["RequirementVariants"])
    return users | {f"coupon {coupon['Code']}" for coupon in needed}


ROUTES = (
    *write_routes(update, "PUT", "/Variant"),
    *write_routes(delete, "DELETE", "/Variant"),
)
