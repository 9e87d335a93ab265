"""The description is valid, says what reconciler relies on, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest

from dealpos_reconciler.dealpos.operations import BASE, OPERATIONS
from dealpos_reconciler.sandbox.app import ROUTES
from tests.support.shop import ROOT

MARKS = {
    "x-conflict",
    "x-effect",
    "x-generation",
    "x-relied-on",
    "x-role",
    "x-source",
    "x-undocumented",
}
# What the last word of an operation's name promises of the shop.
EFFECTS = {"create": "creates", "add": "creates", "update": "updates", "delete": "deletes"}


def marks(value: Any) -> Iterator[tuple[str, Any]]:
    """Every x- key below, with its value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if str(key).startswith("x-"):
                yield key, inner
            yield from marks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from marks(inner)


def places(operation: dict[str, Any]) -> set[str]:
    """Where an operation's fields may travel."""
    parameters = operation.get("parameters", ())
    query = {"query"} if any(p.get("in") == "query" for p in parameters) else set()
    return query | ({"body"} if "requestBody" in operation else set())


def relied_on(operation: Any) -> list[tuple[str, str]]:
    """The operations of the table that use this one, with each place in which fields travel."""
    return [
        (name, place)
        for name, given in operation.get("x-relied-on", {}).items()
        for place in (given if isinstance(given, list) else [given])
    ]


def test_the_description_is_valid_openapi(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1.")
    assert [server["url"] for server in document["servers"]] == [f"https://{{subdomain}}{BASE}"]


def test_every_route_of_the_table_is_described_and_none_beside_it(
    operations: dict[str, dict[str, Any]],
) -> None:
    tabled = {
        (name, f"{route.method} {route.path}", "query" if route.query else "body")
        for name, wanted in OPERATIONS.items()
        for route in wanted.routes
    }
    described = {
        (name, call, place)
        for call, operation in operations.items()
        for name, place in relied_on(operation)
    }
    assert tabled - described == set(), (
        "reconciler/dealpos_reconciler/dealpos/operations.py has routes without x-relied-on"
    )
    assert described - tabled == set(), (
        "x-relied-on names what reconciler/dealpos_reconciler/dealpos/operations.py lacks"
    )


def test_every_operation_that_the_sandbox_serves_is_described(
    operations: dict[str, dict[str, Any]],
) -> None:
    assert set(operations) == {*ROUTES, "POST /Token/OAuth2"}


def test_what_is_relied_on_has_the_effect_that_the_table_says(
    operations: dict[str, dict[str, Any]],
) -> None:
    for call, operation in operations.items():
        for name in operation.get("x-relied-on", {}):
            wanted = OPERATIONS[name]
            effect = operation["x-effect"]
            assert effect == EFFECTS.get(name.rpartition(".")[2], "reads"), (call, name)
            assert wanted.reads == (effect == "reads"), (call, name)
            assert wanted.repeatable == (effect in ("reads", "deletes")), (call, name)


def test_an_operation_says_what_it_is(
    operation: str, operations: dict[str, dict[str, Any]]
) -> None:
    said = operations[operation]
    assert said["x-effect"] in ("reads", "creates", "updates", "deletes")
    assert {place for _, place in relied_on(said)} <= places(said)
    assert re.fullmatch(r"dealpos-api.md §[\d.]+(, §[\d.]+)*", said["x-source"])
    role = said.get("x-role", "")
    open_role = "the role it needs" in said.get("x-undocumented", ())
    assert bool(role) != open_role or operation == "POST /Token/OAuth2"
    assert said["x-effect"] == "reads" or not operation.startswith("GET ")
    # Of the reads, generation A prints a body and B and C print a query (dealpos-api.md §0).
    if said["x-generation"] == ["A"]:
        assert said["requestBody"]["x-generation"] == ["A"]
    if said["x-generation"] == ["C"] and operation.startswith("GET "):
        assert places(said) == {"query"}


def test_operations_have_names_of_their_own(operations: dict[str, dict[str, Any]]) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)


def test_every_mark_is_explained_and_used(document: dict[str, Any]) -> None:
    used = dict(marks(document))
    assert set(used) == MARKS
    for mark in MARKS:
        assert f"- {mark}:" in document["info"]["description"]


def test_marks_have_one_form(document: dict[str, Any]) -> None:
    for mark, value in marks(document):
        if mark == "x-generation":
            assert set(value) <= {"A", "B", "C"}
            assert value == sorted(set(value))
        elif mark == "x-undocumented":
            assert value
            assert all(isinstance(text, str) for text in value)
        elif mark != "x-relied-on":
            assert isinstance(value, str)


def test_a_read_of_one_object_leaves_open_what_it_finds_for_no_object(
    operations: dict[str, dict[str, Any]],
) -> None:
    single = {name for name, wanted in OPERATIONS.items() if wanted.single}
    for call, operation in operations.items():
        if single & operation.get("x-relied-on", {}).keys():
            text = " ".join(operation["x-undocumented"])
            assert "a key that does not exist" in text, call


def test_nothing_is_described_twice_or_left_unused(document: dict[str, Any]) -> None:
    text = (ROOT / "schemas" / "dealpos.openapi.yaml").read_text(encoding="utf-8")
    for kind in ("parameters", "headers", "responses", "schemas"):
        for name in document["components"][kind]:
            assert f"'#/components/{kind}/{name}'" in text, name


@pytest.mark.parametrize("file", ["docs/concepts/api-generations.md", "CONTRIBUTING.md"])
def test_the_documents_lead_to_the_description(file: str) -> None:
    assert "schemas/dealpos.openapi.yaml" in (ROOT / file).read_text(encoding="utf-8")
