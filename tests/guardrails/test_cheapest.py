"""The fewest writes that the documented operations allow: a sentence, and the calls it comes to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.world import World

PRICES = {"1L": 4000, "1R": 3000, "1S": 2000}
VARIANTS = {name: {"model": name[-1], "unit_price": price} for name, price in PRICES.items()}
PRODUCT = {"name": "Tea", "category": "Drinks", "discontinued": False}


@pytest.fixture
def tea(world: World) -> Any:
    """A shop with one product of three variants, all of them declared and surely all it has."""
    world.both("category/Drinks")
    world.declare("product/1", **PRODUCT)
    world.product("1", VARIANTS, **PRODUCT)
    return world


def declare_prices(world: World, **prices: int) -> None:
    for name, values in VARIANTS.items():
        price = prices.get(f"v{name}", values["unit_price"])
        world.declare(f"variant/{name}", product="1", model=values["model"], unit_price=price)


def test_a_new_product_and_all_its_variants_are_one_call(world: World) -> None:
    world.both("category/Drinks")
    world.declare("product/1", **PRODUCT)
    declare_prices(world)
    assert world.operations() == ["product.create"]


def test_new_variants_of_one_product_are_one_call(tea: Any) -> None:
    declare_prices(tea)
    for name in ("1X", "1Y", "1Z"):
        tea.declare(f"variant/{name}", product="1", model=name, unit_price=1)
    assert tea.operations() == ["variant.add"]


def test_one_product_update_stands_for_the_updates_of_several_variants(tea: Any) -> None:
    declare_prices(tea, v1L=4500, v1R=3500)
    assert tea.operations() == ["product.update"]


def test_a_product_update_stands_for_its_own_change_and_its_variants(tea: Any) -> None:
    declare_prices(tea, v1L=4500)
    tea.declare("product/1", **{**PRODUCT, "name": "Black Tea"})
    assert tea.operations() == ["product.update"]


def test_every_live_variant_is_in_the_update_also_those_that_no_file_declares(tea: Any) -> None:
    """dealpos-api.md §6.2: whether variants that are left out would be kept is undocumented."""
    for name in ("1L", "1R"):
        tea.declare(f"variant/{name}", product="1", unit_price=9)
    ((operation, body),) = tea.calls()
    assert operation == "product.update"
    sent = {row["Code"]: row["UnitPrice"] for row in body["Variants"]}
    assert sent == {"1L": 9, "1R": 9, "1S": 2000}


def test_where_the_live_variants_are_not_all_known_each_is_updated_alone(world: World) -> None:
    world.both("category/Drinks")
    world.both("product/1", **PRODUCT)
    for name, values in VARIANTS.items():
        world.have(f"variant/{name}", product="1", **values)
    declare_prices(world, v1L=4500, v1R=3500)
    assert world.operations() == ["variant.update", "variant.update"]


def test_where_a_product_may_have_more_variants_each_is_updated_alone(world: World) -> None:
    """API §6.2, §14 #21: one that reads hide could be deleted by an update that lacks it."""
    world.both("category/Drinks")
    world.declare("product/1", **PRODUCT)
    world.product("1", VARIANTS, whole=False, **PRODUCT)
    declare_prices(world, v1L=4500, v1R=3500)
    assert world.operations() == ["variant.update", "variant.update"]
    assert world.plan().notes == ()


def test_one_variant_is_updated_alone(tea: Any) -> None:
    declare_prices(tea, v1L=4500)
    assert tea.operations() == ["variant.update"]


def test_one_rename_of_a_category_rewrites_none_of_its_products(world: World) -> None:
    world.have("category/Drinks", discontinued=False)
    world.have("category/Drinks/Cold", discontinued=False)
    world.declare("category/Drinks")
    world.declare("category/Drinks/Iced", was="Drinks/Cold")
    for code in "123":
        product = {**PRODUCT, "name": f"Tea {code}"}
        world.have(f"product/{code}", children={}, **{**product, "category": "Drinks/Cold"})
        world.declare(f"product/{code}", **{**product, "category": "Drinks/Iced"})
    ((operation, body),) = world.calls()
    assert operation == "category.update"
    assert (body["Name"], body["Rename"]) == ("Drinks/Cold", "Drinks/Iced")


def test_a_rename_above_renames_what_is_below(world: World) -> None:
    for name in ("Drinks", "Drinks/Cold", "Drinks/Cold/Tea"):
        world.have(f"category/{name}", discontinued=False)
    world.declare("category/Beverages", was="Drinks")
    world.declare("category/Beverages/Cold")
    world.declare("category/Beverages/Cold/Tea")
    assert world.operations() == ["category.update"]


def test_reading_back_is_one_call_for_a_hundred_variants(tea: Any) -> None:
    declare_prices(tea)
    for number in range(97):
        tea.declare(f"variant/N{number}", product="1", model=str(number), unit_price=1)
    cost = tea.cost()
    assert (cost.writes, cost.verification) == (1, 1)
