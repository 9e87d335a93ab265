"""Coupons that DealPOS asks us about (API §12): published with a release, edited in place.

They live with the coupon provider, so no call of the API reads or writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.dated import describe_moment
from dealpos_reconciler.core.marks import (
    AfterValidator,
    Bounds,
    StringConstraints,
    WithJsonSchema,
)
from dealpos_reconciler.core.model.codec import FLAG, NUMBER, Codec, keep
from dealpos_reconciler.core.model.field import Identity, Reference, Wire
from dealpos_reconciler.core.model.kind import Call, Kind, Reads, Value
from dealpos_reconciler.core.model.pricing import Discount
from dealpos_reconciler.core.model.store import PROVIDER
from dealpos_reconciler.core.model.types import (
    CategoryPath,
    Code,
    Count,
    Flag,
    Money,
    Text,
    WhenInZone,
)
from dealpos_reconciler.core.provider.vocabulary import MAX_LENGTH, MIN_LENGTH, Reentry

DEFAULT_LENGTH = 10
MAX_CODES = 100_000
"""Codes of one batch: the server derives them all when it loads a release."""
MAX_MESSAGE = 200

_NUMBER = Wire((), (), NUMBER)
_MAP = Wire((), (), Codec(keep, empty={}))
_NOTHING = Wire((), (), Codec(keep))


class AppliesTo(TypedDict, total=False):
    """Articles that the discount is for: variants or categories. Order has no meaning."""

    variants: Annotated[list[Code], AfterValidator(sorted), Bounds(min_length=1)]
    """Codes of variants. Example: `["1003L"]`."""
    categories: Annotated[list[CategoryPath], AfterValidator(sorted), Bounds(min_length=1)]
    """Paths of categories. Example: `["Drinks/Coffee"]`."""


class BatchOfCodes(TypedDict, total=False):
    """Many codes that a key derives; none of them stands in a file."""

    count: Required[Count]
    """The number of codes. Example: `1000`."""
    length: Count
    """Characters of a code, without the prefix. Example: `12`."""
    prefix: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]{0,20}$")]
    """The beginning of each code. Example: `VISIT-`."""


def _fill(codes: BatchOfCodes) -> dict[str, Any]:
    told = {"count": codes["count"], "length": DEFAULT_LENGTH, "prefix": ""}
    return {**told, **codes}


# `from` is a word of Python, which the statement of a class cannot hold.
_FIRST = "The first day, or time. Example: `2027-03-20`."
_From = Annotated[WhenInZone, WithJsonSchema(describe_moment(_FIRST))]
_Begin = TypedDict("_Begin", {"from": _From}, total=False)


class ProviderCoupon(_Begin, total=False):
    """A coupon that the provider answers for; a key that is left out sets no condition."""

    code: Required[Annotated[Code, Identity()]]
    """The code that the cashier enters, which identifies the coupon. Example: `LEBARAN25`."""
    type: Literal["Percentage", "Amount"]
    """A share of the price, or an amount. Example: `Percentage`."""
    amount: Annotated[Money, _NUMBER]
    """The percentage or the amount. Example: `25`."""
    maximum_discount: Annotated[Money, _NUMBER]
    """The most that a percentage takes off. Example: `50000`."""
    minimum_amount: Annotated[Money, _NUMBER]
    """The least amount of the cart. Example: `100000`."""
    limit: Annotated[Count, _NUMBER]
    """Uses until the coupon is used up. Example: `500`."""
    limit_per_customer: Annotated[Count, _NUMBER]
    """Uses of one customer. Example: `1`."""
    until: WhenInZone
    """The last day, or a time at which it ends. Example: `2027-04-05`."""
    outlets: Annotated[
        list[Code], AfterValidator(sorted), Bounds(min_length=1), _NOTHING, Reference("outlet")
    ]
    """The only outlets that take it. Example: `["Bandung"]`."""
    customer: Annotated[Code, Reference("customer")]
    """The code of the only customer who may use it. Example: `DP-001`."""
    applies_to: Annotated[
        AppliesTo,
        _MAP,
        Reference("variant", under="variants"),
        Reference("category", under="categories"),
    ]
    """Articles that the discount is for. Example: `{"categories": ["Drinks/Coffee"]}`."""
    message: Annotated[Text, StringConstraints(max_length=MAX_MESSAGE)]
    """A text for the cashier. Example: `25 % off for Lebaran`."""
    disabled: Annotated[Flag, Wire((), (), FLAG)]
    """True refuses the coupon at once; its uses are kept. Example: `true`."""
    reentry: Reentry
    """The answer to a second entry while the last use is reserved. Example: `same-customer`."""
    codes: Annotated[BatchOfCodes, AfterValidator(_fill), _MAP]
    """Many single-use codes, which a key derives. Example: `{"count": 1000, "length": 12}`."""


_REASONS = {
    "codes.count": "the last codes stop working",
    "codes.length": "all printed codes stop working",
    "codes.prefix": "all printed codes stop working",
    "codes.key": "the codes key is another one, so all printed codes stop working",
}


def _validate(value: Value) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if "/" in value["code"]:
        yield ("code",), "must not contain a slash"
    yield from _validate_discount(value)
    for name in ("limit", "limit_per_customer"):
        if value.get(name) == 0:
            yield (name,), "must be at least 1 (write `disabled: true` to retire the coupon)"
    begin, end = value.get("from"), value.get("until")
    if begin and end and (end if "T" in end else f"{end}T24") <= begin:
        yield ("until",), f"must not be before `from` (found {end})"
    if sum(bool(names) for names in value.get("applies_to", {}).values()) > 1:
        yield ("applies_to",), "must be either variants or categories, not both"
    yield from _validate_codes(value.get("codes", {}))


def _validate_discount(value: Value) -> Iterator[tuple[tuple[str | int, ...], str]]:
    is_share = value.get("type", "Percentage") == "Percentage"
    for name in ("amount", "maximum_discount"):
        if value.get(name) == 0:
            yield (name,), "must be more than 0"
    if is_share and "type" in value and value.get("amount", 0) > 100:
        yield ("amount",), f"must be at most 100 for a percentage (found {value['amount']:,})"
    if not is_share and "maximum_discount" in value:
        yield ("maximum_discount",), "is allowed only for type Percentage"


def _validate_codes(codes: Value) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if codes and not 1 <= codes["count"] <= MAX_CODES:
        yield ("codes", "count"), f"must be from 1 to {MAX_CODES:,} (found {codes['count']:,})"
    if codes and not MIN_LENGTH <= codes["length"] <= MAX_LENGTH:
        found = f"(found {codes['length']:,})"
        yield ("codes", "length"), f"must be from {MIN_LENGTH} to {MAX_LENGTH} {found}"


def _discount(value: Value) -> Discount | None:
    """Return the most that the coupon takes off, by API §12; None for a retired one.

    A discount for some articles comes off these alone. The least amount is that of the cart, which
    other articles may make up, so one of these articles is the worst case.
    """
    if value.get("disabled") or value.get("amount") is None or not value.get("type"):
        return None
    is_share = value["type"] == "Percentage"
    articles = value.get("applies_to") or {}
    needs = {("category", path) for path in articles.get("categories") or ()}
    needs = needs or {("variant", code) for code in articles.get("variants") or ()}
    return Discount(
        value["amount"] if is_share else 0,
        0 if is_share else value["amount"],
        (value.get("maximum_discount") or None) if is_share else None,
        0 if needs else value.get("minimum_amount") or 0,
        frozenset(needs),
    )


def _explain_replacement(path: str, before: Any, after: Any) -> str | None:
    """Return the printed codes that a change makes useless; None for a change that keeps them."""
    if before is None or path not in _REASONS:
        return None
    if path == "codes.count" and after is not None and after >= before:
        return None
    return _REASONS[path] if after is not None else "all printed codes stop working"


_FIELDS = tuple(ProviderCoupon.__annotations__)

KIND = Kind(
    "provider_coupon",
    ProviderCoupon,
    Reads(),
    collection="provider_coupons",
    home=PROVIDER,
    # All of them travel in one document: see `core.provider.release`.
    create=Call("provider.release", _FIELDS),
    update=Call("provider.release", _FIELDS),
    delete=Call("provider.release", ("code",)),
    required=("type", "amount"),
    retire="disabled",
    discount=_discount,
    expiry_field="until",
    secret=lambda _: False,  # a provider coupon gives a discount and opens nothing else
    explain_replacement=_explain_replacement,
    label=lambda value, _: value.get("message", ""),
    validate=_validate,
)
