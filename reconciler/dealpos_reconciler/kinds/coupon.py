"""Promotion coupons. The API has no update, so every change is a replacement (API §10)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.marks import AfterValidator
from dealpos_reconciler.core.model.codec import DAY, INTEGER, NUMBER, YES_NO, Codec, keep, text
from dealpos_reconciler.core.model.field import (
    Identity,
    Reference,
    Wire,
    WriteOnly,
    one_key,
    sent_key,
)
from dealpos_reconciler.core.model.kind import Call, CarryOver, Kind, Listing, Reads, Single, Value
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.pricing import Discount
from dealpos_reconciler.core.model.types import CategoryPath, Code, Count, Day, Flag, Money, Text

_READ_KEYS = ("RequirementType", "ListRequirementVariants", "ListRequirementCategories")
_DISCOUNT_TYPES = ("DiscountPercentage", "DiscountAmount")
_SPELLINGS = {
    "variants": ("Variant", "ListRequirementVariants", "Code"),
    "categories": ("Category", "ListRequirementCategories", "Name"),
}


class Requirement(TypedDict, total=False):
    """Articles of which one must be in the basket: variants or categories. Order has no meaning."""

    variants: Annotated[list[Code], AfterValidator(sorted)]
    """Codes of variants. Example: `["1003L"]`."""
    categories: Annotated[list[CategoryPath], AfterValidator(sorted)]
    """Paths of categories. Example: `["Drinks/Coffee"]`."""


def _type(raw: Any) -> str:
    # dealpos-api.md §10: one generation reads `Discount` where another reads `DiscountPercentage`.
    return "DiscountPercentage" if raw == "Discount" else text(raw)


def _names(items: Any, keys: tuple[str, ...]) -> list[str]:
    """Codes or paths, whether the server lists them bare or as objects (API §10: elided)."""
    names = []
    for item in items or ():
        if isinstance(item, Mapping):
            item = next((item[key] for key in keys if item.get(key) is not None), None)
        if item is None:
            raise ValueError("a coupon requirement without a name")
        names.append(text(item))
    return sorted(names)


def _gather(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one key for three of the response; absent if the row has none of them."""
    if not any(key in row for key in _READ_KEYS):
        return row
    variants = _names(row.get("ListRequirementVariants"), ("Code", "VariantCode"))
    categories = _names(row.get("ListRequirementCategories"), ("Name", "Category"))
    return {**row, "Requires": _name_requirement({"variants": variants, "categories": categories})}


