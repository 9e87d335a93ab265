"""Variants: the articles that are sold, with their prices (dealpos-api.md §7).

Four operations write a variant: create and update of its product, add, and its own update. None
of them carries every field (API §6.1, API §6.2).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, Required

from typing_extensions import TypedDict

from dealpos_reconciler.core.model.codec import (
    FLAG,
    INTEGER,
    NUMBER,
    Codec,
    keyed_list,
    number,
    text,
)
from dealpos_reconciler.core.model.field import (
    DECLARE,
    Identity,
    Reference,
    Sum,
    Wire,
    WriteOnly,
    one_key,
    sent_key,
)
from dealpos_reconciler.core.model.kind import (
    Batch,
    Call,
    Kind,
    Listing,
    Parent,
    Reads,
    Single,
    Value,
)
from dealpos_reconciler.core.model.pricing import ListedPrice, Offer
from dealpos_reconciler.core.model.types import (
    Code,
    Count,
    DatedFlag,
    DatedMoney,
    Flag,
    Money,
    Text,
)

# dealpos-api.md §6.1: product create prints {"value": "Standard"}; all other pages print text.
_TYPE = Codec(lambda raw: text(raw["value"] if isinstance(raw, dict) else raw), empty="", plain=str)


class OutletPrice(TypedDict, total=False):
    """The price at one outlet, instead of the base price."""

    price: Required[DatedMoney]
    """The price at this outlet. Example: `19000`."""
    extra_cost: DatedMoney
    """The cost at this outlet, on top of the cost of the variant. Example: `500`."""


class Component(TypedDict, total=False):
    """The number of units of another variant in one unit of this variant."""

    qty: Required[Count]
    """Units of it in one unit of the set. Example: `2`."""


class Variant(TypedDict, total=False):
    """One sellable form of a product, with its prices."""

    code: Required[Annotated[Code, Identity(), one_key("Code")]]
    """The code, which identifies the variant in the shop: that on the barcode. Example: `1003L`."""
    model: Annotated[Text, Wire(("Model",), ("Variant", "Model"))]
    """The form of the product that this variant is. Example: `Large`."""
    name: Annotated[Text, one_key("Name")]
    """The name on the till, if it is not made of product and model. Example: `Kopi Susu Large`."""
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
        one_key("Type", _TYPE),
    ]
    """The type of the article. Example: `Standard`."""
    unit_cost: Annotated[DatedMoney, one_key("UnitCost", INTEGER)]
    """The cost of one unit. Example: `9000`."""
    unit_price: Annotated[DatedMoney, one_key("UnitPrice", INTEGER)]
    """The price of one unit, where an outlet has none of its own. Example: `18000`."""
    order_price: Annotated[Money, one_key("OrderPrice", INTEGER)]
    """The price of the last order. Example: `8500`."""
    weight: Annotated[Count, one_key("Weight", INTEGER)]
    """The weight, in the unit of the shop. Example: `250`."""
    taxable: Annotated[Flag, one_key("Taxable", FLAG)]
    """True if tax is added. Example: `true`."""
    loyalty_point: Annotated[Flag, one_key("LoyaltyPoint", FLAG)]
    """True if a sale earns loyalty points. Example: `true`."""
    discontinued: Annotated[DatedFlag, one_key("Discontinued", FLAG)]
    """True takes the variant off sale. Example: `true`."""
    description: Annotated[
        Text, Wire(("VariantDescription",), ("Description", "VariantDescription"))
    ]
    """A text about the variant. Example: `350 ml`."""
    outlet_prices: Annotated[
        dict[Code, OutletPrice],
        Wire(
            ("OutletPrice",),
            ("OutletPrice",),
            keyed_list("Outlet", price=("Price", INTEGER), extra_cost=("ExtraCost", INTEGER)),
        ),
        Sum(),
        Reference("outlet", keys=True),
    ]
    """Prices at single outlets, by the outlet's name. Example: `{"Bandung": {"price": 19000}}`."""
    components: Annotated[
        dict[Code, Component],
        Wire(("Components",), ("Components",), keyed_list("Code", qty=("Qty", INTEGER))),
        Reference("variant", keys=True),
    ]
    """The parts of a set, by the code of the variant. Example: `{"1003L": {"qty": 2}}`."""
    parent_code: Annotated[Code, sent_key("ParentCode"), WriteOnly()]
    """The variant that a unit of measure belongs to; for type MultipleUOM. Example: `1003L`."""
    ratio: Annotated[Count, sent_key("Ratio", INTEGER), WriteOnly()]
    """Units of the parent in one of these; for type MultipleUOM. Example: `12`."""
    expired_day_prepaid: Annotated[Count, sent_key("ExpiredDayPrepaid", INTEGER), WriteOnly()]
    """Days until a prepaid article ends. Example: `30`."""
    expired_month_prepaid: Annotated[Count, sent_key("ExpiredMonthPrepaid", INTEGER), WriteOnly()]
    """Months until a prepaid article ends. Example: `6`."""
    point_prepaid: Annotated[Count, sent_key("PointPrepaid", INTEGER), WriteOnly()]
    """Points of a prepaid article; 0 for no limit. Example: `10`."""


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


