"""The chain among the examples: each of its shops loads, plans, applies, and then plans empty."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.view import PlanView, place_of
from tests.support.shop import ROOT, Shop

CHAIN = ROOT / "examples" / "chain"
SHOPS = sorted(path.name for path in (CHAIN / "shops").iterdir())
OpenChain = Callable[[str], Shop]


@pytest.fixture
def copied(tmp_path: Path) -> OpenChain:
    """Return a shop of a copy of the chain, beside a sandbox with its own seed."""
    ignored = shutil.ignore_patterns(".reconciler")
    shutil.copytree(CHAIN, tmp_path, ignore=ignored, dirs_exist_ok=True)
    (tmp_path / ".git").mkdir()

    def open_shop(name: str) -> Shop:
        folder = tmp_path / "shops" / name
        return Shop(folder, json.loads((folder / "sandbox.json").read_text(encoding="utf-8")))

    return open_shop


def test_the_chain_has_four_shops_in_two_regions() -> None:
    assert SHOPS == ["bandung", "bogor", "jakarta-1", "jakarta-2"]
    assert sorted(path.name for path in (CHAIN / "regions").iterdir()) == ["jakarta", "west-java"]


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_of_the_chain_plans_applies_and_plans_empty(copied: OpenChain, name: str) -> None:
    shop = copied(name)
    first = shop.plan()
    assert not first.empty
    assert not first.unknown
    assert first.reads + shop.cost(first).requests <= 50
    text = render_plan(first, PlanView(kinds=KINDS, usage=shop.cost(first)))
    for change in first.changes:
        source = place_of(change)
        assert source is not None
        assert f"{source.file}:{source.line}" in text
    report = shop.apply(first)
    assert report.complete, [o for o in report.outcomes if not o.verified]
    second = shop.plan()
    assert second.empty, [str(change.address) for change in second.changes]


def test_the_base_has_as_many_prices_as_its_readme_says() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (CHAIN / "base").glob("*.yaml"))
    assert text.count(" unit_price: ") == 142
    assert text.count('\n  - code: "') == 71
    assert "71 products and 142 prices" in (CHAIN / "README.md").read_text(encoding="utf-8")


def test_the_shops_show_what_layers_are_for(copied: OpenChain) -> None:
    changes = {name: {str(c.address): c for c in copied(name).plan().changes} for name in SHOPS}
    raised = [name for name in SHOPS if "variant/1003L" in changes[name]]
    assert raised == ["bogor", "jakarta-1", "jakarta-2"]  # Bandung has the new price
    assert changes["jakarta-2"]["variant/2006X"].action is Action.RETIRE
    assert changes["jakarta-2"]["coupon/KITA5"].action is Action.REPLACE
    layers = {
        source.file.rpartition("/")[0]
        for change in changes["bogor"].values()
        if (source := place_of(change))
    }
    assert layers == {"../../base", "../../regions/west-java", "catalogue"}


def test_a_price_of_the_base_moves_all_shops_but_those_with_their_own(copied: OpenChain) -> None:
    bandung = copied("bandung")
    base = bandung.folder.parent.parent / "base" / "coffee-hot.yaml"
    text = base.read_text(encoding="utf-8")
    for old, new in (("18000", "19000"), ("12000", "13000")):  # Americano, Kopi Tubruk
        text = text.replace(f"unit_price: {old}\n", f"unit_price: {new}\n", 1)
    base.write_text(text, encoding="utf-8")

    def prices(name: str) -> tuple[int, int]:
        found = copied_again(name).desired().objects["variant"]
        return found["1102R"].value["unit_price"], found["1100R"].value["unit_price"]

    def copied_again(name: str) -> Shop:
        return Shop(bandung.folder.parent / name)

    assert {name: prices(name) for name in SHOPS} == {
        "bandung": (17000, 13000),
        "bogor": (17000, 11000),
        "jakarta-1": (19000, 13000),
        "jakarta-2": (19000, 13000),
    }
