"""Variants as a product write carries them: in product create, product update and Variant/Add."""

from typing import Any, Literal

from reconciler.sandbox.api.field import merged
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.resources.variant_fields import BLANK, ITEM, ITEM_KEYS, variant_type
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Payload, Row

Operation = Literal["create", "update", "add"]


def save(shop: Shop, product: Payload, items: list[Fields], operation: Operation) -> None:
    """Write the variants of one product; an update meets those that it has, the others add."""
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
            shop.store.put("variant", merged(item, ITEM, row.payload))
        else:
            _new(shop, product, item, operation, row)


def _new(
    shop: Shop, product: Payload, item: Fields, operation: Operation, taken: Row | None
) -> None:
    choice = shop.choices.variant_add_existing
    code = item.key("Code")
    if taken and choice == "reject":
        raise Refusal(f"Variant {code} already exists.")
    if taken and choice == "skip":
        return
    place = {"Code": code, "Product": product["Code"], "Category": product["Category"]}
    current = taken.payload if taken else BLANK
    payload = merged(item, ITEM, {**current, **place}, update=False)
    payload["Type"] = _type(shop, item, operation, payload["Type"])
    payload["Name"] = payload["Name"] or display_name(shop, product, payload)
    shop.store.put("variant", payload)


def display_name(shop: Shop, product: Payload, variant: Payload) -> str:
    """The ``Name`` of a variant that was never given one."""
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
