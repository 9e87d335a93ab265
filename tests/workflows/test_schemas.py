"""The schemas in the editor say what the loader says."""

from __future__ import annotations

import datetime
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.kinds import MANAGED
from dealpos_reconciler.workflows import init
from dealpos_reconciler.workflows.schemas import files as schema
from tests.support.shop import ROOT

CATALOGUE = "catalogue.schema.json"
SETTINGS = "reconciler.schema.json"


def plain(value: Any) -> Any:
    """YAML's dates as the text that JSON Schema knows."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def parsed(text: str) -> Any:
    """Return YAML with its implicit types, as an editor reads it."""
    return plain(YAML(typ="safe", pure=True).load(text))


def validator(name: str) -> jsonschema.Draft202012Validator:
    document = json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(
        document, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def complaints(name: str, text: str) -> list[str]:
    return [error.message for error in validator(name).iter_errors(parsed(text))]


def refused(tmp_path: Path, catalogue: str, defaults: str = "") -> bool:
    """Return whether the loader refuses the files."""
    (tmp_path / "catalogue").mkdir(exist_ok=True)
    (tmp_path / "catalogue" / "shop.yaml").write_text(catalogue, encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text(defaults, encoding="utf-8")
    try:
        source.load(settings.load(tmp_path, {}))
    except SourceError:
        return True
    return False


def test_the_schemas_on_disk_are_those_of_the_models() -> None:
    """Stale? `make schemas` writes them anew."""
    made = schema.file_schemas() | schema.fleet_schema() | schema.document_schemas()
    on_disk = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "schemas").glob("*.json")}
    assert sorted(on_disk) == sorted(made)
    assert on_disk == made


FILES = {**schema.file_schemas(), **schema.fleet_schema()}


def keys(body: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a file may have, with its schema."""
    if isinstance(body, list):
        for item in body:
            yield from keys(item, path)
    elif isinstance(body, dict):
        for name, inner in body.get("properties", {}).items():
            yield f"{path}/{name}", inner
            yield from keys(inner, f"{path}/{name}")
        for name, inner in body.items():
            if name != "properties":
                yield from keys(inner, f"{path}/{name}" if name == "$defs" else path)


@pytest.mark.parametrize("name", FILES)
def test_each_key_has_a_description_and_an_example_that_is_valid(name: str) -> None:
    document = json.loads(FILES[name])
    found = dict(keys(document))
    assert len(found) >= 5
    for path, body in found.items():
        assert body.get("description", "").endswith("."), path
        assert "title" not in body, "an editor shows it above the description"
        assert "Example" not in body["description"], path
        assert body["examples"], path
        for example in body["examples"]:
            whole = {**body, "$defs": document.get("$defs", {})}
            errors = list(jsonschema.Draft202012Validator(whole).iter_errors(example))
            assert not errors, f"{path}: {errors[0].message}"


@pytest.mark.parametrize("name", FILES)
def test_a_schema_names_its_version(name: str) -> None:
    assert json.loads(FILES[name])["$id"] == f"{schema.BASE}/{name}"
    assert schema.BASE.endswith("/2")


def test_writing_gives_the_same_files(tmp_path: Path) -> None:
    paths = schema.write_schemas(schema.file_schemas(), tmp_path / "new" / "schemas")
    assert {p.name: p.read_text(encoding="utf-8") for p in paths} == schema.file_schemas()


@pytest.mark.parametrize(
    "name",
    [
        *(CATALOGUE, SETTINGS, "fleet.schema.json", "plan.schema.json", "report.schema.json"),
        *("doctor.schema.json", "fleet-report.schema.json", "schedule.schema.json"),
    ],
)
def test_a_schema_is_a_schema(name: str) -> None:
    document = json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"


SHOPS = [path.parent for path in (ROOT / "examples").glob("*/reconciler.yaml")]
EXAMPLES = sorted(path for shop in SHOPS for path in shop.rglob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_example_is_valid(path: Path) -> None:
    name = SETTINGS if path.name == "reconciler.yaml" else CATALOGUE
    assert complaints(name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES if path.name != "reconciler.yaml"],
    ids=lambda p: p.relative_to(ROOT).as_posix(),
)
def test_every_example_names_a_schema_that_is_there(path: Path) -> None:
    mark, _, schema_path = path.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")
    assert mark == "# yaml-language-server: "
    assert (path.parent / schema_path).resolve() == ROOT / "schemas" / CATALOGUE


def test_what_init_writes_is_valid(tmp_path: Path) -> None:
    init.create_shop(tmp_path)
    menu = (tmp_path / "catalogue" / "menu.yaml").read_text(encoding="utf-8")
    assert complaints(CATALOGUE, menu) == []
    text = (tmp_path / "reconciler.yaml").read_text(encoding="utf-8")
    assert complaints(SETTINGS, text) == []


