"""Rules on coupons: the worst basket, the expiry, uses that are spent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rules import AMOUNT, DRINK, PERCENT, priced, said
from tests.support.world import World


def shelf(world: World) -> None:
    """A shop that stays as it is: margins of 50, 40 and 10 percent."""
    for path in ("Drinks", "Drinks/Tea", "Kitchen"):
        world.both(f"category/{path}")
    for code, path in (("1", "Drinks"), ("2", "Drinks/Tea"), ("3", "Kitchen")):
        world.both(f"product/{code}", name=code, category=path)
    for code, owner, price, cost in (
        ("COFFEE", "1", 18000, 9000),
        ("TEA", "2", 10000, 6000),
        ("MILK", "3", 20000, 18000),
    ):
        world.both(f"variant/{code}", product=owner, unit_price=price, unit_cost=cost)


@pytest.mark.parametrize(
    ("terms", "worst"),
    [
        ({**PERCENT, "discount": 10}, ""),
        ({**PERCENT, "discount": 11}, "variant/MILK sells for 17,800; it costs 18,000. Loss: 200,"),
        # A cap of 2,000 weighs a tenth on one, half of that on the basket of two.
        ({**PERCENT, "discount": 30, "maximum_discount": 2000}, ""),
        ({**PERCENT, "discount": 30, "maximum_discount": 2001}, "variant/MILK sells for 17,999;"),
        (
            {**PERCENT, "discount": 30, "maximum_discount": 2001, "minimum_amount": 20001},
            "",
        ),
        # What a cap of 0 means is not documented.
        ({**PERCENT, "discount": 30, "maximum_discount": 0}, "variant/MILK sells for 14,000;"),
        ({**AMOUNT, "discount": 2000}, ""),
        ({**AMOUNT, "discount": 2001}, "variant/MILK sells for 17,999;"),
        ({**AMOUNT, "discount": 9500}, "variant/MILK sells for 10,500;"),
        ({**AMOUNT, "discount": 4000, "minimum_amount": 40000}, ""),
        (
            {**AMOUNT, "discount": 4001, "minimum_amount": 40000},
            "2 × variant/MILK sell for 35,999; they cost 36,000. Loss: 1,",
        ),
        ({**AMOUNT, "discount": 4001, "minimum_amount": 40001}, ""),
        # What it is for narrows it.
        ({**PERCENT, "discount": 40, "requires": {"variants": ["TEA"]}}, ""),
        (
            {**PERCENT, "discount": 41, "requires": {"variants": ["TEA"]}},
            "variant/TEA sells for 5,900;",
        ),
        ({**PERCENT, "discount": 40, "requires": {"categories": ["Drinks"]}}, ""),
        (
            {**PERCENT, "discount": 41, "requires": {"categories": ["Drinks"]}},
            "variant/TEA sells for 5,900;",
        ),
        ({**PERCENT, "discount": 50, "requires": {"variants": ["COFFEE"]}}, ""),
    ],
)
def test_the_worst_basket_of_a_coupon(world: World, terms: Any, worst: str) -> None:
    shelf(world)
    world.declare("coupon/C", **terms)
    found = world.judge("coupon-below-cost")
    assert [str(v.address) for v in found] == (["coupon/C"] if worst else [])
    assert not worst or worst in found[0].message


def test_what_nobody_buys_can_be_left_out(world: World) -> None:
    shelf(world)
    world.declare("coupon/C", **PERCENT, discount=40)
    assert world.judge("coupon-below-cost")
    assert world.judge("coupon-below-cost", ignore=["category/Kitchen"]) == []
    assert world.judge("coupon-below-cost", ignore=["product/3"]) == []
    assert world.judge("coupon-below-cost", ignore=["variant/MILK"]) == []
    assert world.judge("coupon-below-cost", ignore=["category/Drinks"])


def test_where_no_read_shows_the_product_of_a_variant_the_file_does(world: World) -> None:
    world.both("product/3", name="Milk", category="Kitchen")
    milk = {"unit_price": 21000, "unit_cost": 20000, "discontinued": False}
    world.have("variant/MILK", **milk)
    world.declare("variant/MILK", product="3", **milk)
    world.declare("coupon/C", **PERCENT, discount=40, requires={"categories": ["Kitchen"]})
    assert world.judge("coupon-below-cost")
    assert world.judge("coupon-below-cost", ignore=["category/Kitchen"]) == []


def test_message_says_price_and_cost_of_the_worst_basket(world: World) -> None:
    shelf(world)
    world.declare("coupon/C", **PERCENT, discount=45)
    (found,) = world.judge("coupon-below-cost")
    assert found.message == (
        "with coupon/C, variant/MILK sells for 11,000; it costs 18,000. Loss: 7,000, limit 0"
    )
    assert (found.measured, found.limit, found.unit) == (7000, 0, "money")


@pytest.mark.parametrize(
    "fields",
    [
        {"unit_price": 0, "unit_cost": 5},
        {"unit_price": 5},
        {"unit_price": 5, "unit_cost": 5, "discontinued": True},
    ],
)
def test_what_is_not_for_sale_or_of_unknown_cost_is_not_reckoned_with(
    world: World, fields: Any
) -> None:
    world.both("product/1", name="Kopi", category="Drinks")
    world.both("variant/V", product="1", **fields)
    world.declare("coupon/C", **PERCENT, discount=40)
    assert world.judge("coupon-below-cost") == []


def test_an_article_that_only_the_shop_has_counts_too(world: World) -> None:
    world.product("1", {"V": {"unit_price": 100, "unit_cost": 90}}, name="1", category="Drinks")
    world.live.objects.pop("variant")
    world.declare("coupon/C", **PERCENT, discount=11)
    assert world.judge("coupon-below-cost")


def test_an_outlet_can_be_the_place_of_the_loss(world: World) -> None:
    world.both("product/1", name="Kopi", category="Drinks")
    outlets = {"A": {"price": 12000, "extra_cost": 500}}
    world.both("variant/V", **DRINK, outlet_prices=outlets)
    world.declare("coupon/C", **PERCENT, discount=40)
    (found,) = world.judge("coupon-below-cost")
    assert "variant/V at A sells for 7,200; it costs 9,500. Loss: 2,300," in found.message


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        ({}, {"unit_price": 12000}, True),
        ({}, {"unit_price": 15000}, False),
        ({}, {"unit_cost": 15000}, True),
        ({}, {"outlet_prices": {"A": {"price": 12000}}}, True),
        ({"unit_price": 12000}, {"unit_price": 11000}, False),
        ({}, {"unit_price": 12000, "discontinued": True}, False),
        ({"unit_price": 12000, "discontinued": True}, {"unit_price": 12000}, True),
        (None, {"unit_price": 12000}, True),
    ],
)
def test_a_standing_coupon_can_undercut_a_changed_price(
    world: World, before: Any, after: Any, trips: bool
) -> None:
    base = None if before is None else {"outlet_prices": {}, **before}
    priced(world, base, after)
    world.both("coupon/C", **PERCENT, discount=40, minimum_amount=0, expiry_date="2026-06-01")
    found = world.judge("coupon-below-cost")
    assert [str(v.address) for v in found] == (["variant/V"] if trips else [])
    assert not trips or found[0].message.startswith("with coupon/C, variant/V")
    assert world.judge("coupon-below-cost", today="2026-06-02") == []
    assert world.judge("coupon-below-cost", ignore=["variant/V"]) == []


def test_a_standing_coupon_undercuts_only_what_it_is_for(world: World) -> None:
    priced(world, {}, {"unit_price": 12000})
    world.both("variant/W", **DRINK)
    world.both("coupon/C", **PERCENT, discount=40, minimum_amount=0, requires={"variants": ["W"]})
    assert world.judge("coupon-below-cost") == []


def test_a_renamed_category_still_narrows_a_coupon(world: World) -> None:
    world.have("category/Old")
    world.declare("category/New", was="Old")
    world.have("product/1", name="Kopi", category="Old")
    world.declare("product/1", name="Kopi", category="New")
    world.both("variant/V", **DRINK)
    world.declare("coupon/C", **PERCENT, discount=51, requires={"categories": ["New"]})
    assert world.judge("coupon-below-cost")


@pytest.mark.parametrize(
    ("balance", "options", "trips"),
    [(100, {}, False), (99, {}, True), (0, {}, True), (95, {"max_used": 5}, False)],
)
def test_a_coupon_that_is_partly_used_is_not_replaced(
    world: World, balance: int, options: Any, trips: bool
) -> None:
    terms = {**PERCENT, "limit": 100, "minimum_amount": 0}
    world.have("coupon/C", **terms, discount=10, balance=balance)
    world.declare("coupon/C", **{**terms, "limit": 200}, discount=12)
    found = world.judge("coupon-in-use", **options)
    used = 100 - balance
    message = f"coupon/C: it is replaced after {used} of 100 uses are used up, limit 0"
    assert said(found) == ([message] if trips else [])


@pytest.mark.parametrize(
    ("expiry", "days", "message"),
    [
        ({"expiry_date": "2026-06-01"}, 3650, ""),
        ({"expiry_date": "2026-05-31"}, 3650, "it expired on 2026-05-31, 1 day ago"),
        ({"expiry_date": "2026-05-30"}, 3650, "it expired on 2026-05-30, 2 days ago"),
        ({}, 3650, "it never expires, limit 3,650 days ahead"),
        ({"expiry_date": "2026-06-11"}, 10, ""),
        ({"expiry_date": "2026-06-12"}, 10, "it expires on 2026-06-12, 11 days ahead, limit 10"),
        (
            {"expiry_date": "2206-12-31"},
            3650,
            "it expires on 2206-12-31, 65,956 days ahead, limit 3,650",
        ),
    ],
)
def test_when_a_coupon_may_expire(world: World, expiry: Any, days: int, message: str) -> None:
    world.declare("coupon/C", **PERCENT, discount=1, **expiry)
    found = world.judge("coupon-expiry", max_days=days)
    assert said(found) == ([f"coupon/C: {message}"] if message else [])


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        ("2026-05-01", "2026-05-01", False),
        ("2026-05-01", "2026-05-02", True),
        ("2026-05-01", "2026-07-01", False),
        ("", "2026-05-02", True),
    ],
)
def test_an_expiry_that_the_plan_does_not_change_is_left_alone(
    world: World, before: str, after: str, trips: bool
) -> None:
    terms = {**PERCENT, "minimum_amount": 0}
    world.have("coupon/C", **terms, discount=1, balance=9, expiry_date=before)
    world.declare("coupon/C", **terms, discount=2, expiry_date=after)
    assert bool(world.judge("coupon-expiry")) == trips


PROVIDED = {"until": "2027-01-31"}
FOR_TEA = {"minimum_amount": 40000, "applies_to": {"variants": ["TEA"]}}


@pytest.mark.parametrize(
    ("terms", "worst"),
    [
        ({"type": "Percentage", "amount": 10}, ""),
        ({"type": "Percentage", "amount": 11}, "variant/MILK sells for 17,800; it costs 18,000."),
        ({"type": "Percentage", "amount": 30, "maximum_discount": 2000}, ""),
        ({"type": "Amount", "amount": 2001}, "variant/MILK sells for 17,999;"),
        ({"type": "Amount", "amount": 4000, "minimum_amount": 40000}, ""),
        ({"type": "Percentage", "amount": 40, "applies_to": {"variants": ["TEA"]}}, ""),
        (
            {"type": "Percentage", "amount": 41, "applies_to": {"variants": ["TEA"]}},
            "variant/TEA sells for 5,900;",
        ),
        (
            {
                "type": "Percentage",
                "amount": 41,
                "applies_to": {"categories": ["Drinks"], "variants": ["COFFEE", "TEA"]},
            },
            "variant/TEA sells for 5,900;",
        ),
        (  # The other articles of the cart make up its least amount, and are sold at their price.
            {**FOR_TEA, "type": "Amount", "amount": 4001},
            "variant/TEA sells for 5,999;",
        ),
        (
            {**FOR_TEA, "type": "Percentage", "amount": 90, "maximum_discount": 4001},
            "variant/TEA sells for 5,999;",
        ),
        ({**FOR_TEA, "type": "Amount", "amount": 4000}, ""),
        ({"type": "Percentage", "amount": 90, "disabled": True}, ""),
    ],
)
def test_a_provider_coupon_is_judged_by_the_same_worst_basket(
    world: World, terms: dict[str, Any], worst: str
) -> None:
    shelf(world)
    world.declare("provider_coupon/C", **PROVIDED, **terms)
    found = said(world.judge("coupon-below-cost"))
    assert len(found) == (1 if worst else 0)
    assert worst in "".join(found)


def test_a_price_that_falls_is_judged_with_the_provider_coupons_that_stand(world: World) -> None:
    shelf(world)
    world.both("provider_coupon/C", type="Percentage", amount=10, **PROVIDED)
    world.both("provider_coupon/OVER", type="Percentage", amount=90, until="2026-05-31T23:00")
    world.have("variant/MILK", product="3", unit_price=20500, unit_cost=18000)
    world.declare("variant/MILK", product="3", unit_price=19900, unit_cost=18000)
    (found,) = said(world.judge("coupon-below-cost"))
    assert "with provider_coupon/C, variant/MILK sells for 17,910" in found


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ({"until": "2026-06-01"}, ""),
        ({"until": "2026-06-01T10:00"}, ""),
        ({"until": "2036-06-30"}, "it expires on 2036-06-30, 3,682 days ahead, limit 3,650"),
        ({}, "it never expires, limit 3,650 days ahead"),
    ],
)
def test_the_last_day_of_a_provider_coupon_is_judged_too(
    world: World, until: dict[str, str], message: str
) -> None:
    world.declare("provider_coupon/C", type="Amount", amount=1, **until)
    found = said(world.judge("coupon-expiry"))
    assert found == ([f"provider_coupon/C: {message}"] if message else [])


def test_nobody_but_the_files_takes_a_provider_coupon_out_of_use(world: World) -> None:
    world.have("provider_coupon/C", type="Amount", amount=1, disabled=True, **PROVIDED)
    world.declare("provider_coupon/C", type="Amount", amount=1, disabled=False, **PROVIDED)
    assert world.plan().changes
    assert world.judge("restore") == []
