"""Spent uses never come back: what is known of a coupon counts whenever it is created again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.ledger.journal import FILE
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.shop import MakeShop, Shop

COUPON: dict[str, Any] = {
    "Code": "C",
    "Type": "DiscountPercentage",
    "Discount": 10,
    "Limit": 10,
    "Balance": 4,
    "Description": "old",
    "ExpiryDate": "2034-12-31",
}
TERMS = "discount: 10, limit: 10, minimum_amount: 0, expiry_date: 2034-12-31"
TEXT = f"coupons: [{{code: C, type: DiscountPercentage, {TERMS}}}]\n"
RESTORE = "allow: [{rule: restore, address: coupon/C, reason: wanted, until: 2026-12-31}]\n"


@pytest.fixture(params=["none", "file"])
def shop(request: pytest.FixtureRequest, make_shop: MakeShop) -> Shop:
    shop = make_shop({"coupons": [COUPON], "categories": [{"Name": "A"}]})
    shop.configure(f"ledger: {request.param}\n")
    shop.write(TEXT)
    return shop


def uses(shop: Shop) -> tuple[int, int] | None:
    found = shop.item("coupons", "C")
    return found and (found["Limit"], found["Balance"])


def journal(shop: Shop) -> dict[str, Any]:
    return json.loads((shop.state.path / FILE).read_text()).get("sandbox", {})


def remove(shop: Shop) -> None:
    """Somebody deletes the coupon in the back office."""
    shop.twin.store.delete("coupon", "C")


def test_a_coupon_that_is_gone_waits_for_a_decision_and_keeps_its_uses(shop: Shop) -> None:
    assert shop.apply().complete
    remove(shop)
    shop.write(TEXT + "categories: [{name: B}]\n")
    plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == ["category/B"]
    ((address, reason),) = plan.blocked
    assert str(address) == "coupon/C"
    assert reason == (
        "not created: it was in the shop before and is gone. 6 of 10 uses were used up when it was "
        "last seen. To create it with the 4 that are left, add an exception from `restore`. If it "
        "should stay away, remove it from the files"
    )
    assert shop.apply(plan).complete
    assert uses(shop) is None
    shop.write(TEXT + RESTORE)
    plan = shop.plan()
    assert [violation.rule for violation in plan.violations] == ["restore"]
    assert all(violation.allowed for violation in plan.violations)
    assert "6 of 10 uses were used up when it was last seen, so it starts with 4" in str(plan.notes)
    assert shop.apply(plan).complete
    assert uses(shop) == (4, 4)
    assert shop.plan().empty
    assert not shop.plan().blocked


def test_a_coupon_that_is_gone_is_missing_in_an_audit(shop: Shop) -> None:
    shop.apply()
    remove(shop)
    found = audit_plan(shop.make(audit=True).plan)
    states = [(str(f.address), f.state) for f in found.findings if f.state != "authorising"]
    assert states == [("coupon/C", "missing")]
    assert "6 of 10 uses were used up when it was last seen" in str(found.notes)


def test_without_uses_left_a_higher_limit_decides(shop: Shop) -> None:
    shop.apply()
    row = shop.twin.store.get("coupon", "C").payload
    shop.twin.store.put("coupon", {**row, "Balance": 0})
    shop.plan()
    remove(shop)
    shop.write(TEXT + RESTORE)
    assert "10 uses are used up and the limit is 10" in shop.plan().blocked[0][1]
    shop.write(TEXT.replace("limit: 10", "limit: 12") + RESTORE)
    assert shop.apply().complete
    assert uses(shop) == (2, 2)


def test_uses_outlive_a_removal_by_name(shop: Shop) -> None:
    """A commit that removed the coupon is reverted: nobody has to decide, and the uses count."""
    shop.apply()
    shop.write("removed: [{address: coupon/C, delete: true}]")
    assert shop.apply().complete
    assert uses(shop) is None
    assert shop.plan().empty
    shop.write(TEXT)
    plan = shop.plan()
    assert [change.action.value for change in plan.changes] == ["create"]
    assert shop.apply(plan).complete
    assert uses(shop) == (4, 4)
    assert shop.plan().empty


def test_an_expired_coupon_that_is_not_there_stops_nothing(shop: Shop) -> None:
    shop.write(
        "coupons: [{code: D, type: DiscountAmount, discount: 5, limit: 9, expiry_date: 2026-05-31}]"
    )
    shop.write("categories: [{name: B}]", "categories.yaml")
    plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == ["category/B"]
    assert (plan.violations, plan.blocked) == ((), ())
    assert "coupon/D: it expired on 2026-05-31 and is not in the shop; not created" in plan.notes
    assert shop.apply(plan).complete
    assert shop.item("coupons", "D") is None
    assert shop.plan().empty


def test_another_object_that_is_gone_waits_too_and_holds_what_names_it(make_shop: MakeShop) -> None:
    shop = make_shop({"categories": [{"Name": "A"}]})
    shop.configure("ledger: file\n")
    text = """
