"""Variants: the articles that are sold, with their prices (dealpos-api.md §7).

Four operations write a variant: create and update of its product, add, and its own update. None
of them carries every field (API §6.1, API §6.2).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Required

from typing_extensions import TypedDict

from reconciler.core.model.codec import FLAG, NUMBER, Codec, keyed_list, text
from reconciler.core.model.field import Identity, Reference, Wire, WriteOnly
from reconciler.core.model.kind import (
    DECLARE,
    Batch,
    Call,
    Kind,
    Listing,
    Parent,
    Reads,
    Single,
    Value,
)
from reconciler.core.model.pricing import Offer
from reconciler.core.model.types import Code, Count, Flag, Money, Text

_UNSHOWN = "the API never returns it"

# dealpos-api.md §6.1: product create prints {"value": "Standard"}; all other pages print text.
_TYPE = Codec(
    lambda raw: text(raw["value"] if isinstance(raw, dict) else raw), lambda v: v, "", str
)


class OutletPrice(TypedDict, total=False):
    """The price at one outlet, instead of the base price."""

    price: Required[Money]
    extra_cost: Money


class Component(TypedDict, total=False):
    """The number of units of another variant in one unit of this variant."""

    qty: Required[Count]


class Variant(TypedDict, total=False):
    """One sellable form of a product, with its prices."""

    code: Required[Annotated[Code, Identity(), Wire(("Code",), ("Code",))]]
    model: Annotated[Text, Wire(("Model",), ("Variant", "Model"))]
    name: Annotated[Text, Wire(("Name",), ("Name",))]
    type: Annotated[
        Literal[
            "Standard",
            "Composite",
            "NonInventory",
            "Manufactured",
            "MultipleUOM",
            "Complementary",
            "PrepaidPackage",
            "PrepaidPoint",
        ],
        Wire(("Type",), ("Type",), _TYPE),
    ]
    unit_cost: Annotated[Money, Wire(("UnitCost",), ("UnitCost",), NUMBER)]
    unit_price: Annotated[Money, Wire(("UnitPrice",), ("UnitPrice",), NUMBER)]
    order_price: Annotated[Money, Wire(("OrderPrice",), ("OrderPrice",), NUMBER)]
    weight: Annotated[Count, Wire(("Weight",), ("Weight",), NUMBER)]
    taxable: Annotated[Flag, Wire(("Taxable",), ("Taxable",), FLAG)]
    loyalty_point: Annotated[Flag, Wire(("LoyaltyPoint",), ("LoyaltyPoint",), FLAG)]
    discontinued: Annotated[Flag, Wire(("Discontinued",), ("Discontinued",), FLAG)]
    description: Annotated[
        Text, Wire(("VariantDescription",), ("Description", "VariantDescription"))
    ]
    outlet_prices: Annotated[
        dict[Code, OutletPrice],
        Wire(
            ("OutletPrice",),
            ("OutletPrice",),
            keyed_list("Outlet", price=("Price", NUMBER), extra_cost=("ExtraCost", NUMBER)),
        ),
        Reference("outlet", keys=True),
    ]
    components: Annotated[
        dict[Code, Component],
        Wire(("Components",), ("Components",), keyed_list("Code", qty=("Qty", NUMBER))),
        Reference("variant", keys=True),
    ]
    parent_code: Annotated[Code, Wire(("ParentCode",)), WriteOnly(_UNSHOWN)]
    ratio: Annotated[Count, Wire(("Ratio",), codec=NUMBER), WriteOnly(_UNSHOWN)]
    expired_day_prepaid: Annotated[
        Count, Wire(("ExpiredDayPrepaid",), codec=NUMBER), WriteOnly(_UNSHOWN)
    ]
    expired_month_prepaid: Annotated[
        Count, Wire(("ExpiredMonthPrepaid",), codec=NUMBER), WriteOnly(_UNSHOWN)
    ]
    point_prepaid: Annotated[Count, Wire(("PointPrepaid",), codec=NUMBER), WriteOnly(_UNSHOWN)]


def _validate(value: Value) -> Iterator[tuple[tuple[str | int, ...], str]]:
    components = value.get("components", {})
    if value["code"] in components:
        yield ("components", value["code"]), "a variant cannot be a component of itself"
    made_of_parts = value.get("type", "Composite") in ("Composite", "Manufactured")
    if components and not made_of_parts:
        yield (
            ("components",),
            f"allowed only for type Composite or Manufactured, not {value['type']}",
        )
    for name, component in components.items():
        if component["qty"] == 0:
            yield ("components", name, "qty"), "must be at least 1"


_UNITS = ("parent_code", "ratio")
_PREPAID = ("expired_day_prepaid", "expired_month_prepaid", "point_prepaid")


def _fields_at_risk(value: Value) -> dict[str, str]:
    # dealpos-api.md §7: what belongs to these types is written, and shown by no read.
    type_ = value.get("type", "")
    if type_ == "Serialized":
        return {"type": "The API does not accept type Serialized: make this change in DealPOS"}
    by_type = {"MultipleUOM": _UNITS, "PrepaidPackage": _PREPAID, "PrepaidPoint": _PREPAID}
    return dict.fromkeys(by_type.get(type_, ()), DECLARE)


def _prices(value: Value) -> dict[str, Offer]:
    """The base price, and that of each outlet with its own.

    API §8 prints `ExtraCost` beside an outlet's price without a meaning; it is taken for what the
    outlet pays on top of the unit cost (inference).
    """
    cost = value.get("unit_cost")
    found = {"": Offer(value.get("unit_price"), cost)}
    for outlet, entry in (value.get("outlet_prices") or {}).items():
        extra = entry.get("extra_cost") or 0
        found[outlet] = Offer(entry.get("price"), None if cost is None else cost + extra)
    return found


def _update(values: Sequence[Value]) -> dict[str, object]:
    # dealpos-api.md §7: a variant can be read as Serialized and not be written as such.
    (body,) = values
    return {key: sent for key, sent in body.items() if (key, sent) != ("Type", "Serialized")}


def _object_type(item: dict[str, object]) -> dict[str, object]:
    """The form that the product-create sample prints (API §6.1, marked suspect there)."""
    if "Type" in item:
        return {**item, "Type": {"value": item["Type"]}}
    return item


def _text_type(item: dict[str, object]) -> dict[str, object]:
    """The form that every other operation uses."""
    return item


_ADDED = ("code", "model", "unit_cost", "unit_price", "discontinued", "description")
_DEMANDED = {"Model": "", "Discontinued": False}


def _label(value: Value, product: Value) -> str:
    """Return the product's name and the model, such as `Cappuccino, Large`."""
    name = product.get("name") or value.get("name", "")
    model = value.get("model", "")
    return ", ".join(dict.fromkeys(filter(None, (name, model))))


