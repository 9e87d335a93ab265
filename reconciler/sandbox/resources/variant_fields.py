"""What a variant is made of, and which of it each operation may write (dealpos-api.md §6, §7)."""

from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.api.field import (
    Field,
    amount,
    boolean,
    defaults,
    integer,
    names,
    prose,
    text,
)
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.choices import Choices
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.shop import Shop

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
    """A type, as a string."""
    if value == "Serialized" and choices.serialized_write == "accept":
        return "Serialized"
    if value not in TYPES:
        raise Refusal(f"{value!r} is not a variant type.")
    return str(value)


def _items(name: str, value: Any, choices: Choices) -> list[Fields]:
    return Fields({name: value}, choices).objects(name)


def components(name: str, value: Any, choices: Choices) -> list[dict[str, Any]]:
    """``Components``: the code counts, the name is the server's."""
    rows = []
    for item in _items(name, value, choices):
        item.only(("Code", "Name", "Qty"))
        rows.append({"Code": item.key("Code"), "Qty": integer("Qty", item.raw("Qty"), choices)})
    return _once(name, rows, "Code")


def outlet_prices(name: str, value: Any, choices: Choices) -> list[dict[str, Any]]:
    """``OutletPrice``, with the names that ``PUT /Variant`` uses."""
    rows = []
    for item in _items(name, value, choices):
        item.only(("Outlet", "Price", "ExtraCost"))
        rows.append(price_row(item, "Price"))
    return _once(name, rows, "Outlet")


def price_row(item: Fields, price: str) -> dict[str, Any]:
    """One outlet's price; ``price`` is what the operation calls it (dealpos-api.md §8)."""
    cost = item.raw("ExtraCost")
    return {
        "Outlet": item.key("Outlet"),
        "Price": amount(price, item.raw(price), item.choices),
        "ExtraCost": 0 if cost is None else amount("ExtraCost", cost, item.choices),
    }


def stock(name: str, value: Any, choices: Choices) -> dict[str, int]:
    """What is on hand, by outlet; the till counts it, no operation here writes it."""
    if not isinstance(value, dict):
        raise Refusal(f"{name} must be an object of outlets.")
    return {outlet: integer(name, count, choices) for outlet, count in value.items()}


def _once(name: str, rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    if len({row[key] for row in rows}) < len(rows):
        raise Refusal(f"{name} names the same {key} twice.")
    return sorted(rows, key=lambda row: str(row[key]))


# Written inside a product and by Variant/Add; Type is read by the operations that take it.
ITEM = (
    Field("Model", prose, ""),
    Field("UnitCost", amount, 0),
    Field("UnitPrice", amount, 0),
    Field("Discontinued", boolean, False),
    Field("VariantDescription", prose, "", key="Description"),
)
ITEM_KEYS = {"Code", "Type"} | names(ITEM)

LISTS = (
    Field("Components", components, []),
    Field("OutletPrice", outlet_prices, []),
)
UPDATE = (
    Field("Name", prose, ""),
    Field("Model", prose, "", aliases=("Variant",)),
    Field("Weight", integer, 0),
    Field("Type", variant_type, "Standard"),
    Field("OrderPrice", amount, 0),
    Field("UnitCost", amount, 0),
    Field("UnitPrice", amount, 0),
    Field("Taxable", boolean, True),
    Field("LoyaltyPoint", boolean, True),
    Field("Discontinued", boolean, False),
    Field("ParentCode", text),
    Field("Ratio", integer),
    Field("ExpiredDayPrepaid", integer),
    Field("ExpiredMonthPrepaid", integer),
    Field("PointPrepaid", integer),
    *LISTS,
)
UPDATE_KEYS = {"Code", "ProductCode"} | names(UPDATE)

SEED = (
    Field("Code", text),
    *UPDATE,
    Field("Description", prose, ""),
    Field("Stock", stock, None),
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
    check_exist(shop, "variant", own + parents)
    check_exist(shop, "outlet", outlets)


def check_exist(shop: Shop, kind: str, keys: Iterable[str]) -> None:
    """Refuse keys that no object of the kind has, as ``Choices.unknown_reference`` says."""
    if shop.choices.unknown_reference == "accept":
        return
    for key in keys:
        if not shop.store.get(kind, key):
            raise Refusal(f"{kind.capitalize()} {key} was not found.")
