"""Objects that a list hides are found, or unknown, and never created a second time."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.kinds import KINDS
from tests.support.shop import MakeShop, Shop


def read_all(shop: Shop) -> Any:
    return read_live(shop.client(), shop.desired(), KINDS)


def creates(plan: Any) -> list[str]:
    return [str(change.address) for change in plan.changes if change.action.value == "create"]


def test_an_expired_coupon_is_found_though_the_list_hides_it(same: MakeShop) -> None:
    shop = same()
    plan = shop.plan()
    assert isinstance(read_all(shop).get(Address("coupon", "EXPIRED")), Observed)
    assert creates(plan) == []


def test_a_list_that_hides_is_not_believed_without_single_reads(same: MakeShop) -> None:
    """The tenant has no read by code, so nobody can tell an expired coupon from a new one."""
    plan = same(missing_operations=frozenset({"GET /PromotionCoupon/ByCode"})).plan()
    assert creates(plan) == []
    assert {str(address) for address, _ in plan.unknown} == {"coupon/EXPIRED", "coupon/USEDUP"}


def test_a_hidden_product_is_unknown_where_single_reads_are_not_offered(same: MakeShop) -> None:
    missing = frozenset({"GET /Product/Detail"})
    plan = same(missing_operations=missing, lists_hide_discontinued=True).plan()
    assert creates(plan) == []


@pytest.mark.parametrize("count", [3, 12])
def test_a_hidden_customer_is_unknown_where_single_reads_are_not_offered(
    open_shop: MakeShop, count: int
) -> None:
    people = [{"Code": f"C{i}", "Name": "N", "Email": f"{i}@example.com"} for i in range(count)]
    people[0]["Status"] = "Suspended"
    text = "customers:\n" + "".join(f"  - {{code: C{i}, name: N}}\n" for i in range(count))
    missing = frozenset({"GET /Customer/Detail"})
    shop = open_shop(
        {"customers": people},
        text,
        missing_operations=missing,
        customer_list_hides_suspended=True,
    )
    assert creates(shop.plan()) == []


def test_a_shop_whose_products_are_all_hidden_is_not_taken_for_empty(open_shop: MakeShop) -> None:
    variant = {"Code": "V", "UnitPrice": 1, "Discontinued": True}
    product = {"Code": "P", "Name": "N", "Category": "A", "Discontinued": True}
    text = """
        categories: [{name: A}]
        products:
          - {code: P, name: N, category: A, discontinued: true,
             variants: [{code: V, unit_price: 1, discontinued: true}]}
    """
    seed = {"categories": [{"Name": "A"}], "products": [{**product, "Variants": [variant]}]}
    plan = open_shop(seed, text, lists_hide_discontinued=True).plan()
    assert creates(plan) == []
    assert plan.changes == ()


def test_a_create_that_the_shop_refuses_as_a_duplicate_is_reported(same: MakeShop) -> None:
    """Hidden from every read: nothing can know it; the shop's refusal must then be reported."""
    shop = same(coupon_by_code_hides_inactive=True)
    before = shop.show()
    plan = shop.plan()
    assert [note for note in plan.notes if "coupon/EXPIRED" in note], "nothing to do, with a note"
    report = shop.apply(plan)
    assert {str(o.address): o.status for o in report.outcomes} == {"coupon/USEDUP": "failed"}
    assert shop.show() == before


@pytest.mark.parametrize(
    ("seed", "text", "field"),
    [
        (
            {
                "customers": [{"Code": "D", "Name": "Ann", "Email": "a@example.com"}],
                "coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 1}],
            },
            "coupons: [{code: C, customer: D}]",
            "customer",
        ),
        (
            {"coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 1}]},
            "coupons: [{code: C, expiry_date: 2027-01-01}]",
            "expiry_date",
        ),
        (
            {"customers": [{"Code": "D", "Name": "Ann", "Email": "a@example.com"}]},
            "customers: [{code: D, group: Gold}]",
            "group",
        ),
    ],
    ids=["customer of a coupon", "expiry of a coupon", "group of a customer"],
)
def test_a_key_that_no_row_shows_is_compared_or_told(
    open_shop: MakeShop, seed: Any, text: str, field: str
) -> None:
    """A shop that leaves nulls out shows a field nowhere: silence would hide the difference."""
    plan = open_shop(seed, text, nulls_omitted=True).plan()
    told = any(f"`{field}`" in note for note in plan.notes)
    assert told or [f.name for change in plan.changes for f in change.fields] == [field]


@pytest.mark.parametrize("live", ["0089686010015", "KOPI-A", "Teh-B"])
def test_a_look_alike_is_found_where_lists_do_not_show_variants(
    open_shop: MakeShop, live: str
) -> None:
    """By one batch of likely spellings, so that no second article is created."""
    variant = {"Code": live, "UnitPrice": 1000}
    product = {"Code": "P", "Name": "N", "Category": "Drinks", "Variants": [variant]}
    written = live.lstrip("0").lower() if live != "Teh-B" else "Teh-B\u200b"
    shop = open_shop(
        {"categories": [{"Name": "Drinks"}], "products": [product]},
        f'products: [{{code: P, variants: [{{code: "{written}", unit_price: 1000}}]}}]',
        product_list_rows="lean",
    )
    (violation,) = [v for v in shop.plan().violations if v.rule == "look-alike"]
    assert f"from `{live}`, which is in the shop" in violation.message
