"""Each guardrail judges the changes of a plan, and nothing that the plan leaves as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.money import sum_price_impact
from dealpos_reconciler.core.plan.plan import Plan, percent
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.sections import allow_block, find_exception
from tests.support.rules import AMOUNT, DRINK, PERCENT, priced, said
from tests.support.world import World

# --- the rules themselves -----------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_explains_itself_and_needs_no_options(rule: str) -> None:
    assert issubclass(RULES[rule], Guardrail)
    assert RULES[rule].__doc__
    assert RULES[rule]() == RULES[rule]()


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_without_changes_trips_nothing(world: World, rule: str) -> None:
    """Existing violations do not block unrelated changes."""
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
        (Decimal("50.001"), "50.001 %"),
        (Decimal("-50.04"), "-50.04 %"),
        (Decimal("49.96"), "49.96 %"),
        (Decimal("89.44"), "89.4 %"),
        (1200, "1,200 %"),
        (0, "0 %"),
    ],
)
def test_a_share_over_a_limit_does_not_read_as_the_limit(share: Any, text: str) -> None:
    assert percent(share, 50) == text


def test_a_guardrail_and_the_price_impact_show_one_share(world: World) -> None:
    world.have("variant/V", **{**DRINK, "unit_price": 18000})
    world.declare("variant/V", **{**DRINK, "unit_price": 1900})
    (found,) = world.judge("price-change")
    peak = sum_price_impact(world.plan().changes, KINDS).largest_decrease
    assert peak
    assert f"({peak.percent:+,.1f} %, limit" in str(found)


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
    assert not trips or allow_block(map(find_exception, found), "") == [
        "allow:",
        "  - {rule: removals, reason: say why, until: YYYY-MM-DD}",
    ]


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
    """Return the findings of a rule about a plan that deletes these objects."""
    changes = tuple(
        Change(Address(kind, str(n)), Action.DELETE, "asked for", (), value, None)
        for n, value in enumerate(values)
    )
    context = PlanContext(Plan("s", changes), world.desired, world.live, KINDS, "2026-06-01")
    return list(RULES[rule]().check(context))


def test_deletions_are_removals(world: World) -> None:
    assert deleted(world, "removals", "customer", *({"code": str(n)} for n in range(4))) == []
    assert deleted(world, "removals", "customer", *({"code": str(n)} for n in range(5)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"limit": 9, "balance": 8}, "it is deleted after 1 of 9 uses are used up, limit 0"),
        ({"limit": 9, "balance": 9}, ""),
        (
            {"limit": 9},
            "it is deleted, and the API does not return how many of its uses are used up",
        ),
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


# --- new prices ---------------------------------------------------------------------------------


def price_list(world: World, *prices: Any) -> None:
    """A category in which these prices stay as they are."""
    world.both("product/1", name="Kopi", category="Drinks")
    for number, price in enumerate(prices):
        world.both(f"variant/{number}", product="1", unit_price=price)


@pytest.mark.parametrize(
    ("others", "price", "message"),
    [
        ((10, 20, 30), 2, "price 2 is 0.1 times the median of category/Drinks, 20 (limit 0.1)"),
        ((10, 20, 30), 3, ""),
        ((10, 20, 30), 199, ""),
        ((10, 20, 30), 200, "price 200 is 10 times the median of category/Drinks, 20 (limit 10)"),
        ((10, 20, 31, 50), 2, "price 2 is 0.078 times the median of category/Drinks, 25.5 "
         "(limit 0.1)"),
        # Two prices are too few for a median, and a price of 0 is none.
        ((20, 20), 2, ""),
        ((20, 20, 0), 2, ""),
        ((10, 20, 30), 0, ""),
    ],
)  # fmt: skip
def test_a_new_price_is_compared_with_its_category(
    world: World, others: Any, price: int, message: str
) -> None:
    price_list(world, *others)
    world.declare("variant/NEW", product="1", unit_price=price)
    found = world.judge("new-price")
    assert said(found) == ([f"variant/NEW: {message}"] if message else [])


def test_a_new_price_is_compared_with_other_new_ones(world: World) -> None:
    world.declare("product/1", name="Kopi", category="Drinks")
    for name, price in (("A", 20), ("B", 20), ("C", 30), ("D", 2000)):
        world.declare(f"variant/{name}", product="1", unit_price=price)
    (found,) = world.judge("new-price")
    assert (str(found.address), found.measured, found.limit, found.unit) == (
        "variant/D",
        100,
        10,
        "factor",
    )


def test_a_new_price_ignores_other_categories_retired_objects_and_old_prices(world: World) -> None:
    price_list(world, 20, 20, 20)
    world.both("product/2", name="Mesin", category="Retail")
    world.declare("variant/NEW", product="2", unit_price=5_000_000)
    world.have("variant/OLD", product="1", unit_price=1)
    world.declare("variant/OLD", product="1", unit_price=1, description="x")
    world.declare("variant/GONE", product="1", unit_price=1, discontinued=True)
    assert world.judge("new-price") == []


def test_the_limits_of_a_new_price_can_be_set(world: World) -> None:
    price_list(world, 20)
    world.declare("variant/NEW", product="1", unit_price=40)
    assert world.judge("new-price", high=2) == []
    assert world.judge("new-price", high=2, min_others=1)
    assert world.judge("new-price", high=3, min_others=0) == []
