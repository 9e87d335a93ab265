"""Variant update and delete, by the variant's code (dealpos-api.md §7)."""

import json
from typing import Any

from reconciler.sandbox.api.field import merged
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import existing, writes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.filter import Filter
from reconciler.sandbox.resources.variant_fields import LISTS, UPDATE, UPDATE_KEYS, check_references
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import COMPOUND, Payload, Store


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Variant``; ``Components`` and ``OutletPrice`` are marked required."""
    fields.only(UPDATE_KEYS)
    code = fields.key("Code")
    fields.demand("Components", "OutletPrice")
    answer = {"Message": "Update Success"}
    row = existing(shop, shop.store.get("variant", code), f"Variant {code}", answer)
    payload = merged(fields, UPDATE, row.payload)
    if not shop.choices.empty_arrays_clear:
        for field in LISTS:
            payload[field.name] = payload[field.name] or row.payload[field.name]
    _move(shop, payload, fields.text("ProductCode"))
    check_references(shop, payload)
    shop.store.put("variant", payload)
    return answer


def _move(shop: Shop, payload: Payload, product: str) -> None:
    """Another ``ProductCode`` than the variant's own; ``Choices.variant_move`` rules."""
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
    existing(shop, shop.store.get("variant", code), f"Variant {code}", answer)
    unused(shop, code)
    shop.store.delete("variant", code)
    return answer


def unused(shop: Shop, *codes: str) -> None:
    """Make sure that variants may be deleted: nothing else names them, or nobody minds."""
    if shop.choices.delete_used == "accept":
        return
    for code in codes:
        for user in sorted(_users(shop.store, code)):
            if user not in codes:
                raise Refusal(f"Variant {code} is used by {user}.")


def _users(store: Store, code: str) -> set[str]:
    """The variants and coupons that name a variant."""
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
    *writes(update, "PUT", "/Variant"),
    *writes(delete, "DELETE", "/Variant"),
)
