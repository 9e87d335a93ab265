"""A shop of every kind, and the files that declare exactly that shop."""

from __future__ import annotations

from datetime import date
from typing import Any

TODAY = date(2026, 11, 21)

AUTHORISING = {
    "Code": "MGR-7Q2K9",
    "Type": "FullAccess",
    "Limit": 1,
    "ExpiryDate": "2034-01-01",
    "Description": "Manager, MGR-7Q2K9",
}
"""A coupon that opens functions of the till: its code is a secret."""

LIVE: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}, {"Name": "Jakarta"}],
    "categories": [
        {"Name": "Drinks"},
        {"Name": "Drinks/Coffee"},
        {"Name": "Old", "Discontinued": True},
    ],
    "products": [
        {
            "Code": "1003",
            "Name": "Kopi Susu",
            "Category": "Drinks/Coffee",
            "Brand": "House",
            "Description": "Signature",
            "Variants": [
                {
                    "Code": "1003L",
                    "Model": "Large",
                    "UnitCost": 9000,
                    "UnitPrice": 18000,
                    "OrderPrice": 8000,
                    "Weight": 250,
                    "Description": "16 oz",
                    "OutletPrice": [
                        {"Outlet": "Bandung", "Price": 19000, "ExtraCost": 100},
                        {"Outlet": "Jakarta", "Price": 20000, "ExtraCost": 0},
                    ],
                },
                {"Code": "1003S", "Model": "Small", "UnitPrice": 12000, "Discontinued": True},
            ],
        },
        {
            "Code": "1004",
            "Name": "Paket",
            "Category": "Drinks",
            "Variants": [
                {
                    "Code": "1004P",
                    "Model": "",
                    "Type": "Composite",
                    "UnitPrice": 30000,
                    "Components": [{"Code": "1003L", "Qty": 2}, {"Code": "1003S", "Qty": 1}],
                },
            ],
        },
        {
            "Code": "1005",
            "Name": "Teh Lama",
            "Category": "Old",
            "Discontinued": True,
            "Variants": [
                {"Code": "1005R", "Model": "R", "UnitPrice": 5000, "Discontinued": True},
                {"Code": "1005X", "Model": "X", "UnitPrice": 6000, "Taxable": False},
            ],
        },
    ],
    "coupons": [
        {
            "Code": "DISC20",
            "Type": "DiscountPercentage",
            "Discount": 20,
            "Limit": 100,
            "Balance": 60,
            "MinimumAmount": 50000,
            "ExpiryDate": "2026-12-31",
            "Description": "Year-end",
            "CustomerCode": "DP-001",
        },
        {
            "Code": "NEEDS",
            "Type": "DiscountAmount",
            "Discount": 5000,
            "Limit": 10,
            "RequirementType": "Variant",
            "RequirementVariants": ["1003L", "1003S"],
        },
        {
            "Code": "CATS",
            "Type": "DiscountPercentage",
            "Discount": 5,
            "Limit": 10,
            "RequirementType": "Category",
            "RequirementCategories": ["Drinks/Coffee"],
        },
        {
            "Code": "EXPIRED",
            "Type": "DiscountPercentage",
            "Discount": 10,
            "Limit": 5,
            "ExpiryDate": "2020-01-01",
        },
        {"Code": "USEDUP", "Type": "DiscountAmount", "Discount": 1000, "Limit": 5, "Balance": 0},
    ],
    "customers": [
        {
            "Code": "DP-001",
            "Name": "Ayu Lestari",
            "Email": "ayu@example.com",
            "Mobile": "08123456789",
            "Birthday": "1990-05-04",
            "JoinDate": "2021-02-03",
            "Group": "Gold",
            "City": "Bandung",
        },
        {"Code": "DP-002", "Name": "Budi", "Email": "budi@example.com"},
    ],
}

FILES = """
categories:
  - {name: Drinks}
  - {name: Drinks/Coffee, discontinued: false}
  - {name: Old, discontinued: true}
products:
  - code: "1003"
    name: Kopi Susu
    category: Drinks/Coffee
    brand: House
    description: Signature
    discontinued: false
    variants:
      - code: 1003L
        model: Large
        type: Standard
        unit_cost: 9000
        unit_price: 18000
        order_price: 8000
        weight: 250
        taxable: true
        loyalty_point: true
        discontinued: false
        description: 16 oz
        outlet_prices:
          Bandung: {price: 19000, extra_cost: 100}
          Jakarta: {price: 20000}
      - {code: 1003S, model: Small, unit_price: 12000, discontinued: true, outlet_prices: {}}
  - code: "1004"
    name: Paket
    category: Drinks
    variants:
      - code: 1004P
        type: Composite
        unit_price: 30000
        components: {1003L: {qty: 2}, 1003S: {qty: 1}}
  - code: "1005"
    name: Teh Lama
    category: Old
    discontinued: true
    variants:
      - {code: 1005R, model: R, unit_price: 5000, discontinued: true}
      - {code: 1005X, model: X, unit_price: 6000, taxable: false}
coupons:
  - code: DISC20
    type: DiscountPercentage
    discount: 20
    limit: 100
    minimum_amount: 50000
    expiry_date: 2026-12-31
    description: Year-end
    customer: DP-001
  - {code: NEEDS, type: DiscountAmount, discount: 5000, limit: 10,
     requires: {variants: [1003S, 1003L]}}
  - {code: CATS, type: DiscountPercentage, discount: 5, limit: 10,
     requires: {categories: [Drinks/Coffee]}}
  - {code: EXPIRED, type: DiscountPercentage, discount: 10, limit: 5, expiry_date: 2020-01-01}
  - {code: USEDUP, type: DiscountAmount, discount: 1000, limit: 5}
customers:
  - {code: DP-001, name: Ayu Lestari, email: ayu@example.com, mobile: "08123456789",
     birthday: 1990-05-04, join_date: 2021-02-03, group: Gold, city: Bandung}
  - {code: DP-002, name: Budi, email: budi@example.com}
"""
