"""A plan is applied in order, and a failed step skips only the steps that need it."""

from __future__ import annotations

import pytest

from dealpos_reconciler.sandbox import InjectedFault
from tests.support.applied import SMALL, message, statuses, written
from tests.support.shop import MakeShop

# --- order ---


def test_everything_is_written_after_what_it_refers_to(open_shop: MakeShop) -> None:
    shop = open_shop(
        {"outlets": [{"Name": "Bandung"}]},
        """
        coupons:
          - {code: C, type: DiscountAmount, discount: 5, limit: 1, customer: D,
             requires: {variants: [V]}}
        customers: [{code: D, name: Ann}]
        products:
          - code: P
            name: Tea
            category: Top/Sub
            variants:
              - {code: V, unit_price: 5, type: Composite, components: {Z: {qty: 1}}}
              - {code: W, unit_price: 5}
          - {code: Z, name: Bean, category: Top, variants: [{code: Z, unit_price: 1}]}
        categories: [{name: Top/Sub}, {name: Top}]
        """,
    )
    report = shop.apply()
    assert report.complete
    order = written(shop)
    assert order.index("coupon.create") > order.index("customer.create")
    assert order.index("coupon.create") > order.index("product.create")
    assert order.index("product.create") > max(
        place for place, name in enumerate(order) if name == "category.create"
    )
    assert order.index("variant.update") > max(
        place for place, name in enumerate(order) if name == "product.create"
    )
    assert [row["Name"] for row in shop.show()["categories"]] == ["Top", "Top/Sub"]


def test_a_failed_product_skips_its_coupon_and_not_its_sibling(open_shop: MakeShop) -> None:
    shop = open_shop(
        {"categories": [{"Name": "A"}]},
        """
        products:
          - {code: P1, name: One, category: A, variants: [{code: V1, unit_price: 5}]}
          - {code: P2, name: Two, category: A, variants: [{code: V2, unit_price: 5}]}
        coupons:
          - {code: C1, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [V1]}}
          - {code: C2, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [V2]}}
        """,
    )
    shop.twin.faults.add(InjectedFault("POST", "/Product", "500", times=2))
    report = shop.apply()
    assert statuses(report) == {
        "product/P1": "unverified",
        "variant/V1": "unverified",
        "product/P2": "applied",
        "variant/V2": "applied",
        "coupon/C1": "skipped",
        "coupon/C2": "applied",
    }
    assert "product/P1" in message(report, "coupon/C1")
    assert shop.item("coupons", "C1") is None
    assert shop.apply().complete


def test_what_a_create_cannot_carry_and_fails_is_done_in_part(open_shop: MakeShop) -> None:
    shop = open_shop(
        SMALL,
        """
        products:
          - code: N
            name: New
            category: A
            variants: [{code: NV, unit_price: 5, weight: 3}]
        """,
    )
    shop.twin.faults.add(InjectedFault("PUT", "/Variant", "500", times=2))
    report = shop.apply()
    assert statuses(report) == {"product/N": "applied", "variant/NV": "unverified"}
    assert "HTTP 500" in message(report, "variant/NV")
    assert shop.apply().complete


# --- customer data ---


@pytest.mark.parametrize("new", [True, False])
def test_customer_data_in_a_server_message_is_not_repeated(open_shop: MakeShop, new: bool) -> None:
    seed = {
        "customers": [
            {"Code": "D1", "Name": "Ann", "Email": "taken@example.com"},
            *([] if new else [{"Code": "D2", "Name": "Bob", "Email": "bob@example.com"}]),
        ]
    }
    shop = open_shop(seed, "customers: [{code: D2, name: Bob, email: taken@example.com}]")
    report = shop.apply()
    said = message(report, "customer/D2")
    assert "belongs to another customer" in said
    assert "taken@example.com" not in said


def test_customer_data_that_reads_back_otherwise_is_not_shown(open_shop: MakeShop) -> None:
    shop = open_shop({}, "customers: [{code: D2, name: Budi Santoso Jaya}]", rewrite_text="cut")
    said = message(shop.apply(), "customer/D2")
    assert "`name`" in said
    assert "budi" not in said.lower()
