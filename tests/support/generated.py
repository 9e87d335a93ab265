"""Generated shops: files and live objects that overlap in every way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.support.shop import Shop

TODAY = date(2026, 11, 21)
OUTLETS = ("Bandung", "Jakarta")
PATHS = ("A", "A/B", "A/B/C", "D", "D/E")
PRODUCTS = ("P1", "P2", "P3")
VARIANTS = tuple(f"{product}{letter}" for product in PRODUCTS for letter in "XYZ")
COUPONS = ("K1", "K2", "K3")
PEOPLE = ("D1", "D2", "D3")
TYPES = ("Standard", "Composite", "NonInventory", "Manufactured")
# Texts that occur nowhere else, so that a leak is one.
PRIVATE = {
    "name": "Zq{}Name",
    "email": "zq{}@private.example",
    "mobile": "0899{}777",
    "city": "Zq{}City",
    "first_name": "Zq{}First",
    "address": "Jalan Zq{}",
    "phone": "0211{}444",
}
# Our name to the seed's; what is not here has the same meaning and needs no translation.
KEYS = {
    "category": {"discontinued": "Discontinued"},
    "product": {
        "name": "Name",
        "category": "Category",
        "brand": "Brand",
        "description": "Description",
        "discontinued": "Discontinued",
    },
    "variant": {
        "model": "Model",
        "name": "Name",
        "type": "Type",
        "unit_cost": "UnitCost",
        "unit_price": "UnitPrice",
        "order_price": "OrderPrice",
        "weight": "Weight",
        "taxable": "Taxable",
        "loyalty_point": "LoyaltyPoint",
        "discontinued": "Discontinued",
        "description": "Description",
        "outlet_prices": "OutletPrice",
        "components": "Components",
    },
    "coupon": {
        "type": "Type",
        "discount": "Discount",
        "limit": "Limit",
        "minimum_amount": "MinimumAmount",
        "expiry_date": "ExpiryDate",
        "description": "Description",
        "customer": "CustomerCode",
        "requires": "Requires",
    },
    "customer": {
        "name": "Name",
        "email": "Email",
        "mobile": "Mobile",
        "city": "City",
        "first_name": "FirstName",
        "address": "Address",
        "phone": "Phone",
        "group": "Group",
        "birthday": "Birthday",
    },
}

Objects = dict[str, dict[str, Any]]
"""Code to the declared (or live) fields, in our words."""


@dataclass
class GeneratedWorld:
    """The declared and the live objects, by kind and code."""

    files: dict[str, Objects] = field(default_factory=dict)
    live: dict[str, Objects] = field(default_factory=dict)

    def declared(self, kind: str, code: str) -> dict[str, Any]:
        """The fields that the files declare of an object; empty when they do not name it."""
        return self.files[kind].get(code, {})

    def documents(self, order: Callable[[list[Any]], list[Any]] = list) -> list[str]:
        """The files: one entry each, in an order, so that a file is a list of documents."""
        entries: list[tuple[str, dict[str, Any]]] = []
        for path, value in self.files["category"].items():
            entries.append(("categories", {"name": path, **value}))
        for code, value in self.files["product"].items():
            variants = [
                {"code": name, **inner}
                for name, inner in self.files["variant"].items()
                if name.startswith(code)
            ]
            nested = {"variants": order(variants)} if variants else {}
            entries.append(("products", {"code": code, **value, **nested}))
        for code, value in self.files["coupon"].items():
            entries.append(("coupons", {"code": code, **value}))
        for code, value in self.files["customer"].items():
            entries.append(("customers", {"code": code, **value}))
        # JSON is YAML, and needs no care for quoting.
        return [json.dumps({key: [entry]}) for key, entry in order(entries)]

    def seed(self) -> dict[str, Any]:
        """The live side as a seed document."""
        products = []
        for code, value in self.live["product"].items():
            variants = [
                {"Code": name, **_translated("variant", inner)}
                for name, inner in self.live["variant"].items()
                if name.startswith(code)
            ]
            entry = {"Code": code, **_translated("product", value), "Variants": variants}
            products.append(entry)
        return {
            "outlets": [{"Name": name} for name in OUTLETS],
            "categories": [
                {"Name": path, **_translated("category", value)}
                for path, value in self.live["category"].items()
            ],
            "products": products,
            "coupons": [
                {"Code": code, **_translated("coupon", value)}
                for code, value in self.live["coupon"].items()
            ],
            "customers": [
                {"Code": code, **_translated("customer", value)}
                for code, value in self.live["customer"].items()
            ],
        }


def _translated(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    row = {KEYS[kind][name]: inner for name, inner in value.items()}
    if "OutletPrice" in row:
        row["OutletPrice"] = [
            {"Outlet": name, "Price": price["price"], "ExtraCost": price.get("extra_cost", 0)}
            for name, price in row["OutletPrice"].items()
        ]
    if "Components" in row:
        parts = row["Components"].items()
        row["Components"] = [{"Code": name, "Qty": part["qty"]} for name, part in parts]
    requires = row.pop("Requires", None)
    if requires:
        kind_, key = (
            ("Variant", "variants") if "variants" in requires else ("Category", "categories")
        )
        names = "RequirementVariants" if kind_ == "Variant" else "RequirementCategories"
        row |= {"RequirementType": kind_, names: sorted(requires[key])}
    return row


words = st.sampled_from(["", "Large", "16 oz", "Kopi Susu", "é ☕", "007", "no", "1e3"])
money = st.sampled_from([0, 1, 500, 18000, 1250000])
flags = st.booleans()


def some(options: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the keys, each with a value of its own."""
    return st.fixed_dictionaries({}, optional=options)


