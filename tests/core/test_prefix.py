"""Every prefix of an apply: what is sold when it ends early, and what the check says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Removal
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.core.plan.plan import Interruptions
from dealpos_reconciler.core.steps.order import order_steps
from dealpos_reconciler.core.steps.prefix import check_prefixes
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

PRODUCT = {"name": "Kopi", "category": "Drinks"}
BANDUNG = {"outlet_prices": {"Bandung": {"price": 25000}}}
TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}
SOLD = {"unit_price": 18000, "outlet_prices": {}, "discontinued": False}


def check(world: World, steps: Sequence[Step] | None = None, **options: Any) -> Interruptions:
    """Check the steps of a world, in another order or form where `steps` are given."""
    return check_prefixes(world.plan(), steps or world.steps(), KINDS, **options)


def sent(world: World) -> list[tuple[str, str, Any]]:
    """Return operation, code and flag of each request that carries one for variants."""
    found = []
    for operation, body in world.calls():
        rows = body.get("Variants", [body])
        found += [(operation, row["Code"], row.get("Discontinued")) for row in rows]
    return found


def menu(world: World, count: int = 3) -> World:
    """New products with an outlet price each, a composite of the last one and a coupon."""
    for number in range(count):
        world.declare(f"product/P{number}", **PRODUCT)
        world.declare(f"variant/P{number}L", product=f"P{number}", unit_price=18000, **BANDUNG)
    last = {f"P{count - 1}L": {"qty": 1}}
    world.declare("variant/P0C", product="P0", unit_price=1, type="Composite", components=last)
    world.declare("coupon/C", **TERMS, requires={"variants": ["P1L"]})
    return world


# --- the order ---


def test_a_new_variant_is_out_of_sale_until_its_outlet_price_is_written(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=18000, **BANDUNG)
    world.declare("variant/1R", product="1", unit_price=15000)
    assert sent(world) == [
        ("product.create", "1L", True),
        ("product.create", "1R", False),
        ("variant.update", "1L", False),
    ]
    create, _ = world.steps()
    assert {str(address) for address in create.births} == {"variant/1L"}


def test_an_added_variant_is_out_of_sale_until_it_is_complete(world: World) -> None:
    world.product("1", {}, **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=18000, **BANDUNG)
    assert sent(world) == [("variant.add", "1L", True), ("variant.update", "1L", False)]


def test_what_is_declared_discontinued_stays_so(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, discontinued=True, **BANDUNG)
    assert sent(world) == [("product.create", "1L", True), ("variant.update", "1L", True)]
    assert not world.steps()[0].births


def test_a_completion_follows_its_create(world: World) -> None:
    for number in range(5):
        world.declare(f"product/P{number}", **PRODUCT)
        world.declare(f"variant/P{number}L", product=f"P{number}", unit_price=1, **BANDUNG)
    assert world.operations() == ["product.create", "variant.update"] * 5


def test_everything_that_names_a_new_variant_waits_until_it_is_whole(world: World) -> None:
    calls = [body.get("Code") for _, body in menu(world).calls()]
    assert calls.index("P1L") < calls.index("C")
    assert calls.index("P2L") < calls.index("P0C")


def test_a_variant_changes_all_of_its_prices_in_one_request(world: World) -> None:
    """Its product's update comes first and sends its old price."""
    world.product("1", {"V": SOLD | {"model": "L"}}, **PRODUCT)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    world.declare("variant/V", product="1", unit_price=20000, **BANDUNG)
    (first, product), (second, variant) = world.calls()
    assert (first, product["Variants"][0]["UnitPrice"]) == ("product.update", 18000)
    assert (second, variant["UnitPrice"]) == ("variant.update", 20000)
    assert check(world) == Interruptions(2)


def test_a_description_that_only_the_product_carries_rides_with_it(world: World) -> None:
    world.product("1", {"V": SOLD | {"description": "old"}}, **PRODUCT)
    world.declare("variant/V", product="1", unit_price=20000, description="new", **BANDUNG)
    (_, product), (_, variant) = world.calls()
    (row,) = product["Variants"]
    assert (row["VariantDescription"], row["UnitPrice"]) == ("new", 18000)
    assert variant["UnitPrice"] == 20000
    assert check(world) == Interruptions(2)


def test_a_variant_comes_back_on_sale_with_its_last_request(world: World) -> None:
    world.product("1", {"V": {**SOLD, "discontinued": True}}, **PRODUCT)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    returns = {"unit_price": 20000, "discontinued": False, **BANDUNG}
    world.declare("variant/V", product="1", **returns)
    assert sent(world) == [("product.update", "V", True), ("variant.update", "V", False)]
    assert check(world) == Interruptions(2)


def test_a_product_comes_back_on_sale_after_its_variants_are_right(world: World) -> None:
    world.product("1", {"V": SOLD}, **PRODUCT, discontinued=True)
    world.declare("product/1", **PRODUCT, discontinued=False)
    world.declare("variant/V", product="1", unit_price=20000, **BANDUNG)
    (first, variant), (second, product) = world.calls()
    assert (first, second) == ("variant.update", "product.update")
    assert variant["UnitPrice"] == product["Variants"][0]["UnitPrice"] == 20000
    assert check(world) == Interruptions(2)
    (stop,) = check(world, world.steps()[::-1]).unsafe
    assert str(stop.address) == "variant/V"


def test_what_names_a_variant_that_returns_waits_for_it(world: World) -> None:
    world.product(
        "1", {"V": SOLD | {"discontinued": True}, "A": {**SOLD, "components": {}}}, **PRODUCT
    )
    world.declare("variant/V", product="1", unit_price=20000, weight=5, discontinued=False)
    world.declare("variant/A", product="1", components={"V": {"qty": 1}})
    assert [body["Code"] for _, body in world.calls()] == ["V", "A"]
    assert check(world) == Interruptions(2)


