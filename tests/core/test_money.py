"""The price impact of a change, by outlet and in total."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.model.pricing import Offer
from dealpos_reconciler.core.money import (
    PriceImpact,
    Sale,
    is_below_cost,
    margin,
    moved_sales,
    sales,
    sum_price_impact,
)
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.money import impact_line, money_line, percent
from tests.support.world import World

BEFORE: dict[str, Any] = {
    "description": "",
    "unit_cost": 9000,
    "unit_price": 18000,
    "outlet_prices": {"Bandung": {"price": 20000, "extra_cost": 1000}, "Solo": {"price": 18000}},
}


def moved(world: World, before: dict[str, Any], **after: Any) -> dict[str, Sale]:
    """The places that move, by outlet."""
    world.have("variant/V", **before)
    world.declare("variant/V", **after)
    return {sale.outlet: sale for sale in moved_sales(world.change("variant/V"), KINDS)}


def said(world: World, before: dict[str, Any], **after: Any) -> str:
    return money_line(tuple(moved(world, before, **after).values()))


def in_total(world: World) -> PriceImpact:
    return sum_price_impact(world.plan().changes, KINDS)


def test_a_base_price_moves_where_no_outlet_has_its_own(world: World) -> None:
    found = moved(world, BEFORE, unit_price=20000)
    assert found == {"": Sale("", Offer(18000, 9000), Offer(20000, 9000))}
    assert found[""].rise == 2000
    assert round(found[""].percent or 0, 2) == Decimal("11.11")


def test_a_cost_moves_everywhere(world: World) -> None:
    found = moved(world, BEFORE, unit_cost=10000)
    assert {outlet: sale.after for outlet, sale in found.items()} == {
        "": Offer(18000, 10000), "Bandung": Offer(20000, 11000), "Solo": Offer(18000, 10000),
    }  # fmt: skip
    assert not any(sale.rise for sale in found.values())
    assert all(sale.margin_rise < 0 for sale in found.values())


def test_an_outlet_that_loses_its_price_sells_at_the_base_price(world: World) -> None:
    prices = {"Bandung": {"price": 20000}, "Kediri": {"price": 15000}}
    found = moved(world, BEFORE, outlet_prices=prices)
    # Solo sold at what is the base price too.
    assert found == {
        "Kediri": Sale("Kediri", Offer(18000, 9000), Offer(15000, 9000), (False, True))
    }


def test_nothing_moves_without_price_or_cost(world: World) -> None:
    assert moved(world, BEFORE, description="new") == {}
    world.have("category/A", discontinued=False)
    world.declare("category/A", discontinued=True)
    assert list(sales(world.change("category/A"), KINDS)) == []


@pytest.mark.parametrize(
    ("before", "after", "rise", "share"),
    [
        (Offer(100, 1), Offer(150, 1), 50, 50),
        (Offer(100, 1), Offer(25, 1), -75, -75),
        (Offer(0, 1), Offer(50, 1), 50, None),
        (Offer(None, 1), Offer(50, 1), 0, None),
        (Offer(50, 1), Offer(None, 1), 0, None),
        (None, Offer(50, 1), 0, None),
        (Offer(50, 1), None, 0, None),
        (Offer(Decimal("0.5"), 1), Offer(Decimal("0.75"), 1), Decimal("0.25"), 50),
    ],
)
def test_a_rise_needs_both_sides(before: Any, after: Any, rise: Any, share: Any) -> None:
    sale = Sale("", before, after)
    assert (sale.rise, sale.percent) == (rise, share)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (Offer(1, 2), Offer(1, 2), False),
        (Offer(1, 2), Offer(1, 3), True),
        (Offer(1, 2), None, True),
        (Offer(None, None), None, False),
        (None, Offer(None, None), False),
    ],
)
def test_what_is_not_known_does_not_move(before: Any, after: Any, moved: bool) -> None:
    assert Sale("", before, after).moved is moved


@pytest.mark.parametrize(
    ("offer", "share", "below"),
    [
        (Offer(200, 50), 75, False),
        (Offer(50, 50), 0, False),
        (Offer(50, 75), -50, True),
        (Offer(0, 5), None, True),
        (Offer(0, 0), None, False),
        (Offer(50, None), None, False),
        (Offer(None, 50), None, False),
        (None, None, False),
    ],
)
def test_margin_and_cost(offer: Offer | None, share: int | None, below: bool) -> None:
    assert margin(offer) == share
    assert is_below_cost(offer) is below


@pytest.mark.parametrize(
    ("before", "after", "falls"),
    [
        (Offer(60, 50), Offer(40, 50), True),
        (Offer(60, 50), Offer(60, 70), True),
        (None, Offer(40, 50), True),
        (Offer(45, 50), Offer(40, 50), False),
        (Offer(40, 50), Offer(60, 50), False),
    ],
)
def test_what_was_below_cost_does_not_fall(before: Any, after: Any, falls: bool) -> None:
    assert Sale("", before, after).falls_below_cost is falls


def test_the_total_counts_objects_and_names_the_peaks(world: World) -> None:
    world.have("variant/A", unit_price=100, unit_cost=50)
    world.declare("variant/A", unit_price=120)
    world.have("variant/B", unit_price=100, unit_cost=50, outlet_prices={"Solo": {"price": 100}})
    world.declare("variant/B", unit_price=110, outlet_prices={"Solo": {"price": 40}})
    world.have("variant/C", unit_price=100, unit_cost=50)
    world.declare("variant/C", unit_cost=120)
    world.declare("variant/D", product="P", unit_price=10, unit_cost=50)
    world.declare("product/P", name="P", category="C")
    world.both("category/C", discontinued=False)
    found = in_total(world)
    assert (found.price_increases, found.price_decreases, found.below_cost) == (2, 1, 3)
    assert (found.margins_up, found.margins_down) == (2, 2)
    assert impact_line(found, {}) == (
        "2 increases, 1 decrease, 3 below cost; margins: 2 up, 2 down. "
        "Largest increase +20.0 % (variant/A), largest decrease -60.0 % (variant/B at Solo)"
    )


def test_a_plan_that_moves_no_price_has_no_line(world: World) -> None:
    world.have("variant/A", unit_price=100, description="")
    world.declare("variant/A", description="new")
    assert in_total(world) == PriceImpact()
    assert impact_line(in_total(world), {}) == ""


def test_a_new_object_is_neither_dearer_nor_cheaper(world: World) -> None:
    world.both("product/P", name="P")
    world.declare("variant/D", product="P", unit_price=100, unit_cost=50)
    assert in_total(world) == PriceImpact()
    assert money_line(moved_sales(world.change("variant/D"), KINDS)) == "margin 50.0 %"


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ({"unit_price": 20000}, "margin 50.0 % → 55.0 %"),
        ({"unit_price": 8000}, "margin 50.0 % → -12.5 %, falls below cost"),
        ({"unit_price": 0}, "margin 50.0 % → —, falls below cost"),
        (
            {"outlet_prices": {"Bandung": {"price": 25000}, "Solo": {"price": 18000}}},
            "Bandung: margin 50.0 % → 60.0 %",
        ),
        (
            {"unit_cost": 10000},
            "margin 50.0 % → 44.4 %; Bandung: margin 50.0 % → 45.0 %",
        ),
        (
            {"outlet_prices": {"Bandung": {"price": 9500}}},
            "Bandung: margin 50.0 % → -5.3 %, falls below cost",
        ),
        (
            {"outlet_prices": {"Solo": {"price": 18000}}},
            "Bandung: price 20,000 → 18,000",
        ),
    ],
)
def test_a_change_says_its_margins_where_they_differ(world: World, after: Any, line: str) -> None:
    assert said(world, BEFORE, **after) == line


def test_a_long_line_leaves_out_no_outlet_that_falls_below_cost(world: World) -> None:
    live = {f"O{n}": {"price": 100} for n in range(20)}
    files = {f"O{n}": {"price": 101 + n} for n in range(20)} | {"O19": {"price": 1}}
    line = said(world, {"unit_cost": 50, "outlet_prices": live}, outlet_prices=files)
    assert line.startswith("O19: margin 50.0 % → -4,900.0 %, falls below cost; O0: ")
    assert line.endswith("; and 14 more outlets")


def test_an_unknown_cost_gives_no_margin(world: World) -> None:
    assert said(world, {"unit_price": 1}, unit_price=2) == ""
    assert percent(None) == "—"
