"""A small catalogue that many tests begin with, and what happens to it and to its shop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dealpos_reconciler import sandbox

MENU = """
categories:
  - name: Drinks
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1001R, model: Regular, unit_price: 18000}
"""
TWO_SIZES = MENU + "      - {code: 1001L, model: Large, unit_price: 22000}\n"


def edited(text: str, *pairs: tuple[str, str]) -> str:
    """The text with pieces replaced, each of which is there."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def back_office(folder: Path) -> Iterator[dict[str, Any]]:
    """Somebody works in the embedded shop of a folder: its document, to be changed in the block."""
    database = folder / ".reconciler" / "sandbox.db"
    document = sandbox.show(database)
    yield document
    sandbox.reset(database)
    sandbox.seed(database, document)


def by_code(document: dict[str, Any]) -> dict[str, Any]:
    """The variants and coupons of a shop's document."""
    rows = {v["Code"]: v for p in document["products"] for v in p["Variants"]}
    return rows | {coupon["Code"]: coupon for coupon in document["coupons"]}