# --- the check ---


def test_the_steps_of_a_plan_are_safe_after_each_request(world: World) -> None:
    found = check(menu(world))
    assert (found.points, found.safe, found.unsafe) == (8, 8, ())


def test_creating_everything_first_is_not_safe(world: World) -> None:
    steps = sorted(menu(world).steps(), key=lambda step: not step.creates)
    found = check(world, steps, unsafe_births=True)
    assert [(str(a), why) for _, _, a, why in found.unsafe] == [
        ("variant/P1L", "it is in use before `outlet_prices` is written"),
        ("coupon/C", "it names variant/P1L, which is not complete"),
        ("variant/P0C", "it is in use before `components` is written"),
        ("variant/P0L", "it is in use before `outlet_prices` is written"),
        ("variant/P2L", "it is in use before `outlet_prices` is written"),
    ]
    assert found.unsafe[0][:2] == (1, 5)
    assert found.safe == 1


def test_a_shop_that_sells_at_once_is_unsafe_for_a_request(world: World) -> None:
    found = check(menu(world), unsafe_births=True)
    named = {str(stop.address): stop.until - stop.after for stop in found.unsafe}
    assert named == {"variant/P0C": 3, "variant/P0L": 4, "variant/P1L": 1, "variant/P2L": 1}


def test_what_nothing_completes_is_unsafe_to_the_end(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, **BANDUNG)
    create, _ = world.steps()
    (stop,) = check(world, [create], unsafe_births=True).unsafe
    assert (stop.after, stop.until) == (1, 2)


def test_a_category_must_exist_before_a_product_is_in_it(world: World) -> None:
    world.declare("category/Drinks")
    world.declare("product/1", **PRODUCT)
    first, second = world.steps()
    assert check(world, [first, second]).unsafe == ()
    (stop,) = check(world, [second, first]).unsafe
    assert stop == (1, 2, ("product", "1"), "it names category/Drinks, which does not exist")


def test_a_renamed_category_exists_after_its_rename(world: World) -> None:
    world.have("category/Old", discontinued=False)
    world.declare("category/Drinks", was="Old", discontinued=False)
    world.product("1", {}, name="Kopi", category="Food")
    world.declare("product/1", name="Kopi", category="Drinks/Hot")
    rename, move = world.steps()
    assert check(world, [rename, move]).unsafe == ()
    (stop,) = check(world, [move, rename]).unsafe
    assert "category/Drinks, which does not exist" in stop.why


def test_a_value_that_nobody_asked_for_is_found(world: World) -> None:
    world.product("1", {"V": SOLD}, **PRODUCT)
    world.declare("variant/V", product="1", unit_price=20000)
    (step,) = world.steps()
    (change,) = step.changes
    bent = replace(change, after={**(change.after or {}), "unit_price": 2000})
    (stop,) = check(world, [replace(step, changes=(bent,))]).unsafe
    assert stop.why == "`unit_price` has neither its old value nor its new one"


@pytest.mark.parametrize("address", ["variant/V", "coupon/C"])
def test_half_of_the_new_prices_is_found(world: World, address: str) -> None:
    if address == "variant/V":
        world.product("1", {"V": SOLD}, **PRODUCT)
        world.declare("variant/V", product="1", unit_price=20000, **BANDUNG)
        name, rest = "unit_price", "`outlet_prices`"
    else:
        world.have("coupon/C", **TERMS, balance=100, requires={}, customer="", expiry_date="")
        world.declare("coupon/C", **{**TERMS, "discount": 30, "minimum_amount": 5})
        name, rest = "discount", "`minimum_amount`"
    (step,) = world.steps()
    half = replace(step, carried={step.kind: frozenset({name})}, creates=False)
    (stop,) = check(world, [half, step]).unsafe
    assert stop.why == f"it has some of its new prices before {rest} is written"


def test_a_deleted_object_must_not_be_named_any_more(world: World) -> None:
    world.have("category/Old", discontinued=False)
    world.have("category/Drinks", discontinued=False)
    world.product("1", {}, name="Kopi", category="Old")
    world.declare("product/1", **PRODUCT)
    desired = replace(
        world.desired, removals={Address("category", "Old"): Removal(Source("x", 1, 1), True)}
    )
    plan, _ = build_plan(desired, world.fill(), KINDS, "https://shop.example")
    update, delete = order_steps(plan, KINDS)
    assert check_prefixes(plan, [update, delete], KINDS).unsafe == ()
    (stop,) = check_prefixes(plan, [delete, update], KINDS).unsafe
    assert "category/Old, which does not exist" in stop.why


def test_a_coupon_waits_for_the_product_that_brings_its_variant_back(world: World) -> None:
    world.product("1", {"V": SOLD}, **PRODUCT, discontinued=True)
    world.declare("product/1", **PRODUCT, discontinued=False)
    world.declare("coupon/C", **TERMS, requires={"variants": ["V"]})
    assert world.operations() == ["product.update", "coupon.create"]
    (stop,) = check(world, world.steps()[::-1]).unsafe
    assert stop.why == "it names product/1, which is not complete"


def test_a_name_that_follows_the_products_is_not_awaited(world: World) -> None:
    world.product("1", {"V": SOLD | {"name": "Kopi"}}, **PRODUCT, discontinued=True)
    world.declare("product/1", name="Kopi Susu", category="Drinks", discontinued=False)
    world.declare("variant/V", product="1", unit_price=20000)
    assert check(world).unsafe == ()
