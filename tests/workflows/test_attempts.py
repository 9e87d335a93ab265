"""Destructive attempts that did not end as written are remembered, and not made again."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.core.model.address import Address
from tests.support.applied import SMALL, calls, message, statuses
from tests.support.shop import MakeShop, Shop

COUPON = Address("coupon", "C")
TERMS = "type: DiscountAmount, limit: 10, minimum_amount: 500"
LONG = f"coupons: [{{code: C, {TERMS}, discount: 100, description: Weekend at the beach}}]"
NEEDS = f"coupons: [{{code: C, {TERMS}, discount: 100, requires: {{variants: [PA]}}}}]"
WIDER = (
    "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 9, requires: {variants: [PA]}}]"
)


def opened(open_shop: MakeShop, text: str, **choices: Any) -> Shop:
    return open_shop(copy.deepcopy(SMALL), text, **choices)


def reason(shop: Shop, address: str) -> str:
    return dict((str(a), why) for a, why in shop.plan().blocked)[address]


def deletions(shop: Shop) -> int:
    return calls(shop, "DELETE", "/PromotionCoupon")


@pytest.mark.parametrize(
    ("text", "choices", "why"),
    [
        (LONG, {"rewrite_text": "cut"}, "reads back as"),
        (NEEDS, {"coupon_requirement_names": "ignored"}, "it was deleted again; the old one"),
        (NEEDS, {"coupon_requirement_names": "reject"}, "HTTP 400"),
    ],
)
def test_a_replacement_that_the_shop_does_not_store_is_not_tried_again(
    open_shop: MakeShop, text: str, choices: dict[str, Any], why: str
) -> None:
    shop = opened(open_shop, text, **choices)
    assert statuses(shop.apply()) == {"coupon/C": "failed"}
    coupon, sent = shop.item("coupons", "C"), deletions(shop)
    assert coupon["Balance"] == 4
    for _ in range(2):
        plan = shop.plan()
        assert plan.changes == ()
        assert why in reason(shop, "coupon/C")
        assert reason(shop, "coupon/C").startswith("not tried again: ")
        assert ".. " not in reason(shop, "coupon/C")
        shop.apply(plan)
    assert shop.item("coupons", "C") == coupon
    assert deletions(shop) == sent


def test_a_changed_file_is_tried_and_keeps_the_uses(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    shop.write(LONG.replace("Weekend at the beach", "Weekend"))
    assert shop.apply().complete
    coupon = shop.item("coupons", "C")
    assert (coupon["Balance"], coupon["Description"]) == (4, "Weekend")
    assert shop.plan().settled
    assert shop.journal.content.attempts == {}


def test_a_changed_limit_is_tried(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    shop.write(LONG.replace("limit: 10", "limit: 20"))
    assert [change.address for change in shop.plan().changes] == [COUPON]


def test_a_coupon_that_changed_in_the_shop_is_tried(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, "Discount": 50})
    assert [change.address for change in shop.plan().changes] == [COUPON]


def test_uses_at_the_till_are_no_change_of_the_shop(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, "Balance": 3})
    assert shop.plan().changes == ()


def test_a_new_coupon_that_would_be_wider_is_not_created_for_ever(open_shop: MakeShop) -> None:
    shop = opened(open_shop, WIDER, coupon_requirement_names="ignored")
    assert statuses(shop.apply()) == {"coupon/N": "failed"}
    assert shop.plan().changes == ()
    assert "it was deleted again" in reason(shop, "coupon/N")


def test_a_replacement_that_no_read_shows_is_not_sent_twice(open_shop: MakeShop) -> None:
    text = f"coupons: [{{code: C, {TERMS}, discount: 70}}]"
    shop = opened(open_shop, text, read_lag_seconds=3000, list_lag_seconds=3000)
    assert statuses(shop.apply()) == {"coupon/C": "unverified"}
    assert shop.plan().changes == ()
    assert "reads back as 100" in reason(shop, "coupon/C")
    shop.clock.now += 3000
    assert shop.plan().settled
    assert shop.item("coupons", "C")["Balance"] == 4


def test_a_saved_plan_is_not_carried_out_twice(open_shop: MakeShop) -> None:
    from reconciler.workflows import plan_file
    from reconciler.workflows.approved_plan import recheck_plan
    from tests.support.story import saved_document

    shop = opened(open_shop, NEEDS, coupon_requirement_names="ignored")
    file = shop.folder / "plan.json"
    plan = shop.plan()
    plan_file.write_plan(file, saved_document(shop, plan))
    shop.apply(plan)
    sent = deletions(shop)
    again = recheck_plan(shop.open(shop.client()), plan_file.read_plan(file))
    shop.made = again
    report = shop.apply(again.plan)
    assert statuses(report) == {"coupon/C": "stale"}
    assert "not tried again" in message(report, "coupon/C")
    assert deletions(shop) == sent
