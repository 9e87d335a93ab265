"""The scope of a guardrail, the cover of an exception, and the notes about exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance
from dealpos_reconciler.core.plan.plan import refusals
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.render.sections import allow_block, find_exception
from tests.support.world import World

PLACE = Source("catalogue/allow.yaml", 7, 5)
PRICE_CHANGE = {"price-change": RULES["price-change"]()}


def exception(address: str | None = None, until: str = "2026-06-30", **more: Any) -> Allowance:
    kind, _, name = (address or "").partition("/")
    found = Address(kind, name) if address else None
    return Allowance(**{"rule": "price-change", "reason": "sale", **more}, until=until,
                     source=PLACE, address=found)  # fmt: skip


@pytest.fixture
def halved(world: World) -> Any:
    """Two prices that fall to a tenth."""
    world.both("product/1", name="Kopi", category="Drinks")
    for name in "VW":
        world.have(f"variant/{name}", product="1", unit_price=150000)
        world.declare(f"variant/{name}", product="1", unit_price=15000)
    return world


def test_a_violation_says_rule_value_limit_object_line_and_way_out(halved: Any) -> None:
    found, notes = halved.judged(PRICE_CHANGE)
    first = found[0]
    assert (first.rule, str(first.address)) == ("price-change", "variant/V")
    assert first.message == "price falls from 150,000 to 15,000 (-90 %, limit 50 %)"
    assert (first.measured, first.limit, first.unit) == (-90, 50, "percent")
    assert first.source == Source("catalogue/shop.yaml", 1, 5)
    assert allow_block([find_exception(first)], "") == [
        "allow:",
        "  - {rule: price-change, address: variant/V, reason: say why, until: YYYY-MM-DD}",
    ]
    assert first.allowed is None
    assert refusals(found) == tuple(found)
    assert notes == []


def test_an_exception_covers_its_object_alone(halved: Any) -> None:
    mine = exception("variant/V")
    found, notes = halved.judged(PRICE_CHANGE, mine)
    assert [v.allowed for v in found] == [mine, None]
    assert [str(v.address) for v in refusals(found)] == ["variant/W"]
    assert notes == []


def test_an_exception_without_an_address_covers_the_plan(halved: Any) -> None:
    found, notes = halved.judged(PRICE_CHANGE, exception())
    assert not refusals(found)
    assert notes == []


def test_an_exception_is_for_one_rule(halved: Any) -> None:
    found, notes = halved.judged(PRICE_CHANGE, exception(rule="price-shape"))
    assert len(refusals(found)) == 2
    assert notes == [
        "catalogue/allow.yaml:7:5: the exception from price-shape is not needed by this plan"
    ]


@pytest.mark.parametrize(("today", "holds"), [("2026-06-30", True), ("2026-07-01", False)])
def test_an_exception_holds_until_the_end_of_its_last_day(
    halved: Any, today: str, holds: bool
) -> None:
    found, notes = halved.judged(PRICE_CHANGE, exception(), today=today)
    assert bool(refusals(found)) != holds
    said = "catalogue/allow.yaml:7:5: the exception from price-change ended on 2026-06-30; "
    assert notes == ([] if holds else [f"{said}remove or renew it"])


def test_the_exception_of_an_object_goes_before_that_of_the_plan(halved: Any) -> None:
    mine, wide, longer = exception("variant/V"), exception(until="2026-12-31"), exception()
    found, notes = halved.judged(PRICE_CHANGE, longer, wide, mine)
    assert [v.allowed for v in found] == [mine, wide]
    assert len(notes) == 1


def test_an_exception_that_nothing_needs_is_named(halved: Any) -> None:
    _, notes = halved.judged(PRICE_CHANGE, exception("variant/X"))
    assert notes == [
        "catalogue/allow.yaml:7:5: the exception from price-change for variant/X is not needed "
        "by this plan"
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("A B", '"category/A B"'),
        ("Q&A", '"category/Q&A"'),
        ("a, b", '"category/a, b"'),
        ("it's", '"category/it\'s"'),
        ("a: b", '"category/a: b"'),
        ("a #b", '"category/a #b"'),
        ("日本茶", '"category/日本茶"'),
    ],
)
def test_a_way_out_can_be_copied_whatever_the_name(world: World, name: str, written: str) -> None:
    for n in range(2):
        world.declare(f"category/{name}/{n}")
    found = world.judge("implied-category")
    assert f"address: {written[:-1]}/0" in allow_block(map(find_exception, found), "")[1]
