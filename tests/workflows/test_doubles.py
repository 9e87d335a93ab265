"""A server that accepts doubles: two live objects of one code or email are named."""

from __future__ import annotations

import pytest

from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.dealpos.doctor.budget import RequestBudget
from dealpos_reconciler.dealpos.doctor.checks import run_checks
from dealpos_reconciler.dealpos.doctor.examine import examine
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import Choices
from tests.support.shop import MakeShop, Shop

COUPON = {"Code": "C", "Type": "DiscountAmount", "Discount": 5, "Limit": 10}
WRITTEN = "coupons: [{code: C, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 0}]"


@pytest.fixture
def doubled(make_shop: MakeShop) -> Shop:
    shop = make_shop({"coupons": [COUPON]}, choices=Choices(duplicate_create="double"))
    shop.client().call("coupon.create", COUPON)
    return shop


def test_a_declared_double_is_blocked_by_plan_and_listed_by_audit(doubled: Shop) -> None:
    doubled.write(WRITTEN)
    plan = doubled.plan()
    assert plan.empty
    ((address, reason),) = plan.blocked
    assert (str(address), reason) == (
        "coupon/C",
        "the shop has two coupons with this code, and a request could reach either. Delete one of "
        "them in DealPOS",
    )
    found = audit_plan(doubled.make(audit=True).plan)
    assert ("coupon/C", "blocked") in [(str(f.address), f.state) for f in found.findings]
    assert not found.clean


def test_an_undeclared_double_is_noted(doubled: Shop) -> None:
    doubled.write(WRITTEN.replace("code: C", "code: D"))
    plan = doubled.plan()
    assert [str(change.address) for change in plan.changes] == ["coupon/D"]
    assert any(note.startswith("coupon/C: the shop has two coupons") for note in plan.notes)
    assert any("two coupons" in note for note in audit_plan(doubled.make(audit=True).plan).notes)


def test_customers_with_one_email_are_noted_without_it(make_shop: MakeShop) -> None:
    both = [{"Code": code, "Name": "Budi", "Email": "b@example.com"} for code in ("A", "B")]
    choices = Choices(customer_unique=frozenset({"Code"}))
    shop = make_shop({"customers": both}, choices=choices)
    shop.write("customers: [{code: A, name: Budi}, {code: B, name: Budi}]")
    plan = shop.plan()
    noted = [note for note in plan.notes if "email" in note]
    assert noted == [
        f"customer/{one}: the shop has the same `email` for customer/{other}. Correct one of them "
        "in DealPOS"
        for one, other in (("A", "B"), ("B", "A"))
    ]
    assert plan.blocked == ()


def test_the_doctor_reports_them(doubled: Shop) -> None:
    client = doubled.client()
    results = run_checks(examine(client, RequestBudget(client, 20), KINDS), KINDS)
    assert "1 shared `code` among the coupons" in str(results)


def test_a_coupon_shown_beside_its_replacement_for_a_moment_is_no_double(
    make_shop: MakeShop,
) -> None:
    shop = make_shop({"coupons": [COUPON]}, choices=Choices(duplicate_create="double"))
    shop.write(WRITTEN)
    assert shop.apply().complete
    shop.client().call("coupon.create", COUPON)  # what a list may still show of the old one
    plan = shop.plan()
    assert (plan.empty, plan.blocked) == (True, ())
    shop.state.save_section("written.json", "sandbox", {})  # as ten minutes later
    assert [str(address) for address, _ in shop.plan().blocked] == ["coupon/C"]
