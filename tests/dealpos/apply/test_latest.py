"""A coupon is read once more right before it is replaced: what was used meanwhile is used."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.ledger.ledger import Ledger, LedgerEntry
from dealpos_reconciler.core.ledger.three_way import LedgerView, add_last_written
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.shop import MakeShop, Shop

COUPON: dict[str, Any] = {
    "Code": "C",
    "Type": "DiscountPercentage",
    "Discount": 10,
    "Limit": 10,
    "Balance": 8,
}
TEXT = """
    coupons:
      - {code: C, type: DiscountPercentage, discount: 20, limit: 10, minimum_amount: 0}
"""


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    return make_shop({"coupons": [COUPON]})


def meanwhile(shop: Shop, **values: Any) -> None:
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, **values})


def test_what_is_used_between_plan_and_apply_is_not_given_back(shop: Shop) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    assert plan.changes[0].after["limit"] == 8
    meanwhile(shop, Balance=5)
    report = shop.apply(plan)
    assert report.complete
    assert report.outcomes[0].message == (
        "8 uses were left when this was planned, 5 right before it was replaced"
    )
    coupon = shop.item("coupons", "C")
    assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (20, 5, 5)
    assert shop.plan().empty, "what was carried over is remembered as it was written"


def test_a_coupon_that_was_used_up_meanwhile_does_not_come_back(shop: Shop) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    meanwhile(shop, Balance=0)
    before = shop.show()
    report = shop.apply(plan)
    (outcome,) = report.outcomes
    assert (outcome.status, report.complete) == ("stale", False)
    assert "10 uses are used up" in outcome.message
    assert shop.show() == before
    assert shop.journal.entries == {}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"Discount": 15}, "`discount` was 10 when this was planned and is 15 now"),
        ({"Balance": 9}, "8 uses were left when this was planned and 9 are now"),
    ],
)
def test_what_somebody_changed_meanwhile_is_held(shop: Shop, values: Any, why: str) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    meanwhile(shop, **values)
    before = shop.show()
    (outcome,) = shop.apply(plan).outcomes
    assert outcome.status == "stale"
    assert why in outcome.message
    assert shop.show() == before


def test_a_cut_between_the_two_calls_keeps_what_was_left_right_before(shop: Shop) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    meanwhile(shop, Balance=5)
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "503", times=9))
    assert not shop.apply(plan).complete
    shop.twin.faults.clear()
    shop.write(TEXT.replace("limit: 10", "limit: 12"))
    assert shop.apply().complete
    assert shop.item("coupons", "C")["Balance"] == 7, "5 of 12 are spent"


def test_one_that_is_gone_is_held(shop: Shop) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    shop.twin.store.delete("coupon", "C")
    (outcome,) = shop.apply(plan).outcomes
    assert (outcome.status, shop.item("coupons", "C")) == ("stale", None)
    assert "no longer existed right before" in outcome.message


def test_the_look_is_in_the_price(shop: Shop) -> None:
    shop.write(TEXT)
    plan = shop.plan()
    assert shop.cost(plan).requests == shop.apply(plan).requests


def test_a_spent_coupon_that_the_list_hides_is_not_brought_back(make_shop: MakeShop) -> None:
    shop = make_shop({"coupons": [{**COUPON, "Balance": 0}]})
    shop.write(TEXT.replace("discount: 20", "discount: 10, description: new"))
    plan = shop.plan()
    assert plan.empty
    assert "not replaced: 10 uses are used up" in plan.blocked[0][1]


def test_a_raised_limit_counts_what_every_predecessor_has_spent(shop: Shop) -> None:
    """100 declared, 37 spent, replaced with 63, of which 10 are spent: 150 leaves 103."""
    meanwhile(shop, Limit=63, Balance=53, Discount=20)
    text = TEXT.replace("limit: 10", "limit: {}")
    entry = LedgerEntry({"limit": 100}, kept={("limit",): (100, 63)})
    ledger = Ledger({Address("coupon", "C"): entry})

    def planned(limit: int) -> Any:
        shop.write(text.replace("{}", str(limit)))
        desired: Desired = shop.desired()
        asked, seen, _ = add_last_written(desired, shop.read(), LedgerView(ledger, KINDS, None))
        return build_plan(asked, seen, KINDS, "sandbox", ledger.kept)[0]

    (change,) = planned(150).changes
    assert (change.before["limit"], change.after["limit"]) == (100, 103)
    assert planned(100).empty
    assert planned(63).empty, "written as the plan once said"


def test_a_code_that_is_taken_is_found_before_the_create(make_shop: MakeShop) -> None:
    """An expired coupon is in no listing (dealpos-api.md §10), and its code is still taken."""
    shop = make_shop({"coupons": [{**COUPON, "ExpiryDate": "2001-01-01"}]})
    shop.write(TEXT.replace("limit: 10", "limit: 10, expiry_date: 2034-12-31"))
    plan = shop.plan()
    assert [change.action.value for change in plan.changes] == ["replace"]
    assert shop.apply(plan).complete
    assert shop.item("coupons", "C")["Balance"] == 8