GOOD = {
    "empty lists": "categories: []\nproducts: []\ncoupons: []\ncustomers: []\n",
    "a renamed category": "categories: [{name: A/B, was: C, code: X, discontinued: true}]",
    "a category of digits": "categories: [{name: 2026, was: 2025}]",
    "a code of digits": "products: [{code: 1001, variants: [{code: 10012}]}]",
    "empty maps": "products: [{code: A, variants: [{code: B, outlet_prices: {}, components: {}}]}]",
    "numbers and flags as names": "products: [{code: A, name: 7, brand: true, description: 1.5}]",
    "a price with cents": "products: [{code: A, variants: [{code: B, unit_price: 107.07}]}]",
    "an outlet price": (
        "products: [{code: A, variants: [{code: B, outlet_prices: {X: {price: 1}}}]}]"
    ),
    "a coupon": (
        "coupons: [{code: A, type: DiscountAmount, discount: 5, limit: 1, minimum_amount: 0.5, "
        "expiry_date: 2026-12-31, customer: K, requires: {variants: [A, 7]}}]"
    ),
    "a customer": "customers: [{code: K, name: N, birthday: 1990-01-31, loyalty_point: 5}]",
    "exceptions": (
        "allow: [{rule: price-change, address: variant/1003L, reason: sale, until: 2026-12-31}, "
        "{rule: removals, reason: '7', until: 2026-12-31}]"
    ),
    "images": "products: [{code: A, image_url: x, extra_images_url: [a, b]}]",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_loader_takes_the_schema_takes(tmp_path: Path, name: str) -> None:
    assert complaints(CATALOGUE, GOOD[name]) == []
    assert not refused(tmp_path, GOOD[name])


BAD = {
    "an unknown collection": "produce: []",
    "variants at the top": "variants: [{code: A}]",
    "a collection that is no list": "categories: {name: A}",
    "an entry that is no mapping": "categories: [A]",
    "an unknown key of a category": "categories: [{name: A, colour: red}]",
    "an unknown key of a product": "products: [{code: A, price: 5}]",
    "an unknown key of a variant": "products: [{code: A, variants: [{code: B, price: 5}]}]",
    "an unknown key of a coupon": "coupons: [{code: A, balance: 5}]",
    "an unknown key of a customer": "customers: [{code: A, id: 5}]",
    "the parent written out": "products: [{code: A, variants: [{code: B, product: A}]}]",
    "a rename of a product": "products: [{code: A, was: B}]",
    "no name": "categories: [{discontinued: true}]",
    "no code": "products: [{name: A}]",
    "an empty code": "products: [{code: ''}]",
    "an empty path": "categories: [{name: ''}]",
    "a path with an empty part": "categories: [{name: A//B}]",
    "a path with a slash at the end": "products: [{code: A, category: B/}]",
    "a null": "products: [{code: A, name: null}]",
    "a word for a flag": "products: [{code: A, discontinued: maybe}]",
    "a word for a price": "products: [{code: A, variants: [{code: B, unit_price: cheap}]}]",
    "a price below zero": "products: [{code: A, variants: [{code: B, unit_price: -1}]}]",
    "a broken count": "products: [{code: A, variants: [{code: B, weight: 1.5}]}]",
    "an unknown type": "products: [{code: A, variants: [{code: B, type: Standart}]}]",
    "a type that cannot be written": (
        "products: [{code: A, variants: [{code: B, type: Serialized}]}]"
    ),
    "outlet prices as a list": "products: [{code: A, variants: [{code: B, outlet_prices: [X]}]}]",
    "an outlet price without a price": (
        "products: [{code: A, variants: [{code: B, outlet_prices: {X: {extra_cost: 1}}}]}]"
    ),
    "an unknown key of an outlet price": (
        "products: [{code: A, variants: [{code: B, outlet_prices: {X: {price: 1, cost: 1}}}]}]"
    ),
    "a component without a quantity": (
        "products: [{code: A, variants: [{code: B, components: {X: {}}}]}]"
    ),
    "a component by number": "products: [{code: A, variants: [{code: B, components: {X: 1}}]}]",
    "an unknown type of coupon": "coupons: [{code: A, type: Discount}]",
    "a day that does not exist": "coupons: [{code: A, expiry_date: '2026-02-30'}]",
    "a day in words": "coupons: [{code: A, expiry_date: 31 Dec 2026}]",
    "an unknown requirement": "coupons: [{code: A, requires: {customers: [K]}}]",
    "a requirement that is no list": "coupons: [{code: A, requires: {variants: X}}]",
    "images that are no list": "products: [{code: A, extra_images_url: x}]",
    "a list of lists": "products: [{code: A, extra_images_url: [[x]]}]",
    "text as a list": "customers: [{code: A, name: [B]}]",
    "a former name that is a list": "categories: [{name: A, was: [B]}]",
    "an exception that is no mapping": "allow: [price-change]",
    "an exception from nothing": "allow: [{rule: prices, reason: r, until: 2026-12-31}]",
    "an exception without a reason": "allow: [{rule: removals, until: 2026-12-31}]",
    "an exception with an empty reason": "allow: [{rule: removals, reason: '', until: 2026-12-31}]",
    "an exception for ever": "allow: [{rule: removals, reason: r}]",
    "an exception until some day": "allow: [{rule: removals, reason: r, until: soon}]",
    "an exception for no address": (
        "allow: [{rule: removals, address: A, reason: r, until: 2026-12-31}]"
    ),
    "an exception for no kind": (
        "allow: [{rule: removals, address: till/A, reason: r, until: 2026-12-31}]"
    ),
    "an unknown key of an exception": (
        "allow: [{rule: removals, reason: r, until: 2026-12-31, by: me}]"
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_by_schema_and_loader(tmp_path: Path, name: str) -> None:
    assert complaints(CATALOGUE, BAD[name])
    assert refused(tmp_path, BAD[name])


BAD_SETTINGS = {
    "an unknown key": "stor: {url: sandbox}",
    "an unknown key of the store": "store: {url: sandbox, secret: x}",
    "a store that is no mapping": "store: sandbox",
    "a written secret": "store: {client_secret: abc}",
    "a secret with text around the name": "store: {client_secret: 'x${A}'}",
    "an unknown kind": "defaults: {varient: {type: Standard}}",
    "a kind that is only read": "defaults: {outlet: {name: A}}",
    "defaults that are no mapping": "defaults: {variant: Standard}",
    "an unknown key of a kind": "defaults: {variant: {price: 5}}",
    "an identity": "defaults: {variant: {code: A}}",
    "nested objects": "defaults: {product: {variants: []}}",
    "a former name": "defaults: {category: {was: A}}",
    "a wrong value": "defaults: {variant: {type: Standart}}",
    "a price below zero": "defaults: {variant: {unit_price: -5}}",
    "guardrails that are no mapping": "guardrails: [removals]",
    "an unknown guardrail": "guardrails: {prices: off}",
    "a guardrail that is neither off nor set": "guardrails: {removals: on}",
    "an unknown option": "guardrails: {removals: {percent: 5}}",
    "an option that is no number": "guardrails: {removals: {max_percent: many}}",
    "an option below zero": "guardrails: {removals: {floor: -1}}",
    "an option of another type": "guardrails: {coupon-below-cost: {ignore: [Kitchen]}}",
}


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_wrong_settings_are_refused_by_schema_and_loader(tmp_path: Path, name: str) -> None:
    assert complaints(SETTINGS, BAD_SETTINGS[name])
    assert refused(tmp_path, "categories: []", BAD_SETTINGS[name])


GOOD_SETTINGS = """\
    store:
      url: https://yourshop.dealpos.net
      client_id: me
      client_secret: ${A}${B}
    catalogue: files
    defaults:
      category: {discontinued: false}
      product: {brand: House}
      variant: {type: Standard, taxable: true, outlet_prices: {}}
      coupon: {type: DiscountAmount, requires: {}}
      customer: {status: Active}
    guardrails:
      removals: {max_percent: 12.5, max_count: 5, floor: 3}
      changes: off
      hidden-price: {declared: true}
      coupon-below-cost: {ignore: [category/Kitchen, variant/MILK]}
"""


def test_right_settings_are_taken_by_schema_and_loader(tmp_path: Path) -> None:
    text = textwrap.dedent(GOOD_SETTINGS)
    assert complaints(SETTINGS, text) == []
    (tmp_path / "files").mkdir()
    assert not refused(tmp_path, "categories: []", text)


def test_every_key_of_every_kind_is_offered() -> None:
    definitions = json.loads(schema.file_schemas()[CATALOGUE])["$defs"]
    for kind in MANAGED.values():
        keys = set(definitions[kind.name]["properties"])
        nested = {k.collection for k in MANAGED.values() if k.parent and k.parent.kind == kind.name}
        more = ({"was"} if kind.rename else set()) | ({"secret"} if kind.secret else set())
        assert keys == set(kind.model.__annotations__) | nested | more


def test_what_is_not_compared_says_so_in_the_editor() -> None:
    definitions = json.loads(schema.file_schemas()[CATALOGUE])["$defs"]
    for kind in MANAGED.values():
        for name, field in kind.fields.items():
            if field.uncompared_reason:
                shown = definitions[kind.name]["properties"][name]["description"]
                assert shown.endswith(f"Not compared: {field.uncompared_reason}.")
