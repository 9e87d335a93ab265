"""Writes that are read back together at the end of a run, by the pages of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.observer import ApplyObserver
from dealpos_reconciler.sandbox.faults import InjectedFault
from tests.support.applied import calls, message, statuses
from tests.support.shop import MakeShop, Shop

TERMS = "type: DiscountAmount, discount: 5, limit: 10"
OLD = {"Type": "DiscountAmount", "Discount": 5, "Limit": 10, "MinimumAmount": 50}
SINGLE, LIST = "coupon.by_code", "coupon.list"


def coupons(count: int, more: str = "", letter: str = "N", terms: str = TERMS) -> str:
    lines = [f"  - {{code: {letter}{n}, {terms}{more}}}" for n in range(count)]
    return "\n".join(["coupons:", *lines]) + "\n"


def removing(count: int) -> str:
    entries = ", ".join(f"{{address: coupon/O{n}, delete: true}}" for n in range(count))
    return f"removed: [{entries}]"


class Ending(ApplyObserver):
    """Does something after the last write, before the reads at the end."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def step(self, done: int, total: int, doing: str) -> None:
        if doing == "reading back":
            self.act()


class Stopper(ApplyObserver):
    """Asks for a stop after so many steps."""

    def __init__(self, after: int) -> None:
        self.left = after

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture
def old(make_shop: MakeShop) -> MakeShop:
    """Make a shop with six coupons, of which one has ended."""

    def make(text: str = "", ended: int = 5, **options: Any) -> Shop:
        rows = [{**OLD, "Code": f"O{n}", "ExpiryDate": "2999-01-01"} for n in range(6)]
        rows[ended] |= {"ExpiryDate": "2020-01-01"}
        shop = make_shop({"coupons": rows}, **options)
        shop.write(text)
        return shop

    return make


def reads_after_plan(shop: Shop, plan: Any, **options: Any) -> tuple[Any, list[str]]:
    report = shop.apply(plan, **options)
    found = [name for name in shop.listener.operations if name in (SINGLE, LIST)]
    return report, found


def alter(shop: Shop, code: str, **values: Any) -> None:
    row = shop.twin.store.get("coupon", code)
    shop.twin.store.put("coupon", {**row.payload, **values})


# --- new coupons ---


def test_the_first_of_each_shape_is_read_at_once_and_the_rest_by_one_list(old: MakeShop) -> None:
    percent = "type: DiscountPercentage, discount: 5, limit: 10"
    shop = old(coupons(5))
    shop.write(coupons(5, letter="P", terms=percent), "percent.yaml")
    shop.write(coupons(5, ", description: d", "D"), "described.yaml")
    plan = shop.plan()
    report, reads = reads_after_plan(shop, plan)
    assert report.complete
    assert reads == [SINGLE, SINGLE, SINGLE, LIST]
    assert report.requests == shop.cost(plan).requests == 15 + 4


def test_a_few_coupons_that_cost_no_less_by_a_list_are_read_at_once(old: MakeShop) -> None:
    shop = old(coupons(2))
    assert reads_after_plan(shop, shop.plan())[1] == [SINGLE, SINGLE]


def test_one_list_shows_new_and_deleted_coupons_and_the_minimum_amount(old: MakeShop) -> None:
    shop = old(coupons(4, ", minimum_amount: 7") + removing(4))
    plan = shop.plan()
    report, reads = reads_after_plan(shop, plan)
    assert report.complete
    assert reads == [SINGLE, LIST]
    assert report.requests == shop.cost(plan).requests == 4 + 1 + 2


def test_what_no_list_shows_is_read_singly_at_once(old: MakeShop) -> None:
    """API §10: only the read by code shows requirements."""
    seed = "categories: [{name: Drinks}]\n"
    shop = old(seed + coupons(3, ", requires: {categories: [Drinks]}"))
    plan = shop.plan()
    report, reads = reads_after_plan(shop, plan)
    assert report.complete
    assert reads == [SINGLE] * 3
    assert report.requests == shop.cost(plan).requests


def test_a_coupon_that_may_end_during_the_run_is_read_singly_at_once(old: MakeShop) -> None:
    shop = old(coupons(3, ", expiry_date: 2026-06-02"))
    shop.configure("guardrails: {coupon-expiry: off}\n")
    plan = shop.plan()
    assert reads_after_plan(shop, plan)[1] == [SINGLE] * 3


