"""Layers are shown as a stack, and flattened to a file that says the same."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dealpos_reconciler.catalogue import loader
from dealpos_reconciler.catalogue import settings as shop_settings
from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.view import PlanView
from dealpos_reconciler.workflows.layers.render import render_catalogue
from tests.support.chain import Chain
from tests.support.shop import MakeShop, Shop

BASE = """\
    categories: [{name: Drinks, was: Beverages}]
    products:
      - code: "1003"
        name: Kopi Susu
        category: Drinks
        variants:
          - {code: 1003L, model: Large, unit_price: 18000, outlet_prices: {Dago: {price: 1}}}
          - {code: 1003S, model: Small, unit_price: 15000}
"""
OWN = """\
    omit: [variant/1003S]
    defaults: {variant: {taxable: true}}
    removed: [{address: product/9, delete: true}]
    allow: [{rule: changes, address: variant/1003L, reason: asked, until: 2034-12-31}]
    coupons:
      - {code: GEHEIM, type: DiscountAmount, discount: 5, limit: 2, secret: true}
      - {code: "${CATALOGUE_VISIT}", type: DiscountAmount, discount: 5, limit: 2}
    customers: [{code: C1, name: Example Customer, email: customer@example.com}]
    products:
      - code: "1003"
        variants:
          - code: 1003L
            unit_price: [18500, {from: 2030-01-01, until: 2030-01-31, value: 17000}]
            outlet_prices: {Dago: {extra_cost: 200}}
