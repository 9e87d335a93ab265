"""The order of steps: what a step writes must exist when it is written."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.core.steps import order
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

PRODUCT = {"name": "Kopi", "category": "Drinks"}
TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}
KEEP = {"discontinued": False}


def place(world: World, operation: str, code: str) -> int:
    """Where in the order a call stands."""
    (found,) = [
        index
        for index, (name, body) in enumerate(world.calls())
        if name == operation and code in (body.get("Code"), body.get("Name"), body.get("Rename"))
    ]
    return found


def waits(world: World, address: str) -> set[str]:
    """Return the objects that an object's steps wait for, directly or through others."""
    steps = world.steps()
    by_id = {step.id: step for step in steps}
    pending = [s for s in steps if address in {str(a) for a in s.addresses}]
    found: set[str] = set()
    while pending:
        step = pending.pop()
        for needed in step.waits:
            found |= {str(a) for a in by_id[needed].addresses}
            pending.append(by_id[needed])
    return found - {address}


def test_a_category_comes_after_its_parent(world: World) -> None:
    for name in ("A/B/C", "A/B", "A"):
        world.declare(f"category/{name}")
    assert [body["Name"] for _, body in world.calls()] == ["A", "A/B", "A/B/C"]
    assert waits(world, "category/A/B/C") == {"category/A", "category/A/B"}


def test_a_category_comes_after_its_parent_whatever_sorts_first(world: World) -> None:
    for name in ("A!", "A!/x", "A", "A/x"):
        world.declare(f"category/{name}")
    names = [body["Name"] for _, body in world.calls()]
    assert names.index("A") < names.index("A/x")
    assert names.index("A!") < names.index("A!/x")


def test_a_product_comes_after_its_category(world: World) -> None:
    world.declare("category/Drinks")
    world.declare("product/1", **PRODUCT)
    world.declare("variant/V", product="1", unit_price=1, weight=5)
    assert world.operations() == ["category.create", "product.create", "variant.update"]
    assert waits(world, "variant/V") == {"category/Drinks", "product/1"}


def test_a_moved_product_comes_after_its_new_category(world: World) -> None:
    world.product("1", {}, **PRODUCT)
    world.declare("category/Food")
    world.declare("product/1", name="Kopi", category="Food")
    assert world.operations() == ["category.create", "product.update"]
    assert waits(world, "product/1") == {"category/Food"}


@pytest.mark.parametrize(
    ("needed", "fields", "more"),
    [
        ("variant/V", {"requires": {"variants": ["V"]}}, {"product": "1", "unit_price": 1}),
        ("category/Z", {"requires": {"categories": ["Z"]}}, {}),
        ("customer/K", {"customer": "K"}, {"name": "Sari"}),
    ],
    ids=["variant", "category", "customer"],
)
@pytest.mark.parametrize("action", ["create", "replace"])
def test_a_coupon_comes_after_what_it_names(
    world: World, needed: str, fields: dict[str, Any], more: dict[str, Any], action: str
) -> None:
    world.product("1", {}, **PRODUCT)
    world.declare("coupon/C", **TERMS, **fields)
    if action == "replace":
        world.have("coupon/C", **TERMS, balance=100, requires={}, customer="")
    world.declare(needed, **more)
    assert waits(world, "coupon/C") == {needed}
    assert world.operations()[-1] == "coupon.create"


