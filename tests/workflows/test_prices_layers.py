"""A price of a sheet goes to the last layer that declares it, or to the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.errors import SourceError, UsageError
from dealpos_reconciler.workflows.prices.export import export_declared
from dealpos_reconciler.workflows.prices.import_ import import_prices
from tests.support.chain import LAYERS, Chain

BASE = """\
categories: [{name: Drinks}]
outlets: [{name: Dago}, {name: Riau}]
products:
  - code: "1003"
    name: Kopi Susu
    category: Drinks
    variants:
      - code: 1003L
        unit_cost: 9000
        unit_price: 18000   # in all shops
        outlet_prices:
          Dago: {price: 18500}
          Riau: {price: 18500, extra_cost: 100}
      - {code: 1003S, unit_price: 15000}
"""
WEST = """\
products:
  - code: "1003"
    variants:
      - code: 1003L
        unit_price: 18500
        outlet_prices:
          Riau: {price: 19000}
"""


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    """Return a shop of a chain, with a base and a region."""
    chain = Chain(tmp_path)
    chain.write("base", BASE)
    chain.write("west", WEST)
    settings = f"store: {{url: sandbox}}\ntimezone: Asia/Jakarta\n{LAYERS}"
    (chain.root / "reconciler.yaml").write_text(settings, encoding="utf-8")
    return chain


def take(chain: Chain, text: str, layer: str | None = None) -> None:
    """Import a sheet."""
    sheet = chain.top / "prices.csv"
    sheet.write_text(text, encoding="utf-8")
    import_prices(sheet, chain.root, dry_run=False, layer=layer)


def content(chain: Chain) -> tuple[str, str]:
    """The files of the base and of the region."""
    base, west = (chain.top / name / "menu.yaml" for name in ("base", "west"))
    return base.read_text(encoding="utf-8"), west.read_text(encoding="utf-8")


def test_an_export_of_layers_imports_as_nothing(chain: Chain) -> None:
    exported = export_declared(chain.root)
    assert exported.rows[0][3:7] == [9000, 18500, 18500, 19000]
    take(chain, "code,unit_cost,unit_price,price@Dago,price@Riau\n1003L,9000,18500,18500,19000\n")
    assert content(chain) == (BASE, WEST)


def test_each_price_goes_to_the_last_layer_that_declares_it(chain: Chain) -> None:
    take(chain, "code,unit_cost,unit_price,price@Dago,price@Riau\n1003L,9500,19000,18700,19500\n")
    assert content(chain) == (
        BASE.replace("9000", "9500").replace("Dago: {price: 18500}", "Dago: {price: 18700}"),
        WEST.replace("18500", "19000").replace("price: 19000}", "price: 19500}"),
    )


def test_a_step_goes_to_the_last_layer_that_declares_the_price(chain: Chain) -> None:
    rows = "1003L,9500,19000,18700,19500,2999-01-01\n1003S,,16000,,,2999-01-01\n"
    take(chain, f"code,unit_cost,unit_price,price@Dago,price@Riau,from\n{rows}")
    base, west = content(chain)
    step = "{from: 2999-01-01, value: "
    assert f"unit_cost: [9000, {step}9500}}]\n" in base
    assert "unit_price: 18000   # in all shops\n" in base
    assert f"Dago: {{price: [18500, {step}18700}}]}}\n" in base
    assert f"{{code: 1003S, unit_price: [15000, {step}16000}}]}}\n" in base
    assert f"unit_price: [18500, {step}19000}}]\n" in west
    assert f"Riau: {{price: [19000, {step}19500}}]}}\n" in west


def test_a_layer_that_is_named_gets_the_prices(chain: Chain) -> None:
    take(chain, "code,unit_cost\n1003L,9500\n1003S,8000\n", "catalogue")
    assert content(chain) == (BASE, WEST)
    own = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((chain.root / "catalogue").glob("*.yaml"))
    )
    assert own.count("unit_cost: 9500") == own.count("unit_cost: 8000") == 1


PROBLEMS = {
    "below the layer that declares it": (
        "code,unit_price\n1003L,19000\n",
        "base",
        "B2: variant/1003L at ../../west/menu.yaml:4: `unit_price` cannot be edited: ",
    ),
    "a step beside the layer that declares it": (
        "code,unit_price,from\n1003L,19000,2999-01-01\n",
        "catalogue",
        "cannot be edited: another layer declares it: ../../west/menu.yaml:4",
    ),
    "a dated price that two layers declare": (
        "code,price@Riau,unit_cost,from\n1003L,-,,\n1003L,,1,2999-01-01\n",
        None,
        "cannot be edited: several layers declare it",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_price_that_cannot_be_written(chain: Chain, name: str) -> None:
    text, layer, message = PROBLEMS[name]
    with pytest.raises(SourceError) as caught:
        take(chain, text, layer)
    assert message in str(caught.value.problems[0])
    assert content(chain) == (BASE, WEST)


def test_a_layer_that_is_not_there(chain: Chain) -> None:
    with pytest.raises(UsageError):
        take(chain, "code,unit_price\n1003L,19000\n", "east")