def test_a_shape_that_is_not_kept_as_written_is_read_one_by_one(
    old: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dealpos_reconciler.sandbox.resources import coupon_reads

    shop = old(coupons(4))
    plan = shop.plan()
    common = coupon_reads._common
    monkeypatch.setattr(
        coupon_reads, "_common", lambda *args, **more: {**common(*args, **more), "Limit": 99}
    )
    report, _ = reads_after_plan(shop, plan)
    assert set(statuses(report).values()) == {"failed"}
    assert calls(shop, "DELETE", "/PromotionCoupon") == 4
    assert not [row for row in shop.show()["coupons"] if row["Code"].startswith("N")]


def test_a_coupon_that_the_list_shows_broader_is_deleted_again(old: MakeShop) -> None:
    shop = old(coupons(5))
    ending = Ending(lambda: alter(shop, "N3", Discount=50))
    report, _ = reads_after_plan(shop, shop.plan(), observer=ending)
    assert statuses(report)["coupon/N3"] == "failed"
    assert "`discount` was sent as 5 and reads back as 50; it was deleted again" in message(
        report, "coupon/N3"
    )
    assert not shop.item("coupons", "N3")
    assert report.verified == 4


def test_another_text_is_no_reason_to_delete_a_coupon(old: MakeShop) -> None:
    shop = old(coupons(5, ", description: d"))
    ending = Ending(lambda: alter(shop, "N3", Description="other"))
    report, _ = reads_after_plan(shop, shop.plan(), observer=ending)
    assert statuses(report)["coupon/N3"] == "failed"
    assert shop.item("coupons", "N3")


def test_a_coupon_whose_answer_was_lost_is_read_at_once(old: MakeShop) -> None:
    """Another program may have created it, so it is never deleted for what it is."""
    shop = old(coupons(5))
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "drop", "after", nth=3))
    report, reads = reads_after_plan(shop, plan)
    assert report.complete
    assert reads == [SINGLE, SINGLE, SINGLE, LIST]  # the look-up, and the read of the object


# --- lists that lag behind ---


@pytest.mark.parametrize("more", ["", ", minimum_amount: 7"])
@pytest.mark.parametrize("seconds", [2.0, 20.0])
def test_lists_that_catch_up_verify_all(old: MakeShop, more: str, seconds: float) -> None:
    from dealpos_reconciler.sandbox import Choices

    shop = old(coupons(5, more) + removing(4), choices=Choices(list_lag_seconds=seconds))
    report = shop.apply()
    assert report.complete, [(o.address, o.message) for o in report.outcomes]
    assert calls(shop, "POST", "/PromotionCoupon") == 5
    assert calls(shop, "DELETE", "/PromotionCoupon") == 0
    assert calls(shop, "DELETE", "/PromotionCoupon/ListCode") == 1


def test_lists_that_stay_behind_leave_single_reads(old: MakeShop) -> None:
    from dealpos_reconciler.sandbox import Choices

    shop = old(coupons(5) + removing(4), choices=Choices(list_lag_seconds=3000))
    assert shop.apply().complete
    shop = old(coupons(5, ", minimum_amount: 7"), choices=Choices(list_lag_seconds=3000))
    report = shop.apply()
    assert set(statuses(report).values()) == {"unverified"}
    assert "lists do not show it yet" in message(report, "coupon/N3")
    assert calls(shop, "DELETE", "/PromotionCoupon") == 0


def test_single_reads_of_lists_that_lag_stay_within_the_limit(old: MakeShop) -> None:
    from dealpos_reconciler.sandbox import Choices

    shop = old(coupons(9), choices=Choices(list_lag_seconds=3000))
    needed = shop.make(shop.client()).usage.requests
    client = limited(shop, Limits(requests=100))
    plan = shop.plan(client)
    client.limits = Limits(requests=client.requests + needed + 3)
    report = shop.apply(plan, client)
    assert client.requests <= client.limits.requests
    assert statuses(report)["coupon/N0"] == "applied"
    assert statuses(report)["coupon/N8"] == "unverified"


# --- runs that end early ---


def limited(shop: Shop, limits: Limits) -> Client:
    store = Store("sandbox", "sandbox", "sandbox")
    return Client(store, embedded_transport(shop.app), shop.listener, limits)