KIND = Kind(
    "variant",
    Variant,
    Reads(
        listing=Listing("variant.list"),
        # dealpos-api.md §7: at most 100 codes a call.
        batch=Batch("variant.by_codes", "ListCode", limit=100),
        single=Single("variant.by_code"),
    ),
    collection="variants",
    # dealpos-api.md §7: Variant/Add has no documented maximum; 100 is that of the batch read.
    create=Call("variant.add", _ADDED, _DEMANDED, limit=100),
    # dealpos-api.md §7: Components and OutletPrice are marked as required here.
    update=Call(
        "variant.update",
        (
            "code",
            "name",
            "model",
            "product",
            "weight",
            "type",
            "order_price",
            "unit_cost",
            "unit_price",
            "taxable",
            "loyalty_point",
            "discontinued",
            "parent_code",
            "ratio",
            "expired_day_prepaid",
            "expired_month_prepaid",
            "point_prepaid",
            "components",
            "outlet_prices",
        ),
        {"Components": [], "OutletPrice": []},
        body=_update,
    ),
    delete=Call("variant.delete", ("code",)),
    parent=Parent(
        "product",
        key="Variants",
        create=Call(
            "product.create", (*_ADDED, "type"), _DEMANDED, forms=(_object_type, _text_type)
        ),
        update=Call("product.update", _ADDED, _DEMANDED),
        write=("ProductCode",),
        # dealpos-api.md §7: written as the display name, described as the product's name when read.
        follows={"name": "name"},
    ),
    required=("unit_price",),
    stock_read=Single("inventory.by_code"),
    retire="discontinued",
    validate=_validate,
    label=_label,
    fields_at_risk=_fields_at_risk,
    prices=_prices,
)
