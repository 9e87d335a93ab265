"""Catalogues of any size, in the words of a catalogue file and in those of a seed document."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dealpos_reconciler.guardrails.rules import RULES

A_PRODUCT = 10
"""Variants of a product."""

Catalogue = dict[str, list[dict[str, Any]]]
"""The objects of a shop by collection, as a catalogue file declares them."""

_SETTINGS = {"store": {"url": "sandbox"}, "guardrails": dict.fromkeys(RULES, "off")}
_OUTLETS = ("Bandung", "Jakarta")
_PRIVATE = {"name": "Example", "mobile": "08"}
_WORDS = {
    "image_url": "ImageURL",
    "customer": "CustomerCode",
}


def products(codes: Iterable[int], **more: Any) -> list[dict[str, Any]]:
    """Return products with ten variants each; the numbers of the variants follow from theirs."""
    return [
        {
            "code": f"P{product:05}",
            "name": "Thing",
            "category": "Shelf",
            "brand": "House",
            "variants": [variant(product * A_PRODUCT + n, **more) for n in range(A_PRODUCT)],
        }
        for product in codes
    ]


def variant(number: int, **more: Any) -> dict[str, Any]:
    """Return a variant with fields that only an update of the variant itself carries."""
    prices = {name: {"price": 1100 + n, "extra_cost": 0} for n, name in enumerate(_OUTLETS)}
    return {
        "code": f"V{number:06}",
        "model": f"M{number % A_PRODUCT}",
        "type": "Standard",
        "weight": 250,
        "unit_cost": 500,
        "unit_price": 1000,
        "taxable": True,
        "discontinued": False,
        "outlet_prices": prices,
        **more,
    }


def coupons(count: int, letter: str = "K", **more: Any) -> list[dict[str, Any]]:
    """Return coupons that are active and unused."""
    terms = {"type": "DiscountAmount", "discount": 5, "limit": 10, "minimum_amount": 50}
    day = {"expiry_date": "2999-01-01"}
    return [{"code": f"{letter}{n:04}", **terms, **day, **more} for n in range(count)]


def customers(count: int, letter: str = "C") -> list[dict[str, Any]]:
    """Return customers with the fields that a list of customers shows."""
    codes = (f"{letter}{number:04}" for number in range(count))
    return [{"code": code, "email": f"{code.lower()}@example.com", **_PRIVATE} for code in codes]


def variants_of(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return every variant of a catalogue."""
    return [each for product in catalogue.get("products", ()) for each in product["variants"]]


def write(folder: Path, catalogue: Catalogue) -> None:
    """Write a shop folder that declares a catalogue; JSON is YAML."""
    shutil.rmtree(folder / "catalogue", ignore_errors=True)
    (folder / "catalogue").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    for name, objects in catalogue.items():
        rows = ",\n".join(json.dumps(each) for each in objects)
        text = f"{name}: [{rows}]\n"
        (folder / "catalogue" / f"{name}.yaml").write_text(text, encoding="utf-8")


def seed_of(catalogue: Catalogue) -> dict[str, Any]:
    """Return the seed document of a shop that is as a catalogue declares it."""
    outlets = [{"Name": name} for name in _OUTLETS]
    named = {n: [_row(each) for each in objects] for n, objects in catalogue.items()}
    return {"outlets": outlets, **named}


def _row(declared: Mapping[str, Any]) -> dict[str, Any]:
    row = {_word(key): value for key, value in declared.items()}
    if "variants" in declared:
        row["Variants"] = [_row(each) for each in declared["variants"]]
    if prices := row.pop("OutletPrices", None):
        row["OutletPrice"] = [
            {"Outlet": name, **{_word(key): value for key, value in price.items()}}
            for name, price in prices.items()
        ]
    if requires := row.pop("Requires", None):
        row |= {"RequirementType": "Variant", "RequirementVariants": requires["variants"]}
    return row


def _word(key: str) -> str:
    return _WORDS.get(key) or key.title().replace("_", "")
