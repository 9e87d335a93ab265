"""A large shop without a database: rows made when they are asked for, so that 100,000 are quick."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from reconciler.core.model.address import Source
from reconciler.core.model.desired import Declared, Desired
from tests.support.folder import load_files

A_PRODUCT = 10
"""Variants of a product."""
COUPONS = 500
REQUIRING = 5
"""Coupons with a requirement, which only a read by code shows."""
CUSTOMERS = 3
OUTLETS = ("Bandung", "Jakarta")

_TEMPLATE = """
categories: [{name: Shelf}]
products:
  - code: P
    name: Thing
    category: Shelf
    brand: House
    description: Made for counting
    variants:
      - {code: V, model: M, type: Standard, weight: 250, unit_cost: 500, unit_price: 1000,
         order_price: 400, taxable: true, loyalty_point: true, discontinued: false,
         outlet_prices: {Bandung: {price: 1100, extra_cost: 0}, Jakarta: {price: 1200}}}
coupons:
  - {code: K, type: DiscountAmount, discount: 5, limit: 10, minimum_amount: 50,
     expiry_date: 2027-01-01, description: Five off}
  - {code: R, type: DiscountAmount, discount: 5, limit: 10, minimum_amount: 50,
     expiry_date: 2027-01-01, description: Five off, requires: {variants: [V0000000]}}
customers: [{code: C, name: Example, email: one@example.com, mobile: "08", group: Gold}]
"""


@cache
def declared(variants: int) -> Desired:
    """Return the desired state of a shop of so many variants; one object of each kind is parsed."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "catalogue").mkdir()
        (Path(folder) / "catalogue" / "shop.yaml").write_text(_TEMPLATE, encoding="utf-8")
        one = load_files(Path(folder)).objects
    place = Source("catalogue/shop.yaml", 1, 1)

    def many(kind: str, template: str, named: Iterable[str], **more: Any) -> dict[str, Declared]:
        value = one[kind][template].value
        return {name: Declared({**value, "code": name, **more}, place) for name in named}

    codes = [f"K{number:03}" for number in range(COUPONS)]
    owned = {f"V{n:07}": f"P{n // A_PRODUCT:06}" for n in range(variants)}
    variant = one["variant"]["V"].value
    return Desired(
        {
            "category": dict(one["category"]),
            "product": many("product", "P", dict.fromkeys(owned.values())),
            "variant": {
                code: Declared({**variant, "code": code, "product": product}, place)
                for code, product in owned.items()
            },
            "coupon": many("coupon", "K", codes[REQUIRING:])
            | many("coupon", "R", codes[:REQUIRING]),
            "customer": many("customer", "C", (f"C{n}" for n in range(CUSTOMERS))),
        }
    )


class LeanShop(httpx.BaseTransport):
    """Answers as the sandbox does, for what a plan and an apply of prices ask."""

    def __init__(self, variants: int, cap: int | None, drift: bool) -> None:
        self.variants = variants
        self.cap = cap
        self.changed = set(range(50, variants, 100)) if drift else set()
        self.calls: Counter[str] = Counter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v3")
        self.calls[path] += 1
        sent = json.loads(request.content or b"{}") | dict(request.url.params)
        answer = getattr(self, _ANSWERS[f"{request.method} {path}"])(sent)
        limits = {"RateLimit-Limit": "1000000", "RateLimit-Policy": "1000000;w=1"}
        return httpx.Response(200, content=json.dumps(answer).encode(), headers=limits)

    def token(self, sent: Any) -> Any:
        return {"access_token": "t", "expires_in": 3600}

    def categories(self, sent: Any) -> Any:
        return [{"ID": "1", "Name": "Shelf", "Discontinued": False}]

    def outlets(self, sent: Any) -> Any:
        return [{"ID": name, "Name": name, "Suspended": False} for name in OUTLETS]

    def products(self, sent: Any) -> Any:
        return [self._product(n) for n in self._page(self.variants // A_PRODUCT, sent)]

    def list(self, sent: Any) -> Any:
        page = self._page(self.variants, sent)
        return {"Data": [self._variant(n) for n in page], "RecordsCount": self.variants}

    def batch(self, sent: Any) -> Any:
        return {"Data": [self._variant(int(code[1:])) for code in sent["ListCode"]]}

    def update(self, sent: Any) -> Any:
        self.changed.discard(int(sent["Code"][1:]))
        return {"Message": "Update Success"}

    def coupons(self, sent: Any) -> Any:
        return [self._coupon(n) for n in self._page(COUPONS, sent)]

    def coupon(self, sent: Any) -> Any:
        number = int(sent["Code"][1:])
        requires = [{"Code": "V0000000", "Name": "Thing"}] if number < REQUIRING else []
        kind = "Variant" if requires else None
        lists = {"ListRequirementVariants": requires, "ListRequirementCategories": []}
        return self._coupon(number) | {"RequirementType": kind} | lists

    def customer(self, sent: Any) -> Any:
        named = {"Name": "Example", "Email": "one@example.com", "Mobile": "08", "Group": "Gold"}
        return {"ID": "1", "Code": sent["Code"], **named}

    def _page(self, count: int, sent: Any) -> range:
        size = min(int(sent["PageSize"]), self.cap or 10**9)
        first = (int(sent["PageNumber"]) - 1) * size
        return range(first, min(first + size, count))

    def _product(self, number: int) -> Any:
        first = number * A_PRODUCT
        item = {"Model": "M", "UnitCost": 500, "UnitPrice": 1000, "Discontinued": False}
        shown = [{"Code": f"V{first + n:07}", "Description": "", **item} for n in range(A_PRODUCT)]
        return {
            "Code": f"P{number:06}",
            "Name": "Thing",
            "Category": "Shelf",
            "Brand": "House",
            "Description": "Made for counting",
            "Discontinued": False,
            "ImageURL": "",
            "ExtraImagesURL": [],
            "Variants": shown,
        }

    def _variant(self, number: int) -> Any:
        prices = {"Bandung": 1100, "Jakarta": 1200}
        return {
            "Code": f"V{number:07}",
            "Variant": "M",
            "Name": "Thing",
            "Category": "Shelf",
            "Product": "Thing",
            "Type": "Standard",
            "Weight": 200 if number in self.changed else 250,
            "UnitCost": 500,
            "UnitPrice": 1000,
            "OrderPrice": 400,
            "Taxable": True,
            "LoyaltyPoint": True,
            "Discontinued": False,
            "Description": "",
            "Components": [],
            "OutletPrice": [
                {"Outlet": name, "Price": price, "ExtraCost": 0} for name, price in prices.items()
            ],
        }

    def _coupon(self, number: int) -> Any:
        return {
            "Code": f"K{number:03}",
            "Type": "DiscountAmount",
            "Discount": 5,
            "Limit": 10,
            "Balance": 10,
            "MinimumSpending": 50,
            "ExpiryDate": "2027-01-01T00:00:00",
            "Description": "Five off",
            "CustomerCode": None,
        }


_ANSWERS = {
    "POST /Token/OAuth2": "token",
    "POST /Category/p": "categories",
    "GET /Outlet": "outlets",
    "GET /Product": "products",
    "POST /Variant": "list",
    "POST /Variant/GetByListCode": "batch",
    "PUT /Variant": "update",
    "POST /PromotionCoupon/p": "coupons",
    "GET /PromotionCoupon/ByCode": "coupon",
    "GET /Customer/Detail": "customer",
}
