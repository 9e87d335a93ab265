"""A folder of YAML to Desired: every object with its place, or every problem at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.errors import SourceError
from tests.support.folder import Folder, load_files

WHOLE = """\
    categories:
      - name: Drinks/Coffee
        code: DC
        was: Beverages/Coffee
    products:
      - code: "1003"
        name: Kopi Susu
        category: Drinks/Coffee
        brand: House
        description: Signature iced coffee
        discontinued: false
        image_url: https://example.com/kopi.jpg
        variants:
          - code: 1003L
            model: Large
            type: Standard
            unit_cost: 9000
            unit_price: 18000
            weight: 250
            taxable: true
            loyalty_point: true
            discontinued: false
            description: 16 oz
            outlet_prices:
              Bandung: {price: 19000, extra_cost: 0}
          - code: 1003S
            type: Composite
            components:
              MILK-1L: {qty: 1}
    coupons:
      - code: DISC20
        type: DiscountPercentage
        discount: 20
        limit: 100
        minimum_amount: 100000.50
        maximum_discount: 50000
        full_price_item_only: false
        expiry_date: 2026-12-31
        description: Year-end 20 %
        customer: DP-001
        reference_id: YEAR-END-26
        requires: {variants: [1003S, 1003L]}
    customers:
      - code: DP-001
        name: Example Customer
        email: customer@example.com
        mobile: "08123456789"
        group: Gold