def _name_requirement(requirement: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {key: names for key, names in requirement.items() if names}


class Coupon(TypedDict, total=False):
    """A promotion code that a cashier enters."""

    code: Required[Annotated[Code, Identity(), one_key("Code")]]
    """The code that the cashier enters, which identifies the coupon. Example: `DISC20`."""
    type: Annotated[
        Literal["DiscountPercentage", "DiscountAmount"],
        Wire(("Type",), ("Type",), Codec(_type, empty="")),
    ]
    """A share of the price, or an amount. Example: `DiscountPercentage`."""
    discount: Annotated[Money, one_key("Discount", INTEGER)]
    """The percentage or the amount. Example: `20`."""
    limit: Annotated[Count, one_key("Limit", INTEGER)]
    """Uses until the coupon is used up. Example: `100`."""
    minimum_amount: Annotated[
        Money,
        # dealpos-api.md §10: read as MinimumSpending, in the list alone.
        Wire(("MinimumAmount",), ("MinimumSpending", "MinimumAmount"), INTEGER, listing_only=True),
    ]
    """The least amount of a sale. Example: `50000`."""
    maximum_discount: Annotated[Money, sent_key("MaximumDiscount", INTEGER), WriteOnly()]
    """The most that a percentage takes off. Example: `25000`."""
    full_price_item_only: Annotated[Flag, sent_key("FullPriceItemOnly", YES_NO), WriteOnly()]
    """True if it is only for articles without another discount. Example: `true`."""
    expiry_date: Annotated[Day, one_key("ExpiryDate", DAY)]
    """The last day. Example: `2034-12-31`."""
    description: Annotated[Text, one_key("Description")]
    """A text for the cashier. Example: `Opening week`."""
    customer: Annotated[Code, one_key("CustomerCode"), Reference("customer")]
    """The code of the only customer who may use it. Example: `DP-001`."""
    reference_id: Annotated[Text, sent_key("ReferenceID"), WriteOnly()]
    """A reference of your own, sent when the coupon is created. Example: `CAMPAIGN-7`."""
    requires: Annotated[
        Requirement,
        AfterValidator(_name_requirement),
        Wire(("Requires",), ("Requires",), Codec(keep, empty={}), omitted_when_empty=True),
        Reference("variant", under="variants"),
        Reference("category", under="categories"),
    ]
    """Articles of which one must be in the sale. Example: `{"variants": ["1003L"]}`."""


def _validate(value: Value) -> Iterator[tuple[tuple[str | int, ...], str]]:
    percentage = value.get("type", "DiscountPercentage") == "DiscountPercentage"
    if percentage and "type" in value and value.get("discount", 0) > 100:
        yield ("discount",), f"must be at most 100 for a percentage (found {value['discount']:,})"
    if "discount" in value and value["discount"] == 0:
        yield ("discount",), "must be more than 0"
    if "limit" in value and value["limit"] == 0:
        yield ("limit",), "must be at least 1 (omit the coupon instead)"
    if not percentage:
        # dealpos-api.md §10: both are documented for the percentage type only.
        for name in ("maximum_discount", "full_price_item_only"):
            if name in value:
                yield (name,), "is allowed only for type DiscountPercentage"
    if sum(bool(names) for names in value.get("requires", {}).values()) > 1:
        yield ("requires",), "must be either variants or categories, not both"


def _carry_over(after: Value, live: Value) -> CarryOver:
    """Return the fields that keep the remaining uses: the declared limit less the used-up ones."""
    if live.get("limit") is None or live.get("balance") is None:
        return CarryOver(None, "not replaced: the API does not return how many uses are left")
    if "minimum_amount" not in after:
        return CarryOver(
            None,
            "not replaced: the API did not return `minimum_amount`. Declare it (0 for none) so "
            "that it is kept",
        )
    warning = _warn_of_loss(after)
    used = live["limit"] - live["balance"]
    if used <= 0:
        return CarryOver(after, warning=warning)
    left = after["limit"] - used
    if left <= 0:
        return CarryOver(
            None,
            f"not replaced: {used:,} uses are used up and the limit is {after['limit']:,}. "
            f"Raise the limit above {used:,} to bring it back",
        )
    note = (
        f"{used:,} of {live['limit']:,} uses are used up, so the replacement starts with {left:,}. "
        "The ledger or this folder remembers it"
    )
    if not is_masked(left):
        note += f"; without either, declare `limit: {left}` after the apply"
    return CarryOver({**after, "limit": left}, note, warning)


def _warn_of_loss(after: Value) -> str | None:
    """Return a warning for the fields that the live coupon may have and the new one lacks."""
    percentage = after.get("type") == "DiscountPercentage"
    write_only = ["maximum_discount", "full_price_item_only"] if percentage else []
    lost = [f"`{name}`" for name in (*write_only, "reference_id", "customer") if name not in after]
    if not lost:
        return None
    if len(lost) == 1:
        return (
            f"the API did not return {lost[0]}, so the replacement is created without it. "
            f"Declare {lost[0]} to keep it."
        )
    named = f"{', '.join(lost[:-1])} and {lost[-1]}"
    return (
        f"the API did not return {named}, so the replacement is created without them. "
        "Declare those that the coupon should keep."
    )


def _is_secret(value: Value) -> bool | None:
    # dealpos-api.md §10: other types authorise, and their names are undocumented.
    return value["type"] not in _DISCOUNT_TYPES if "type" in value else None


def _discount(value: Value) -> Discount | None:
    """API §10 says what each number is; that it comes off the whole basket is an inference.

    API §12 prints that for a coupon of a provider (`ApplyTo` null). Whether a category stands for
    those below it is undocumented, and taken to be so: the worst case.
    """
    share = value.get("type") == "DiscountPercentage"
    discount = value.get("discount")
    if discount is None or value.get("type") not in _DISCOUNT_TYPES:
        return None
    requires = value.get("requires") or {}
    needs = {("variant", code) for code in requires.get("variants", ())}
    needs |= {("category", path) for path in requires.get("categories", ())}
    return Discount(
        discount if share else 0,
        0 if share else discount,
        # dealpos-api.md §10: what a cap of 0 means is undocumented. No cap is the worst case.
        (value.get("maximum_discount") or None) if share else None,
        value.get("minimum_amount") or 0,
        frozenset(needs),
    )


def _read_names(body: dict[str, Any], wrap: bool) -> dict[str, Any]:
    """The requirement under the names that reads use (API §10: undocumented on create)."""
    requires = body.get("Requires")
    plain = {key: value for key, value in body.items() if key != "Requires"}
    if not requires:
        return plain
    ((key, names),) = requires.items()
    kind, list_key, item_key = _SPELLINGS[key]
    items = [{item_key: name} for name in names] if wrap else names
    return {**plain, "RequirementType": kind, list_key: items}


_TERMS = ("type", "discount", "limit", "minimum_amount", "customer", "requires", "expiry_date")

KIND = Kind(
    "coupon",
    Coupon,
    # dealpos-api.md §10: only the read by code shows requirements.
    Reads(
        # dealpos-api.md §10: lists active coupons only; other filter values are undocumented.
        listing=Listing(
            "coupon.list",
            fields=frozenset(Coupon.__annotations__) - {"requires"},
            wider=Listing("coupon.list_by_status", constants={"UsageStatus": "All"}),
        ),
        single=Single("coupon.by_code"),
    ),
    collection="coupons",
    create=Call(
        "coupon.create",
        tuple(Coupon.__annotations__),
        forms=(partial(_read_names, wrap=False), partial(_read_names, wrap=True)),
    ),
    delete=Call("coupon.delete", ("code",)),
    # dealpos-api.md §10: a bare array of codes without a documented maximum; 100 as in §7.
    delete_many=Call(
        "coupons.delete",
        ("code",),
        limit=100,
        body=lambda values: [value["Code"] for value in values],
    ),
    required=("type", "discount", "limit"),
    internal_fields={"balance": Wire((), ("Balance",), NUMBER)},
    normalise=_gather,
    carry_over=_carry_over,
    discount=_discount,
    use_counts=("limit", "balance"),
    expiry_field="expiry_date",
    secret=_is_secret,
    label=lambda value, _: value.get("description", ""),
    must_match_on_readback=_TERMS,
    type_field="type",
    validate=_validate,
)
