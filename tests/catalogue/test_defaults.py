"""Defaults, anchors and merges fill in values, and errors in them keep their place."""

from __future__ import annotations

import os
import sys
import time

import pytest

from dealpos_reconciler.core.model.address import Address
from tests.support.folder import Folder

SHELF = """\
    products:
      - code: P
        variants:
          - {code: A}
          - {code: B, type: Composite, taxable: false}
"""


def test_defaults_fill_in_what_an_object_leaves_out(folder: Folder) -> None:
    folder.write(SHELF)
    defaults = """\
        defaults:
          variant: {type: Standard, taxable: true, unit_price: 5}
          product: {brand: House}
    """
    desired = folder.load(defaults)
    assert desired.get(Address("variant", "A")).value == {
        "code": "A",
        "product": "P",
        "type": "Standard",
        "taxable": True,
        "unit_price": 5,
    }
    assert desired.get(Address("variant", "B")).value["type"] == "Composite"
    assert desired.get(Address("variant", "B")).value["taxable"] is False
    assert desired.get(Address("product", "P")).value["brand"] == "House"


@pytest.mark.parametrize(
    ("defaults", "place", "message", "hint"),
    [
        (
            "defaults:\n  variant:\n    type: Standart\n",
            "3:11",
            "`type` must be one of",
            "did you mean `Standard`?",
        ),
        (
            "defaults:\n  variant:\n    unit_prise: 5\n",
            "3:5",
            "unknown key `unit_prise`",
            "did you mean `unit_price`?",
        ),
        ("defaults:\n  variant:\n    unit_price: -5\n", "3:17", "`unit_price` must not be", ""),
        ("defaults:\n  variant:\n    code: X\n", "3:11", "`code` names one object", ""),
        (
            "defaults:\n  varient: {type: Standard}\n",
            "2:3",
            "unknown kind `varient` in `defaults`",
            "did you mean `variant`?",
        ),
        (
            "defaults:\n  pricebook: {}\n",
            "2:3",
            "unknown kind `pricebook` in `defaults`",
            "accepted: category, coupon, customer, outlet, product, provider_coupon, variant",
        ),
        ("defaults:\n  coupon: text\n", "2:11", "`defaults.coupon` must be a mapping", ""),
        ("defaults:\n  variant: {product: X}\n", "2:13", "unknown key `product`", None),
        ("defaults:\n  product: {variants: []}\n", "2:13", "unknown key `variants`", None),
    ],
)
def test_an_error_in_the_defaults_stands_at_its_place_in_the_settings(
    folder: Folder, defaults: str, place: str, message: str, hint: str | None
) -> None:
    folder.write(SHELF)
    ((found, offered),) = folder.problems(defaults)
    assert found.startswith(f"reconciler.yaml:{place}: {message}")
    if hint is not None:
        assert offered == hint


def test_a_rename_cannot_have_a_default_and_is_not_suggested(folder: Folder) -> None:
    ((message, hint),) = folder.problems("defaults: {category: {was: X}}")
    assert "`was`" in message
    assert "did you mean" not in hint


def test_a_rule_across_fields_holds_for_defaults_too(folder: Folder) -> None:
    folder.write(
        "products: [{code: P, variants: [{code: A, components: {B: {qty: 1}}}]}]", "shop.yaml"
    )
    (found,) = folder.messages("defaults: {variant: {type: Standard}}")
    assert found.startswith(
        "shop.yaml:1:55: variant/A: `components` allowed only for type Composite or"
    )


def test_an_anchor_is_shared_between_objects(folder: Folder) -> None:
    folder.write(
        """\
        products:
          - code: P
            variants:
              - code: A
                outlet_prices: &prices
                  Bandung: {price: 5}
              - code: B
                outlet_prices: *prices
          - code: Q
            variants:
              - &base {code: C, unit_price: 7, description: same}
              - <<: *base
                code: D
                unit_price: 8
        """
    )
    variants = {n: d.value for n, d in folder.load().objects["variant"].items()}
    assert variants["A"]["outlet_prices"] == variants["B"]["outlet_prices"]
    assert variants["D"] == {"code": "D", "product": "Q", "unit_price": 8, "description": "same"}
    assert variants["C"]["unit_price"] == 7


