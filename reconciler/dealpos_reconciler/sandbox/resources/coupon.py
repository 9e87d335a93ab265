"""Promotion coupons: created and deleted, never updated (dealpos-api.md §10)."""

import re
from typing import Any

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    amount,
    day,
    defaults,
    integer,
    merge_fields,
    money,
    names,
    prose,
    strings,
    text,
)
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import require_existing, require_new, write_routes
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.resources.variant import check_exist
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload


def coupon_type(name: str, value: Any, choices: Choices) -> str:
    """Return a type that was seen; `Discount` is what older pages call the percentage.

    Coupons of other types authorise a cashier, and are made in the back office.
    """
    if value == "Discount":
        return "DiscountPercentage"
    if choices.coupon_types == "any" and value:
        return text(name, value, choices)
    if value not in ("DiscountPercentage", "DiscountAmount"):
        raise Refusal(f"{value!r} is not a coupon type.")
    return str(value)


def limit(name: str, value: Any, choices: Choices) -> int:
    """Return a whole number; one sample prints it as a string that ends in a quote mark, a slip."""
    if isinstance(value, str) and choices.coupon_limit_text == "lenient":
        digits = re.match(r"\d+", value)
        if digits:
            return int(digits[0])
    return integer(name, value, choices)


def full_price(name: str, value: Any, choices: Choices) -> bool:
    """Return a flag: the table's text says "true", the samples send "No"."""
    form = choices.full_price_form
    if isinstance(value, bool) and form != "words":
        return value
    if isinstance(value, str) and form != "boolean" and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise Refusal("FullPriceItemOnly is not in the right form.")


_WORDS = {"yes": True, "true": True, "no": False, "false": False}

FIELDS = (
    BodyField("Code", text),
    BodyField("Type", coupon_type, "DiscountPercentage"),
    BodyField("Discount", amount, 0),
    BodyField("Limit", limit, 1),
    BodyField("MinimumAmount", money, 0),
    BodyField("MaximumDiscount", money),
    BodyField("FullPriceItemOnly", full_price, False),
    BodyField("ExpiryDate", day),
    BodyField("Description", prose, ""),
    BodyField("CustomerCode", text),
    BodyField("ReferenceID", text),
)
SEED = (
    *FIELDS,
    BodyField("Balance", integer),
    BodyField("StartDate", day),
    BodyField("Created", text),
    BodyField("RequirementType", text),
    BodyField("RequirementVariants", strings, [], aliases=("ListRequirementVariants",)),
    BodyField("RequirementCategories", strings, [], aliases=("ListRequirementCategories",)),
)
BLANK = defaults(SEED)
_REQUIREMENT = ("RequirementType", "ListRequirementVariants", "ListRequirementCategories")
_KEYS = {"CustomerID", *_REQUIREMENT} | names(FIELDS)


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /PromotionCoupon``."""
    fields.only(_KEYS)
    code = fields.key("Code")
    fields.demand("Type", "Discount", "Limit")
    require_new(shop, "coupon", code)
    if shop.choices.coupon_recreate == "reject" and shop.store.was_deleted("coupon", code):
        raise Refusal(f"Coupon {code} was used before.")
    payload = merge_fields(fields, FIELDS, {**BLANK, "Created": shop.now()}, update=False)
    payload["Code"], payload["Balance"] = code, payload["Limit"]
    if payload["Type"] == "DiscountAmount":
        payload["Discount"] = money("Discount", payload["Discount"], shop.choices)
    _customer(shop, fields, payload)
    _reference(shop, fields, payload["ReferenceID"])
    payload.update(_requirement(shop, fields))
    double = shop.choices.duplicate_create == "double"
    return {"ID": shop.store.put("coupon", payload, double=double)}


def _customer(shop: Shop, fields: Fields, payload: Payload) -> None:
    """Restrict the coupon to one customer, by code or by ID."""
    id_ = fields.text("CustomerID")
    if id_:
        row = shop.store.find("customer", "id", id_)
        if row is None and shop.choices.unknown_reference == "reject":
            raise Refusal(f"Customer {id_} was not found.")
        payload["CustomerCode"] = row.payload["Code"] if row else None
    elif payload["CustomerCode"]:
        payload["CustomerCode"] = check_exist(shop, "customer", [payload["CustomerCode"]])[0]


def _reference(shop: Shop, fields: Fields, reference: str | None) -> None:
    """Hold references unique when the header asks for it."""
    unique = fields.flag("ReferenceIDUniqueValidation")
    if unique and reference and shop.store.find("coupon", "reference", reference):
        raise Refusal(f"ReferenceID {reference} already exists.")


def _requirement(shop: Shop, fields: Fields) -> Payload:
    """Return what must be bought.

    The names on create are undocumented (dealpos-api.md §10), so the names of the reads are used.
    """
    choice = shop.choices.coupon_requirement_names
    kind = fields.text("RequirementType")
    asked = any(fields.raw(name) for name in _REQUIREMENT)
    if choice == "ignored" or not asked:
        return {}
    if choice == "reject" or kind not in ("Variant", "Category"):
        raise Refusal("RequirementType is not known.")
    variants = check_exist(shop, "variant", _keys(fields, "ListRequirementVariants", "Code"))
    categories = check_exist(shop, "category", _keys(fields, "ListRequirementCategories", "Name"))
    return {
        "RequirementType": kind,
        "RequirementVariants": sorted(variants),
        "RequirementCategories": sorted(categories),
    }


def _keys(fields: Fields, name: str, key: str) -> list[str]:
    if fields.raw(name) is None:
        return []
    if fields.choices.coupon_requirement_names == "codes":
        return fields.strings(name)
    return [item.key(key) for item in fields.objects(name)]


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /PromotionCoupon``."""
    code = fields.key("Code")
    answer = {"Message": "Coupon has been delete!"}
    require_existing(shop, shop.store.get("coupon", code), f"Coupon {code}", answer)
    shop.store.delete("coupon", code)
    return answer


def delete_list(shop: Shop, fields: Fields) -> Any:
    """``DELETE /PromotionCoupon/ListCode``: the body is a bare array of codes."""
    codes = strings("The body", fields.bare, shop.choices)
    maximum = shop.choices.batch_max
    if maximum is not None and len(codes) > maximum:
        raise Refusal(f"At most {maximum} coupons can be deleted at once.")
    rows = shop.store.many("coupon", "key", codes)
    if len(rows) < len(set(codes)) and shop.choices.batch_missing == "reject":
        raise Refusal("Some coupons were not found.")
    for row in rows:
        shop.store.delete("coupon", row.payload["Code"])
    return {"Message": f"{len(rows)} Coupon Key has been deleted successfully!"}


ROUTES = (
    *write_routes(create, "POST", "/PromotionCoupon"),
    *write_routes(delete, "DELETE", "/PromotionCoupon"),
    *write_routes(delete_list, "DELETE", "/PromotionCoupon/ListCode"),
)
