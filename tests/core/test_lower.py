"""Changes to calls: the right operation and body, in the fewest requests."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.steps.step import split_batches
from tests.support.world import World

PRODUCT = {"name": "Kopi", "category": "Drinks"}
TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}


def body_of(world: World, operation: str) -> Any:
    """The body of the only request with this operation."""
    (body,) = [body for name, body in world.calls() if name == operation]
    return body


# --- new objects --------------------------------------------------------------------------------


def test_a_new_product_carries_its_variants_in_one_call(world: World) -> None:
    world.declare("product/1", **PRODUCT, brand="House")
    world.declare("variant/1R", product="1", model="Regular", unit_cost=1, unit_price=18000)
    world.declare("variant/1L", product="1", unit_price=22000, type="Standard", description="16 oz")
    (step,) = world.steps()
    assert [str(a) for a in step.addresses] == ["product/1", "variant/1L", "variant/1R"]
    assert step.creates
    assert body_of(world, "product.create") == {
        "Code": "1",
        "Name": "Kopi",
        "Category": "Drinks",
        "Brand": "House",
        "ImageURL": "",
        "Discontinued": False,
        "Variants": [
            {
                "Code": "1L",
                "Model": "",
                "UnitPrice": 22000,
                "VariantDescription": "16 oz",
                "Discontinued": False,
                "Type": {"value": "Standard"},
            },
            {
                "Code": "1R",
                "Model": "Regular",
                "UnitCost": 1,
                "UnitPrice": 18000,
                "Discontinued": False,
            },
        ],
    }


def test_the_type_of_a_new_variant_has_a_second_spelling(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, type="Standard")
    ((request,),) = [step.requests for step in world.steps()]
    (other,) = request.spellings
    assert request.body["Variants"][0]["Type"] == {"value": "Standard"}
    assert other["Variants"][0]["Type"] == "Standard"
    assert other == {**request.body, "Variants": other["Variants"]}


def test_without_a_type_there_is_one_spelling(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1)
    ((request,),) = [step.requests for step in world.steps()]
    assert request.spellings == ()


def test_a_new_product_without_variants_sends_an_empty_list(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    assert body_of(world, "product.create")["Variants"] == []


def test_variants_ride_only_with_their_own_product(world: World) -> None:
    for product in ("1", "2"):
        world.declare(f"product/{product}", **PRODUCT)
        world.declare(f"variant/V{product}", product=product, unit_price=1)
    bodies = [body for name, body in world.calls() if name == "product.create"]
    assert [(b["Code"], [v["Code"] for v in b["Variants"]]) for b in bodies] == [
        ("1", ["V1"]),
        ("2", ["V2"]),
    ]


def test_added_variants_are_one_call_a_product(world: World) -> None:
    for product in ("1", "2"):
        world.product(product, {}, **PRODUCT)
        world.declare(f"product/{product}", **PRODUCT)
        for size in "ABC":
            world.declare(f"variant/{product}{size}", product=product, unit_price=1)
    assert [(name, body["Code"], len(body["Variants"])) for name, body in world.calls()] == [
        ("variant.add", "1", 3),
        ("variant.add", "2", 3),
    ]


def test_an_added_variant_is_sent_with_what_adding_carries(world: World) -> None:
    world.product("1", {}, **PRODUCT)
    world.declare("variant/1L", product="1", model="Large", unit_price=Decimal("107.07"))
    assert world.calls() == [
        (
            "variant.add",
            {
                "Code": "1",
                "Variants": [
                    {"Code": "1L", "Model": "Large", "UnitPrice": 107.07, "Discontinued": False}
                ],
            },
        )
    ]


@pytest.mark.parametrize(("count", "sizes"), [(100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_variants_are_added_in_batches_of_a_hundred(
    world: World, count: int, sizes: list[int]
) -> None:
    world.product("1", {}, **PRODUCT)
    for number in range(count):
        world.declare(f"variant/V{number:03}", product="1", unit_price=1)
    calls = world.calls()
    assert [len(body["Variants"]) for _, body in calls] == sizes
    sent = [row["Code"] for _, body in calls for row in body["Variants"]]
    assert sorted(sent) == sent
    assert len(set(sent)) == count


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_batches_hold_everything_once_in_order(size: int) -> None:
    cut = list(split_batches(range(10), size))
    assert [item for batch in cut for item in batch] == list(range(10))
    assert all(len(batch) == size for batch in cut[:-1])
    assert len(cut[-1]) <= size


COMPLETED = {
    "weight": (250, {"Weight": 250}),
    "taxable": (True, {"Taxable": True}),
    "loyalty_point": (False, {"LoyaltyPoint": False}),
    "order_price": (5, {"OrderPrice": 5}),
    "name": ("Own", {"Name": "Own"}),
    "ratio": (12, {"Ratio": 12}),
    "components": ({"M": {"qty": 2}}, {"Components": [{"Code": "M", "Qty": 2}]}),
    "outlet_prices": (
        {"Bandung": {"price": 5, "extra_cost": 1}},
        {"OutletPrice": [{"Outlet": "Bandung", "Price": 5, "ExtraCost": 1}]},
    ),
}


@pytest.mark.parametrize("name", sorted(COMPLETED))
@pytest.mark.parametrize("product", ["new", "live"])
def test_what_a_create_cannot_carry_follows_in_the_variants_own_update(
    world: World, product: str, name: str
) -> None:
    value, sent = COMPLETED[name]
    if product == "live":
        world.product("1", {}, **PRODUCT)
    else:
        world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, **{name: value})
    (first, create), (second, update) = world.calls()
    assert first == ("product.create" if product == "new" else "variant.add")
    assert set(sent).isdisjoint(create["Variants"][0])
    assert second == "variant.update"
    assert {key: update[key] for key in sent} == sent
    assert update["Code"] == "1L"


def test_a_completion_waits_for_its_create(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, weight=250)
    create, update = world.steps()
    assert update.waits == {create.id}


def test_a_type_is_completed_only_where_adding_does_not_carry_it(world: World) -> None:
    world.declare("product/1", **PRODUCT)
    world.declare("variant/1L", product="1", unit_price=1, type="Standard")
    assert world.operations() == ["product.create"]
    world.product("2", {}, **PRODUCT)
    world.declare("variant/2L", product="2", unit_price=1, type="Standard")
    assert world.operations() == ["product.create", "variant.add", "variant.update"]


@pytest.mark.parametrize(
    ("address", "fields", "operation", "body"),
    [
        ("category/A", {"code": "AA"}, "category.create", {"Name": "A", "Code": "AA"}),
        (
            "coupon/C",
            {**TERMS, "full_price_item_only": True, "customer": "K", "expiry_date": "2026-12-31"},
            "coupon.create",
            {
                "Code": "C",
                "Type": "DiscountPercentage",
                "Discount": 20,
                "Limit": 100,
                "MinimumAmount": 0,
                "FullPriceItemOnly": "Yes",
                "CustomerCode": "K",
                "ExpiryDate": "2026-12-31",
            },
        ),
        (
            "customer/K",
            {"name": "Sari", "mobile": "08123", "birthday": "1990-01-31"},
            "customer.create",
            {
                "Code": "K",
                "Name": "Sari",
                "Email": "",
                "Status": "Active",
                "MobilePhone": "08123",
                "Mobile": "08123",
                "Birthday": "1990-01-31",
                "Birthdate": "1990-01-31",
            },
        ),
    ],
    ids=["category", "coupon", "customer"],
)
def test_other_objects_are_created_by_one_call_each(
    world: World, address: str, fields: dict[str, Any], operation: str, body: dict[str, Any]
) -> None:
    world.declare(address, **fields)
    assert world.calls() == [(operation, body)]


@pytest.mark.parametrize(
    ("requires", "keys", "rows"),
    [
        ({"variants": ["A", "B"]}, ("Variant", "ListRequirementVariants"), "Code"),
        ({"categories": ["X/Y"]}, ("Category", "ListRequirementCategories"), "Name"),
    ],
)
def test_a_requirement_is_sent_as_names_and_tried_as_objects(
    world: World, requires: dict[str, list[str]], keys: tuple[str, str], rows: str
) -> None:
    world.declare("coupon/C", **TERMS, requires=requires)
    ((request,),) = [step.requests for step in world.steps()]
    names = next(iter(requires.values()))
    kind, list_key = keys
    assert (request.body["RequirementType"], request.body[list_key]) == (kind, names)
    (other,) = request.spellings
    assert other[list_key] == [{rows: name} for name in names]
    assert "Requires" not in request.body
    assert "Requires" not in other


# --- changed objects ----------------------------------------------------------------------------


def shelf(world: World, count: int, **more: Any) -> None:
    """A live product with variants V0, V1, … at 18000, declared as it is."""
    rows = {
        f"V{n}": {"model": f"M{n}", "unit_price": 18000, "unit_cost": 9, "weight": 5, **more}
        for n in range(count)
    }
    world.product("1", rows, **PRODUCT, brand="House")
    world.declare("product/1", **PRODUCT)
    for name, values in rows.items():
        world.declare(f"variant/{name}", product="1", **values)


def test_one_changed_price_is_one_variant_update_with_everything_writable(world: World) -> None:
    shelf(world, 3, outlet_prices={"Solo": {"price": 1, "extra_cost": 2}})
    world.declare("variant/V1", product="1", unit_price=19000)
    assert world.calls() == [
        (
            "variant.update",
            {
                "Code": "V1",
                "Model": "M1",
                "ProductCode": "1",
                "UnitPrice": 19000,
                "UnitCost": 9,
                "Weight": 5,
                "OutletPrice": [{"Outlet": "Solo", "Price": 1, "ExtraCost": 2}],
                "Components": [],
            },
        )
    ]


@pytest.mark.parametrize("changed", [2, 3, 5])
def test_several_prices_of_one_product_become_one_call(world: World, changed: int) -> None:
    shelf(world, 5)
    for number in range(changed):
        world.declare(f"variant/V{number}", product="1", unit_price=19000)
    ((operation, body),) = world.calls()
    assert operation == "product.update"
    assert body["Code"] == "1"
    assert [(row["Code"], row["UnitPrice"]) for row in body["Variants"]] == [
        (f"V{n}", 19000 if n < changed else 18000) for n in range(5)
    ]


def test_the_one_call_has_a_fallback_for_each_variant(world: World) -> None:
    """The effect of a product update on its variants is undocumented (dealpos-api.md §6.2)."""
    shelf(world, 3)
    for number in range(2):
        world.declare(f"variant/V{number}", product="1", unit_price=19000)
    (step,) = world.steps()
    assert {str(a): (r.operation, r.body["UnitPrice"]) for a, r in step.fallback.items()} == {
        "variant/V0": ("variant.update", 19000),
        "variant/V1": ("variant.update", 19000),
    }


def test_prices_of_different_products_are_a_call_each(world: World) -> None:
    for product in ("1", "2"):
        world.product(product, {f"V{product}": {"unit_price": 1}}, **PRODUCT)
        world.declare(f"variant/V{product}", product=product, unit_price=2)
    assert world.operations() == ["variant.update", "variant.update"]


def test_several_changes_that_a_product_update_cannot_carry_are_a_call_each(world: World) -> None:
    shelf(world, 3)
    for number in range(2):
        world.declare(f"variant/V{number}", product="1", weight=7)
    assert world.operations() == ["variant.update", "variant.update"]


def test_a_change_of_description_goes_through_the_product(world: World) -> None:
    shelf(world, 2, description="old")
    world.declare("variant/V0", product="1", description="new")
    ((operation, body),) = world.calls()
    assert operation == "product.update"
    assert [row["VariantDescription"] for row in body["Variants"]] == ["new", "old"]


def test_description_and_weight_are_two_calls_in_order(world: World) -> None:
    shelf(world, 2, description="old")
    world.declare("variant/V0", product="1", description="new", weight=7)
    (first, _), (second, body) = world.calls()
    assert (first, second) == ("product.update", "variant.update")
    assert (body["Code"], body["Weight"]) == ("V0", 7)


def test_a_product_update_carries_every_live_child_with_its_planned_value(world: World) -> None:
    shelf(world, 2)
    world.product("1", {"V0": {"unit_price": 18000}, "V1": {"unit_price": 18000},
                        "STRAY": {"model": "S", "unit_price": 7, "unit_cost": 3}},
                  **PRODUCT, brand="House")  # fmt: skip
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    world.declare("variant/V0", product="1", unit_price=19000)
    world.declare("variant/V1", product="1", unit_price=18000)
    ((operation, body),) = world.calls()
    assert operation == "product.update"
    assert {k: v for k, v in body.items() if k != "Variants"} == {
        "Code": "1",
        "Name": "Kopi Susu",
        "Category": "Drinks",
        "Brand": "House",  # what no file mentions is sent back
    }
    assert [(row["Code"], row["UnitPrice"]) for row in body["Variants"]] == [
        ("V0", 19000),
        ("V1", 18000),
        ("STRAY", 7),  # in no file, and still there afterwards
    ]


def test_a_product_whose_children_nobody_read_is_updated_without_them(world: World) -> None:
    world.have("product/1", **PRODUCT)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    ((operation, body),) = world.calls()
    assert operation == "product.update"
    assert "Variants" not in body


def test_a_product_update_names_no_variant_that_is_still_to_be_added(world: World) -> None:
    shelf(world, 1)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    world.declare("variant/NEW", product="1", unit_price=1)
    (first, update), (second, add) = world.calls()
    assert (first, second) == ("product.update", "variant.add")
    assert [row["Code"] for row in update["Variants"]] == ["V0"]
    assert [row["Code"] for row in add["Variants"]] == ["NEW"]


def test_a_discontinued_variant_stays_discontinued_in_a_product_update(world: World) -> None:
    world.product("1", {"V": {"unit_price": 1, "discontinued": True}}, **PRODUCT)
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    assert body_of(world, "product.update")["Variants"] == [
        {"Code": "V", "Model": "", "UnitPrice": 1, "Discontinued": True}
    ]


def test_a_category_update_always_sends_a_new_name(world: World) -> None:
    world.have("category/A", discontinued=False)
    world.declare("category/A", discontinued=True)
    assert world.calls() == [
        ("category.update", {"Name": "A", "Rename": "A", "Discontinued": True})
    ]


def test_a_customer_update_sends_the_id_and_both_spellings(world: World) -> None:
    world.have("customer/K", id="7", name="Sari", mobile="1", email="a@b.c", status="Active")
    world.declare("customer/K", mobile="2")
    ((operation, body),) = world.calls()
    assert operation == "customer.update"
    assert (body["ID"], body["Mobile"], body["MobilePhone"]) == ("7", "2", "2")
    assert (body["Name"], body["Email"]) == ("Sari", "a@b.c")


def test_a_replaced_coupon_is_deleted_and_created_as_one_step(world: World) -> None:
    world.have("coupon/C", **{**TERMS, "minimum_amount": 5}, balance=60)
    world.declare("coupon/C", type="DiscountPercentage", discount=25, limit=100)
    (step,) = world.steps()
    assert step.action is Action.REPLACE
    assert [(r.operation, r.body) for r in step.requests] == [
        ("coupon.delete", {"Code": "C"}),
        (
            "coupon.create",
            {
                "Code": "C",
                "Type": "DiscountPercentage",
                "Discount": 25,
                "Limit": 60,
                "MinimumAmount": 5,
            },
        ),
    ]


def test_what_the_shop_alone_knows_is_never_sent(world: World) -> None:
    world.have("coupon/C", **TERMS, balance=100)
    world.declare("coupon/C", **{**TERMS, "discount": 25})
    assert all("Balance" not in body for _, body in world.calls())


# --- the whole ----------------------------------------------------------------------------------


def busy(world: World) -> None:
    """A bit of everything."""
    world.declare("category/A")
    world.declare("category/A/B", discontinued=True)
    shelf(world, 4, description="old", discontinued=False)
    world.declare("product/1", name="Kopi Susu", category="A/B")
    world.declare("variant/V0", product="1", unit_price=19000)
    world.declare("variant/V1", product="1", description="new", weight=9)
    world.declare("variant/V2", product="1", discontinued=True)
    world.declare("variant/N1", product="1", unit_price=1, components={"V0": {"qty": 1}})
    world.declare("product/2", **PRODUCT)
    world.declare("variant/N2", product="2", unit_price=1, weight=1)
    world.declare("coupon/C", **TERMS, requires={"variants": ["N1", "N2"]})
    world.declare("customer/K", name="Sari")


def test_every_change_is_in_a_step_and_no_step_has_others(world: World) -> None:
    busy(world)
    planned = {change.address for change in world.plan().changes}
    assert {address for step in world.steps() for address in step.addresses} == planned


def test_every_change_is_created_once(world: World) -> None:
    busy(world)
    created = Counter(
        change.address
        for step in world.steps()
        if step.creates
        for change in step.changes
        if change.action is Action.CREATE
    )
    wanted = [c.address for c in world.plan().changes if c.action is Action.CREATE]
    assert created == Counter(wanted)


def test_every_changed_field_is_written_by_some_step(world: World) -> None:
    busy(world)
    carried: dict[Any, set[str]] = {}
    for step in world.steps():
        for change in step.changes:
            carried.setdefault(change.address, set()).update(step.carried[change.address.kind])
    for change in world.plan().changes:
        assert {f.path[0] for f in change.fields} <= carried[change.address], change.address


def test_ids_are_unique_and_waits_name_earlier_steps(world: World) -> None:
    busy(world)
    steps = world.steps()
    seen: set[int] = set()
    for step in steps:
        assert step.waits <= seen
        assert step.id not in seen
        seen.add(step.id)
