"""Fields that no read shows are never cleared: the plan takes another way, or asks the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.dealpos.client import Client
from tests.support.shop import MakeShop, Shop

BLIND = {
    "MultipleUOM": {"ParentCode": "PB", "Ratio": 12},
    "PrepaidPackage": {"ExpiredDayPrepaid": 30, "PointPrepaid": 5},
    "PrepaidPoint": {"ExpiredMonthPrepaid": 6, "PointPrepaid": 9},
    "Serialized": {},
}
"""Fields of a variant of each type that no read shows (dealpos-api.md §7)."""

STRICT: dict[str, Any] = {"put_omitted": "clear", "product_put_variants": "replace"}


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Leaves a field out of what the shop answers to the operations that begin so."""

    def of(operations: str, name: str) -> None:
        real = Client.call

        def call(self: Client, operation: str, parameters: Any = None, **how: bool) -> Any:
            answer = real(self, operation, parameters, **how)
            for row in answer if isinstance(answer, list) else [answer]:
                if operation.startswith(operations):
                    row.pop(name, None)
            return answer

        monkeypatch.setattr(Client, "call", call)

    return of


def seed(type_: str) -> dict[str, Any]:
    product = {
        "Code": "P",
        "Name": "Tea",
        "Category": "Drinks",
        "Brand": "House",
        "Description": "Assam",
        "ImageURL": "https://example.com/tea.jpg",
        "ExtraImagesURL": ["https://example.com/pot.jpg"],
    }
    own = {"Code": "PA", "Model": "Box", "Type": type_, "UnitPrice": 100, "Weight": 4}
    variants = [
        {**own, **BLIND[type_], "UnitCost": 60, "Description": "12 bags"},
        {"Code": "PB", "Model": "Bag", "UnitPrice": 10, "Discontinued": True},
    ]
    return {
        "outlets": [{"Name": "Kemang"}],
        "categories": [{"Name": "Drinks"}],
        "products": [{**product, "Variants": variants}],
    }


def opened(open_shop: MakeShop, type_: str, variant: str, **choices: Any) -> Any:
    text = f"products: [{{code: P, variants: [{{code: PA, {variant}}}]}}]"
    return open_shop(seed(type_), text, **{**STRICT, **choices})


def held(shop: Shop) -> dict[str, str]:
    return {str(address): why for address, why in shop.plan().blocked}


@pytest.mark.parametrize("type_", BLIND)
@pytest.mark.parametrize(
    ("variant", "changed"),
    [
        ("unit_price: 110", {"UnitPrice": 110}),
        ("unit_cost: 70, model: Carton", {"UnitCost": 70, "Model": "Carton"}),
        (
            "description: twelve, discontinued: true",
            {"Description": "twelve", "Discontinued": True},
        ),
    ],
)
def test_what_a_product_carries_of_a_variant_is_changed_through_it(
    open_shop: MakeShop, type_: str, variant: str, changed: dict[str, Any]
) -> None:
    shop = opened(open_shop, type_, variant)
    before = shop.show()
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.complete
    assert report.requests == shop.cost(plan).requests
    assert "variant.update" not in [r.operation for s in shop.steps(plan) for r in s.requests]
    product = before["products"][0]
    product["Variants"][0] |= changed
    product["ImageURL"] = shop.show()["products"][0]["ImageURL"]  # re-hosted, or as it was
    product["ExtraImagesURL"] = shop.show()["products"][0]["ExtraImagesURL"]
    assert shop.show() == before
    assert shop.plan().settled


@pytest.mark.parametrize("type_", BLIND)
@pytest.mark.parametrize("variant", ["weight: 5", "unit_price: 110, taxable: false", "name: Box"])
def test_what_only_its_own_update_carries_is_withheld(
    open_shop: MakeShop, type_: str, variant: str
) -> None:
    shop = opened(open_shop, type_, variant)
    before = shop.show()
    why = held(shop)["variant/PA"]
    ways = {"Serialized": ("`type`", "make this change in DealPOS")}
    field, way = ways.get(type_, ("_", "Declare the value that it has in DealPOS"))
    assert field in why
    assert way in why
    assert shop.apply().outcomes == ()
    assert shop.show() == before


@pytest.mark.parametrize("type_", ["MultipleUOM", "PrepaidPoint"])
def test_once_declared_they_are_sent(open_shop: MakeShop, type_: str) -> None:
    declared = {
        "MultipleUOM": "parent_code: PB, ratio: 12",
        "PrepaidPoint": "expired_day_prepaid: 0, expired_month_prepaid: 6, point_prepaid: 9",
    }
    shop = opened(open_shop, type_, f"weight: 5, {declared[type_]}")
    assert held(shop) == {}
    assert shop.apply().complete
    row = shop.item("variants", "PA")
    assert row["Weight"] == 5
    assert BLIND[type_].items() <= row.items()