"""


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [*map(str, arguments)])


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setenv("CATALOGUE_VISIT", "VISIT-7")
    chain = Chain(tmp_path)
    chain.settings += "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
    chain.write("base", BASE)
    chain.write("own", OWN)
    (chain.root / "reconciler.yaml").write_text(chain.settings, encoding="utf-8")
    return chain


def test_the_stack_of_an_object_names_every_place(chain: Chain) -> None:
    result = invoke("plan", chain.root, "--explain", "variant/1003L")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines == [
        'variant/1003L "Kopi Susu, Large"',
        'model "Large" ../../base/menu.yaml:7:30',
        "unit_price 18,500 catalogue/menu.yaml:13:21",
        "step 18,500",
        "step 17,000 from 2030-01-01 until 2030-01-31",
        "overrides 18,000 ../../base/menu.yaml:7:49",
        "taxable true catalogue/menu.yaml:2:31 (defaults)",
        "outlet_prices.Dago.price 1 ../../base/menu.yaml:7:86",
        "outlet_prices.Dago.extra_cost 200 catalogue/menu.yaml:14:44",
    ]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("variant/1003S", "catalogue/menu.yaml:1 takes variant/1003S out"),
        ("product/9", "catalogue/menu.yaml:3 takes product/9 out"),
        ("variant/1003l", "no file declares `variant/1003l`"),
    ],
)
def test_an_object_without_a_stack(chain: Chain, address: str, message: str) -> None:
    result = invoke("plan", chain.root, "--explain", address)
    assert result.exit_code == 1
    assert message in str(result.exception)


def test_the_stack_of_a_shop_without_layers(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "reconciler.yaml").write_text("defaults: {category: {code: X}}\n")
    (tmp_path / "catalogue" / "a.yaml").write_text("categories: [{name: A, discontinued: true}]\n")
    result = invoke("plan", tmp_path, "--explain", "category/A")
    assert result.stdout.split("\n")[1:3] == [
        '  code          "X"   reconciler.yaml:1:29 (defaults)',
        "  discontinued  true  catalogue/a.yaml:1:38",
    ]


def test_a_stack_as_of_a_day(chain: Chain) -> None:
    result = invoke(
        *("plan", chain.root, "--explain", "variant/1003L", "--format", "json"),
        *("--at", "2030-01-31 12:00"),
    )
    (found,) = (f for f in json.loads(result.stdout)["fields"] if f["path"] == "unit_price")
    assert (found["value"], found["steps"][1]) == (
        17000,
        {"from": "2030-01-01", "until": "2030-01-31", "value": 17000},
    )
    assert [below["value"] for below in found["overrides"]] == [18000]


def test_a_field_of_which_no_step_holds_is_in_the_stack(chain: Chain) -> None:
    chain.write("own", OWN.replace("[18500, {", "[{"))
    result = invoke("plan", chain.root, "--explain", "variant/1003L")
    assert " unit_price — catalogue/menu.yaml:13:21 " in " ".join(result.stdout.split())


def test_an_option_that_an_explanation_ignores(chain: Chain) -> None:
    result = invoke("plan", chain.root, "--explain", "variant/1003L", "--out", "plan.json")
    assert str(result.exception) == "--out has no effect on --explain"


def test_a_rendered_catalogue_loads_as_the_same(chain: Chain, tmp_path: Path) -> None:
    out = tmp_path / "flat.yaml"
    result = invoke("render", chain.root, "--out", out)
    assert result.exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert 'code: "${CATALOGUE_VISIT}"' in text
    assert "secret: true" in text
    assert "from: 2030-01-01" in text or 'from: "2030-01-01"' in text
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_secrets_and_people_are_not_printed(chain: Chain) -> None:
    result = invoke("render", chain.root)
    assert result.exit_code == 0
    for private in ("GEHEIM", "VISIT-7", "customer@example.com"):
        assert private not in result.output
    assert "2 objects left out" in result.stderr
    assert YAML(typ="safe").load(result.stdout).keys() == {
        "categories",
        "coupons",
        "products",
        "removed",
        "allow",
    }


NUMBERS = st.integers(1, 50).map(lambda n: n * 1000)
ENTRY = st.fixed_dictionaries({"price": NUMBERS}, optional={"extra_cost": NUMBERS})
OUTLETS = st.dictionaries(st.sampled_from(["Dago", "Riau"]), ENTRY)
FIELDS = {
    "unit_price": NUMBERS,
    "unit_cost": NUMBERS,
    "taxable": st.booleans(),
    "weight": st.integers(0, 9),
    "description": st.sampled_from(["", "a: b", "Café", "two\nlines", "0071", "no"]),
    "outlet_prices": OUTLETS,
}
CODES = ["A1", "A2", "B1", "B2"]
WHOLE = st.fixed_dictionaries(
    {"model": st.sampled_from(["Large", "007"]), "unit_price": NUMBERS},
    optional={name: FIELDS[name] for name in FIELDS if name != "unit_price"},
)
PATCH = st.fixed_dictionaries({}, optional=FIELDS)
LAYER = st.fixed_dictionaries(
    {"patches": st.dictionaries(st.sampled_from(CODES), PATCH)},
    optional={
        "omit": st.sampled_from(CODES),
        "defaults": st.fixed_dictionaries({}, optional={"taxable": st.booleans()}),
        "brand": st.sampled_from(["House", "Other"]),
    },
)


def write_layers(chain: Chain, whole: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    """Write a base with whole objects, and layers with patches of what is left below them."""
    base = {
        "categories": [{"name": "Drinks"}],
        "outlets": [{"name": "Dago"}, {"name": "Riau"}],
        "products": [
            {
                "code": product,
                "name": product,
                "category": "Drinks",
                "variants": [
                    {"code": code, **whole[code]} for code in CODES if code.startswith(product)
                ],
            }
            for product in "AB"
        ],
    }
    left = set(CODES)
    documents = [base]
    for layer in layers:
        document: dict[str, Any] = {}
        if layer.get("omit") in left:
            left.discard(layer["omit"])
            document["omit"] = [f"variant/{layer['omit']}"]
        if "defaults" in layer:
            document["defaults"] = {"variant": layer["defaults"]}
        patches = {code: fields for code, fields in layer["patches"].items() if code in left}
        document["products"] = [
            {
                "code": product,
                **({"brand": layer["brand"]} if "brand" in layer else {}),
                "variants": [
                    {"code": code, **fields}
                    for code, fields in patches.items()
                    if code.startswith(product)
                ],
            }
            for product in "AB"
        ]
        documents.append(document)
    yaml = YAML()
    for folder, document in zip(("base", "west", "own"), documents, strict=True):
        path = chain.top / ("shops/bandung/catalogue" if folder == "own" else folder)
        with (path / "menu.yaml").open("w", encoding="utf-8") as file:
            yaml.dump(document, file)


def facts(shop: Shop) -> tuple[dict[str, Any], list[Any]]:
    """Return what is declared, and what a plan changes."""
    plan = shop.plan()
    document = plan_document(plan, PlanView(kinds=KINDS, usage=shop.cost(plan)))
    changes: list[Any] = [
        {name: held for name, held in change.items() if name != "source"}
        | {"fields": {f["path"]: (f["before"], f["after"]) for f in change["fields"]}}
        for change in document["resource_changes"]
    ]
    declared = {str(address): declared.value for address, declared in shop.desired()}
    return declared, changes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(CODES, WHOLE)), st.lists(LAYER, min_size=2, max_size=2))
def test_layers_and_the_flattened_catalogue_plan_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    make_shop: MakeShop,
    whole: dict[str, Any],
    layers: list[dict[str, Any]],
) -> None:
    chain = Chain(tmp_path_factory.mktemp("chain"))
    write_layers(chain, whole, layers)
    live = {
        "outlets": [{"Name": "Dago"}, {"Name": "Riau"}],
        "categories": [{"Name": "Drinks"}],
        "products": [
            {
                "Code": "A",
                "Name": "A",
                "Category": "Drinks",
                "Variants": [{"Code": "A1", "Model": "Large", "UnitPrice": 1000}],
            }
        ],
    }
    layered = Shop(chain.root, live)
    layered.configure(chain.settings)
    flat = make_shop(live)
    flat.write(render_catalogue(chain.root, whole=True).text)
    assert facts(layered) == facts(flat)


def test_layers_may_be_parsed_before_the_settings_are_validated(chain: Chain) -> None:
    from dealpos_reconciler.catalogue.parallel import start_parsing

    parsing = start_parsing(chain.root)
    assert parsing is not None
    found: Desired = loader.load(shop_settings.load(chain.root), parsing)
    assert len(parsing.paths) == 5
    assert {str(address) for address, _ in found} >= {"variant/1003L", "category/Drinks"}
