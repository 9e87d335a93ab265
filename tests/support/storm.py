"""A shop in which every kind of change is due, with failures around each request."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx

from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.errors import ReconcilerError
from tests.support.shop import Shop

TODAY = date(2026, 11, 21)

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}, {"Name": "Jakarta"}],
    "categories": [
        {"Name": "Drinks"},
        {"Name": "Drinks/Coffee"},
        {"Name": "Food"},
        {"Name": "Food/Rice"},
        {"Name": "Old"},
    ],
    "products": [
        {
            "Code": "P1",
            "Name": "Kopi",
            "Category": "Drinks/Coffee",
            "Variants": [
                {"Code": "P1A", "Model": "A", "UnitPrice": 100, "Weight": 5},
                {"Code": "P1B", "Model": "B", "UnitPrice": 200, "Description": "kept"},
            ],
        },
        {
            "Code": "P2",
            "Name": "Nasi",
            "Category": "Food/Rice",
            "Variants": [
                {"Code": "P2A", "Model": "A", "UnitPrice": 100},
                {"Code": "P2B", "Model": "B", "UnitPrice": 200},
            ],
        },
        {
            "Code": "P3",
            "Name": "Teh",
            "Category": "Drinks",
            "Variants": [{"Code": "P3A", "Model": "A", "UnitPrice": 100}],
        },
        {
            "Code": "P4",
            "Name": "Susu",
            "Category": "Drinks",
            "Variants": [{"Code": "P4A", "Model": "A", "UnitPrice": 100}],
        },
    ],
    "coupons": [
        {
            "Code": "CATS",
            "Type": "DiscountPercentage",
            "Discount": 5,
            "Limit": 10,
            "RequirementType": "Category",
            "RequirementCategories": ["Food/Rice"],
        },
        {
            "Code": "NEEDS",
            "Type": "DiscountAmount",
            "Discount": 500,
            "Limit": 10,
            "Balance": 7,
            "RequirementType": "Variant",
            "RequirementVariants": ["P1A"],
        },
        {
            "Code": "USED",
            "Type": "DiscountAmount",
            "Discount": 100,
            "Limit": 100,
            "Balance": 60,
            "MinimumAmount": 500,
            "Description": "old",
            "ExpiryDate": "2027-01-01",
        },
    ],
    "customers": [{"Code": "D1", "Name": "Ann", "Email": "ann@example.com", "City": "Bogor"}],
}
FILES = """
categories:
  - {name: Drinks}
  - {name: Drinks/Coffee}
  - {name: Meals, was: Food}
  - {name: Meals/Rice}
  - {name: New}
  - {name: Old, discontinued: true}
products:
  - code: P1
    name: Kopi
    category: Drinks/Coffee
    variants:
      - {code: P1A, unit_price: 110, weight: 7, outlet_prices: {Bandung: {price: 120}}}
      - {code: P1B, discontinued: true}
  - code: P2
    name: Nasi Goreng
    category: Meals/Rice
    variants:
      - {code: P2A, unit_price: 110}
      - {code: P2B, unit_price: 210}
  - {code: P3, name: Teh, category: Drinks, discontinued: true}
  - code: P4
    name: Susu
    category: Drinks
    variants:
      - {code: P4A}
      - {code: P4B, model: B, unit_price: 100}
      - {code: P4C, model: C, unit_price: 100, type: Composite, components: {P4A: {qty: 2}}}
  - code: N1
    name: New
    category: New
    variants:
      - {code: N1A, model: A, unit_price: 100, outlet_prices: {Jakarta: {price: 120}}}
      - {code: N1B, model: B, unit_price: 100}
coupons:
  - {code: CATS, type: DiscountPercentage, discount: 5, limit: 10}
  - {code: NEEDS, type: DiscountAmount, discount: 600, limit: 10, requires: {variants: [P1A]}}
  - {code: USED, type: DiscountAmount, discount: 200, limit: 100}
  - {code: K1, type: DiscountAmount, discount: 5, limit: 3, requires: {variants: [N1A]}}
  - {code: K2, type: DiscountAmount, discount: 5, limit: 3, customer: D2}
customers:
  - {code: D1, name: Ann Lee}
  - {code: D2, name: Bo, email: bo@example.com}
"""
LIMITS = {"NEEDS": 10, "USED": 100, "CATS": 10, "K1": 3, "K2": 3}
SPENT = {"NEEDS": 3, "USED": 40}


class Killed(BaseException):
    """The process ends here; nothing catches it."""


class Weather(httpx.BaseTransport):
    """Lets something happen before and after every request that reaches the shop."""

    def __init__(
        self, inner: httpx.BaseTransport, before: Callable[[], None], after: Callable[[], None]
    ) -> None:
        self.inner, self.before, self.after = inner, before, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.before()
        response = self.inner.handle_request(request)
        self.after()
        return response


class Storm:
    """The shop, and what must hold of it however the weather was."""

    def __init__(self, shop: Shop, calm: dict[str, Any]) -> None:
        self.shop = shop
        self.calm = calm
        self.spent = Counter(SPENT)

    def client(
        self, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None
    ) -> Client:
        """A client with something around each of its requests."""
        client: Client = self.shop.client()
        client._http._transport = Weather(client._http._transport, before, after)
        return client

    def run(self, client: Client | None = None) -> Any:
        """A run of the program: read, plan, apply; gives the report, or the error that ended it."""
        client = client or self.shop.client()
        with contextlib.suppress(ReconcilerError):
            return self.shop.apply(self.shop.plan(client), client)

    def settle(self) -> None:
        """One more run in good weather; then everything must hold."""
        self.shop.twin.faults.clear()
        report = self.run()
        assert [o for o in report.outcomes if not o.verified] == []
        plan = self.shop.plan()
        assert [(str(c.address), c.fields) for c in plan.changes] == []
        assert not plan.unknown
        assert not plan.blocked

    def check(self) -> None:
        """The shop is what a calm run makes of it, to the last use of a coupon."""
        self.check_balances()
        assert self.shop.show() == self.calm

    def check_balances(self) -> None:
        """Assert that used and remaining uses of a coupon add up to the declared limit."""
        left = {coupon["Code"]: coupon["Balance"] for coupon in self.shop.show()["coupons"]}
        assert {code: self.spent[code] + left[code] for code in left} == LIMITS
