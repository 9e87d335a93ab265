"""Every documented example fits the description, and the sandbox answers it as described."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

FOLDER = Path(__file__).parent.parent / "sandbox" / "examples"
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))

REQUESTS = {
    **{
        name: (f"{entry['method']} {entry['path'].removeprefix('/api/v3')}", entry["in"])
        for name, entry in INDEX.items()
    },
    # The one call whose sample has both a query and a body.
    "variant-list-query": ("GET /Variant", "query"),
}
# Answers whose own request is cut, or is that of another generation.
ANSWERS = {
    **{name: call for name, (call, _) in REQUESTS.items()},
    "product-update": "PUT /Product",
    "promotion-coupon-list-older": "GET /PromotionCoupon",
}
# Keys that the vendor's pages print collapsed, so that the samples lack them.
COLLAPSED = {
    "invoice-list": {"Data"},
    "outlet-price-get": {"Outlets"},
    "product-create": {"Variants"},
    "promotion-coupon-by-code": {"ListRequirementVariants"},
    "promotion-coupon-with-total-count": {"Data"},
    "variant-get-by-code": {"Components", "OutletPrice"},
    "variant-get-by-id": {"Components", "OutletPrice"},
    "variant-list": {"Data"},
}
# Where pages contradict each other: what is described, its field, and values that are all printed.
CONFLICTS: list[tuple[str, str, list[Any]]] = [
    ("CouponCreate", "Limit", [5, '5"']),
    ("CouponCreate", "FullPriceItemOnly", ["No", True]),
    ("CustomerWrite", "Gender", ["Male", False]),
    ("ProductItem", "Type", ["Standard", {"value": "Standard"}]),
    ("Coupon", "Type", ["DiscountPercentage", "Discount"]),
    ("OutletFilter", "SuspendedStatus", ["All", "No / Yes / All"]),
]


def names(kind: str) -> list[str]:
    return sorted(path.name.removesuffix(f".{kind}.json") for path in FOLDER.glob(f"*.{kind}.json"))


@pytest.fixture
def errors(document: dict[str, Any]) -> Callable[[Any, Any], list[Any]]:
    """Return the faults of a value by a schema of the description."""

    def find(schema: Any, value: Any) -> list[Any]:
        whole = {"components": document["components"], **schema}
        validator = jsonschema.Draft202012Validator(whole)
        return list(validator.iter_errors(value))

    return find


def test_every_example_is_checked() -> None:
    assert set(names("request")) == set(REQUESTS)
    assert set(names("response")) <= set(ANSWERS)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_documented_request_is_described(
    name: str,
    operations: dict[str, dict[str, Any]],
    example: Callable[[str], Any],
    errors: Callable[[Any, Any], list[Any]],
) -> None:
    call, place = REQUESTS[name]
    value = example(f"{name}.request")
    if place == "body":
        body = operations[call]["requestBody"]["content"]["application/json"]["schema"]
        assert errors(body, value) == []
        return
    parameters = {p["name"]: p for p in operations[call]["parameters"] if p.get("in") == "query"}
    assert set(value) <= set(parameters)
    assert {key for key, p in parameters.items() if p.get("required")} <= set(value)
    for key, given in value.items():
        assert errors(parameters[key]["schema"], given) == []


@pytest.mark.parametrize("name", [name for name in INDEX if "post" in INDEX[name]])
def test_a_documented_post_alternative_is_described(
    name: str,
    operations: dict[str, dict[str, Any]],
    example: Callable[[str], Any],
    errors: Callable[[Any, Any], list[Any]],
) -> None:
    read = operations[REQUESTS[name][0]]
    other = operations[f"POST {INDEX[name]['post'].removeprefix('/api/v3')}"]
    assert other["x-effect"] == "reads"
    assert other["responses"] == read["responses"]
    body = other["requestBody"]["content"]["application/json"]["schema"]
    assert errors(body, example(f"{name}.request")) == []


@pytest.mark.parametrize("name", names("response"))
def test_a_documented_answer_is_described(
    name: str,
    document: dict[str, Any],
    operations: dict[str, dict[str, Any]],
    example: Callable[[str], Any],
    errors: Callable[[Any, Any], list[Any]],
) -> None:
    reference = operations[ANSWERS[name]]["responses"]["200"]["$ref"].rpartition("/")[2]
    answer = document["components"]["responses"][reference]
    found = errors(answer["content"]["application/json"]["schema"], example(f"{name}.response"))
    lacking = {error.message.split("'")[1] for error in found if error.validator == "required"}
    assert [error.message for error in found if error.validator != "required"] == []
    assert lacking == COLLAPSED.get(name, set())


@pytest.mark.parametrize(("schema", "field", "values"), CONFLICTS)
def test_where_pages_contradict_each_other_both_are_allowed_and_it_is_said(
    schema: str,
    field: str,
    values: list[Any],
    document: dict[str, Any],
    errors: Callable[[Any, Any], list[Any]],
) -> None:
    described = document["components"]["schemas"][schema]["properties"][field]
    assert described["x-conflict"]
    for value in values:
        assert errors(described, value) == []


def test_a_customer_may_be_written_in_the_words_of_the_table_or_of_the_sample(
    errors: Callable[[Any, Any], list[Any]],
) -> None:
    schema = {"$ref": "#/components/schemas/CustomerWrite"}
    table = {"ID": "", "Name": "A", "Email": "a@example.com", "Code": "A", "Status": "Active"}
    assert errors(schema, {**table, "MobilePhone": "08", "Birthday": "1990-01-01"}) == []
    del table["ID"]
    assert errors(schema, {**table, "Mobile": "08", "Birthdate": "1990-01-01"}) == []
    assert errors(schema, table)
