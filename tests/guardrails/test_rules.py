"""What each guardrail minds, and what it leaves alone because the plan does not change it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import percent
from reconciler.guardrails.guardrail import Guardrail, PlanContext
from reconciler.guardrails.rules import RULES
from reconciler.kinds import KINDS
from tests.support.world import World

DRINK = {"product": "1", "unit_price": 18000, "unit_cost": 9000, "discontinued": False}


def priced(world: World, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    """One variant V, before and after."""
    world.both("product/1", name="Kopi", category="Drinks")
    if before is not None:
        world.have("variant/V", **{**DRINK, **before})
    world.declare("variant/V", **{**DRINK, **after})


def said(found: list[Any]) -> list[str]:
    return [f"{v.address}: {v.message}" for v in found]


# --- the rules themselves -----------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_explains_itself_and_needs_no_options(rule: str) -> None:
    assert issubclass(RULES[rule], Guardrail)
    assert RULES[rule].__doc__
    assert RULES[rule]() == RULES[rule]()


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_without_changes_trips_nothing(world: World, rule: str) -> None:
    """What has been so for years stops nobody."""
    world.both("product/1", name="Kopi", category="Old/Place")
    parts = {"GONE": {"qty": 1}}
    world.both("variant/GONE", **{**DRINK, "discontinued": True})
    world.both("variant/V", **{**DRINK, "unit_price": 5, "components": parts})
    world.both("coupon/C", type="DiscountPercentage", discount=99, limit=5, minimum_amount=0)
    assert world.judge(rule) == []


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"changes"}))
def test_another_field_of_what_has_been_so_for_years_trips_nothing(world: World, rule: str) -> None:
    world.both("product/1", name="Kopi", category="Old/Place")
    world.both("variant/GONE", **{**DRINK, "discontinued": True})
    old = {**DRINK, "unit_price": 5, "components": {"GONE": {"qty": 1}}}
    world.have("variant/V", description="old", outlet_prices={"A": {"price": 4}}, **old)
    world.declare("variant/V", description="new", **old)
    world.have("coupon/C", type="DiscountAmount", discount=99, limit=5, balance=5,
               minimum_amount=0, description="old")  # fmt: skip
    world.declare("coupon/C", type="DiscountAmount", discount=99, limit=5, description="new")
    assert {c.action for c in world.plan().changes} == {Action.UPDATE, Action.REPLACE}
    assert world.judge(rule) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (50, "50 %"),
        (Decimal("50.001"), "50.1 %"),
        (Decimal("-50.001"), "-50.1 %"),
        (1200, "1,200 %"),
        (0, "0 %"),
    ],
)
def test_a_share_over_a_limit_does_not_read_as_the_limit(share: Any, text: str) -> None:
    assert percent(share) == text


# --- prices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"unit_price": 27000}, ""),
        ({}, {"unit_price": 27001}, "price rises from 18,000 to 27,001 (+50.1 %, limit 50 %)"),
        ({}, {"unit_price": 9000}, ""),
        ({}, {"unit_price": 8999}, "price falls from 18,000 to 8,999 (-50.1 %, limit 50 %)"),
        ({}, {"unit_price": 0}, "price falls from 18,000 to 0 (-100 %, limit 50 %)"),
        ({"unit_price": 0}, {"unit_price": 9}, ""),
        (None, {"unit_price": 9}, ""),
        ({"unit_cost": 1}, {"unit_cost": 9000}, ""),
        (
            {"outlet_prices": {}},
            {"outlet_prices": {"Bandung": {"price": 30000}}},
            "price rises from 18,000 to 30,000 at Bandung (+66.7 %, limit 50 %)",
        ),
        (
            {"outlet_prices": {"Bandung": {"price": 60000}}},
            {"outlet_prices": {}},
            "price falls from 60,000 to 18,000 at Bandung (-70 %, limit 50 %)",
        ),
        (
            {"outlet_prices": {"A": {"price": 100}, "B": {"price": 100}}},
            {"outlet_prices": {"A": {"price": 160}, "B": {"price": 170}}},
            "price rises from 100 to 170 at B (+70 %, limit 50 %)",
        ),
    ],
)
def test_a_price_may_move_by_half(world: World, before: Any, after: Any, expected: str) -> None:
    priced(world, before, after)
    assert said(world.judge("price-change")) == ([f"variant/V: {expected}"] if expected else [])


def test_how_far_a_price_may_move_can_be_set(world: World) -> None:
    priced(world, {}, {"unit_price": 20000})
    (found,) = world.judge("price-change", max_percent=Decimal("11.1"))
    assert (found.measured, found.limit, found.unit) == (
        Decimal("11.2"),
        Decimal("11.1"),
        "percent",
    )
    assert world.judge("price-change", max_percent=12) == []


@pytest.mark.parametrize(
    ("factor", "more", "less"),
    [
        (10, "ten times as much", "one tenth"),
        (100, "a hundred times as much", "one hundredth"),
        (1000, "a thousand times as much", "one thousandth"),
    ],
)
@pytest.mark.parametrize("name", ["unit_price", "unit_cost"])
def test_a_slip_of_the_finger_is_seen_in_prices_and_costs(
    world: World, new_world: Callable[[], World], factor: int, more: str, less: str, name: str
) -> None:
    for before, after, words in ((9, 9 * factor, more), (9 * factor, 9, less)):
        shop = new_world()
        priced(shop, {name: before}, {name: after})
        word = name.removeprefix("unit_")
        (found,) = shop.judge("price-shape")
        assert found.message == (
            f"{word} {before:,} → {after:,} looks like a typing error: exactly {words}"
        )


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        ({}, {"unit_price": 9000, "unit_cost": 18000}, True),
        ({}, {"unit_price": 9000, "unit_cost": 18001}, False),
        ({"unit_cost": 18000}, {"unit_cost": 18000}, False),
        ({}, {"unit_price": 36000}, False),
        ({"unit_price": 0}, {"unit_price": 10}, False),
        ({"unit_price": 10}, {"unit_price": 0}, False),
        (None, {"unit_price": 180000}, False),
        ({"outlet_prices": {}}, {"outlet_prices": {"A": {"price": 180000}}}, True),
    ],
)
def test_what_looks_like_a_slip(world: World, before: Any, after: Any, trips: bool) -> None:
    priced(world, before, after)
    assert bool(world.judge("price-shape")) == trips


@pytest.mark.parametrize(
    ("before", "after", "trips"),
    [
        ({}, {"unit_price": 8999}, True),
        ({}, {"unit_price": 9000}, False),
        ({}, {"unit_cost": 18001}, True),
        (None, {"unit_price": 8999}, True),
        (None, {"unit_price": 0}, False),
        ({"unit_price": 5000}, {"unit_price": 5000}, False),
        ({"unit_price": 5000}, {"unit_price": 6000}, False),
        ({"unit_price": 5000}, {"unit_price": 4000}, True),
        ({}, {"unit_price": 10, "discontinued": True}, False),
        ({"unit_price": 10, "discontinued": True}, {"unit_price": 10}, True),
        ({"outlet_prices": {}}, {"outlet_prices": {"A": {"price": 8999}}}, True),
        (
            {"outlet_prices": {}},
            {"outlet_prices": {"A": {"price": 9999, "extra_cost": 999}}},
            False,
        ),
        ({"outlet_prices": {}}, {"outlet_prices": {"A": {"price": 9998, "extra_cost": 999}}}, True),
        (
            {"outlet_prices": {"A": {"price": 8000}}},
            {"outlet_prices": {"A": {"price": 8000}, "B": {"price": 19000}}},
            False,
        ),
    ],
)
def test_what_a_plan_puts_below_cost(world: World, before: Any, after: Any, trips: bool) -> None:
    priced(world, before, after)
    assert bool(world.judge("below-cost")) == trips


def test_a_price_without_a_known_cost_is_not_held_against_it(world: World) -> None:
    world.declare("product/1", name="Kopi", category="Drinks")
    world.declare("variant/V", product="1", unit_price=1)
    assert world.judge("below-cost") == []


def test_below_cost_tells_the_worst_place_and_how_many_more(world: World) -> None:
    outlets = {"A": {"price": 8000}, "B": {"price": 7000}, "C": {"price": 19000}}
    priced(world, {"outlet_prices": {}}, {"outlet_prices": outlets})
    assert said(world.judge("below-cost")) == [
        "variant/V: sells for 7,000 at B and 1 more place; it costs 9,000 "
        "(margin -28.6 %, limit 0 %)"
    ]


def test_a_margin_can_be_asked_for(world: World) -> None:
    priced(world, {}, {"unit_price": 11249})
    (found,) = world.judge("below-cost", min_margin_percent=20)
    assert (found.measured, found.limit) == (Decimal("19.9"), 20)
    assert world.judge("below-cost", min_margin_percent=Decimal("19.9")) == []


@pytest.mark.parametrize(
    ("live", "declared", "options", "hidden"),
    [
        # Only the shop knows the outlet's price.
        ({"A": {"price": 20000}}, None, {}, "A (20,000)"),
        ({"A": {"price": 20000}, "B": {"price": 1}}, None, {}, "A (20,000), B (1)"),
        # The files name it, and it has always been another: meant.
        ({"A": {"price": 20000}}, {"A": {"price": 20000}}, {}, ""),
        ({"A": {"price": 20000}}, {"A": {"price": 20000}}, {"declared": True}, "A (20,000)"),
        # The files repeat the old base price: forgotten.
        ({"A": {"price": 18000}}, {"A": {"price": 18000}}, {}, "A (18,000)"),
        # It moves along, arrives, goes, or is what the base becomes.
        ({"A": {"price": 18000}}, {"A": {"price": 19000}}, {"declared": True}, ""),
        ({}, {"A": {"price": 18000}}, {"declared": True}, ""),
        ({"A": {"price": 18000}}, {}, {"declared": True}, ""),
        ({"A": {"price": 19000}}, None, {}, ""),
        ({}, None, {}, ""),
    ],
)
def test_an_outlet_that_keeps_its_price_is_named(
    world: World, live: Any, declared: Any, options: Any, hidden: str
) -> None:
    after = {"unit_price": 19000} | ({} if declared is None else {"outlet_prices": declared})
    priced(world, {"outlet_prices": live}, after)
    message = (
        "variant/V: the base price changes from 18,000 to 19,000, "
        f"but these outlets have their own price: {hidden}"
    )
    assert said(world.judge("hidden-price", **options)) == ([message] if hidden else [])


def test_an_outlet_price_hides_nothing_while_the_base_price_stays(world: World) -> None:
    priced(world, {"outlet_prices": {"A": {"price": 1}}}, {"unit_cost": 8000})
    assert world.judge("hidden-price") == []


# --- coupons ------------------------------------------------------------------------------------

PERCENT = {"type": "DiscountPercentage", "limit": 9}
AMOUNT = {"type": "DiscountAmount", "limit": 9}


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
    message = f"coupon/C: it is replaced after {used} of 100 uses are spent, limit 0"
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


# --- what is made of parts, and what is above ---------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "address"),
    [
        # (before, after) of the part's and the whole's retirement; None: not there before
        ((False, True), (False, False), "variant/PART"),
        ((False, True), (False, True), ""),
        ((False, True), (True, True), ""),
        ((True, True), (True, False), "variant/WHOLE"),
        ((True, True), (None, False), "variant/WHOLE"),
        ((False, False), (None, False), ""),
        ((True, False), (True, False), ""),
        ((True, True), (False, False), ""),
        ((False, True), (None, False), "variant/PART"),
    ],
)
def test_what_is_made_of_a_retired_part(world: World, part: Any, whole: Any, address: str) -> None:
    world.both("product/1", name="Set", category="Drinks")
    made = {"type": "Composite", "components": {"PART": {"qty": 1}}}
    for name, (before, after), more in (("PART", part, {}), ("WHOLE", whole, made)):
        if before is not None:
            world.have(f"variant/{name}", **{**DRINK, "discontinued": before}, **more)
        world.declare(f"variant/{name}", **{**DRINK, "discontinued": after}, **more)
    found = world.judge("retired-component")
    assert [str(v.address) for v in found] == ([address] if address else [])


def test_a_part_that_is_added_retired(world: World) -> None:
    world.both("product/1", name="Set", category="Drinks")
    world.both("variant/PART", **{**DRINK, "discontinued": True})
    world.have("variant/WHOLE", **DRINK, components={})
    world.declare("variant/WHOLE", **DRINK, components={"PART": {"qty": 1}})
    assert said(world.judge("retired-component")) == [
        "variant/WHOLE: it contains variant/PART, which is retired"
    ]


def test_a_composite_that_only_the_shop_has_minds_its_parts(world: World) -> None:
    world.both("product/1", name="Set", category="Drinks")
    world.have("variant/WHOLE", **DRINK, components={"PART": {"qty": 1}})
    world.have("variant/PART", **DRINK)
    world.declare("variant/PART", **{**DRINK, "discontinued": True})
    assert said(world.judge("retired-component")) == [
        "variant/PART: it is retired or deleted, but variant/WHOLE stays in use and contains it"
    ]


def test_a_category_below_what_nobody_declared(world: World) -> None:
    world.declare("category/A/B/C")
    world.declare("category/A")
    world.have("category/X")
    world.declare("category/X/Y")
    assert said(world.judge("implied-category")) == [
        "category/A/B/C: also creates category/A/B, which no file declares"
    ]


def test_a_rename_below_what_nobody_declared(world: World) -> None:
    world.have("category/Old", discontinued=False)
    world.declare("category/A/B/New", was="Old")
    world.have("category/Older", discontinued=False)
    world.declare("category/C/New", was="Older")
    world.declare("category/C")
    assert said(world.judge("implied-category")) == [
        "category/A/B/New: also creates category/A, category/A/B, which no file declares"
    ]


# --- how much -----------------------------------------------------------------------------------


def crowd(world: World, total: int, retired: int = 0, changed: int = 0, new: int = 0) -> None:
    for n in range(total):
        world.have(f"product/{n}", name="old", category="A", discontinued=False)
        name = "new" if n < changed else "old"
        gone = total - n <= retired
        world.declare(f"product/{n}", name=name, category="A", discontinued=gone)
    for n in range(new):
        world.declare(f"product/N{n}", name="new", category="A")


@pytest.mark.parametrize(
    ("total", "retired", "trips"),
    [(5, 4, False), (25, 5, False), (24, 5, True), (300, 50, False), (300, 51, True)],
)
def test_how_many_removals_are_too_many(
    world: World, total: int, retired: int, trips: bool
) -> None:
    crowd(world, total, retired=retired)
    found = world.judge("removals")
    assert bool(found) == trips
    assert not trips or found[0].address is None
    assert not trips or found[0].hint == "allow: [{rule: removals, reason: …, until: YYYY-MM-DD}]"


@pytest.mark.parametrize(
    ("total", "changed", "new", "trips"),
    [(20, 19, 0, False), (40, 20, 0, False), (39, 20, 0, True), (40, 20, 500, False)],
)
def test_how_many_changes_are_too_many(
    world: World, total: int, changed: int, new: int, trips: bool
) -> None:
    crowd(world, total, changed=changed, new=new)
    assert bool(world.judge("changes")) == trips


@pytest.mark.parametrize(
    ("live", "declared", "trips"),
    [
        ({"weight": 0, "taxable": False}, {"weight": 250, "taxable": True}, False),
        ({"outlet_prices": {}}, {"outlet_prices": {"Bandung": {"price": 5}}}, False),
        ({"weight": 0, "unit_cost": 1}, {"weight": 250, "unit_cost": 2}, True),
        ({"taxable": False}, {"taxable": True}, True),
        ({"discontinued": False}, {"discontinued": True}, True),
    ],
)
def test_what_a_run_that_was_cut_off_left_empty_is_no_change(
    world: World, live: dict[str, Any], declared: dict[str, Any], trips: bool
) -> None:
    world.have("product/P", name="p", category="A")
    for n in range(30):
        world.have(f"variant/{n}", product="P", unit_price=9, **live)
        world.declare(f"variant/{n}", product="P", unit_price=9, **declared)
    assert bool(world.judge("changes")) == trips


def test_removals_of_one_kind_do_not_drown_in_another(world: World) -> None:
    crowd(world, 100)
    for n in range(5):
        world.have(f"category/{n}", discontinued=False)
        world.declare(f"category/{n}", discontinued=True)
    assert [v.measured for v in world.judge("removals")] == [100]


# --- deletions, which no file can ask for yet ---------------------------------------------------


def deleted(world: World, rule: str, kind: str, *values: dict[str, Any]) -> list[Any]:
    """What a rule has against a plan that deletes these objects."""
    changes = tuple(
        Change(Address(kind, str(n)), Action.DELETE, "asked for", (), value, None)
        for n, value in enumerate(values)
    )
    ground = PlanContext(Plan("s", changes), world.desired, world.live, KINDS, "2026-06-01")
    return list(RULES[rule]().check(ground))


def test_deletions_are_removals(world: World) -> None:
    assert deleted(world, "removals", "customer", *({"code": str(n)} for n in range(4))) == []
    assert deleted(world, "removals", "customer", *({"code": str(n)} for n in range(5)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"limit": 9, "balance": 8}, "it is deleted after 1 of 9 uses are spent, limit 0"),
        ({"limit": 9, "balance": 9}, ""),
        ({"limit": 9}, "it is deleted, and the API does not return how many of its uses are spent"),
    ],
)
def test_a_coupon_that_is_partly_used_is_not_deleted(
    world: World, value: Any, message: str
) -> None:
    found = deleted(world, "coupon-in-use", "coupon", value)
    assert [f.message for f in found] == ([message] if message else [])


def test_a_standing_coupon_with_a_cap_undercuts_less(world: World) -> None:
    priced(world, {}, {"unit_price": 12000})
    terms = {**PERCENT, "discount": 40, "minimum_amount": 0}
    world.both("coupon/C", **terms, maximum_discount=3000)
    assert world.judge("coupon-below-cost") == []
    world.both("coupon/C", **terms, maximum_discount=3001)
    assert said(world.judge("coupon-below-cost")) == [
        "variant/V: with coupon/C, variant/V sells for 8,999; it costs 9,000. Loss: 1, limit 0"
    ]


@pytest.mark.parametrize(("price", "trips"), [(13000, False), (12000, True)])
def test_a_standing_coupon_of_an_amount_undercuts_too(
    world: World, price: int, trips: bool
) -> None:
    priced(world, {}, {"unit_price": price})
    world.both("coupon/C", **AMOUNT, discount=3500, minimum_amount=0)
    assert bool(world.judge("coupon-below-cost")) == trips
