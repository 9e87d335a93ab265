"""A till: what a shop sells at which price, and what may be sold while a plan is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Offers = Mapping[str, Any]
"""The objects that can be sold or redeemed, by address: prices and parts, or a coupon's terms."""

TERMS = ("Type", "Discount", "MinimumAmount", "MaximumDiscount", "FullPriceItemOnly")
TERMS += ("ExpiryDate", "CustomerCode", "RequirementType")


def offers(shown: Mapping[str, Any]) -> Offers:
    """Return everything that a till of the shop offers."""
    return {**dict(_articles(shown)), **dict(_coupons(shown))}


def _articles(shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for product in shown["products"]:
        for variant in product["Variants"]:
            if product.get("Discontinued") or variant.get("Discontinued"):
                continue
            base = variant.get("UnitPrice", 0)
            own = {row["Outlet"]: row["Price"] for row in variant.get("OutletPrice", ())}
            prices = {"": base} | {
                outlet["Name"]: own.get(outlet["Name"], base) for outlet in shown["outlets"]
            }
            parts = {row["Code"]: row["Qty"] for row in variant.get("Components", ())}
            yield f"variant/{variant['Code']}", (prices, parts)


def _coupons(shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for coupon in shown["coupons"]:
        terms = {name: coupon.get(name) for name in TERMS}
        needed = [coupon.get(f"Requirement{kind}") for kind in ("Variants", "Categories")]
        yield f"coupon/{coupon['Code']}", (terms, needed)


def wrong_offers(now: Offers, before: Offers, after: Offers) -> list[str]:
    """Return each offer that is neither as before the plan nor as after it, and parts not on sale.

    A gap is allowed: what is offered before and after may be missing for a moment.
    """
    found = [
        f"{name}: {offer}, was {before.get(name)}, will be {after.get(name)}"
        for name, offer in now.items()
        if offer not in (before.get(name), after.get(name))
    ]
    for name, (_, rest) in now.items():
        needed = rest if name.startswith("variant/") else (rest[0] or [])
        for code in needed:
            part = f"variant/{code}"
            old = part not in before and name in before and before[name] == now[name]
            if part not in now and part in after and not old:
                found.append(f"{name}: needs {part}, which is not on sale yet")
    return found