def _pricebook(raw: Any) -> list[dict[str, Any]]:
    """The rows of a pricebook that are understood.

    dealpos-api.md §6.4 prints them in a read of products; that those in a variant are alike is an
    inference. A row that is not understood must not make the variant unknown.
    """
    rows = []
    for row in raw if isinstance(raw, list) else ():
        if isinstance(row, Mapping) and isinstance(row.get("Name"), str):
            rows.append(
                {key: _number(row.get(key)) for key in _PRICEBOOK[1:]} | {"Name": row["Name"]}
            )
    return rows


def _pricebook_out(rows: Any) -> list[dict[str, Any]]:
    return [{key: NUMBER.encode(value) for key, value in row.items()} for row in rows]


def _number(raw: Any) -> Any:
    with suppress(ValueError):
        return number(raw)
    return None


def _listed_prices(value: Value) -> list[ListedPrice]:
    found = []
    for row in value.get("pricebook") or ():
        least = row["MinimumQuantity"] or 1
        terms = f"from {least:,} units" if least > 1 else ""
        # dealpos-api.md §6.4: what PriceDiscount is beside the price is open; a price of 0 is none.
        price = row["UnitPrice"] or None
        found.append(ListedPrice(f'pricebook "{row["Name"]}"', price, terms, least <= 1))
    return found


def _update(values: Sequence[Value]) -> dict[str, object]:
    # dealpos-api.md §7: a variant can be read as Serialized and not be written as such.
    (body,) = values
    return {key: sent for key, sent in body.items() if (key, sent) != ("Type", "Serialized")}


def _object_type(item: dict[str, object]) -> dict[str, object]:
    """The form that the product-create sample prints (API §6.1, marked suspect there)."""
    return {**item, "Type": {"value": item["Type"]}} if "Type" in item else item


_PRICEBOOK = ("Name", "MinimumQuantity", "UnitPrice", "PriceDiscount")
_PRICES = ("weight", "type", "order_price", "unit_cost", "unit_price")
_FLAGS = ("taxable", "loyalty_point", "discontinued")
_PARTS = ("components", "outlet_prices")
_PRESET = {
    "type": "Standard",
    "weight": 0,
    "taxable": True,
    "loyalty_point": True,
    "components": {},
    "outlet_prices": {},
}
_ADDED = ("code", "model", "unit_cost", "unit_price", "discontinued", "description")
_DEMANDED = {"Model": "", "Discontinued": False}


def _label(value: Value, product: Value) -> str:
    """Return the product's name and the model, such as `Cappuccino, Large`."""
    name = product.get("name") or value.get("name", "")
    model = value.get("model", "")
    return ", ".join(dict.fromkeys(str(part) for part in (name, model) if part))


KIND = Kind(
    "variant",
    Variant,
    Reads(
        listing=Listing("variant.list"),
        # dealpos-api.md §7: at most 100 codes a call.
        batch=Batch("variant.by_codes", "ListCode", limit=100),
        # dealpos-api.md §7: its sample asks for `All`, and the answer has a discontinued variant.
        proof=Batch("variant.ids_by_codes", "ListCode", 100, {"Discontinued": "All"}),
        single=Single("variant.by_code"),
    ),
    collection="variants",
    # dealpos-api.md §7: Variant/Add has no documented maximum; 100 is that of the batch read.
    create=Call("variant.add", _ADDED, _DEMANDED, limit=100),
    # dealpos-api.md §7: Components and OutletPrice are marked as required here.
    update=Call(
        "variant.update",
        ("code", "name", "model", "product", *_PRICES, *_FLAGS, *_UNITS, *_PREPAID, *_PARTS),
        {"Components": [], "OutletPrice": []},
        body=_update,
    ),
    delete=Call("variant.delete", ("code",)),
    parent=Parent(
        "product",
        key="Variants",
        # dealpos-api.md §6.1: every other operation writes the type as text.
        create=Call("product.create", (*_ADDED, "type"), _DEMANDED, forms=(_object_type, dict)),
        update=Call("product.update", _ADDED, _DEMANDED),
        write=("ProductCode",),
        # dealpos-api.md §7: written as the display name, described as the product's name when read.
        follows={"name": "name"},
    ),
    required=("unit_price",),
    stock_read=Single("inventory.by_code"),
    retire="discontinued",
    # What a shop sets itself is undocumented; the samples of dealpos-api.md §7 are so.
    preset=_PRESET,
    validate=_validate,
    label=_label,
    fields_at_risk=_fields_at_risk,
    prices=_prices,
    internal_fields={"pricebook": Wire((), ("Pricebook",), Codec(_pricebook, _pricebook_out, []))},
    listed_prices=_listed_prices,
)