def test_one_that_is_declared_does_not_speak_for_the_others(open_shop: MakeShop) -> None:
    why = held(opened(open_shop, "MultipleUOM", "weight: 5, ratio: 12"))["variant/PA"]
    assert "`parent_code`" in why
    assert "`ratio`" not in why


@pytest.mark.parametrize("type_", BLIND)
def test_a_type_that_is_given_up_takes_its_fields_along(open_shop: MakeShop, type_: str) -> None:
    shop = opened(open_shop, type_, "type: Standard, weight: 5")
    assert shop.apply().complete
    assert shop.item("variants", "PA")["Type"] == "Standard"


def test_where_a_product_update_changes_no_variant_nothing_else_is_tried(
    open_shop: MakeShop,
) -> None:
    shop = opened(open_shop, "MultipleUOM", "unit_price: 110", product_put_variants="ignore")
    (outcome,) = shop.apply().outcomes
    assert outcome.status == "unverified"
    assert (
        "no separate update was sent, because it could clear `parent_code`, `ratio`"
        in outcome.message
    )
    row = shop.item("variants", "PA")
    assert (row["ParentCode"], row["Ratio"]) == ("PB", 12)


@pytest.mark.parametrize("brand", ["", ", brand: House"])
@pytest.mark.parametrize("variant", ["{code: PA, unit_price: 110}", "{code: PA}"])
def test_a_product_whose_fields_are_not_shown_is_written_when_they_are_declared(
    open_shop: MakeShop, hide: Callable[[str, str], None], brand: str, variant: str
) -> None:
    """A shop whose reads show no brand: a product update without one could clear it."""
    hide("product.", "Brand")
    name = "" if "unit_price" in variant else ", name: Green Tea"
    text = f"products: [{{code: P{name}{brand}, variants: [{variant}]}}]"
    shop = open_shop(seed("MultipleUOM"), text, **STRICT)
    address = "product/P" if name else "variant/PA"
    if brand:
        assert shop.apply().complete
        assert shop.plan().settled
    else:
        why = held(shop)[address]
        assert ("`brand` of product/P" in why) or ("`parent_code`" in why)
        assert shop.apply().outcomes == ()
    assert shop.item("products", "P")["Brand"] == "House"


def test_two_prices_go_one_by_one_where_their_product_is_not_shown_in_full(
    open_shop: MakeShop, hide: Callable[[str, str], None]
) -> None:
    hide("product.", "Description")
    variants = "{code: PA, unit_price: 110}, {code: PB, unit_price: 11}"
    data = seed("MultipleUOM")
    data["products"][0]["Variants"][0]["Type"] = "Standard"
    shop = open_shop(data, f"products: [{{code: P, variants: [{variants}]}}]", **STRICT)
    plan = shop.plan()
    operations = [r.operation for step in shop.steps(plan) for r in step.requests]
    assert operations == ["variant.update", "variant.update"]
    assert shop.apply(plan).complete
    assert shop.item("products", "P")["Description"] == "Assam"


def test_a_customer_is_not_updated_where_a_field_is_shown_of_nobody(
    open_shop: MakeShop, hide: Callable[[str, str], None]
) -> None:
    hide("customer.by_code", "City")
    people = {"customers": [{"Code": "C", "Name": "One", "Email": "o@example.com", "City": "B"}]}
    shop = open_shop(people, "customers: [{code: C, group: Gold}]", put_omitted="clear")
    assert "could clear `city`" in held(shop)["customer/C"]
    shop.write("customers: [{code: C, group: Gold, city: B}]")
    assert shop.apply().complete
    assert shop.item("customers", "C")["City"] == "B"


def test_a_shop_that_leaves_out_what_is_empty_is_taken_at_its_word(open_shop: MakeShop) -> None:
    people = {
        "customers": [
            {"Code": "C", "Name": "One", "Email": "o@example.com", "City": "B"},
            {"Code": "D", "Name": "Two", "Email": "t@example.com"},
        ]
    }
    text = "customers: [{code: C, name: Three}, {code: D, name: Four}]"
    shop = open_shop(people, text, nulls_omitted=True, put_omitted="clear")
    plan = shop.plan()
    assert plan.blocked == ()
    assert any(
        "This shop leaves out empty fields" in note and "`fax`" in note for note in plan.notes
    )
    assert shop.apply(plan).complete
    assert shop.item("customers", "C")["City"] == "B"
