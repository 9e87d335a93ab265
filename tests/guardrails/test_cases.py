"""Each guardrail as three folders: what trips it, what is just inside its limit, what is allowed.

`guardrails/<rule>/` holds `live.json` (a seed document), `reconciler.yaml` where a case needs other
limits, `tenant.json` for what is known of the shop, `stores.json` for other shops of the folder,
and in `trips/`, `inside/` and `allowed/` a `catalogue.yaml` with the plan that must come of it.
`UPDATE=1 pytest tests/guardrails` writes the plans anew.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from dealpos_reconciler.core.plan.plan import Plan, refusals
from dealpos_reconciler.dealpos.tenant import load_profile
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.view import PlanView
from tests.support.shop import MakeShop

FOLDER = Path(__file__).parent
CASES = ("trips", "inside", "allowed")
UPDATE = bool(os.environ.get("UPDATE"))


def judged(make_shop: MakeShop, rule: str, case: str) -> tuple[Plan, str]:
    """The plan of a case, and its text."""
    folder = FOLDER / rule.replace("-", "_")
    shop = make_shop(json.loads((folder / "live.json").read_text(encoding="utf-8")))
    text = (folder / case / "catalogue.yaml").read_text(encoding="utf-8")
    shop.write(text, "catalogue.yaml")
    if (folder / "reconciler.yaml").exists():
        shop.configure((folder / "reconciler.yaml").read_text(encoding="utf-8"))
    if (folder / "stores.json").exists():
        shop.other_stores = json.loads((folder / "stores.json").read_text(encoding="utf-8"))
    client = shop.client()
    if (folder / "tenant.json").exists():
        shutil.copy(folder / "tenant.json", shop.state.create())
        client.routes.tenant = load_profile(shop.state, "sandbox")
    plan = shop.plan(client)
    return plan, render_plan(plan, PlanView(kinds=KINDS, usage=shop.cost(plan)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rule", RULES)
def test_a_case(make_shop: MakeShop, rule: str, case: str) -> None:
    plan, text = judged(make_shop, rule, case)
    expected = FOLDER / rule.replace("-", "_") / case / "plan.txt"
    if UPDATE:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert plan.changes
    assert {found.rule for found in plan.violations} == (set() if case == "inside" else {rule})
    assert bool(refusals(plan.violations)) == (case == "trips")


@pytest.mark.parametrize("rule", RULES)
def test_what_is_allowed_is_what_trips_it(rule: str) -> None:
    """The same files with an exception, so that nothing else makes the difference."""
    folder = FOLDER / rule.replace("-", "_")
    trips, allowed = (
        (folder / case / "catalogue.yaml").read_text(encoding="utf-8").split("\n", 1)[1]
        for case in ("trips", "allowed")
    )
    assert allowed.startswith(trips)
    assert allowed.removeprefix(trips).startswith("allow:")


def test_there_is_no_case_of_a_rule_that_is_not() -> None:
    assert {path.parent.name.replace("_", "-") for path in FOLDER.glob("*/live.json")} == set(RULES)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*/*/catalogue.yaml")), ids=lambda p: p.parts[-3]
)
def test_every_case_says_what_it_shows(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")
