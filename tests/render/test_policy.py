"""A policy written for Terraform's JSON plan works on ours as it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jq
import pytest
from regopy import Interpreter

from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.json import dumps
from dealpos_reconciler.render.view import PlanView
from tests.support.shop import ROOT, MakeShop

POLICIES = ROOT / "examples" / "policies"

# As they stand in the guides to policies on `terraform show -json`.
DESTROYED = """
[.resource_changes[] | select(.change.actions | index("delete")) | .address]
"""
COUNTS = """
[.resource_changes[].change.actions[]] | group_by(.) | map({(.[0]): length}) | add
"""
REPLACED = """
[.resource_changes[] | select(.change.actions == ["delete", "create"]) | .address]
"""
RISES = """
[.resource_changes[]
  | select(.type == "variant" and (.change.actions | contains(["update"])))
  | select(.change.after.unit_price > .change.before.unit_price * 1.2)
  | .name]
"""
NEW_WITHOUT_DESCRIPTION = """
[.resource_changes[]
  | select(.change.before == null and (.change.after.description // "") == "")
  | .address]
"""


@pytest.fixture
def plan(make_shop: MakeShop) -> str:
    shop = make_shop(
        {
            "categories": [{"Name": "Drinks"}],
            "products": [
                {
                    "Code": "P",
                    "Name": "P",
                    "Category": "Drinks",
                    "Variants": [
                        {"Code": "A", "Model": "A", "UnitPrice": 100},
                        {"Code": "B", "Model": "B", "UnitPrice": 100},
                    ],
                }
            ],
            "coupons": [
                {"Code": "K", "Type": "DiscountAmount", "Discount": 5, "Limit": 9, "Balance": 9}
            ],
        }
    )
    shop.write(
        """
        categories: [{name: Food}]
        products:
          - code: P
            discontinued: true
            variants: [{code: A, unit_price: 110}, {code: B, unit_price: 150}]
        coupons: [{code: K, discount: 6, minimum_amount: 0}]
        """
    )
    made = shop.plan()
    return dumps(plan_document(made, PlanView(kinds=KINDS, usage=shop.cost(made))))


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (DESTROYED, ["coupon/K"]),
        (REPLACED, ["coupon/K"]),
        (COUNTS, {"create": 2, "delete": 1, "update": 3}),
        (RISES, ["B"]),
        (NEW_WITHOUT_DESCRIPTION, ["category/Food"]),
    ],
    ids=["destroyed", "replaced", "counts", "rises", "new"],
)
def test_a_terraform_policy_judges_a_plan(plan: str, policy: str, verdict: Any) -> None:
    assert jq.compile(policy).input_text(plan).first() == verdict


def judged(policy: str, plan: str, query: str) -> Any:
    """The answer of a policy, given by an implementation of OPA's language that is a library."""
    rego = Interpreter()
    rego.add_module("policy", policy)
    rego.set_input_term(plan)
    return json.loads(str(rego.query(query)))["expressions"][0]


BLAST_RADIUS = """
package terraform.analysis

import rego.v1

weights := {"variant": {"create": 1, "update": 2, "delete": 10}}

score := sum([weights[c.type][a] | some c in input.resource_changes; some a in c.change.actions])

authz if score < 5
"""


def test_a_rego_policy_of_terraform_judges_a_plan(plan: str) -> None:
    assert judged(BLAST_RADIUS, plan, "data.terraform.analysis.score") == 4
    assert judged(BLAST_RADIUS, plan, "data.terraform.analysis.authz") is True


def test_the_rego_policy_of_the_examples(plan: str) -> None:
    policy = (POLICIES / "plan.rego").read_text(encoding="utf-8")
    assert judged(policy, plan, "data.main.deny") == ["variant/B rises from 100 to 150"]
    assert judged(policy, plan, "data.main.warn") == ["category/Food has no description"]
    document = json.loads(plan)
    for change in document["resource_changes"]:
        if change["address"] == "coupon/K":
            change["change"]["actions"] = ["delete"]
    deleted = json.dumps(document)
    assert "coupon/K is deleted: retire it instead" in judged(policy, deleted, "data.main.deny")


def test_the_jq_policy_of_the_examples(plan: str) -> None:
    policy = (POLICIES / "deleted.jq").read_text(encoding="utf-8")
    assert jq.compile(policy).input_text(plan).first() is True
    document = json.loads(plan)
    document["resource_changes"][0]["change"]["actions"] = ["delete"]
    with pytest.raises(ValueError, match=r"deleted: category/Food"):
        jq.compile(policy).input_value(document).first()


@pytest.mark.parametrize("program", ["opa", "conftest"])
def test_the_programs_give_the_verdict_of_the_library(
    plan: str, program: str, tmp_path: Path
) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    document = tmp_path / "document.json"
    document.write_text(plan, encoding="utf-8")
    command = {
        "opa": ["opa", "eval", "-d", POLICIES, "-i", document, "data.main.deny"],
        "conftest": ["conftest", "test", "--policy", POLICIES, document],
    }[program]
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "variant/B rises from 100 to 150" in done.stdout
    assert done.returncode == (1 if program == "conftest" else 0)