"""


def test_the_example_of_the_design_reads_as_canonical_values(folder: Folder) -> None:
    folder.write(WHOLE)
    desired = folder.load()
    assert {str(address): declared.value for address, declared in desired} == {
        "category/Drinks/Coffee": {"name": "Drinks/Coffee", "code": "DC"},
        "product/1003": {
            "code": "1003",
            "name": "Kopi Susu",
            "category": "Drinks/Coffee",
            "brand": "House",
            "description": "Signature iced coffee",
            "discontinued": False,
            "image_url": "https://example.com/kopi.jpg",
        },
        "variant/1003L": {
            "code": "1003L",
            "product": "1003",
            "model": "Large",
            "type": "Standard",
            "unit_cost": 9000,
            "unit_price": 18000,
            "weight": 250,
            "taxable": True,
            "loyalty_point": True,
            "discontinued": False,
            "description": "16 oz",
            "outlet_prices": {"Bandung": {"price": 19000, "extra_cost": 0}},
        },
        "variant/1003S": {
            "code": "1003S",
            "product": "1003",
            "type": "Composite",
            "components": {"MILK-1L": {"qty": 1}},
        },
        "coupon/DISC20": {
            "code": "DISC20",
            "type": "DiscountPercentage",
            "discount": 20,
            "limit": 100,
            "minimum_amount": Decimal("100000.5"),
            "maximum_discount": 50000,
            "full_price_item_only": False,
            "expiry_date": "2026-12-31",
            "description": "Year-end 20 %",
            "customer": "DP-001",
            "reference_id": "YEAR-END-26",
            "requires": {"variants": ["1003L", "1003S"]},  # order carries no meaning
        },
        "customer/DP-001": {
            "code": "DP-001",
            "name": "Example Customer",
            "email": "customer@example.com",
            "mobile": "08123456789",
            "group": "Gold",
        },
    }
    assert desired.get(Address("category", "Drinks/Coffee")).was == "Beverages/Coffee"
    assert desired.get(Address("variant", "1003S")).source == Source("catalogue/shop.yaml", 26, 9)
    assert desired.get(Address("customer", "DP-001")).source.line == 44


@pytest.mark.parametrize("code", ["007", "1e3", "NO", "12_30", "2026-12-31", "0x1F", "null-1"])
def test_a_code_keeps_its_text_without_quotes(folder: Folder, code: str) -> None:
    folder.write(f"products: [{{code: {code}, variants: [{{code: V{code}}}]}}]")
    desired = folder.load()
    assert list(desired.objects["product"]) == [code]
    assert desired.get(Address("variant", f"V{code}")).value["product"] == code


def test_files_of_every_folder_are_read_in_a_fixed_order(folder: Folder) -> None:
    folder.write("categories: [{name: A}]", "b.yaml")
    folder.write("categories: [{name: B}]", "a/deep/er.yml")
    folder.write("categories: [{name: C}]", "C.yaml")
    folder.write("not: yaml: at all", "notes.txt")
    desired = folder.load()
    assert {n: d.source.file for n, d in desired.objects["category"].items()} == {
        "A": "catalogue/b.yaml",
        "B": "catalogue/a/deep/er.yml",
        "C": "catalogue/C.yaml",
    }


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "categories: []\nproducts: []\n"])
def test_an_empty_file_declares_nothing(folder: Folder, text: str) -> None:
    folder.write(text)
    assert list(folder.load()) == []


def test_a_folder_without_files_declares_nothing(folder: Folder) -> None:
    assert list(folder.load()) == []


def test_a_missing_folder_is_a_problem_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("catalogue: catalog", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        load_files(tmp_path)
    (problem,) = caught.value.problems
    assert str(problem) == "catalog: folder not found"
    assert "set `catalogue:` in reconciler.yaml" in problem.hint


def test_a_file_in_the_place_of_the_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "catalogue").write_text("x", encoding="utf-8")
    with pytest.raises(SourceError, match="1 problem in the files"):
        load_files(tmp_path)


# --- problems -----------------------------------------------------------------------------------


def test_every_problem_of_every_file_is_told_at_once_in_order(folder: Folder) -> None:
    folder.write(
        """\
        products:
          - code: "1"
            nam: Kopi
            category: Drinks
            variants:
              - code: A
                unit_price: -5
                weight: 1.5
                type: Standart
                outlet_prices:
                  Bandung: {prise: 5}
              - unit_price: 1
        """,
        "b.yaml",
    )
    folder.write("coupons:\n  - code: C\n    expiry_date: 2026-02-30\nextra: 1\n", "a.yaml")
    folder.write("products: [\n", "c.yaml")
    assert folder.messages() == [
        "a.yaml:3:18: coupon/C: `expiry_date` must be a date that exists, written YYYY-MM-DD "
        "(found `2026-02-30`)",
        "a.yaml:4:1: unknown key `extra`",
        "b.yaml:3:5: product/1: unknown key `nam`",
        "b.yaml:7:21: variant/A: `unit_price` must not be below zero (found `-5`)",
        "b.yaml:8:17: variant/A: `weight` must be a whole number (found `1.5`)",
        "b.yaml:9:15: variant/A: `type` must be one of Standard, Composite, NonInventory, "
        "Manufactured, MultipleUOM, Complementary, PrepaidPackage, PrepaidPoint "
        "(found `Standart`)",
        "b.yaml:11:20: variant/A: `price` is missing",
        "b.yaml:11:21: variant/A: unknown key `prise`",
        "b.yaml:12:9: variant: `code` is missing",
        "c.yaml:2:1: broken YAML: did not find expected node content",
    ]


def test_the_number_of_problems_is_the_message() -> None:
    folder_error = SourceError([])
    assert folder_error.message == "0 problems in the files"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("produts: []", "1:1", "unknown key `produts`", "did you mean `products`?"),
        (
            "zzz: []",
            "1:1",
            "unknown key `zzz`",
            "accepted: allow, categories, coupons, customers, outlets, products, "
            "provider_coupons, removed",
        ),
        (
            "variants: [{code: A}]",
            "1:1",
            "unknown key `variants`",
            "`variants` belongs inside an entry of `products`",
        ),
        (
            "categories: [{name: A, discontinud: true}]",
            "1:24",
            "category/A: unknown key `discontinud`",
            "did you mean `discontinued`?",
        ),
        (
            "categories: [{name: A, wsa: B}]",
            "1:24",
            "category/A: unknown key `wsa`",
            "did you mean `was`?",
        ),
        (
            "products: [{code: A, varients: []}]",
            "1:22",
            "product/A: unknown key `varients`",
            "did you mean `variants`?",
        ),
        (
            "products: [{code: A, variants: [{code: B, Unit_Price: 5}]}]",
            "1:43",
            "variant/B: unknown key `Unit_Price`",
            "did you mean `unit_price`?",
        ),
        (
            "products: [{code: A, variants: [{code: B, components: {X: {qtty: 5, qty: 1}}}]}]",
            "1:60",
            "variant/B: unknown key `qtty`",
            "did you mean `qty`?",
        ),
        (
            "products: [{code: A, variants: [{code: B, outlet_prices: {X: {price: x}}}]}]",
            "1:70",
            "variant/B: `price` must be a number in plain digits, such as 18000 (found `x`)",
            "",
        ),
        (
            "coupons: [{code: A, type: DiscountPercent}]",
            "1:27",
            "coupon/A: `type` must be one of DiscountPercentage, DiscountAmount "
            "(found `DiscountPercent`)",
            "did you mean `DiscountPercentage`?",
        ),
        (
            "coupons: [{code: A, requires: {variant: [X]}}]",
            "1:32",
            "coupon/A: unknown key `variant`",
            "did you mean `variants`?",
        ),
        ("categories: {}", "1:13", "`categories` must be a list", None),
        ("categories: Drinks", "1:13", "`categories` must be a list", None),
        ("products: [{code: A, variants: {}}]", "1:32", "`variants` must be a list", None),
        ("categories: [Drinks]", "1:14", "an entry of `categories` must be a mapping", None),
        (
            "categories: [{name: /A}]",
            "1:21",
            "category//A: `name` must be names separated",
            "did you mean `A`?",
        ),
        (
            "categories: [{name: Top / Men}]",
            "1:21",
            "category/Top / Men: `name` must be names separated",
            "did you mean `Top/Men`?",
        ),
        (
            "coupons: [{code: A, requires: {categories: [Top //Men]}}]",
            "1:45",
            "coupon/A: `categories` must be names separated",
            "did you mean `Top/Men`?",
        ),
        ("categories: [{name: ''}]", "1:21", "category/: `name` must be names separated", ""),
        ("products: [{name: x}]", "1:12", "product: `code` is missing", ""),
        ("products: [{code: []}]", "1:19", "product: `code` must be text", ""),
        ("products: [{code: ''}]", "1:19", "product/: `code` must not be empty", ""),
        ("products: [{code: '  '}]", "1:19", "product/  : `code` must not contain control", ""),
        (
            'categories: [{name: "A\\e[31mB"}]',
            "1:21",
            "category/A\x1b[31mB: `name` must not contain control",
            "",
        ),
        (
            "products: [{code: A, discontinued: maybe}]",
            "1:36",
            "product/A: `discontinued` must be true or false (found `maybe`)",
            "",
        ),
        (
            "products: [{code: A, extra_images_url: x}]",
            "1:40",
            "product/A: `extra_images_url` must be a list (lines that start with a dash) "
            "(found `x`)",
            "",
        ),
        (
            "products: [{code: A, variants: [{code: B, outlet_prices: [X]}]}]",
            "1:58",
            "variant/B: `outlet_prices` must be a mapping (key: value lines)",
            "",
        ),
        ("products: [{code: A, was: B}]", "1:22", "product/A: unknown key `was`", None),
        ("categories: [{name: A, was: [B]}]", "1:29", "category/A: `was` must be", None),
        ("categories: [{name: A, was: {B: C}}]", "1:29", "category/A: `was` must be", None),
        ("categories: [{name: A, was: B//C}]", "1:29", "category/A: `was` must be", None),
    ],
)
def test_a_problem_names_place_text_and_way_out(
    folder: Folder, text: str, place: str, message: str, hint: str | None
) -> None:
    folder.write(text)
    ((found, offered),) = folder.problems()
    assert found.startswith(f"shop.yaml:{place}: {message}")
    if hint is not None:
        assert offered == hint


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "coupons: [{code: A, type: DiscountPercentage, discount: 101}]",
            "1:57",
            "coupon/A: `discount` must be at most 100 for a percentage",
        ),
        ("coupons: [{code: A, discount: 0}]", "1:31", "coupon/A: `discount` must be more than 0"),
        ("coupons: [{code: A, limit: 0}]", "1:28", "coupon/A: `limit` must be at least 1"),
        (
            "coupons: [{code: A, type: DiscountAmount, maximum_discount: 5}]",
            "1:61",
            "coupon/A: `maximum_discount` is allowed only for type DiscountPercentage",
        ),
        (
            "coupons: [{code: A, type: DiscountAmount, full_price_item_only: true}]",
            "1:65",
            "coupon/A: `full_price_item_only` is allowed only for type DiscountPercentage",
        ),
        (
            "coupons: [{code: A, requires: {variants: [X], categories: [Y]}}]",
            "1:31",
            "coupon/A: `requires` must be either variants or categories, not both",
        ),
        (
            "products: [{code: A, variants: [{code: B, components: {B: {qty: 1}}}]}]",
            "1:59",
            "variant/B: `components` a variant cannot be a component of itself",
        ),
        (
            "products: [{code: A, variants: [{code: B, components: {C: {qty: 0}}}]}]",
            "1:65",
            "variant/B: `components` must be at least 1",
        ),
        (
            "products: [{code: A, variants: [{code: B, type: Standard, components: {C: {qty: 1}}}]}"
            "]",
            "1:71",
            "variant/B: `components` allowed only for type Composite or Manufactured, not Standard",
        ),
    ],
)
def test_a_rule_across_fields_names_the_place_too(
    folder: Folder, text: str, place: str, message: str
) -> None:
    folder.write(text)
    (found,) = folder.messages()
    assert found.startswith(f"shop.yaml:{place}: {message}")


@pytest.mark.parametrize(
    "text",
    [
        "coupons: [{code: A, type: DiscountAmount, discount: 15000}]",
        "coupons: [{code: A, type: DiscountPercentage, discount: 100, maximum_discount: 1}]",
        "coupons: [{code: A, requires: {variants: [X], categories: []}}]",
        "coupons: [{code: A, requires: {}}]",
        "products: [{code: A, variants: [{code: B, type: Composite, components: {C: {qty: 1}}}]}]",
        "products: [{code: A, variants: [{code: B, components: {C: {qty: 1}}}]}]",
        "products: [{code: A, variants: [{code: B, type: Standard, components: {}}]}]",
    ],
)
def test_what_the_rules_allow_is_accepted(folder: Folder, text: str) -> None:
    folder.write(text)
    folder.load()


def test_a_rule_still_speaks_where_another_field_is_wrong(folder: Folder) -> None:
    folder.write("coupons: [{code: A, discount: 0, limit: x, tpye: y}]")
    assert len(folder.messages()) == 3


def test_null_is_one_problem_with_a_hint(folder: Folder) -> None:
    folder.write("products:\n  - code: A\n    brand:\n")
    assert folder.problems() == [
        (
            "shop.yaml:3:11: null is not allowed here",
            'omit the key to keep the live value; write "" for empty text, [] or {} for none',
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "files"),
    [
        ("categories: [{name: A}]", "categories:\n  - name: A", ("a.yaml:1", "b.yaml:2:11")),
        ("products: [{code: A}]", "products:\n  - code: A", ("a.yaml:1", "b.yaml:2:11")),
        ("coupons: [{code: A}]", "coupons:\n  - code: A", ("a.yaml:1", "b.yaml:2:11")),
        ("customers: [{code: A}]", "customers:\n  - code: A", ("a.yaml:1", "b.yaml:2:11")),
        (
            "products: [{code: X, variants: [{code: A}]}]",
            "products:\n  - code: Y\n    variants:\n      - code: A",
            ("a.yaml:1", "b.yaml:4:15"),
        ),
    ],
    ids=["category", "product", "coupon", "customer", "variant of two products"],
)
def test_the_same_object_declared_twice_names_both_files(
    folder: Folder, first: str, second: str, files: tuple[str, str]
) -> None:
    folder.write(first, "a.yaml")
    folder.write(second, "b.yaml")
    ((message, hint),) = folder.problems()
    assert message.startswith(f"{files[1]}: ")
    assert message.endswith(f"/A is declared twice, first at catalogue/{files[0]}")
    assert hint == "keep one of the two"


def test_the_same_code_of_different_kinds_is_no_duplicate(folder: Folder) -> None:
    folder.write(
        "products: [{code: A, variants: [{code: A}]}]\ncoupons: [{code: A}]\n"
        "customers: [{code: A}]\ncategories: [{name: A}]"
    )
    assert len(list(folder.load())) == 5


def test_renames_are_read_at_every_level(folder: Folder) -> None:
    folder.write(
        """\
        categories:
          - {name: Drinks, was: Beverages}
          - {name: Drinks/Coffee, was: Beverages/Kopi}
          - {name: Drinks/Tea}
        """
    )
    table = folder.load().objects["category"]
    assert {name: declared.was for name, declared in table.items()} == {
        "Drinks": "Beverages",
        "Drinks/Coffee": "Beverages/Kopi",
        "Drinks/Tea": None,
    }
    assert all("was" not in declared.value for declared in table.values())


def test_a_renamed_category_keeps_its_place(folder: Folder) -> None:
    folder.write("categories:\n  - name: Drinks\n    was: Beverages\n")
    assert folder.get("category/Drinks").source == Source("catalogue/shop.yaml", 2, 5)


@pytest.mark.parametrize(
    "fields",
    [
        "birthday: 1990-13-01",
        "birthday: [1990-13-01]",
        "name: [1990-13-01]",
        "mobile: {a: 1990-13-01}",
        "email: [1990-13-01, x]",
        "birthday: '1990-13-01 '",
    ],
)
@pytest.mark.parametrize("place", ["file", "defaults"])
def test_a_private_value_is_never_in_a_message(folder: Folder, fields: str, place: str) -> None:
    if place == "file":
        folder.write(f"customers: [{{code: A, {fields}}}]")
        found = folder.problems()
    else:
        found = folder.problems(f"defaults: {{customer: {{{fields}}}}}")
    assert found
    assert "1990" not in str(found)
