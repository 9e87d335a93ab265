"""A product update that may not name every variant: sent only where needed, and never unsaid."""

from __future__ import annotations

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import Observed
from tests.support.world import World

PRODUCT = {"name": "Tea", "category": "Drinks"}
NEEDED = {
    "the product itself changes": ("product/1", {"name": "Black Tea", "category": "Drinks"}),
    "only this call carries it": ("variant/1A", {"product": "1", "description": "12 oz"}),
    "no read shows what its own update could clear": (
        "variant/1U",
        {"product": "1", "unit_price": 9},
    ),
}


def shelf(world: World, code: str = "1", *, whole: bool = False) -> None:
    """A live product with three variants, and files that say the same of two of them."""
    rows = {
        f"{code}A": {"model": "A", "unit_price": 5, "description": "", "discontinued": False},
        f"{code}B": {"model": "B", "unit_price": 6, "discontinued": False},
        f"{code}U": {"model": "U", "unit_price": 7, "type": "MultipleUOM"},
    }
    world.product(code, rows, whole=whole, **PRODUCT)
    for name in (f"{code}A", f"{code}B"):
        world.declare(f"variant/{name}", product=code, unit_price=rows[name]["unit_price"])


def hide(world: World, name: str, product: str = "1") -> None:
    """Files declare a variant that only a read by its code shows."""
    world.declare(f"variant/{name}", product=product, discontinued=True)
    world.have(f"variant/{name}", model="H", unit_price=3, discontinued=True)


@pytest.mark.parametrize("why", NEEDED)
def test_a_needed_update_names_all_that_is_known_and_the_plan_says_so_once(
    world: World, why: str
) -> None:
    shelf(world)
    address, fields = NEEDED[why]
    world.declare(address, **fields)
    (body,) = [body for name, body in world.calls() if name == "product.update"]
    assert [row["Code"] for row in body["Variants"]] == ["1A", "1B", "1U"]
    (warning,) = world.plan().warnings
    assert warning == (
        (Address("product", "1"),),
        "this update sends the full list of variants, and DealPOS may delete any variant that is "
        "missing from it. The API did not return discontinued variants of this product. "
        "If any exist in DealPOS, declare them first.",
    )


@pytest.mark.parametrize("why", NEEDED)
def test_with_every_variant_known_nothing_is_said(world: World, why: str) -> None:
    shelf(world, whole=True)
    address, fields = NEEDED[why]
    world.declare(address, **fields)
    assert "product.update" in world.operations()
    assert (world.plan().warnings, world.plan().notes) == ((), ())


def test_a_plan_without_such_an_update_says_nothing(world: World) -> None:
    shelf(world)
    world.declare("variant/1A", product="1", unit_price=50)
    world.declare("variant/1B", product="1", unit_price=60)
    world.declare("variant/1N", product="1", unit_price=8)
    world.declare("product/9", name="Coffee", category="Drinks")
    assert "product.update" not in world.operations()
    assert (world.plan().warnings, world.plan().notes) == ((), ())


def test_one_warning_for_all_of_them(world: World) -> None:
    for code in "12345":
        shelf(world, code)
        world.declare(f"product/{code}", name="Black Tea", category="Drinks")
    (warning,) = world.plan().warnings
    assert warning.addresses == tuple(Address("product", code) for code in "12345")
    assert "did not return discontinued variants of these products. If any exist" in warning.message


def test_what_only_its_code_finds_is_named_too_and_proves_that_variants_are_hidden(
    world: World,
) -> None:
    shelf(world)
    hide(world, "1H")
    world.declare("product/1", name="Black Tea", category="Drinks")
    ((_, body),) = world.calls()
    assert [row["Code"] for row in body["Variants"]] == ["1A", "1B", "1U", "1H"]
    (warning,) = world.plan().warnings
    assert "The API hides some discontinued variants (1H). If others exist" in warning.message


def test_it_proves_that_of_other_products_too(world: World) -> None:
    shelf(world)
    shelf(world, "2")
    hide(world, "2H", "2")
    world.declare("product/1", name="Black Tea", category="Drinks")
    (warning,) = world.plan().warnings
    assert "The API hides some discontinued variants (2H)." in warning.message


def test_a_product_that_hides_one_variant_is_never_whole(world: World) -> None:
    """The opposite was proven: where one child is hidden, another may be."""
    shelf(world, whole=True)
    hide(world, "1H")
    for name in ("1A", "1B"):
        world.declare(f"variant/{name}", product="1", unit_price=50)
    assert world.operations() == ["variant.update", "variant.update"]


def test_a_variant_whose_product_was_not_read_proves_nothing(world: World) -> None:
    shelf(world)
    world.have("product/2", **PRODUCT)
    hide(world, "2H", "2")
    world.declare("product/1", name="Black Tea", category="Drinks")
    assert isinstance(world.live.get(Address("product", "2")), Observed)
    assert "did not return discontinued variants" in world.plan().warnings[0].message
