"""Coupons are read in a few lists, and an ended one is never taken for absent (API §10)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.shop import MakeShop, Shop

TERMS = {"Type": "DiscountAmount", "Discount": 5, "Limit": 10, "MinimumAmount": 50}
LIST, TOTAL, WIDER, SINGLE = (
    "coupon.list",
    "/PromotionCoupon/WithTotalCount",
    "coupon.list_by_status",
    "coupon.by_code",
)
EXPIRED = {**TERMS, "Code": "E", "ExpiryDate": "2020-01-01"}
USED = {**TERMS, "Code": "U", "Balance": 0}
UNSET = {**TERMS, "Code": "Z", "ExpiryDate": "0001-01-01"}
ACTIVE = [{**TERMS, "Code": f"A{number}"} for number in range(6)]
SEEN = ["E", "U"]


def open_coupons(
    open_shop: MakeShop, new: int, ended: tuple[dict[str, Any], ...] = (EXPIRED,), **choices: Any
) -> Shop:
    """A shop with active and ended coupons; the files declare the active ones and new ones."""
    codes = [*(row["Code"] for row in ACTIVE), *(f"N{number:02}" for number in range(new))]
    return open_shop({"coupons": [*ACTIVE, *ended]}, declare(codes), **choices)


def declare(codes: list[str]) -> str:
    terms = "type: DiscountAmount, discount: 5, limit: 10, minimum_amount: 50"
    return "coupons:\n" + "".join(f"  - {{code: {code}, {terms}}}\n" for code in codes)


def reads(shop: Shop) -> dict[str, int]:
    """The reads of coupons of the last run, by operation."""
    sent = [name for name in shop.listener.operations if name.startswith("coupon")]
    return {name: sent.count(name) for name in dict.fromkeys(sent)}


def created(plan: Any) -> list[str]:
    return [change.address.name for change in plan.changes if change.action.value == "create"]


@pytest.mark.parametrize("ended", [EXPIRED, USED])
def test_a_list_of_all_that_shows_an_ended_coupon_proves_new_ones_absent(
    open_shop: MakeShop, ended: dict[str, Any]
) -> None:
    shop = open_coupons(open_shop, 9, (ended,))
    plan = shop.plan()
    assert created(plan) == [f"N{number:02}" for number in range(9)]
    assert plan.unmanaged == (), "an ended coupon is no news"
    assert reads(shop) == {LIST: 1, WIDER: 2}


def test_a_list_with_a_total_that_shows_ended_coupons_proves_it_alone(
    open_shop: MakeShop,
) -> None:
    shop = open_coupons(open_shop, 9, (EXPIRED, USED), coupon_total_hides_inactive=False)
    assert len(created(shop.plan())) == 9
    assert reads(shop) == {LIST: 1}


def test_a_clock_that_is_ahead_takes_no_listed_coupon_for_an_ended_one(
    open_shop: MakeShop,
) -> None:
    """In the shop it is 2019, and one of its coupons ends today; three others have ended."""
    today = [{**EXPIRED, "Code": "A9"}]
    codes = ["E1", "E2", "E3", "A9"]
    old = [{**EXPIRED, "Code": code, "ExpiryDate": "2019-01-01"} for code in codes[:3]]
    shop = open_shop(
        {"coupons": [*today, *old]}, declare(codes), coupon_usage_status_other="active"
    )
    shop.twin.today = lambda: date(2020, 1, 1)
    assert created(shop.plan()) == []


def test_few_new_coupons_are_read_by_code(open_shop: MakeShop) -> None:
    shop = open_coupons(open_shop, 2)
    assert len(created(shop.plan())) == 2
    assert reads(shop) == {LIST: 1, SINGLE: 3}


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ((), "everything"),
        ((UNSET,), "active"),
        ((EXPIRED, USED), "active"),
        ((EXPIRED, USED), "nothing"),
        ((EXPIRED, USED), "reject"),
    ],
)
def test_new_coupons_are_read_by_code_where_no_list_shows_an_ended_one(
    open_shop: MakeShop, ended: Any, status: str
) -> None:
    """E and U are declared too: the list hides them, and they are not created again."""
    shop = open_coupons(open_shop, 9, ended, coupon_usage_status_other=status)
    codes = [*(row["Code"] for row in ACTIVE), *(f"N{number:02}" for number in range(9))]
    shop.write(declare([*codes, *(row["Code"] for row in ended if row is not UNSET)]))
    assert created(shop.plan()) == [f"N{number:02}" for number in range(9)]
    assert reads(shop)[SINGLE] >= 9


def test_ended_coupons_of_the_files_cost_no_read_each(open_shop: MakeShop) -> None:
    ended = [{**EXPIRED, "Code": f"E{number:02}"} for number in range(9)]
    codes = [*(row["Code"] for row in ACTIVE), *(row["Code"] for row in ended)]
    shop = open_shop({"coupons": [*ACTIVE, *ended]}, declare(codes))
    assert shop.plan().changes == ()
    assert reads(shop) == {LIST: 1, WIDER: 1}


def test_the_list_of_all_shows_the_minimum_amount_of_ended_coupons(open_shop: MakeShop) -> None:
    ended = [{**EXPIRED, "Code": f"E{number:02}", "MinimumAmount": 7} for number in range(9)]
    codes = [*(row["Code"] for row in ACTIVE), *(row["Code"] for row in ended)]
    shop = open_shop({"coupons": [*ACTIVE, *ended]}, declare(codes))
    live = shop.read()
    states = [live.get(Address("coupon", row["Code"])) for row in ended]
    assert [state.value["minimum_amount"] for state in states if isinstance(state, Observed)] == [
        7
    ] * 9


def test_a_list_of_several_pages_is_read_twice_before_it_proves_an_absence(
    open_shop: MakeShop,
) -> None:
    shop = open_coupons(open_shop, 20, page_cap=3)
    assert len(created(shop.plan())) == 20
    assert reads(shop) == {LIST: 4, WIDER: 2 * 3}


def test_a_list_of_all_that_leaves_out_an_active_coupon_proves_nothing(
    open_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dealpos_reconciler.dealpos.client import Client

    shop, real = open_coupons(open_shop, 9), Client.call

    def call(self: Client, name: str, parameters: Any = None, **how: bool) -> Any:
        rows = real(self, name, parameters, **how)
        return [row for row in rows if row["Code"] == "E"] if name == WIDER else rows

    monkeypatch.setattr(Client, "call", call)
    assert len(created(shop.plan())) == 9
    assert reads(shop)[SINGLE] >= 9


@pytest.mark.parametrize("fault", ["500", "html", "truncated"])
def test_a_list_with_a_total_that_fails_is_replaced_by_the_plain_one(
    open_shop: MakeShop, fault: str
) -> None:
    shop = open_coupons(open_shop, 0)
    shop.twin.faults.add(InjectedFault("POST", TOTAL, fault, times=99))
    plan = shop.plan()
    assert (plan.changes, plan.unknown) == ((), ())


def test_a_list_with_a_total_that_is_refused_is_replaced_by_the_plain_one(
    open_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list may ask for a filter; the sample sends dates and a type (API §10)."""
    from dealpos_reconciler.dealpos.client import Client
    from dealpos_reconciler.errors import Rejected

    shop, real = open_coupons(open_shop, 0), Client._attempt

    def attempt(self: Client, operation: Any, route: Any, *more: Any) -> Any:
        if route.path == TOTAL:
            raise Rejected(operation.name, 400, "From is required.")
        return real(self, operation, route, *more)

    monkeypatch.setattr(Client, "_attempt", attempt)
    plan = shop.plan()
    assert (plan.changes, plan.unknown) == ((), ())


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_shop_without_the_total_is_read_as_before(open_shop: MakeShop, status: int) -> None:
    missing = frozenset({f"POST {TOTAL}", f"GET {TOTAL}"})
    shop = open_coupons(open_shop, 9, missing_operations=missing, missing_status=status)
    assert len(created(shop.plan())) == 9
    assert reads(shop) == {LIST: 3, WIDER: 2}


def test_a_minimum_that_rows_with_a_total_lack_is_read_from_the_plain_list(
    open_shop: MakeShop,
) -> None:
    shop = open_coupons(open_shop, 0, coupon_total_has_minimum=False)
    shop.write(declare(["A0"]).replace("minimum_amount: 50", "minimum_amount: 60"))
    client = shop.client()
    (change,) = shop.plan(client).changes
    assert [field.name for field in change.fields] == ["minimum_amount"]
    assert client.routes.tenant.routes[LIST] == "POST /PromotionCoupon/p body"


def test_a_replaced_coupon_that_has_ended_keeps_the_minimum_that_the_list_of_all_shows(
    open_shop: MakeShop,
) -> None:
    """A single read shows no minimum amount (API §10), and one object needs no list otherwise."""
    coupon = "{code: E, type: DiscountAmount, discount: 6, limit: 10, expiry_date: 2030-12-31}"
    shop = open_shop({"coupons": [*ACTIVE, EXPIRED]}, f"coupons: [{coupon}]")
    plan = shop.plan()
    assert plan.blocked == ()
    (change,) = plan.changes
    assert change.after is not None
    assert change.after["minimum_amount"] == 50
    assert reads(shop)[WIDER] == 1
