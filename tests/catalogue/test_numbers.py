"""Numbers with thousands separators: refused at their line, wherever a file can hold a number."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.catalogue.writing.yaml_text import YamlEntry
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.workflows.open_shop import read_files
from tests.support.folder import Folder

PLACES = {
    "unit_price": "products: [{code: A, variants: [{code: B, unit_price: %s}]}]",
    "unit_cost": "products: [{code: A, variants: [{code: B, unit_cost: %s}]}]",
    "order_price": "products: [{code: A, variants: [{code: B, order_price: %s}]}]",
    "weight": "products: [{code: A, variants: [{code: B, weight: %s}]}]",
    "qty": "products: [{code: A, variants: [{code: B, components: {C: {qty: %s}}}]}]",
    "price": "products: [{code: A, variants: [{code: B, outlet_prices: {K: {price: %s}}}]}]",
    "extra_cost": "products: [{code: A, variants: [{code: B, outlet_prices: "
    "{K: {price: 1, extra_cost: %s}}}]}]",
    "discount": "coupons: [{code: A, type: DiscountPercentage, discount: %s}]",
    "limit": "coupons: [{code: A, limit: %s}]",
    "minimum_amount": "coupons: [{code: A, minimum_amount: %s}]",
    "maximum_discount": "coupons: [{code: A, maximum_discount: %s}]",
    "loyalty_point": "customers: [{code: A, loyalty_point: %s}]",
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("written", ["18.000", "'18.000'", '"18.000"'])
def test_a_number_of_any_kind_is_refused_at_its_place(
    folder: Folder, name: str, written: str
) -> None:
    text = PLACES[name] % written
    folder.write(text)
    ((found, _),) = folder.problems()
    assert found.startswith(f"shop.yaml:1:{text.index(written) + 1}: ")
    assert found.endswith(f": `{name}` 18.000 reads as 18: write 18000, or 18")


@pytest.mark.parametrize("written", ["1.250.000", "'1,250,000'", "1,250,000"])
def test_several_groups_are_refused(folder: Folder, written: str) -> None:
    folder.write(f"coupons:\n  - code: A\n    minimum_amount: {written}\n")
    ((found, _),) = folder.problems()
    said = f"{written.strip(chr(39))} is not in plain digits: write 1250000"
    assert found == f"shop.yaml:3:21: coupon/A: `minimum_amount` {said}"


def test_a_comma_inside_braces_is_called_one(folder: Folder) -> None:
    folder.write("products: [{code: A, variants: [{code: B, unit_price: 18,000}]}]")
    assert folder.problems() == [
        (
            "shop.yaml:1:58: the comma before `000` ends the value inside braces",
            "write numbers in plain digits, such as 18000",
        )
    ]


def test_a_default_is_refused_too(folder: Folder) -> None:
    folder.write("categories: []")
    ((found, _),) = folder.problems("defaults: {variant: {unit_price: 18.000}}")
    assert found == ("reconciler.yaml:1:34: `unit_price` 18.000 reads as 18: write 18000, or 18")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("removals: {floor: 1.000}", "`floor` 1.000 reads as 1: write 1000, or 1"),
        (
            "price-change: {max_percent: '1,000'}",
            "`max_percent` 1,000 is not in plain digits: write 1000, or 1",
        ),
        ("new-price: {low: 1.125}", "`low` 1.125 reads as a fraction: write 1125, or 1.1250"),
    ],
)
def test_a_limit_of_a_guardrail_is_refused_too(tmp_path: Path, option: str, said: str) -> None:
    path = tmp_path / "reconciler.yaml"
    path.write_text(f"guardrails: {{{option}}}", encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        settings.load(tmp_path, {})
    (problem,) = refused.value.problems
    assert (problem.message, problem.line) == (said, 1)


def test_a_number_of_the_environment_is_refused_at_the_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").touch()
    (tmp_path / "catalogue").mkdir()
    text = "coupons:\n  - {code: A, minimum_amount: '${CATALOGUE_LEAST}'}\n"
    (tmp_path / "catalogue" / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        read_files(settings.load(tmp_path, {"CATALOGUE_LEAST": "50.000"}))
    (problem,) = refused.value.problems
    assert str(problem).startswith("catalogue/a.yaml:2:31: coupon/A: `minimum_amount` ")


@pytest.mark.parametrize("price", ["18.5", "0.125", "1.1250", "18000"])
def test_a_fraction_that_no_group_can_be_is_taken(folder: Folder, price: str) -> None:
    folder.write(f"products: [{{code: A, variants: [{{code: B, unit_price: {price}}}]}}]")
    assert float(folder.get("variant/B").value["unit_price"]) == float(price)


@pytest.mark.parametrize("price", ["18.125", "18.5", "0.125", "1250.100"])
def test_a_live_fraction_is_written_so_that_it_is_read_again(folder: Folder, price: str) -> None:
    value = {"code": "B", "unit_price": Decimal(price)}
    lines = YamlEntry(Address("variant", "B"), value).lines(6)
    folder.write("\n".join(["products:", "  - code: A", "    variants:", *lines]))
    assert folder.get("variant/B").value["unit_price"] == Decimal(price)
