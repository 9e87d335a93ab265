"""Every documented request is accepted, and the answer has the documented shape."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox_client import OpenSandbox, SandboxClient

FOLDER = Path(__file__).parent / "examples"
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def assert_shape(documented: Any, answered: Any, where: str = "answer") -> None:
    """The same JSON types, and at least the documented keys."""
    assert type(answered) is type(documented), f"{where}: {answered!r}"
    if isinstance(documented, dict):
        for key, value in documented.items():
            assert key in answered, f"{where} lacks {key}"
            assert_shape(value, answered[key], f"{where}.{key}")
    elif isinstance(documented, list) and documented:
        assert answered, f"{where} is empty"
        for item in answered:
            assert_shape(documented[0], item, f"{where}[]")


def styles() -> list[Any]:
    """Each request as printed, and as its printed POST alternative in body and in query."""
    found = []
    for name, entry in INDEX.items():
        found.append(pytest.param(name, entry["method"], entry["path"], entry["in"], id=name))
        if "post" in entry:
            for place in ("body", "query"):
                id_ = f"{name}-post-{place}"
                if place == "query" and isinstance(load(f"{name}.request.json"), list):
                    continue
                if place == "query" and "ListCode" in load(f"{name}.request.json"):
                    continue
                found.append(pytest.param(name, "POST", entry["post"], place, id=id_))
    return found


@pytest.mark.parametrize(("name", "method", "path", "place"), styles())
def test_documented_request_is_answered_as_documented(
    open_shop: OpenSandbox, name: str, method: str, path: str, place: str
) -> None:
    entry = INDEX[name]
    outlets = {"outlets": [{"Name": "Outlet1"}, {"Name": "Outlet2"}]}
    shop = open_shop(load("shop.json") if entry["shop"] == "full" else outlets)
    shop.shop.today = lambda: date(2019, 12, 18)
    if "first" in entry:
        first = INDEX[entry["first"]]
        shop.do(
            first["method"],
            first["path"].removeprefix("/api/v3"),
            load(f"{entry['first']}.request.json"),
        )
    request = load(f"{name}.request.json")
    query = load(entry["query"]) if "query" in entry and method == "GET" else {}
    if place == "query":
        query, request = request, None
    answer = shop.do(
        method, path.removeprefix("/api/v3"), request, headers=entry.get("headers"), **query
    )
    documented = FOLDER / f"{name}.response.json"
    if documented.exists():
        assert_shape(load(documented.name), answer)


def test_list_with_all_filters_finds_the_one_variant(open_shop: OpenSandbox) -> None:
    shop = open_shop(load("shop.json"))
    for name in ("variant-list", "variant-data"):
        answer = shop.do(
            "POST", INDEX[name]["post"].removeprefix("/api/v3"), load(f"{name}.request.json")
        )
        assert len(answer["Data"]) == 1


def test_product_update_answers_as_product_create_does(client: SandboxClient) -> None:
    body = {"Code": "1003", "Name": "Kopi", "Category": "Drinks/Coffee", "Discontinued": False}
    assert_shape(load("product-update.response.json"), client.do("PUT", "/Product", body))


def test_every_request_file_is_in_the_index() -> None:
    files = {path.name.removesuffix(".request.json") for path in FOLDER.glob("*.request.json")}
    assert files - {"variant-list-query"} == set(INDEX)
