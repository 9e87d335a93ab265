"""Every prefix of an apply is safe: a till sells what was sold before, or what is declared.

`WORLDS=10000 pytest tests/invariants/test_prefixes.py` tries as many generated catalogues.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.steps.prefix import check_prefixes
from reconciler.kinds import KINDS
from tests.support.generated import OpenWorld, Worlds
from tests.support.shop import Shop
from tests.support.storm import Weather
from tests.support.till import Offers, offers, wrong_offers

EXAMPLES = int(os.environ.get("WORLDS", "40"))


def apply_watched(shop: Shop, plan: Any) -> list[str]:
    """Apply a plan; return what a till could sell after each request and must not."""
    seen: list[Offers] = []
    before = offers(shop.show())
    client = shop.client()
    inner = client._http._transport
    client._http._transport = Weather(inner, lambda: None, lambda: seen.append(offers(shop.show())))
    shop.apply(plan, client)
    after = offers(shop.show())
    return [wrong for now in seen for wrong in wrong_offers(now, before, after)]


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_till_never_sells_what_nobody_declared(
    data: Any, generated: Worlds, open_world: OpenWorld
) -> None:
    shop = open_world(data.draw(generated))
    plan = shop.plan()
    checked = check_prefixes(plan, shop.steps(plan), KINDS)
    assert checked.unsafe == ()
    assert checked.points == shop.cost(plan).writes
    assert apply_watched(shop, plan) == []
