"""Removal in generated worlds: exactly what was asked for goes, and nothing is asked twice."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dealpos_reconciler.core.diff.change import Action
from tests.support.generated import GeneratedWorld, OpenWorld, Worlds
from tests.support.shop import Shop

COLLECTIONS = {
    "categories": "category",
    "products": "product",
    "coupons": "coupon",
    "customers": "customer",
}


def there(shop: Shop) -> set[str]:
    """The address of everything that the shop has."""
    shown = shop.show()
    found = {
        f"{kind}/{row['Name' if kind == 'category' else 'Code']}"
        for collection, kind in COLLECTIONS.items()
        for row in shown[collection]
    }
    return found | {f"variant/{v['Code']}" for p in shown["products"] for v in p["Variants"]}


def wishes(data: Any, world: GeneratedWorld) -> dict[str, bool]:
    """Some of what is live and not declared, each with whether it is to be deleted."""
    spare = sorted(
        f"{kind}/{name}"
        for kind, objects in world.live.items()
        for name in objects
        if name not in world.files[kind]
    )
    return {address: data.draw(st.booleans()) for address in spare if data.draw(st.booleans())}


@given(data=st.data())
def test_what_is_removed_is_what_was_asked_for(
    data: Any, generated: Worlds, open_world: OpenWorld
) -> None:
    world = data.draw(generated)
    shop = open_world(world)
    asked = wishes(data, world)
    entries = [{"address": address, "delete": delete} for address, delete in asked.items()]
    shop.write(json.dumps({"removed": entries}), "removed.yaml")
    before = there(shop)
    plan = shop.plan()
    doomed = {str(c.address) for c in plan.changes if c.action is Action.DELETE}
    assert doomed <= {address for address, delete in asked.items() if delete}
    left_out = {str(address) for address, _ in (*plan.blocked, *plan.unknown)}
    assert {address for address, delete in asked.items() if delete} <= doomed | left_out
    cost = shop.cost(plan)
    report = shop.apply(plan)
    unproven = [o for o in report.outcomes if not o.verified and "never returns" not in o.message]
    assert [(str(o.address), o.status, o.message) for o in unproven] == []
    if all(change.action in (Action.RETIRE, Action.DELETE) for change in plan.changes):
        assert report.requests == cost.requests
    assert before - there(shop) == doomed
    again = shop.plan()
    assert [str(change.address) for change in again.changes] == []


@given(data=st.data())
def test_a_scope_takes_in_nothing_that_the_files_need(
    data: Any, generated: Worlds, open_world: OpenWorld
) -> None:
    world = data.draw(generated)
    shop = open_world(world)
    kinds = data.draw(st.sets(st.sampled_from(sorted(world.live)), min_size=1))
    delete = data.draw(st.booleans())
    shop.prune(json.dumps([{"kinds": sorted(kinds), "delete": delete}]))
    before = there(shop)
    plan = shop.plan()
    for change in plan.changes:
        if change.action is Action.DELETE:
            assert change.address.kind in kinds
            assert world.files[change.address.kind], "an empty catalogue never prunes"
            assert change.address.name not in world.files[change.address.kind]
    doomed = {str(c.address) for c in plan.changes if c.action is Action.DELETE}
    assert delete or not doomed
    report = shop.apply(plan)
    assert [o.message for o in report.outcomes if o.status == "failed"] == []
    assert before - there(shop) == doomed
    assert shop.plan().changes == ()
