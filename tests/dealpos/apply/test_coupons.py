"""A replaced coupon keeps its requirement and its remaining uses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dealpos_reconciler.sandbox import InjectedFault
from tests.support.applied import REPLACED, SMALL, WITH_CATEGORY, WITH_VARIANT, message, statuses
from tests.support.shop import MakeShop


@pytest.mark.parametrize("spelling", ["codes", "objects"])
@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_a_requirement_arrives_in_whichever_spelling_the_shop_takes(
    open_shop: MakeShop, text: str, spelling: str
) -> None:
    shop = open_shop(SMALL, text, coupon_requirement_names=spelling)
    assert shop.apply().complete
    coupon = shop.item("coupons", "N")
    assert coupon["RequirementVariants"] or coupon["RequirementCategories"]
    assert shop.plan().empty


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_a_coupon_that_would_be_wider_than_declared_does_not_stay(
    open_shop: MakeShop, text: str, spelling: str
) -> None:
    shop = open_shop(SMALL, text, coupon_requirement_names=spelling)
    report = shop.apply()
    assert statuses(report) == {"coupon/N": "failed"}
    assert shop.item("coupons", "N") is None
    word = "deleted again" if spelling == "ignored" else "HTTP 400"
    assert word in message(report, "coupon/N")


@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_no_spelling_of_a_requirement_leaves_the_requirement_out(
    open_shop: MakeShop, text: str
) -> None:
    shop = open_shop(SMALL, text)
    (step,) = shop.steps(shop.plan())
    (request,) = step.requests
    bodies = [request.body, *request.spellings]
    assert len(bodies) == 2
    assert all(body.get("RequirementType") for body in bodies)


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
def test_a_replaced_coupon_is_put_back_with_its_balance(open_shop: MakeShop, spelling: str) -> None:
    shop = open_shop(
        SMALL,
        """
        coupons:
          - {code: C, type: DiscountAmount, discount: 100, limit: 10, requires: {variants: [PA]}}
        """,
        coupon_requirement_names=spelling,
    )
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "the old one was restored" in message(report, "coupon/C")
    coupon = shop.item("coupons", "C")
    kept = {name: coupon[name] for name in ("Discount", "Balance", "Description", "MinimumAmount")}
    assert kept == {"Discount": 100, "Balance": 4, "Description": "old", "MinimumAmount": 500}


def test_an_old_coupon_is_not_put_back_without_its_requirement(open_shop: MakeShop) -> None:
    """A shop that drops requirements would give everybody what a few could use."""
    seed = copy.deepcopy(SMALL)
    seed["coupons"][0] |= {"RequirementType": "Variant", "RequirementVariants": ["PB"]}
    text = "{code: C, discount: 200, limit: 10, requires: {variants: [PA]}}"
    shop = open_shop(seed, f"coupons: [{text}]", coupon_requirement_names="ignored")
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "the old one is deleted and could not be restored" in message(report, "coupon/C")
    assert shop.item("coupons", "C") is None


def test_a_deletion_that_is_refused_says_what_the_shop_answered(open_shop: MakeShop) -> None:
    """Of several deletions in one call each is then tried alone."""
    shop = open_shop(
        {**SMALL, "coupons": [{**SMALL["coupons"][0], "Code": code} for code in ("A", "B")]},
        "removed: [{address: coupon/A, delete: true}, {address: coupon/B, delete: true}]",
    )
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon/ListCode", "500", times=9))
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon", "500", times=9))
    report = shop.apply()
    assert set(statuses(report).values()) == {"unverified"}
    assert all("HTTP 500: Planned fault." in outcome.message for outcome in report.outcomes)


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
def test_a_coupon_is_not_deleted_where_a_new_one_has_shown_that_it_would_be_lost(
    open_shop: MakeShop, live: dict[str, Any], spelling: str
) -> None:
    text = """
    products: [{code: N, name: N, category: Drinks, variants: [{code: NA, unit_price: 1}]}]
    coupons:
      - {code: NEEDS, type: DiscountAmount, discount: 6000, limit: 10}
      - {code: NEW, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [NA]}}
    """
    shop = open_shop(live, text, coupon_requirement_names=spelling)
    before = shop.item("coupons", "NEEDS")
    report = shop.apply()
    assert statuses(report)["coupon/NEW"] == "failed"
    assert statuses(report)["coupon/NEEDS"] == "skipped"
    assert shop.item("coupons", "NEEDS") == before


@pytest.mark.parametrize("spelling", ["codes", "objects"])
def test_a_replacement_keeps_a_requirement_that_no_file_mentions(
    open_shop: MakeShop, live: dict[str, Any], spelling: str
) -> None:
    text = "coupons: [{code: NEEDS, type: DiscountAmount, discount: 6000, limit: 10}]"
    shop = open_shop(live, text, coupon_requirement_names=spelling)
    before = shop.item("coupons", "NEEDS")
    assert shop.apply().complete
    after = shop.item("coupons", "NEEDS")
    assert after["Discount"] == 6000
    assert after["RequirementVariants"] == before["RequirementVariants"]


def test_a_partly_used_coupon_keeps_the_rest_when_it_is_replaced(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    plan = shop.plan()
    assert any("6 of 10 uses are used up" in note for note in plan.notes)
    assert shop.apply(plan).complete
    coupon = shop.item("coupons", "C")
    kept = {name: coupon[name] for name in ("Limit", "Balance", "Description", "MinimumAmount")}
    assert kept == {"Limit": 4, "Balance": 4, "Description": "old", "MinimumAmount": 500}
    assert coupon["ExpiryDate"] == "2027-01-01"


def test_the_next_apply_does_not_give_the_uses_back(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.apply()
    assert shop.plan().empty
    shop.apply()
    assert shop.item("coupons", "C")["Balance"] == 4


def test_a_raised_limit_counts_the_uses_that_the_folder_knows(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.apply()
    shop.write(REPLACED.replace("limit: 10", "limit: 20"))
    (change,) = shop.plan().changes
    assert ("limit", 10, 14) in [(f.name, f.before, f.after) for f in change.fields]
    assert shop.apply().complete
    assert shop.item("coupons", "C")["Balance"] == 14
    assert shop.plan().empty


def test_the_replacement_of_an_unused_coupon_has_the_declared_limit(open_shop: MakeShop) -> None:
    seed = {"coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 5}]}
    text = "coupons: [{code: C, type: DiscountAmount, discount: 1, limit: 9}]"
    shop = open_shop(seed, text)
    assert shop.apply().complete
    assert shop.item("coupons", "C")["Balance"] == 9
    assert shop.plan().empty


def test_a_shop_that_takes_no_code_twice_is_reported(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED, coupon_recreate="reject")
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "deleted and could not be restored" in message(report, "coupon/C")
