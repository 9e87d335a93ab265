"""Rows of a pricebook, read in variants and in products (dealpos-api.md §6.4, §7)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import BodyField, integer, money, text
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.choices import Choices


def pricebook(name: str, value: Any, choices: Choices) -> list[dict[str, Any]]:
    """Return the rows of a variant: one for each pricebook and least quantity."""
    return [
        {
            "Name": text("Name", row.raw("Name"), choices),
            "MinimumQuantity": integer("MinimumQuantity", row.raw("MinimumQuantity") or 1, choices),
            "UnitPrice": money("UnitPrice", row.raw("UnitPrice") or 0, choices),
            "PriceDiscount": money("PriceDiscount", row.raw("PriceDiscount") or 0, choices),
        }
        for row in Fields({name: value}, choices).objects(name)
    ]


SEED = (BodyField("Pricebook", pricebook),)