def test_a_coupon_comes_after_the_product_that_brings_its_variant(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/V", product="1", unit_price=1)
    world.declare("coupon/C", **TERMS, requires={"variants": ["V"]})
    assert world.operations() == ["product.create", "coupon.create"]


@pytest.mark.parametrize("product", ["1", "2"])
def test_components_are_written_when_the_parts_exist(world: World, product: str) -> None:
    """Also where the part is a variant of the same new product, or sorts later."""
    for code in {"1", product}:
        world.declare(f"product/{code}", **PRODUCT)
    world.declare("variant/A", product="1", unit_price=1, components={"Z": {"qty": 1}})
    world.declare("variant/Z", product=product, unit_price=1)
    assert world.operations()[-1] == "variant.update"
    assert waits(world, "variant/A") >= {f"product/{product}", "variant/Z"}


def test_two_new_products_may_hold_parts_of_each_other(world: World) -> None:
    for product, part in (("1", "B2"), ("2", "B1")):
        world.declare(f"product/{product}", **PRODUCT)
        world.declare(
            f"variant/A{product}", product=product, unit_price=1, components={part: {"qty": 1}}
        )
        world.declare(f"variant/B{product}", product=product, unit_price=1)
    assert world.operations() == ["product.create"] * 2 + ["variant.update"] * 2


def test_a_rename_comes_before_everything_that_uses_the_new_name(world: World) -> None:
    world.have("category/Old", **KEEP)
    world.declare("category/New", was="Old", **KEEP)
    world.declare("category/New/Sub")
    world.declare("product/1", name="Kopi", category="New")
    world.declare("coupon/C", **TERMS, requires={"categories": ["New"]})
    first = world.calls()[0]
    assert first[0] == "category.update"
    for address in ("category/New/Sub", "product/1", "coupon/C"):
        assert "category/New" in waits(world, address)


@pytest.mark.parametrize("user", ["category/New/Sub/Deep", "product/1", "product/2", "coupon/C"])
def test_what_lies_below_a_renamed_category_waits_for_the_rename(world: World, user: str) -> None:
    """Were the rename to fail, a write with the new path would silently create it (API §6.2)."""
    world.have("category/Old", **KEEP)
    world.have("category/Old/Sub", **KEEP)
    world.declare("category/New", was="Old", **KEEP)
    world.declare("category/New/Sub", **KEEP)
    if user == "category/New/Sub/Deep":
        world.declare(user)
    elif user == "product/1":
        world.declare(user, name="Kopi", category="New/Sub")
    elif user == "product/2":
        world.product("2", {}, name="Kopi", category="Old/Sub")
        world.declare(user, name="Kopi Susu", category="New/Sub")
    else:
        world.declare(user, **TERMS, requires={"categories": ["New/Sub"]})
    assert "category/New" in waits(world, user)


def test_nested_renames_wait_for_their_parents(world: World) -> None:
    world.have("category/A", **KEEP)
    world.have("category/A/x", **KEEP)
    world.declare("category/B", was="A", **KEEP)
    world.declare("category/B/y", was="A/x", **KEEP)
    assert waits(world, "category/B/y") == {"category/B"}


def test_a_product_update_comes_before_variants_are_added_to_it(world: World) -> None:
    """A parent update names every known child, and must not lose those added since."""
    world.product("1", {"V": {"unit_price": 1}}, **PRODUCT)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    world.declare("variant/V", product="1", unit_price=2)
    world.declare("variant/A", product="1", unit_price=1)
    assert world.operations() == ["product.update", "variant.add"]
    assert "product/1" in waits(world, "variant/A")


def test_what_destroys_comes_after_all_that_may_show_that_it_would_fail(world: World) -> None:
    """Also after what must wait longer itself: a coupon that names a variant that is new."""
    world.have("coupon/C", **TERMS | {"discount": 10}, balance=100, requires={}, customer="")
    world.declare("coupon/C", **TERMS)
    world.declare("product/1", **PRODUCT)
    world.declare("variant/V", product="1", unit_price=1)
    world.declare("coupon/D", **TERMS, requires={"variants": ["V"]})
    creates = ["product.create", "coupon.create"]
    assert world.operations() == [*creates, "coupon.delete", "coupon.create"]


def test_unrelated_changes_do_not_wait_for_each_other(world: World) -> None:
    world.declare("category/A")
    world.declare("category/B")
    world.declare("product/1", name="Kopi", category="A")
    world.declare("product/2", name="Kopi", category="B")
    world.declare("customer/K", name="Sari")
    assert waits(world, "product/1") == {"category/A"}
    assert waits(world, "customer/K") == set()


def declare_all(world: World, objects: list[tuple[str, dict[str, Any]]]) -> Any:
    for address, fields in objects:
        world.declare(address, **fields)
    return world


def test_the_order_is_the_same_whatever_the_order_of_the_files(
    new_world: Callable[[], World],
) -> None:
    objects: list[tuple[str, dict[str, Any]]] = [("category/A", {}), ("category/A/B", {})]
    for number in range(12):
        product = f"P{number:02}"
        objects.append((f"product/{product}", {"name": "Kopi", "category": "A/B"}))
        part = f"V{(number + 1) % 12:02}"
        components = {part: {"qty": 1}} if number < 11 else {}
        fields = {"product": product, "unit_price": 1, "components": components}
        objects.append((f"variant/V{number:02}", fields))
        objects.append((f"coupon/C{number:02}", {**TERMS, "requires": {"variants": [part]}}))
        objects.append((f"customer/K{number:02}", {"name": "Sari"}))
    first = declare_all(new_world(), objects).calls()
    for seed in range(3):
        random.Random(seed).shuffle(objects)
        assert declare_all(new_world(), objects).calls() == first


def _products(world: World, products: int, variants: int) -> None:
    for number in range(products):
        world.declare(f"product/P{number}", name="Kopi", category="Drinks")
        for size in range(variants):
            world.declare(f"variant/P{number}-{size}", product=f"P{number}", unit_price=1, weight=5)


def _categories(world: World) -> None:
    for number in range(5000):
        world.declare(f"category/C{number // 50}/S{number}")


def _added(world: World) -> None:
    for number in range(50):
        world.product(f"P{number}", {}, **PRODUCT)
        for size in range(100):
            world.declare(f"variant/P{number}-{size}", product=f"P{number}", unit_price=1)


def _coupons(world: World) -> None:
    for number in range(2500):
        world.declare(f"customer/K{number}", name="Sari")
        world.declare(f"coupon/C{number}", **TERMS, customer=f"K{number}")


def _updates(world: World) -> None:
    for number in range(500):
        rows = {f"P{number}-{size}": {"unit_price": 1} for size in range(10)}
        world.product(f"P{number}", rows, **PRODUCT)
        for name in rows:
            world.declare(f"variant/{name}", product=f"P{number}", unit_price=2)


LARGE: dict[str, Callable[[Any], None]] = {
    "500 products of 9 variants": lambda world: _products(world, 500, 9),
    "2500 products of 1 variant": lambda world: _products(world, 2500, 1),
    "5000 categories": _categories,
    "5000 added variants": _added,
    "2500 coupons for 2500 customers": _coupons,
    "5000 updates": _updates,
}


@pytest.mark.parametrize("name", LARGE)
def test_five_thousand_changes_are_ordered_in_three_seconds(world: World, name: str) -> None:
    LARGE[name](world)
    plan = world.plan()
    assert len(plan.changes) >= 5000
    began = time.process_time()
    order.order_steps(plan, KINDS)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("moves", [False, True])
def test_a_product_comes_back_after_the_category_above_its_own(world: World, moves: bool) -> None:
    world.have("category/Z", discontinued=True)
    world.have("category/Z/B", discontinued=False)
    world.declare("category/Z", discontinued=False)
    world.declare("category/Z/B")
    world.product("1", {}, name="Kopi", category="Z/B", discontinued=True)
    world.declare("product/1", **({"category": "Z/B"} if moves else {}), **KEEP)
    world.declare("category/Z/A")
    assert waits(world, "product/1") == waits(world, "category/Z/A") == {"category/Z"}