_VARIANT = some(
    {
        "model": words,
        "name": words.filter(bool),
        "unit_cost": money,
        "order_price": money,
        "weight": money,
        "taxable": flags,
        "loyalty_point": flags,
        "discontinued": flags,
        "description": words,
        "outlet_prices": st.dictionaries(
            st.sampled_from(OUTLETS),
            st.fixed_dictionaries({"price": money}, optional={"extra_cost": money}),
        ),
    }
)
_COUPON = some(
    {
        "minimum_amount": money,
        "expiry_date": st.sampled_from(["2027-01-01", "2026-11-21", "2020-02-29"]),
        "description": words,
    }
)


@st.composite
def _product(draw: Any, paths: list[str], *, whole: bool) -> dict[str, Any]:
    value = draw(some({"brand": words, "description": words, "discontinued": flags}))
    if whole or draw(flags):
        value["name"] = draw(words.filter(bool))
    if whole or draw(flags):
        value["category"] = draw(st.sampled_from(paths))
    return value


@st.composite
def _variant(draw: Any, code: str, below: list[str], *, whole: bool) -> dict[str, Any]:
    value = draw(_VARIANT)
    if whole or draw(flags):
        value["unit_price"] = draw(money)
    kind = draw(st.sampled_from([None, *TYPES]))
    if kind:
        value["type"] = kind
    if kind in ("Composite", "Manufactured") and below and draw(flags):
        parts = draw(st.sets(st.sampled_from(below), max_size=2))
        value["components"] = {
            part: {"qty": draw(st.sampled_from([1, 3]))} for part in sorted(parts)
        }
    return value