def test_every_limit_keeps_room_for_the_list(old: MakeShop) -> None:
    needed = (made := old(coupons(6) + removing(3)).make()).usage.requests
    verified = []
    for extra in range(needed + 1):
        shop = old(coupons(6) + removing(3))
        client = limited(shop, Limits(requests=made.plan.reads + extra))
        report = shop.apply(shop.plan(client), client)
        assert client.requests <= made.plan.reads + extra
        assert report.verified == report.counts()["applied"]
        assert report.complete == (extra == needed)
        verified.append(report.verified)
    assert verified == sorted(verified)
    assert verified[-2] < 9


@pytest.mark.parametrize("after", [1, 3, 5])
def test_after_ctrl_c_the_list_still_verifies_what_was_written(old: MakeShop, after: int) -> None:
    shop = old(coupons(6))
    report, _ = reads_after_plan(shop, shop.plan(), observer=Stopper(after))
    assert report.stopped == "interrupted by Ctrl-C"
    assert report.verified == report.counts()["applied"] == after
    assert shop.apply().complete


def test_a_second_ctrl_c_leaves_unverified_what_was_not_read(old: MakeShop) -> None:
    shop = old(coupons(4))
    plan = shop.plan()
    client = shop.client()
    calls = client.call

    def call(operation: str, *arguments: Any, **options: Any) -> Any:
        if operation == LIST:
            raise KeyboardInterrupt
        return calls(operation, *arguments, **options)

    client.call = call  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert report.stopped == "interrupted by a second Ctrl-C"
    assert statuses(report) == {
        "coupon/N0": "applied",
        **{f"coupon/N{n}": "unverified" for n in (1, 2, 3)},
    }


def test_a_server_that_is_gone_leaves_unverified_what_was_not_read(old: MakeShop) -> None:
    shop = old(coupons(5))
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "429", nth=4, times=3))
    report = shop.apply(plan)
    assert statuses(report)["coupon/N0"] == "applied"
    assert statuses(report)["coupon/N1"] == "unverified"
    assert "no further request was sent" in message(report, "coupon/N1")
    assert shop.apply().complete


# --- deletions ---


def test_deletions_are_confirmed_by_the_list_that_had_shown_the_objects(old: MakeShop) -> None:
    shop = old(removing(5))
    plan = shop.plan()
    report, reads = reads_after_plan(shop, plan)
    assert report.complete
    assert reads == [LIST]
    assert report.requests == shop.cost(plan).requests == 2


@pytest.mark.parametrize("last", ["2020-01-01", "2026-06-01", "2026-06-03"])
def test_a_coupon_that_a_list_may_hide_is_not_taken_for_deleted(old: MakeShop, last: str) -> None:
    """The coupon has ended, or ends during the run, and the shop has kept it."""
    shop = old(removing(6))
    alter(shop, "O2", ExpiryDate=last)
    plan = shop.plan()
    kept = shop.twin.store.get("coupon", "O2")

    def keep() -> None:
        shop.twin.store.put("coupon", {**kept.payload, "ExpiryDate": "2020-01-01"})

    report, reads = reads_after_plan(shop, plan, observer=Ending(keep))
    assert report.complete
    assert SINGLE in reads
    assert calls(shop, "DELETE", "/PromotionCoupon") == 1  # it was still there, so deleted alone
    assert not shop.item("coupons", "O2")


def test_what_a_request_for_many_has_left_is_deleted_alone(old: MakeShop) -> None:
    shop = old(removing(5))
    plan = shop.plan()
    kept = shop.twin.store.get("coupon", "O2")
    ending = Ending(lambda: shop.twin.store.put("coupon", kept.payload))
    report, _ = reads_after_plan(shop, plan, observer=ending)
    assert report.complete
    assert calls(shop, "DELETE", "/PromotionCoupon") == 1
    assert not shop.item("coupons", "O2")


def test_deleted_customers_are_confirmed_by_their_list(make_shop: MakeShop) -> None:
    rows = [{"Code": f"D{n}", "Name": "x", "Email": f"d{n}@example.com"} for n in range(6)]
    shop = make_shop({"customers": rows})
    entries = ", ".join(f"{{address: customer/D{n}, delete: true}}" for n in range(4))
    shop.write(f"removed: [{entries}]\ncustomers: [{{code: D5, name: x}}]")
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.complete
    assert "customer.by_code" not in shop.listener.operations
    assert report.requests == shop.cost(plan).requests
