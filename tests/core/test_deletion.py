"""A deletion goes ahead only where nothing can need what it takes away."""

from __future__ import annotations

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Desired, Removal
from dealpos_reconciler.core.plan.deletion import plan_deletions
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

ASKED = {Address("category", "X"): Removal(Source("catalogue/shop.yaml", 1, 1), delete=True)}


@pytest.mark.parametrize(
    ("unread", "stays"),
    [("product/1", True), ("coupon/C", True), ("category/X/Y", True), ("customer/D", False)],
)
def test_what_was_not_read_may_need_it(world: World, unread: str, stays: bool) -> None:
    """Its row was not understood, or an update of it would rest on too little."""
    world.have("category/X", discontinued=False)
    world.unread(unread, "the response could not be read")
    found = plan_deletions(Desired(removals=ASKED), world.live, KINDS, (), {})
    assert [str(change.address) for change in found.changes] == ([] if stays else ["category/X"])
    if stays:
        why = f"not deleted: {unread} may depend on it, but could not be read"
        assert found.blocked == [(Address("category", "X"), why)]


def test_what_was_read_after_all_does_not(world: World) -> None:
    world.have("category/X", discontinued=False)
    world.unread("product/1", "HTTP 500")
    world.have("product/1", name="Kopi", category="Y")
    assert len(plan_deletions(Desired(removals=ASKED), world.live, KINDS, (), {}).changes) == 1
