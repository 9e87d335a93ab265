"""Every prefix of an apply is safe: a till sells what was sold before, or what is declared.

`make prefixes` tries WORLDS generated catalogues (10,000).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.plan.plan import Plan, refusals
from tests.support.documents import ReadDocument
from tests.support.generated import OpenWorld, Worlds
from tests.support.provider import CODES_KEY
from tests.support.shop import MakeShop, Shop
from tests.support.storm import Weather
from tests.support.story import Story
from tests.support.till import Offers, offers, wrong_offers

WORLDS = int(os.environ.get("WORLDS", "40"))
PART = 250
"""Worlds that one test tries; several tests can run at once."""

CASES = sorted(path for path in (Path(__file__).parent.parent / "cases").iterdir() if path.is_dir())
CALM = [case for case in CASES if not (case / "fault.yaml").exists()]
"""Cases whose apply ends as planned, so that what it leaves is what may be sold."""
FOUND_OUT = {"new_variants_on_sale_at_once": {"variant/1L"}}
"""The object by which a shop shows that it ignores what a create says of its sale."""


def apply_watched(shop: Shop, plan: Plan) -> list[str]:
    """Apply a plan; return what a till could sell after each request and must not."""
    seen: list[Offers] = []
    before = offers(shop.show())
    client = shop.client()
    inner = client._http._transport
    client._http._transport = Weather(inner, lambda: None, lambda: seen.append(offers(shop.show())))
    shop.apply(plan, client)
    after = offers(shop.show())
    return [wrong for now in seen for wrong in wrong_offers(now, before, after)]


@pytest.mark.parametrize("part", range(-(-WORLDS // PART)))
def test_a_till_never_sells_what_nobody_declared(
    part: int, generated: Worlds, open_world: OpenWorld
) -> None:
    @seed(part)
    @settings(max_examples=min(WORLDS, PART), derandomize=False)
    @given(data=st.data())
    def try_worlds(data: Any) -> None:
        shop = open_world(data.draw(generated))
        plan = shop.plan()
        assert plan.interruptions.unsafe == ()
        assert plan.interruptions.points == shop.cost(plan).writes
        assert apply_watched(shop, plan) == []

    try_worlds()


@pytest.mark.parametrize("case", CALM, ids=lambda path: path.name)
def test_a_till_sells_only_what_is_declared_in_each_case(
    case: Path, make_shop: MakeShop, documented: ReadDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    if (case / "problems.txt").exists():
        pytest.skip("the files have faults: there is no plan")
    story = Story(case, make_shop, documented)
    plan = story.plan()
    if refusals(plan.violations):
        pytest.skip("a guardrail refuses the plan")
    assert plan.interruptions.unsafe == ()
    found = {wrong.partition(":")[0] for wrong in apply_watched(story.shop, plan)}
    assert found == FOUND_OUT.get(case.name, set())
