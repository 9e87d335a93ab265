"""The shops that a newcomer opens first: they load, plan, apply, and then plan empty."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.json import dumps
from dealpos_reconciler.render.view import PlanView
from dealpos_reconciler.render.words import with_label
from tests.support.shop import ROOT, MakeShop

EXAMPLES = ROOT / "examples"
KOPI = "kopi-nusantara"


class Example:
    """A copy of an example folder, beside a sandbox seeded with its own `sandbox.json`."""

    def __init__(self, make_shop: MakeShop, name: str) -> None:
        folder = EXAMPLES / name
        seed = folder / "sandbox.json"
        self.shop = make_shop(json.loads(seed.read_text(encoding="utf-8")) if seed.exists() else {})
        self.shop.copy_files(folder)
        self.plan = self.shop.plan


@pytest.fixture
def kopi(make_shop: MakeShop) -> Example:
    return Example(make_shop, KOPI)


NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/reconciler.yaml"))


def test_the_examples_are_those_that_the_readme_names() -> None:
    assert NAMES == [KOPI, "provider-coupons", "quickstart", "till"]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_plans_applies_and_plans_empty(make_shop: MakeShop, name: str) -> None:
    example = Example(make_shop, name)
    first = example.plan()
    assert not first.empty
    assert not first.unknown
    quoted = example.shop.cost(first)
    report = example.shop.apply(first)
    assert report.complete, [o for o in report.outcomes if not o.verified]
    assert report.requests == quoted.requests
    second = example.plan()
    assert second.empty, [str(change.address) for change in second.changes]
    assert not second.unknown


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_shown_and_documented_without_a_hitch(make_shop: MakeShop, name: str) -> None:
    example = Example(make_shop, name)
    plan = example.plan()
    price = example.shop.cost(plan)
    text = render_plan(plan, PlanView(kinds=KINDS, usage=price))
    document = json.loads(dumps(plan_document(plan, PlanView(kinds=KINDS, usage=price))))
    assert len(document["resource_changes"]) == len(plan.changes)
    for change in plan.changes:
        assert (
            f"{change.action.symbol} {with_label(change.address, plan.labels)}  catalogue/" in text
        )


def test_the_first_plan_of_the_coffee_chain_shows_every_kind_of_change(kopi: Example) -> None:
    actions = Counter(change.action for change in kopi.plan().changes)
    for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RETIRE):
        assert actions[action], action
    assert sum(actions.values()) < 40  # to be read in one sitting


def test_the_coffee_chain_is_as_large_as_its_readme_says(kopi: Example) -> None:
    text = (EXAMPLES / KOPI / "README.md").read_text(encoding="utf-8")
    counts = {name: len(objects) for name, objects in kopi.shop.desired().objects.items()}
    products, variants = re.findall(r"(\d+) products\s+with (\d+) variants", text)[0]
    assert counts["product"] == int(products)
    assert counts["variant"] == int(variants)
    assert 55 <= counts["variant"] <= 75
    assert "seven coupons and one customer" in text
    assert (counts["coupon"], counts["customer"]) == (7, 1)


def test_the_coffee_chain_has_three_outlets_and_uses_them(kopi: Example) -> None:
    outlets = {row["Name"] for row in kopi.shop.show()["outlets"]}
    assert len(outlets) == 3
    named = {
        outlet
        for declared in kopi.shop.desired().objects["variant"].values()
        for outlet in declared.value.get("outlet_prices", {})
    }
    assert named <= outlets
    assert len(named) >= 2


def test_the_coffee_chain_leaves_two_products_alone(kopi: Example) -> None:
    unmanaged = Counter(address.kind for address in kopi.plan().unmanaged)
    assert unmanaged["product"] == 2


def test_the_coffee_chain_names_no_real_person(kopi: Example) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in kopi.shop.folder.rglob("*.yaml"))
    assert all(address.endswith("@example.com") for address in re.findall(r"\S+@\S+", text))


def test_the_coffee_chain_needs_no_waiting(kopi: Example) -> None:
    """The first apply of a newcomer stays within one window of requests, or nearly."""
    plan = kopi.plan()
    assert plan.reads + kopi.shop.cost(plan).requests <= 100


def test_a_price_in_an_anchor_changes_the_two_drinks_that_share_it(kopi: Example) -> None:
    """The readme's last step, after its third."""
    plan = kopi.plan()
    kopi.shop.apply(plan)
    path = kopi.shop.folder / "catalogue" / "drinks.yaml"
    text = path.read_text(encoding="utf-8")
    place = text.index("price: ", text.index("&outlet_regular")) + len("price: ")
    path.write_text(f"{text[:place]}1{text[place:]}", encoding="utf-8")
    assert [
        (change.address.kind, [field.path[0] for field in change.fields])
        for change in kopi.plan().changes
    ] == [("variant", ["outlet_prices"])] * 2


def test_a_misspelt_category_is_a_fault_with_a_suggestion(kopi: Example) -> None:
    path = kopi.shop.folder / "catalogue" / "food.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("category: Food/Toast", "category: Food/Tost"), encoding="utf-8")
    assert {problem.hint for problem in kopi.shop.problems()} == {"did you mean `Food/Toast`?"}
