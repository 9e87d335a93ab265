"""Nothing is planned on what was not read: neither with it, nor with what it holds up."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.core.plan.children import hidden_children
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

TERMS = {"type": "DiscountAmount", "discount": 20, "limit": 100, "minimum_amount": 0}
LIVE = {"balance": 100, "requires": {}, "customer": ""}


def unknown(world: World) -> dict[str, str]:
    return {str(address): why for address, why in world.plan().unknown}


@pytest.mark.parametrize(
    ("needed", "fields"),
    [
        ("customer/N", {"customer": "N"}),
        ("category/N", {"requires": {"categories": ["N"]}}),
    ],
    ids=["customer", "category"],
)
def test_what_names_the_unread_is_not_created(
    world: World, needed: str, fields: dict[str, Any]
) -> None:
    world.declare(needed, name="N")
    world.unread(needed, "HTTP 403")
    world.declare("coupon/C", **TERMS, **fields)
    world.declare("coupon/D", **TERMS)
    assert [str(c.address) for c in world.plan().changes] == ["coupon/D"]
    assert unknown(world) == {needed: "HTTP 403", "coupon/C": f"{needed} could not be read"}


def test_a_coupon_is_not_replaced_to_name_the_unread(world: World) -> None:
    world.declare("customer/N", name="N")
    world.unread("customer/N", "HTTP 403")
    world.have("coupon/C", **TERMS, **LIVE)
    world.declare("coupon/C", **TERMS, customer="N")
    plan = world.plan()
    assert plan.empty
    assert [(str(a), why) for a, why in plan.blocked] == [
        ("coupon/C", "not changed: customer/N could not be read")
    ]


def test_what_names_the_unread_already_may_change(world: World) -> None:
    world.declare("customer/N", name="N")
    world.unread("customer/N", "HTTP 403")
    world.have("coupon/C", **TERMS, **LIVE | {"customer": "N"})
    world.declare("coupon/C", **TERMS | {"discount": 30}, customer="N")
    assert [str(c.address) for c in world.plan().changes] == ["coupon/C"]


def test_a_variant_of_an_unread_product_may_change(world: World) -> None:
    """No read of a variant names its product (dealpos-api.md §7): that was not read either."""
    world.declare("product/P", name="P", category="K")
    world.unread("product/P", "HTTP 500")
    world.have("variant/A", unit_price=1)
    world.declare("variant/A", product="P", unit_price=2)
    assert [str(c.address) for c in world.plan().changes] == ["variant/A"]


def test_it_goes_on_to_all_that_waits_for_it(world: World) -> None:
    """No variant is added to a product that is not created, and no coupon names one."""
    world.declare("category/N")
    world.unread("category/N", "HTTP 500")
    world.declare("product/P", name="P", category="N")
    for code in "AB":
        world.declare(f"variant/{code}", product="P", unit_price=1)
    world.declare("coupon/C", **TERMS, requires={"variants": ["A"]})
    assert world.plan().empty
    why = "category/N could not be read"
    held = ("product/P", "variant/A", "variant/B", "coupon/C")
    assert unknown(world) == {"category/N": "HTTP 500"} | dict.fromkeys(held, why)


def test_the_sisters_of_an_unread_variant_are_not_added_to_a_product_that_is_not_there(
    world: World,
) -> None:
    world.declare("category/K")
    world.declare("product/P", name="P", category="K")
    for code in "AB":
        world.declare(f"variant/{code}", product="P", unit_price=1)
    world.unread("variant/B", "HTTP 500")
    assert world.operations() == ["category.create"]
    assert unknown(world).keys() == {"product/P", "variant/A", "variant/B"}


def test_what_needs_a_refused_new_object_is_blocked_with_it(world: World) -> None:
    world.declare("product/1", name="Kopi", category="Coffee")
    world.declare("variant/V", product="1", unit_price=5)
    world.declare("coupon/C", type="DiscountAmount", discount=5, limit=9, customer="D")
    world.declare("customer/D", name="Sari")
    refused = {Address("product", "1"): "it refers to nothing"}
    plan, faults = build_plan(world.desired, world.fill(), KINDS, "", refused=refused)
    assert not faults
    assert [str(change.address) for change in plan.changes] == ["coupon/C", "customer/D"]
    assert plan.blocked == (
        (Address("product", "1"), "it refers to nothing"),
        (Address("variant", "V"), "product/1 is blocked"),
    )
    assert plan.unknown == ()


def test_a_variant_that_was_moved_in_the_shop_is_no_hidden_child(world: World) -> None:
    """Else an update of its former product would carry it there."""
    world.product("1", {"A": {}})
    world.product("2", {"V": {}})
    world.declare("product/1")
    world.declare("variant/V", product="1")
    assert hidden_children(world.desired, world.fill(), KINDS) == {}


def test_hidden_children_are_found_of_the_parents_that_are_asked_for(world: World) -> None:
    for product, code in (("1", "A"), ("2", "B")):
        world.product(product, {})
        world.have(f"variant/{code}", product=product)
        world.declare(f"product/{product}")
        world.declare(f"variant/{code}", product=product)
    live, one, two = world.fill(), Address("product", "1"), Address("product", "2")
    assert hidden_children(world.desired, live, KINDS) == {one: ["A"], two: ["B"]}
    assert hidden_children(world.desired, live, KINDS, [two]) == {two: ["B"]}
    assert hidden_children(world.desired, live, KINDS, []) == {}