def test_objects_that_share_an_anchor_do_not_share_a_parent(folder: Folder) -> None:
    """Nested variants are taken out of their product, which an alias may repeat."""
    folder.write(
        """\
        products:
          - &p
            code: P
            name: Kopi
            variants: [{code: A}]
          - <<: *p
            code: Q
            variants: [{code: B}]
        """
    )
    desired = folder.load()
    assert desired.get(Address("variant", "A")).value["product"] == "P"
    assert desired.get(Address("variant", "B")).value["product"] == "Q"
    assert desired.get(Address("product", "Q")).value == {"code": "Q", "name": "Kopi"}


def test_a_product_that_an_alias_repeats_is_a_duplicate_with_its_variants(folder: Folder) -> None:
    folder.write("products:\n  - &p {code: P, variants: [{code: A}]}\n  - *p\n")
    assert [message.partition(": ")[2].partition(" is ")[0] for message in folder.messages()] == [
        "product/P",
        "variant/A",
    ]


def test_variants_that_a_merge_brings_along_are_duplicates(folder: Folder) -> None:
    folder.write(
        """\
        products:
          - &p
            code: P
            variants: [{code: A}]
          - <<: *p
            code: Q
        """
    )
    (message,) = folder.messages()
    assert "variant/A is declared twice" in message


def test_a_former_name_is_claimed_once_also_through_an_alias(folder: Folder) -> None:
    folder.write("categories:\n  - &a {name: A, was: B}\n  - {<<: *a, name: C}\n")
    (message,) = folder.messages()
    assert "the former name `B` is used by another entry too" in message


@pytest.mark.parametrize(
    ("name", "was", "complaint"),
    [("A", "A", "is its present name"), ("A/B", "A", "cannot move below itself")],
)
def test_a_former_name_that_cannot_have_been_one_is_refused(
    folder: Folder, name: str, was: str, complaint: str
) -> None:
    folder.write(f"categories: [{{name: {name}, was: {was}}}]")
    (message,) = folder.messages()
    assert complaint in message


def test_an_error_in_a_shared_value_stands_where_it_is_written(folder: Folder) -> None:
    folder.write(
        """\
        products:
          - code: P
            variants:
              - code: A
                outlet_prices: &prices
                  Bandung: {price: x}
              - code: B
                outlet_prices: *prices
              - &base
                code: C
                weight: y
              - <<: *base
                code: D
        """
    )
    assert [message.partition(": `")[0] for message in folder.messages()] == [
        "shop.yaml:6:28: variant/A",
        "shop.yaml:6:28: variant/B",
        "shop.yaml:11:17: variant/C",
        "shop.yaml:11:17: variant/D",
    ]


def test_five_hundred_mistakes_are_told_at_once(folder: Folder) -> None:
    """A misspelt key in every variant is one mistake of one search-and-replace."""
    rows = "".join(f"      - {{code: V{n}, prise: {n}}}\n" for n in range(500))
    folder.write(f"products:\n  - code: P\n    variants:\n{rows}")
    began = time.process_time()
    assert len(folder.problems()) == 500
    assert time.process_time() - began < 1.5


def test_the_garbage_collector_is_left_as_it_was(folder: Folder) -> None:
    import gc

    folder.write("categories: [{name: A}]")
    assert gc.isenabled()
    folder.load()
    assert gc.isenabled()
    folder.write("nope: 1")
    folder.problems()
    assert gc.isenabled()


@pytest.mark.timeout(20)
@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes there")
def test_a_pipe_is_no_file_of_the_catalogue(folder: Folder) -> None:
    folder.write("categories: [{name: A}]")
    os.mkfifo(folder.root / "catalogue" / "pipe.yaml")
    assert folder.messages() == ["pipe.yaml: cannot be read: it is not a regular file"]