categories: [{name: A}]
products:
  - {code: P, name: Tea, category: A, variants: [{code: PA, model: A, unit_price: 100}]}
customers: [{code: D, name: Budi, email: b@example.com}]
"""
    terms = "type: DiscountAmount, discount: 5, limit: 9, expiry_date: 2030-01-01, customer: D"
    shop.write(text)
    assert shop.apply().complete
    shop.twin.store.delete("customer", "D")
    shop.write(text.replace("100", "120"))
    shop.write(f"coupons: [{{code: X, {terms}}}]", "coupons.yaml")
    plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == ["variant/PA"]
    assert {str(a): why for a, why in plan.blocked} == {
        "customer/D": "not created: it was in the shop before and is gone. To create it again, add "
        "an exception from `restore`. If it should stay away, remove it from the files",
        "coupon/X": "customer/D is blocked",
    }
    shop.write(text + "allow: [{rule: restore, reason: wanted, until: 2026-12-31}]\n")
    plan = shop.plan()
    assert {str(change.address) for change in plan.changes} == {"customer/D", "coupon/X"}
    assert [v.rule for v in plan.violations if not v.allowed] == []
    assert shop.apply(plan).complete


CHANGED = TEXT.replace("discount: 10", "discount: 20")


def settle(shop: Shop) -> None:
    """Let time pass until the shop has done everything that it was asked."""
    shop.clock.now += 3600
    shop.client().call("coupon.list", {"PageNumber": 1, "PageSize": 10})


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("seconds", [5, 120])
def test_a_deletion_that_is_carried_out_late_gives_no_use_back(
    shop: Shop, times: int, seconds: float
) -> None:
    assert shop.apply().complete
    shop.write(CHANGED)
    fault = InjectedFault("DELETE", "/PromotionCoupon*", "timeout", "late", times=times)
    shop.twin.faults.add(
        InjectedFault(**{**fault.__dict__, "seconds": seconds}) if False else fault
    )
    shop.apply()
    for _ in range(4):
        settle(shop)
        shop.apply()
    assert uses(shop) == (4, 4)
    assert shop.item("coupons", "C")["Discount"] == 20
    assert shop.plan().empty


def test_a_server_that_cuts_texts_does_not_give_uses_back(make_shop: MakeShop) -> None:
    shop = make_shop({"coupons": [{**COUPON, "Limit": 100, "Balance": 60}]})
    shop.twin.choices = shop.twin.choices.with_changes(rewrite_text="cut")
    text = TEXT.replace("limit: 10", "limit: 100")
    for description in ("ten percent off on Mondays", "ten percent off on Tuesdays", "short"):
        shop.write(text.replace("minimum_amount", f"description: {description}, minimum_amount"))
        for _ in range(3):
            shop.apply()
            assert uses(shop) == (60, 60)
    assert shop.plan().empty


def test_a_put_back_that_fails_is_not_given_up(shop: Shop) -> None:
    shop.apply()
    shop.twin.choices = shop.twin.choices.with_changes(coupon_requirement_names="reject")
    shop.write(TEXT.replace("minimum_amount: 0", "minimum_amount: 0, requires: {categories: [A]}"))
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "503", nth=3, times=40))
    report = shop.apply()
    assert uses(shop) is None
    assert "could not be restored" in report.outcomes[0].message
    shop.twin.faults.clear()
    shop.apply()
    assert uses(shop) == (4, 4)
    assert shop.item("coupons", "C")["Description"] == "old"
    plan: Plan = shop.plan()
    assert plan.empty
    assert "not tried again" in plan.blocked[0][1]