@st.composite
def _coupon(
    draw: Any, variants: list[str], paths: list[str], people: list[str], *, whole: bool
) -> dict[str, Any]:
    value = draw(_COUPON)
    amounts = {
        "type": st.sampled_from(["DiscountAmount", "DiscountPercentage"]),
        "discount": st.sampled_from([1, 20, 99]),
        "limit": st.sampled_from([1, 100]),
    }
    for name, strategy in amounts.items():
        if whole or draw(flags):
            value[name] = draw(strategy)
    if people and draw(flags):
        value["customer"] = draw(st.sampled_from(people))
    wanted = draw(st.sampled_from(["nothing", "variants", "categories"]))
    names = {"variants": variants, "categories": paths}.get(wanted)
    if names:
        picked = draw(st.sets(st.sampled_from(names), min_size=1, max_size=2))
        value["requires"] = {wanted: sorted(picked)}
    return value


@st.composite
def _person(draw: Any, code: str, side: str, *, whole: bool) -> dict[str, Any]:
    mark = f"{code}{side}{draw(st.integers(0, 1))}"
    value = {
        name: text.format(mark)
        for name, text in PRIVATE.items()
        if draw(flags) or (whole and name == "name")
    }
    return value | draw(
        some(
            {
                "group": st.sampled_from(["Gold", "Silver"]),
                "birthday": st.sampled_from(["1990-05-04", "1971-12-31"]),
            }
        )
    )


def _chosen(draw: Any, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if draw(flags)]


@st.composite
def worlds(draw: Any) -> GeneratedWorld:
    """Files and a shop; every reference of either side is to what is declared or live."""
    live_paths = _chosen(draw, PATHS)
    for path in list(live_paths):  # the shop has the parents of what it has
        while "/" in path:
            path = path.rpartition("/")[0]
            live_paths += [] if path in live_paths else [path]
    live_paths = sorted(live_paths) or ["A"]
    file_paths = _chosen(draw, PATHS)
    every_path = sorted({*live_paths, *file_paths})
    category = some({"discontinued": flags})
    live: dict[str, Objects] = {"category": {path: draw(category) for path in live_paths}}
    files: dict[str, Objects] = {"category": {path: draw(category) for path in file_paths}}

    live_products = _chosen(draw, PRODUCTS)
    live["product"] = {code: draw(_product(live_paths, whole=True)) for code in live_products}
    files["product"] = {
        code: draw(_product(every_path, whole=code not in live_products))
        for code in _chosen(draw, PRODUCTS)
    }
    live["variant"], files["variant"] = {}, {}
    for code in VARIANTS:
        if code[:2] in live["product"] and draw(flags):
            below = sorted(live["variant"])
            live["variant"][code] = draw(_variant(code, below, whole=True))
        if code[:2] in files["product"] and draw(flags):
            below = sorted(n for n in {*live["variant"], *files["variant"]} if n < code)
            whole = code not in live["variant"]
            files["variant"][code] = draw(_variant(code, below, whole=whole))
    live_people = _chosen(draw, PEOPLE)
    live["customer"] = {code: draw(_person(code, "L", whole=True)) for code in live_people}
    files["customer"] = {
        code: draw(_person(code, "F", whole=code not in live_people))
        for code in _chosen(draw, PEOPLE)
    }
    live_variants = sorted(live["variant"])
    every_variant = sorted({*live_variants, *files["variant"]})
    every_person = sorted({*live_people, *files["customer"]})
    live["coupon"] = {
        code: draw(_coupon(live_variants, live_paths, live_people, whole=True))
        for code in _chosen(draw, COUPONS)
    }
    files["coupon"] = {
        code: draw(
            _coupon(every_variant, every_path, every_person, whole=code not in live["coupon"])
        )
        for code in _chosen(draw, COUPONS)
    }
    return GeneratedWorld(files, live)


def completed(world: GeneratedWorld) -> GeneratedWorld:
    """With what a coupon cannot be created without in the files: the live one may be gone."""
    for code, value in world.files["coupon"].items():
        live = world.live["coupon"].get(code, {})
        for name in ("type", "discount", "limit"):
            value.setdefault(name, live.get(name))
    return world


Worlds = st.SearchStrategy[GeneratedWorld]
OpenWorld = Callable[..., Shop]
"""Open the shop of a world, with its files written."""
