"""Helpers of tests of the guardrails."""

from __future__ import annotations

from typing import Any

from tests.support.world import World

DRINK = {"product": "1", "unit_price": 18000, "unit_cost": 9000, "discontinued": False}


def priced(world: World, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    """One variant V, before and after."""
    world.both("product/1", name="Kopi", category="Drinks")
    if before is not None:
        world.have("variant/V", **{**DRINK, **before})
    world.declare("variant/V", **{**DRINK, **after})


def said(found: list[Any]) -> list[str]:
    return [f"{v.address}: {v.message}" for v in found]


PERCENT = {"type": "DiscountPercentage", "limit": 9}


AMOUNT = {"type": "DiscountAmount", "limit": 9}
