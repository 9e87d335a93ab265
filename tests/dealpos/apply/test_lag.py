"""Reads that lag behind writes: nothing is called failed, deleted or created again for it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dealpos_reconciler.sandbox import InjectedFault
from tests.support.applied import message, statuses
from tests.support.shop import MakeShop, Shop
from tests.support.storm import FILES, SEED, TODAY

COUPON = {"Code": "C", "Type": "DiscountAmount", "Discount": 5, "Limit": 10, "MinimumAmount": 100}
BEHIND = "reads may be behind the last writes"
UNCLEAR = "reads may be behind, so plan again later"


def everything(make_shop: MakeShop, **lag: float) -> Shop:
    """A shop in which every kind of change is due."""
    from dealpos_reconciler.sandbox import Choices

    shop = make_shop(copy.deepcopy(SEED), choices=Choices(**lag))
    shop.twin.today = lambda: TODAY
    shop.write(FILES)
    return shop


def coupon_shop(open_shop: MakeShop, text: str, **choices: Any) -> Shop:
    return open_shop({"coupons": [COUPON]}, f"coupons: [{text}]", **choices)


def sent(shop: Shop, method: str = "") -> list[str]:
    """The writes of the last run, as (method and path)."""
    return [
        f"{verb} {path.removeprefix('/api/v3')}"
        for verb, path, _ in shop.twin.calls
        if verb in ("PUT", "DELETE") or path.endswith(("/Product", "/PromotionCoupon"))
        if verb != "GET" and method in verb
    ]


@pytest.mark.parametrize(
    "lag",
    [
        {"read_lag_seconds": 0.4, "list_lag_seconds": 0.4},
        {"read_lag_seconds": 5.0},
        {"list_lag_seconds": 20.0},
        {"read_lag_reads": 1, "list_lag_reads": 1},
    ],
    ids=str,
)
def test_everything_is_verified_once_reads_have_caught_up(
    make_shop: MakeShop, lag: dict[str, float]
) -> None:
    shop = everything(make_shop, **lag)
    report = shop.apply()
    assert report.complete, [(o.address, o.status, o.message) for o in report.outcomes]
    assert BEHIND in {reason for _, reason in shop.listener.waits}
    assert shop.plan().empty


def test_reads_that_agree_at_once_cost_no_pause_and_no_request(make_shop: MakeShop) -> None:
    shop = everything(make_shop)
    plan = shop.plan()
    assert shop.apply(plan).requests == shop.cost(plan).requests
    assert shop.listener.waits == []


def test_reads_that_stay_behind_leave_all_unverified_and_the_next_plan_looks_again(
    make_shop: MakeShop,
) -> None:
    shop = everything(make_shop, read_lag_seconds=3000, list_lag_seconds=3000)
    report = shop.apply()
    assert set(statuses(report).values()) <= {"unverified", "skipped"}
    assert not report.complete
    assert UNCLEAR in message(report, "variant/P1A")
    pauses = [seconds for seconds, reason in shop.listener.waits if reason == BEHIND]
    assert pauses[-5:] == [1, 2, 4, 8, 16]
    shop.twin.choices = shop.twin.choices.with_changes(read_lag_seconds=0, list_lag_seconds=0)
    assert shop.apply().complete
    assert shop.plan().empty


@pytest.mark.parametrize(
    "text",
    [
        "{code: C, type: DiscountAmount, discount: 5, limit: 10, minimum_amount: 200}",
        "{code: C, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 200}",
        "{code: C, type: DiscountAmount, discount: 5, limit: 10, description: x}",
    ],
)
@pytest.mark.parametrize("lag", ["read_lag_seconds", "list_lag_seconds"])
@pytest.mark.parametrize("seconds", [3, 3000])
def test_a_well_replaced_coupon_is_not_deleted_again(
    open_shop: MakeShop, text: str, lag: str, seconds: float
) -> None:
    shop = coupon_shop(open_shop, text, **{lag: seconds})
    report = shop.apply()
    assert sent(shop) == ["DELETE /PromotionCoupon", "POST /PromotionCoupon"]
    assert statuses(report)["coupon/C"] in ("applied", "unverified")
    assert shop.item("coupons", "C") is not None
    shop.clock.now += seconds
    assert shop.plan().empty


def test_a_deletion_that_reads_still_show_is_no_failure(open_shop: MakeShop) -> None:
    shop = coupon_shop(open_shop, "", read_lag_seconds=3000)
    shop.write("removed: [{address: coupon/C, delete: true}]")
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "unverified"}
    assert "reads still show it" in message(report, "coupon/C")


@pytest.mark.parametrize("seconds", [2, 20])
def test_a_creation_whose_answer_was_lost_is_not_sent_twice(
    open_shop: MakeShop, seconds: float
) -> None:
    text = "{code: N, type: DiscountAmount, discount: 5, limit: 10}"
    shop = coupon_shop(open_shop, text, read_lag_seconds=seconds, duplicate_create="double")
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "timeout", "after"))
    assert shop.apply().complete
    assert sent(shop, "POST") == ["POST /PromotionCoupon"]


def test_a_deletion_whose_answer_was_lost_is_waited_for(open_shop: MakeShop) -> None:
    text = "{code: C, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 100}"
    shop = coupon_shop(open_shop, text, read_lag_seconds=10, list_lag_seconds=10)
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon*", "timeout", "after"))
    report = shop.apply()
    assert report.complete, report.outcomes
    assert shop.item("coupons", "C")["Discount"] == 6


def test_a_coupon_that_stays_broader_is_deleted_after_three_looks(open_shop: MakeShop) -> None:
    text = "{code: N, type: DiscountAmount, discount: 5, limit: 9, requires: {variants: [V]}}"
    product = {"Code": "P", "Name": "P", "Category": "D", "Variants": [{"Code": "V"}]}
    shop = open_shop(
        {"products": [product]}, f"coupons: [{text}]", coupon_requirement_names="ignored"
    )
    report = shop.apply()
    assert statuses(report) == {"coupon/N": "failed"}
    assert "it was deleted again" in message(report, "coupon/N")
    assert shop.item("coupons", "N") is None
    assert [s for s, reason in shop.listener.waits if reason == BEHIND] == [1, 2, 1, 2]


def test_pauses_end_where_the_time_of_the_run_does(open_shop: MakeShop) -> None:
    from dealpos_reconciler.dealpos.budget import Limits

    text = "{code: C, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 100}"
    shop = coupon_shop(open_shop, text, read_lag_seconds=3000)
    plan, client = shop.plan(), shop.client()
    client.limits = Limits(seconds=10)
    report = shop.apply(plan, client)
    assert statuses(report) == {"coupon/C": "unverified"}
    assert [s for s, reason in shop.listener.waits if reason == BEHIND] == [1, 2, 4]
    assert "--timeout 10s ends before the next look, 8 s later" in message(report, "coupon/C")


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("lag", ["read_lag_seconds", "list_lag_seconds"])
@pytest.mark.parametrize("seconds", [15, 40, 80, 300])
def test_a_time_limit_holds_while_reads_lag(
    make_shop: MakeShop, seconds: int, lag: str, lost: bool
) -> None:
    from dealpos_reconciler.dealpos.budget import Limits

    shop = everything(make_shop, **{lag: 3000})
    plan, client = shop.plan(), shop.client()
    if lost:
        for path in ("/Category", "/Product", "/PromotionCoupon"):
            shop.twin.faults.add(InjectedFault("POST", path, "timeout", "after", times=99))
    client.limits = Limits(seconds=seconds)
    began = shop.clock.now
    report = shop.apply(plan, client)
    assert shop.clock.now - began <= seconds, shop.listener.waits
    assert "failed" not in statuses(report).values()
    assert "unverified" in statuses(report).values()
    assert not report.complete
    shop.twin.faults.clear()
    shop.twin.choices = shop.twin.choices.with_changes(**{lag: 0})
    shop.apply()
    assert shop.apply().complete
    assert shop.plan().empty


def test_ctrl_c_during_a_pause_leaves_the_rest_unverified(open_shop: MakeShop) -> None:
    from dealpos_reconciler.errors import Stopped

    seed = {"categories": [{"Name": "Drinks"}]}
    shop = open_shop(seed, "categories: [{name: Food}]", list_lag_seconds=3000)
    plan, client = shop.plan(), shop.client()

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    client.observer.sleep = stop  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert statuses(report) == {"category/Food": "unverified"}
