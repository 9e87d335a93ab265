"""Writes whose effect the API documentation leaves open are verified, or reported."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.applied import MANY_CHANGES, SMALL, TYPED, message, statuses
from tests.support.shop import MakeShop


@pytest.mark.parametrize("form", ["any", "object", "string"])
def test_a_type_arrives_in_whichever_form_the_shop_takes(open_shop: MakeShop, form: str) -> None:
    shop = open_shop(SMALL, TYPED, create_type_form=form)
    assert shop.apply().complete
    assert shop.item("variants", "NW")["Type"] == "Composite"
    assert shop.item("variants", "NV")["Type"] == "NonInventory"
    assert shop.plan().empty
    assert len(shop.show()["products"]) == 2


def test_a_type_that_a_create_ignores_is_reported_and_arrives_with_the_next(
    open_shop: MakeShop,
) -> None:
    shop = open_shop(SMALL, TYPED, create_type_form="ignore")
    report = shop.apply()
    assert statuses(report)["variant/NW"] == "applied"  # its components need its own update
    if not report.complete:
        assert statuses(report)["variant/NV"] == "failed"
        assert '`type` was sent as "NonInventory"' in message(report, "variant/NV")
        assert shop.apply().complete
    assert shop.item("variants", "NV")["Type"] == "NonInventory"
    assert shop.plan().empty


@pytest.mark.parametrize("omitted", ["keep", "clear"])
@pytest.mark.parametrize("carried", ["merge", "replace"])
def test_an_update_loses_nothing_that_no_file_mentions(
    open_shop: MakeShop, carried: str, omitted: str
) -> None:
    shop = open_shop(SMALL, MANY_CHANGES, product_put_variants=carried, put_omitted=omitted)
    assert shop.apply().complete
    assert shop.item("variants", "PA")["Weight"] == 7
    assert shop.item("variants", "PB")["Description"] == "b"
    assert shop.item("variants", "PB")["Model"] == "B"
    assert shop.item("variants", "PC")["UnitPrice"] == 350
    assert shop.plan().empty


def test_prices_arrive_where_a_product_update_ignores_its_variants(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, MANY_CHANGES, product_put_variants="ignore")
    report = shop.apply()
    assert report.complete
    prices = {code: shop.item("variants", code)["UnitPrice"] for code in ("PA", "PB", "PC")}
    assert prices == {"PA": 150, "PB": 250, "PC": 350}
    assert shop.plan().empty


# What reads may leave out, and what a write then must not clear.
LEAN = [
    {},
    {"put_omitted": "clear"},
    {"product_list_rows": "lean", "put_omitted": "clear"},
    {"variant_batch_rows": "lean"},
    {"variant_batch_rows": "lean", "put_omitted": "clear"},
    {"nulls_omitted": True, "put_omitted": "clear"},
    {"coupon_list_has_minimum": False},
    {"numbers_as_strings": True, "booleans_as_words": True, "put_omitted": "clear"},
    {"coupon_requirement_names": "objects", "coupon_requirement_rows": "strings"},
]
# (collection, code, the file, the one thing that it changes)
TOUCHED = {
    "product": ("products", "1003", "products: [{code: '1003', name: Kopi}]", {"Name": "Kopi"}),
    "variant-with-outlet-prices": (
        "variants",
        "1003L",
        """
        products:
          - {code: "1003", variants: [{code: 1003L, unit_price: 1}]}
        """,
        {"UnitPrice": 1},
    ),
    "variant-with-components": (
        "variants",
        "1004P",
        """
        products:
          - {code: "1004", variants: [{code: 1004P, weight: 2}]}
        """,
        {"Weight": 2},
    ),
    "customer": (
        "customers",
        "DP-001",
        "customers: [{code: DP-001, group: Silver}]",
        {"Group": "Silver"},
    ),
    "customer-by-name": (
        "customers",
        "DP-001",
        "customers: [{code: DP-001, name: Ayu}]",
        {"Name": "Ayu"},
    ),
    "coupon": (
        "coupons",
        "DISC20",
        "coupons: [{code: DISC20, discount: 25}]",
        {"Discount": 25, "Limit": 60},
    ),
    "coupon-with-variants": (
        "coupons",
        "NEEDS",
        "coupons: [{code: NEEDS, discount: 6000}]",
        {"Discount": 6000},
    ),
    "coupon-with-category": (
        "coupons",
        "CATS",
        "coupons: [{code: CATS, discount: 6}]",
        {"Discount": 6},
    ),
}


def settled(item: dict[str, Any]) -> dict[str, Any]:
    """An object without what was never set, which some writes store as an empty text."""
    return {key: value for key, value in item.items() if value not in ("", None, [])}


@pytest.mark.parametrize("choices", LEAN, ids=lambda c: ",".join(c) or "default")
@pytest.mark.parametrize("what", TOUCHED)
def test_what_no_file_mentions_keeps_its_live_value(
    open_shop: MakeShop, live: dict[str, Any], what: str, choices: Any
) -> None:
    collection, code, text, changed = TOUCHED[what]
    shop = open_shop(live, text, **choices)
    before = shop.item(collection, code)
    others = shop.show()
    report = shop.apply()
    assert {o.status for o in report.outcomes} <= {"applied", "failed", "skipped"}
    after = shop.item(collection, code)
    if collection == "products":
        assert after.pop("Variants") == before.pop("Variants")
    if collection == "customers":
        after.pop("JoinDate"), before.pop("JoinDate", None)
    unchanged = settled(before) == settled(after)
    assert settled(after) == settled({**before, **changed}) or unchanged
    rest = {name: [r for r in rows if r.get("Code") != code] for name, rows in others.items()}
    if collection != "variants":
        now = {
            name: [r for r in rows if r.get("Code") != code] for name, rows in shop.show().items()
        }
        assert now == rest
    assert report.complete


def test_a_customer_read_from_the_list_keeps_what_the_list_does_not_show(
    open_shop: MakeShop,
) -> None:
    people = [
        {"Code": f"C{i:02}", "Name": "N", "Email": f"{i}@e.com", "City": "Bandung"}
        for i in range(13)
    ]
    names = [f"  - {{code: C{i:02}, name: {'M' if i == 3 else 'N'}}}\n" for i in range(13)]
    shop = open_shop({"customers": people}, "customers:\n" + "".join(names), put_omitted="clear")
    assert shop.apply().complete
    assert shop.item("customers", "C03")["Name"] == "M"
    assert shop.item("customers", "C03")["City"] == "Bandung"


def test_outlet_prices_that_a_listing_does_not_show_are_not_cleared(open_shop: MakeShop) -> None:
    price = [{"Outlet": "B", "Price": 5, "ExtraCost": 0}]
    products = [
        {
            "Code": f"P{i:03}",
            "Name": "N",
            "Category": "A",
            "Variants": [{"Code": f"V{i:03}", "UnitPrice": 100, "OutletPrice": price}],
        }
        for i in range(250)
    ]
    seed = {"outlets": [{"Name": "B"}], "categories": [{"Name": "A"}], "products": products}
    line = "  - {code: P%03d, variants: [{code: V%03d, unit_price: %d}]}\n"
    text = "products:\n" + "".join(line % (i, i, 1 if i == 7 else 100) for i in range(250))
    shop = open_shop(seed, text, variant_list_rows="lean")
    assert shop.apply().complete
    assert shop.item("variants", "V007")["UnitPrice"] == 1
    assert shop.item("variants", "V007")["OutletPrice"] == price


def test_a_replacement_warns_of_write_only_fields_that_it_may_lose(open_shop: MakeShop) -> None:
    """Cap, full-price flag and reference are never read: a replacement may drop the live ones."""
    coupon = {"Code": "X", "Type": "DiscountPercentage", "Discount": 5, "Limit": 5}
    shop = open_shop(
        {"coupons": [{**coupon, "MaximumDiscount": 100}]}, "coupons: [{code: X, discount: 6}]"
    )
    plan = shop.plan()
    assert any("`maximum_discount`" in warning.message for warning in plan.warnings)


@pytest.mark.parametrize("before", ["", "b"])
@pytest.mark.parametrize("rows", ["full", "lean"])
def test_a_description_that_only_a_product_update_carries_arrives(
    open_shop: MakeShop, rows: str, before: str
) -> None:
    text = "products: [{code: P, variants: [{code: PB, description: new}]}]"
    seed = copy.deepcopy(SMALL)
    seed["products"][0]["Variants"][1]["Description"] = before
    shop = open_shop(seed, text, product_list_rows=rows)
    report = shop.apply()
    assert [o for o in report.outcomes if not o.verified] == []
    assert shop.item("variants", "PB")["Description"] == "new"
    assert shop.item("variants", "PA")["Weight"] == 7


@pytest.mark.parametrize("rows", ["full", "lean"])
@pytest.mark.parametrize("count", [1, 5])
def test_what_is_retired_is_verified_though_lists_hide_it(
    open_shop: MakeShop, count: int, rows: str
) -> None:
    products = [{"Code": f"P{i}", "Name": "N", "Category": "A"} for i in range(8)]
    text = "products:\n" + "".join(
        f"  - {{code: P{i}, discontinued: true}}\n" for i in range(count)
    )
    shop = open_shop(
        {"categories": [{"Name": "A"}], "products": products},
        text,
        lists_hide_discontinued=True,
        product_list_rows=rows,
    )
    assert [o for o in shop.apply().outcomes if not o.verified] == []
    assert shop.plan().empty


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("products: [{code: P, name: Coffee}]", "GET /Product/Detail"),
        ("products: [{code: N, name: N, category: A}]", "GET /Product/Detail"),
        ("customers: [{code: D1, name: Anna}]", "GET /Customer/Detail"),
        ("customers: [{code: N, name: Anna}]", "GET /Customer/Detail"),
        (
            "products: [{code: P, variants: [{code: PA, unit_price: 1}]}]",
            "POST /Variant/GetByListCode",
        ),
    ],
)
def test_a_write_is_verified_where_the_tenant_lacks_the_usual_read(
    open_shop: MakeShop, text: str, missing: str
) -> None:
    shop = open_shop(SMALL, text, missing_operations=frozenset({missing}))
    assert shop.apply().complete


def test_empty_lists_that_do_not_clear_are_reported(
    open_shop: MakeShop, live: dict[str, Any]
) -> None:
    text = """
        products:
          - {code: "1003", name: Kopi Susu, category: Drinks/Coffee,
             variants: [{code: 1003L, outlet_prices: {}}]}
    """
    shop = open_shop(live, text, empty_arrays_clear=False)
    report = shop.apply()
    assert statuses(report) == {"variant/1003L": "unverified"}
    assert report.verified == 0
    assert "outlet_prices.Bandung" in message(report, "variant/1003L")


def test_empty_lists_that_clear_are_verified(open_shop: MakeShop, live: dict[str, Any]) -> None:
    text = """
        products:
          - {code: "1003", name: Kopi Susu, category: Drinks/Coffee,
             variants: [{code: 1003L, outlet_prices: {}}]}
          - {code: "1004", name: Paket, category: Drinks,
             variants: [{code: 1004P, components: {}}]}
    """
    shop = open_shop(live, text)
    assert shop.apply().complete
    assert shop.item("variants", "1003L")["OutletPrice"] == []
    assert shop.item("variants", "1004P")["Components"] == []


LONG = "Longer than twelve"
REWRITTEN = {
    "product/P": "products: [{code: P, name: Coffee, category: A}]",
    "variant/PA": """
        products:
          - {code: P, name: Tea, category: A, variants: [{code: PA, model: Large}]}
    """,
    "customer/D1": "customers: [{code: D1, city: Bandung}]",
    "coupon/N": "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 1, description: x}]",
    "coupon/C": """
        coupons: [{code: C, type: DiscountAmount, discount: 5, limit: 10, description: new}]
    """,
}


@pytest.mark.parametrize("address", REWRITTEN)
def test_a_text_that_the_shop_cuts_is_said(open_shop: MakeShop, address: str) -> None:
    text = REWRITTEN[address].replace("Coffee", LONG).replace("Large", LONG)
    text = text.replace("Bandung", LONG).replace("description: x", f"description: {LONG}")
    shop = open_shop(SMALL, text.replace("new", LONG), rewrite_text="cut")
    report = shop.apply()
    # A coupon is replaced as a whole: what it was created with instead is looked at by people.
    is_coupon = address.startswith("coupon")
    assert statuses(report) == {address: "failed" if is_coupon else "applied"}
    assert ("DealPOS stored `" in message(report, address)) is not is_coupon
    assert report.verified == (not is_coupon)
