"""Helpers of tests that apply: the result of a report, the requests of a shop."""

from __future__ import annotations

from typing import Any

from tests.support.shop import Shop


def statuses(report: Any) -> dict[str, str]:
    return {str(outcome.address): outcome.status for outcome in report.outcomes}


def message(report: Any, address: str) -> str:
    return next(o.message for o in report.outcomes if str(o.address) == address)


def calls(shop: Shop, method: str, path: str) -> int:
    return sum((m, p) == (method, f"/api/v3{path}") for m, p, _ in shop.twin.calls)


def written(shop: Shop) -> list[str]:
    """The operations of the last client that write, in order."""
    verbs = ("create", "update", "add", "delete")
    return [name for name in shop.listener.operations if name.rpartition(".")[2] in verbs]


SMALL: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "A"}],
    "customers": [{"Code": "D1", "Name": "Ann", "Email": "ann@example.com"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "A",
            "Variants": [
                {"Code": "PA", "Model": "A", "UnitPrice": 100, "Weight": 7},
                {"Code": "PB", "Model": "B", "UnitPrice": 200, "Description": "b"},
            ],
        }
    ],
    "coupons": [
        {
            "Code": "C",
            "Type": "DiscountAmount",
            "Discount": 100,
            "Limit": 10,
            "Balance": 4,
            "Description": "old",
            "MinimumAmount": 500,
            "ExpiryDate": "2027-01-01",
        }
    ],
}


LOST = ["drop", "timeout", "500", "502", "503", "html", "truncated"]


WHEN = ["before", "after"]


CREATES = {
    "category": ("categories: [{name: New, code: N}]", "POST", "/Category"),
    "product": (
        "products: [{code: N, name: N, category: A, variants: [{code: NV, unit_price: 5}]}]",
        "POST",
        "/Product",
    ),
    "variant": (
        "products: [{code: P, name: Tea, category: A, variants: [{code: NV, unit_price: 5}]}]",
        "POST",
        "/Variant/Add",
    ),
    "coupon": (
        "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 1}]",
        "POST",
        "/PromotionCoupon",
    ),
    "customer": ("customers: [{code: N, name: New}]", "POST", "/Customer"),
}


UPDATES = {
    "category": ("categories: [{name: A, discontinued: true}]", "PUT", "/Category"),
    "product": ("products: [{code: P, name: Coffee, category: A}]", "PUT", "/Product"),
    "variant": (
        "products: [{code: P, name: Tea, category: A, variants: [{code: PA, unit_price: 150}]}]",
        "PUT",
        "/Variant",
    ),
    "customer": ("customers: [{code: D1, name: Anna}]", "PUT", "/Customer/ByCode"),
}


REPLACED = """
    coupons:
      - {code: C, type: DiscountAmount, discount: 200, limit: 10}
"""


WITH_VARIANT = """
    coupons:
      - {code: N, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [PA, PB]}}
"""


WITH_CATEGORY = """
    coupons:
      - {code: N, type: DiscountPercentage, discount: 5, limit: 1, requires: {categories: [A]}}
"""


TYPED = """
    products:
      - code: N
        name: New
        category: A
        variants:
          - {code: NV, type: NonInventory, unit_price: 5}
          - {code: NW, type: Composite, unit_price: 5, components: {PA: {qty: 2}}}
"""


MANY_CHANGES = """
    products:
      - code: P
        name: Coffee
        category: A
        variants:
          - {code: PA, unit_price: 150, unit_cost: 3}
          - {code: PB, unit_price: 250}
          - {code: PC, unit_price: 350, model: C}
"""
