"""`adopt` writes to the last layer that declares a field, or to the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.catalogue.writing.layer_edits import find_layer
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.workflows import adopt
from tests.support.chain import Chain
from tests.support.shop import Shop

BASE = """\
    categories: [{name: Drinks}]
    products:
      - code: "1003"
        name: Kopi Susu
        category: Drinks
        variants:
          - code: 1003L
            model: Large
            unit_price: 18000   # in all shops
            taxable: true
            outlet_prices:
              Dago: {price: 18500, extra_cost: 0}
              Riau: {price: 18500, extra_cost: 0}
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
LIVE = {
    "outlets": [{"Name": "Dago"}, {"Name": "Riau"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "1003",
            "Name": "Kopi Susu",
            "Category": "Drinks",
            "Variants": [
                {
                    "Code": "1003L",
                    "Model": "Large",
                    "UnitPrice": 20000,
                    "Taxable": False,
                    "OutletPrice": [
                        {"Outlet": "Dago", "Price": 21000, "ExtraCost": 0},
                        {"Outlet": "Riau", "Price": 22000, "ExtraCost": 500},
                    ],
                },
                {"Code": "1003S", "Model": "Small", "UnitPrice": 15000, "OutletPrice": []},
            ],
        }
    ],
}


class Adopting:
    """A shop of a chain whose live values differ."""

    def __init__(self, top: Path) -> None:
        self.chain = Chain(top)
        self.chain.write("base", BASE)
        self.chain.write("west", WEST)
        self.shop = Shop(self.chain.root, LIVE)
        self.shop.configure(self.chain.settings)

    def adopt(self, *patterns: str, layer: str | None = None) -> dict[str, str]:
        """Adopt, and return the reasons for what was skipped."""
        opened = self.shop.open(self.shop.client())
        found = adopt.find_drift(opened, patterns, ())
        found.layer = find_layer(opened.settings.layers, layer) if layer else None
        result = adopt.write_files(found, dry_run=False)
        return {f"{skip.address} {skip.field}": skip.reason for skip in result.skipped}

    def text(self, folder: str, file: str = "menu.yaml") -> str:
        folder = "shops/bandung/catalogue" if folder == "own" else folder
        return (self.chain.top / folder / file).read_text(encoding="utf-8")


@pytest.fixture
def adopting(tmp_path: Path) -> Adopting:
    return Adopting(tmp_path)


def test_each_field_and_each_entry_goes_to_the_last_layer_that_declares_it(
    adopting: Adopting,
) -> None:
    assert adopting.adopt("variant/1003L") == {}
    base, west = adopting.text("base"), adopting.text("west")
    assert "unit_price: 18000   # in all shops" in base
    assert "taxable: false" in base
    assert "Dago: {price: 21000, extra_cost: 0}" in base
    assert "Riau: {price: 18500, extra_cost: 500}" in base
    assert "unit_price: 20000" in west
    assert "Riau: {price: 22000}" in west
    assert adopting.shop.plan().empty


def test_another_layer_can_be_named(adopting: Adopting) -> None:
    before = adopting.text("base"), adopting.text("west")
    assert adopting.adopt("variant/1003L", layer="catalogue") == {}
    assert (adopting.text("base"), adopting.text("west")) == before
    (new,) = [p for p in (adopting.chain.root / "catalogue").iterdir() if p.name != "empty.yaml"]
    assert new.read_text(encoding="utf-8") == (
        "products:\n"
        '  - code: "1003"\n'
        "    variants:\n"
        "      - code: 1003L\n"
        "        unit_price: 20000\n"
        "        taxable: false\n"
        "        outlet_prices:\n"
        "          Dago: {price: 21000, extra_cost: 0}\n"
        "          Riau: {price: 22000, extra_cost: 500}\n"
    )
    assert adopting.shop.plan().empty


def test_a_layer_that_has_the_object_keeps_one_entry_of_it(adopting: Adopting) -> None:
    adopting.chain.write(
        "own",
        """\
        products:
          - code: "1003"
            description: Bandung
            variants:
              - {code: 1003L, weight: 0}
        """,
    )
    assert adopting.adopt("variant/1003L", layer="catalogue") == {}
    assert "{code: 1003L, unit_price: 20000" in adopting.text("own")
    plan = adopting.shop.plan()
    assert [str(change.address) for change in plan.changes] == ["product/1003"]


def test_a_value_under_a_later_one_is_not_written(adopting: Adopting) -> None:
    before = adopting.text("base")
    assert adopting.adopt("variant/1003L", layer="base") == {
        "variant/1003L outlet_prices": "a later layer declares it: ../../west/menu.yaml:4",
        "variant/1003L unit_price": "a later layer declares it: ../../west/menu.yaml:4",
    }
    assert adopting.text("base") == before.replace("taxable: true", "taxable: false")


def test_an_object_does_not_begin_below_its_first_layer(adopting: Adopting) -> None:
    adopting.chain.write("own", "categories: [{name: Food, discontinued: true}]")
    adopting.shop.twin.store.put("category", {"Name": "Food", "Discontinued": False})
    assert adopting.adopt("category/Food", layer="../../west") == {
        "category/Food discontinued": "`../../west` is below the first layer that has category/Food"
    }


def test_an_entry_of_several_layers_is_not_taken_out(adopting: Adopting) -> None:
    store = adopting.shop.twin.store
    found = store.get("variant", "1003L")
    assert found
    rows = [row for row in found.payload["OutletPrice"] if row["Outlet"] == "Dago"]
    store.put("variant", {**found.payload, "OutletPrice": rows})
    skipped = adopting.adopt("variant/1003L")
    assert skipped == {
        "variant/1003L outlet_prices": "several layers declare the entry `Riau`: "
        "../../base/menu.yaml:7, ../../west/menu.yaml:4"
    }


def test_a_new_object_goes_to_the_last_layer(adopting: Adopting) -> None:
    assert adopting.adopt("variant/1003S") == {}
    assert "1003S" not in adopting.text("base") + adopting.text("west")
    assert Address("variant", "1003S") in dict(adopting.shop.desired())


def test_a_layer_has_a_name(adopting: Adopting) -> None:
    with pytest.raises(UsageError, match="lists no layer `east`") as caught:
        adopting.adopt("variant/1003L", layer="east")
    assert caught.value.hint == "the layers are ../../base, ../../west, catalogue"
