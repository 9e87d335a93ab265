"""Rules on prices: how far they move, typing errors, below cost, hidden by an outlet."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.rules import priced, said
from tests.support.world import World


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"unit_price": 27000}, ""),
        ({}, {"unit_price": 27001}, "price rises from 18,000 to 27,001 (+50.01 %, limit 50 %)"),
        ({}, {"unit_price": 9000}, ""),
        ({}, {"unit_price": 8999}, "price falls from 18,000 to 8,999 (-50.01 %, limit 50 %)"),
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
        Decimal("11.11"),
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
    ("before", "after", "expected"),
    [
        ({"discount": 15000}, {"discount": 150}, ["discount 15,000 → 150", "one hundredth"]),
        (
            {"discount": 15},
            {"discount": 15000},
            ["discount 15 → 15,000", "a thousand times as much"],
        ),
        (
            {"minimum_amount": 5000},
            {"minimum_amount": 50000},
            ["minimum amount 5,000 → 50,000", "ten times as much"],
        ),
        ({"discount": 15000}, {"discount": 16000}, []),
        ({"limit": 10}, {"limit": 100}, []),
        ({"type": "DiscountPercentage", "discount": 5}, {"discount": 50}, []),
        (None, {"discount": 150000}, []),
    ],
)
def test_a_slip_of_the_finger_is_seen_in_the_amounts_of_coupons(
    world: World, before: Any, after: Any, expected: list[str]
) -> None:
    terms = {"type": "DiscountAmount", "discount": 7, "limit": 5, "minimum_amount": 0}
    if before is not None:
        terms |= before
        world.have("coupon/C", **terms, balance=terms["limit"])
    world.declare("coupon/C", **(terms | after))
    told = " looks like a typing error: exactly ".join(expected)
    assert said(world.judge("price-shape")) == ([f"coupon/C: {told}"] if expected else [])


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
    assert (found.measured, found.limit) == (Decimal("19.99"), 20)
    assert world.judge("below-cost", min_margin_percent=Decimal("19.99")) == []


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
