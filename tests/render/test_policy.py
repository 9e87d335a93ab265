"""A policy written for Terraform's JSON plan works on ours as it is."""

from __future__ import annotations

from typing import Any

import jq
import pytest

from reconciler.kinds import KINDS
from reconciler.render.formats.json import plan_document
from reconciler.render.json import dumps
from reconciler.render.view import PlanView
from tests.support.shop import MakeShop

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
