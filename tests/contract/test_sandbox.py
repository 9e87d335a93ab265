"""The sandbox behaves as described: asked as documented, at random, and wrongly."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from schemathesis import GenerationMode

from dealpos_reconciler.sandbox import Choices, create_app
from dealpos_reconciler.sandbox.store import server_id
from tests.support.conformance import CONFORMS, random_requests

SETTINGS = random_requests(3)
FOLDER = Path(__file__).parent.parent / "sandbox" / "examples"
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))

PRODUCT = {"Code": "1003", "Name": "Shirt", "Category": "Top/Men", "Discontinued": False}
CUSTOMER = {
    "ID": "c27bfb13-4936-43e5-bd7d-410dc8d041c2",
    "Code": "HWCISAP",
    "Name": "Customer Four",
    "Email": "customer.four@example.com",
    "Mobile": "080000000007",
    "Status": "Active",
}
PRODUCT_IDS = {"ListID": [server_id("product", "1003")]}
VARIANT_ID = {"VariantID": "f2296e61-e405-4884-9e54-55f14a91748b"}
# Of the operations without a documented request (or where that needs another before it), one that
# succeeds: where it travels, and it.
OTHERS: dict[str, tuple[str, Any]] = {
    "POST /Token/OAuth2": ("body", {"client_id": "sandbox", "client_secret": "sandbox"}),
    "GET /Product": ("query", {"PageNumber": 1, "PageSize": 2}),
    "PUT /Product": ("body", PRODUCT),
    "DELETE /Product": ("body", {"Code": "1003"}),
    "GET /Product/WithPricebookByListID": ("body", PRODUCT_IDS),
    "POST /Product/WithPricebookByListID": ("body", PRODUCT_IDS),
    "DELETE /Variant": ("body", {"Code": "abcd"}),
    "GET /Variant/Detail": ("query", {"Code": "SW001"}),
    "POST /Variant/GetIDByListCode": ("body", ["1000", "1001"]),
    "POST /Variant/GetIDByListCodeDiscontinued": ("body", {"ListCode": ["1342L"]}),
    "GET /Inventory": ("query", {"PageNumber": 1, "PageSize": 500}),
    "POST /Inventory": ("body", {"PageNumber": 1, "PageSize": 500}),
    "GET /Inventory/Code": ("query", {"Code": "SW001"}),
    "POST /Inventory/Code": ("body", {"Code": "SW001"}),
    "GET /PromotionEvent": ("query", {"PageNumber": 1, "PageSize": 500}),
    "GET /PromotionEvent/GetByVariantCode": ("query", {"VariantCode": "SW001"}),
    "POST /PromotionEvent/GetByVariantCode": ("body", {"VariantCode": "SW001"}),
    "GET /PromotionEvent/GetByVariantID": ("query", VARIANT_ID),
    "POST /PromotionEvent/GetByVariantID": ("body", VARIANT_ID),
    "DELETE /OutletPrice": ("body", {"Code": "abcd"}),
    "GET /Customer/Detail": ("query", {"Code": "HW008"}),
    "PUT /Customer/ByCode": ("body", CUSTOMER),
    "PUT /Customer/ByID": ("body", CUSTOMER),
    "DELETE /Customer": ("body", {"Email": "customer.four@example.com"}),
}

CODES = ["1003", "1003M", "2DL", "SW001", "abcd", "2018", "Disc99", "889977", "FR-001", "HWCISAP"]
CATEGORY = "328ca218-0f0b-449c-8d0d-2a55113ce431"
PATHS = ["Top", "Top/Men", "Food", "Food/Snack/Pastries"]
DAYS = ["2019-12-18", "2021-01-15T00:00:00"]
IDS = [CATEGORY, CUSTOMER["ID"], "f2296e61-e405-4884-9e54-55f14a91748b", *PRODUCT_IDS["ListID"]]
# What the shop of the examples knows, by the field that names it.
KNOWN: dict[str, list[str]] = {
    name: values
    for names, values in (
        ("Code ListCode Codes ProductCode ParentCode", CODES),
        ("CustomerCode ListRequirementVariants VariantCode", CODES),
        ("Category Rename ListRequirementCategories", [*PATHS, "Top/Kids"]),
        ("Name", [*PATHS, "Outlet1", "Shirt"]),
        ("Outlet SignUpOutlet", ["Outlet1", "Outlet 1"]),
        ("ID ListID CustomerID", IDS),
        ("From To ReleasedFrom ReleasedTo ExpiryDate", DAYS),
        ("Birthday Birthdate JoinDate ExpiredGroup AppLastSignIn", DAYS),
        ("Email", ["customer.four@example.com", "tafta@dealpos.com"]),
        ("Mobile MobilePhone Phone", ["080000000007", "080-00000008"]),
        ("Type", ["DiscountPercentage", "DiscountAmount", "Standard"]),
        ("RequirementType", ["Variant", "Category"]),
        ("ReferenceID", ["string"]),
        ("NegativeInventory FullPriceItemOnly SuspendedStatus", ["Yes", "No"]),
        ("Discontinued", ["All", "Yes"]),
        ("client_id client_secret ClientID ClientSecret", ["sandbox"]),
    )
    for name in names.split()
}


def steered(value: Any, name: str = "") -> Any:
    """Generate a valid request whose texts the shop knows."""
    if isinstance(value, list):
        return [steered(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("$ref") == "#/components/schemas/ID":
        return {"enum": IDS}
    if "string" in value.get("type", ()) and name in KNOWN and "enum" not in value:
        return {"enum": [*KNOWN[name], "new"]}
    if "in" in value and "schema" in value:
        return {**value, "schema": steered(value["schema"], value["name"])}
    return {
        key: steered(inner, name if key == "items" else key)
        if key not in ("responses", "required")
        else inner
        for key, inner in value.items()
    }


def steer(document: dict[str, Any]) -> None:
    """Let requests speak of what is there: nearly all others are refused and reach nothing."""
    schemas = document["components"]["schemas"]
    sent = set(re.findall(r"schemas/(\w+)", json.dumps(document["paths"])))
    schemas |= {name: steered(schemas[name], name) for name in sent}
    schemas["ProductItem"] = steered(schemas["ProductItem"])
    document["paths"] = steered(document["paths"])


def close(document: dict[str, Any], value: Any) -> None:
    """Let answers hold what is described and nothing else: the sandbox invents no field."""
    if isinstance(value, list):
        for item in value:
            close(document, item)
    elif isinstance(value, dict):
        reference = value.get("$ref", "")
        if reference:
            kind, name = reference.split("/")[2:]
            close(document, document["components"][kind][name])
        if "properties" in value:
            value["additionalProperties"] = False
        for inner in value.values():
            close(document, inner)


@pytest.fixture(scope="session")
def load(app: Flask) -> Callable[[Any], Any]:
    """The description as schemathesis holds it, with the sandbox behind it."""

    def make(document: dict[str, Any]) -> Any:
        close(document, document["components"]["responses"])
        schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config())
        schema.app = app
        return schema

    return make


@pytest.fixture(scope="session")
def described(load: Callable[[Any], Any], whole: dict[str, Any]) -> Any:
    return load(copy.deepcopy(whole))


@pytest.fixture(scope="session")
def known(load: Callable[[Any], Any], whole: dict[str, Any]) -> Any:
    document = copy.deepcopy(whole)
    steer(document)
    return load(document)


def good(operation: str) -> list[tuple[str, str, Any, dict[str, Any]]]:
    """Requests of an operation that succeed: name, place, value, and their entry of the index."""
    found = [("", *OTHERS[operation], {"shop": "full"})] if operation in OTHERS else []
    for name, entry in INDEX.items():
        value = json.loads((FOLDER / f"{name}.request.json").read_text(encoding="utf-8"))
        if operation == f"{entry['method']} {entry['path'].removeprefix('/api/v3')}":
            found.append((name, entry["in"], value, entry))
        if operation == f"POST {entry.get('post', '').removeprefix('/api/v3')}":
            found.append((name, "body", value, entry))
    return found


def call(described: Any, operation: str, place: str, value: Any, **more: Any) -> Any:
    """One request that is not random, and its answer, which must conform."""
    method, path = operation.split(" ")
    fields = {"query": value} if place == "query" else {"body": value}
    media = "application/json" if place == "body" else None
    case = described[path][method].Case(media_type=media, **fields)
    response = case.call(**more)
    case.validate_response(response, checks=CONFORMS)
    return response


def test_what_is_asked_as_documented_is_answered_as_described(
    operation: str,
    described: Any,
    shop: Callable[..., dict[str, str]],
    example: Callable[[str], Any],
) -> None:
    requests = good(operation)
    assert requests
    for _, place, value, entry in requests:
        headers = shop(example("shop") if entry["shop"] == "full" else None)
        headers |= entry.get("headers", {})
        if "first" in entry:
            first = INDEX[entry["first"]]
            call(
                described,
                f"{first['method']} {first['path'].removeprefix('/api/v3')}",
                first["in"],
                example(f"{entry['first']}.request"),
                headers=headers,
            )
        response = call(described, operation, place, value, headers=headers)
        assert response.status_code == 200, response.text


def speaks(operation: dict[str, Any], place: str, value: Any, generation: str) -> bool:
    """Return whether this generation of the pages prints a request."""
    own = operation["x-generation"]
    if place == "body":
        return generation in operation["requestBody"].get("x-generation", own)
    sent = [p for p in operation["parameters"] if p.get("name") in value]
    return all(generation in parameter.get("x-generation", own) for parameter in sent)


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_a_tenant_of_a_generation_answers_what_is_said_of_it(
    generation: str,
    operations: dict[str, dict[str, Any]],
    described: Any,
    shop: Callable[..., dict[str, str]],
    example: Callable[[str], Any],
) -> None:
    app = create_app(limit=None, choices=Choices(generation=generation))
    for name, operation in operations.items():
        if generation not in operation["x-generation"]:
            continue
        spoken = [asked for asked in good(name) if speaks(operation, *asked[1:3], generation)]
        assert spoken, name
        _, place, value, entry = spoken[0]
        headers = shop(example("shop") if entry["shop"] == "full" else None, app)
        response = call(described, name, place, value, headers=headers, app=app)
        assert response.status_code == 200, (name, response.text)


def test_without_a_token_nothing_is_answered(operation: str, described: Any) -> None:
    method, path = operation.split(" ")
    security = described.raw_schema["paths"][path][method.lower()].get("security")
    response = call(described, operation, *good(operation)[0][1:3])
    assert response.status_code == (200 if security == [] else 401)


@pytest.mark.parametrize(
    ("description", "mode"),
    [
        pytest.param("known", GenerationMode.POSITIVE, id="known"),
        pytest.param("described", GenerationMode.POSITIVE, id="any"),
        pytest.param("described", GenerationMode.NEGATIVE, id="wrong"),
    ],
)
def test_nothing_is_found_at_random(
    operation: str,
    description: str,
    mode: GenerationMode,
    request: Any,
    operations: dict[str, dict[str, Any]],
    shop: Callable[..., dict[str, str]],
    example: Callable[[str], Any],
) -> None:
    method, path = operation.split(" ")
    content = example("shop")
    schema = request.getfixturevalue(description)
    headers = shop(content)
    reads = operations[operation]["x-effect"] == "reads"

    @SETTINGS
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(headers=headers if reads else shop(content))
        case.validate_response(response, checks=CONFORMS)

    ask()


def test_the_limit_is_told_as_described(document: dict[str, Any]) -> None:
    app = create_app(limit=1)
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config())
    schema.app = app
    token = app.extensions["sandbox"].tokens.issue(3600.0)
    for status in (200, 429):
        headers = {"Authorization": f"Bearer {token}"}
        response = call(schema, "GET /Outlet", "query", {}, headers=headers)
        assert response.status_code == status
        assert response.headers["ratelimit-remaining"] == ["0"]
