"""Prices with cents: said once, before a strict shop refuses each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.model.codec import INTEGER, NUMBER
from dealpos_reconciler.kinds import KINDS
from tests.support.shop import MakeShop

WHOLE = "The API documents whole numbers, so the shop may refuse or round them"
SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "D"}],
    "products": [
        {
            "Code": "P",
            "Name": "P",
            "Category": "D",
            "Variants": [{"Code": f"V{n}", "Model": f"{n}", "UnitPrice": 5000} for n in range(8)],
        }
    ],
}


def cents(shop: Any) -> list[str]:
    return [note for note in shop.plan().notes if "fraction" in note]


def test_every_field_with_cents_is_named_in_one_note(open_shop: MakeShop) -> None:
    text = """
        products:
          - code: P
            variants:
              - {code: V0, unit_price: 5000.5}
              - {code: V1, unit_cost: 1000.25, unit_price: 6000}
              - {code: V2, outlet_prices: {Bandung: {price: 7000.5, extra_cost: 0.5}}}
          - code: N
            name: N
            category: D
            brand: ""
            variants: [{code: NEW, model: x, unit_price: 99.9, order_price: 1.5}]
    """
    assert cents(open_shop(SEED, text)) == [
        "`order_price`, `outlet_prices.extra_cost`, `outlet_prices.price`, `unit_cost`, "
        "`unit_price` with a fraction (4 objects): variant/NEW, variant/V0, variant/V1, "
        f"variant/V2. {WHOLE}"
    ]


def test_the_amounts_of_a_coupon_are_named_too(open_shop: MakeShop) -> None:
    text = """
        coupons:
          - {code: A, type: DiscountAmount, discount: 10.5, limit: 5, minimum_amount: 99.5}
          - {code: B, type: DiscountPercentage, discount: 10, limit: 5, maximum_discount: 0.5}
    """
    assert cents(open_shop(SEED, text)) == [
        "`discount`, `maximum_discount`, `minimum_amount` with a fraction (2 objects): coupon/A, "
        f"coupon/B. {WHOLE}"
    ]


def test_at_most_five_objects_are_named(open_shop: MakeShop) -> None:
    variants = ", ".join(f"{{code: V{n}, unit_price: 10.5}}" for n in range(8))
    (note,) = cents(open_shop(SEED, f"products: [{{code: P, variants: [{variants}]}}]"))
    assert note == (
        "`unit_price` with a fraction (8 objects): variant/V0, variant/V1, variant/V2, variant/V3, "
        f"variant/V4 and 3 more. {WHOLE}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "products: [{code: P, variants: [{code: V0, unit_price: 6000}]}]",
        "products: [{code: P, variants: [{code: V0, unit_price: 6000.0}]}]",
        "coupons: [{code: C, type: DiscountPercentage, discount: 12.0, limit: 9}]",
    ],
)
def test_whole_amounts_are_no_question(open_shop: MakeShop, text: str) -> None:
    assert cents(open_shop(SEED, text)) == []


def test_a_shop_that_has_cents_in_a_price_keeps_them(open_shop: MakeShop) -> None:
    text = "products: [{code: P, variants: [{code: V0, unit_price: 107.07}]}]"
    shop = open_shop(SEED, text, fractions="keep")
    shop.apply()
    shop.write(text.replace("107.07", "108.5"))
    assert [change.after["unit_price"] for change in shop.plan().changes] == [Decimal("108.5")]
    assert cents(shop) == []


def test_the_documented_integers_are_marked() -> None:
    """dealpos-api.md §6.2, §7 and §10 print their types, and §13 that of money."""
    fields = {f"{k.name}.{f.name}": f.wire.codec for k in KINDS.values() for f in k.fields.values()}
    assert {name for name, codec in fields.items() if codec.whole} == {
        *(f"variant.{name}" for name in ("unit_cost", "unit_price", "order_price", "weight")),
        *(f"variant.{name}" for name in ("ratio", "expired_day_prepaid", "expired_month_prepaid")),
        *(f"variant.{name}" for name in ("point_prepaid", "outlet_prices", "components")),
        *(f"coupon.{name}" for name in ("limit", "discount", "minimum_amount", "maximum_discount")),
    }
    assert INTEGER.encode(Decimal("1.5")) == NUMBER.encode(Decimal("1.5"))
