"""Plan, audit, adopt and import right after an apply, while lists still show the shop as before."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.workflows.adopt import find_drift
from tests.support.shop import MakeShop, Shop

LAG = {"list_lag_seconds": 3600.0}
SEED: dict[str, Any] = {
    "categories": [{"Name": "Drinks"}],
    "products": [
        {"Code": f"P{n}", "Name": f"Old {n}", "Category": "Drinks", "Variants": [{"Code": f"V{n}"}]}
        for n in range(3)
    ],
    "coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 5, "Limit": 9}],
}
PRODUCT = "  - {{code: P{0}, name: {1} {0}, category: Drinks, variants: [{{code: V{0}}}]}}\n"


def declared(*names: str) -> str:
    return "products:\n" + "".join(PRODUCT.format(n, name) for n, name in enumerate(names))


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """A shop right after an apply, whose lists stay behind; single reads have verified it."""
    shop = make_shop(SEED)
    shop.write(declared("New", "New", "Old"))
    shop.plan()
    shop.twin.choices = shop.twin.choices.with_changes(**LAG)
    assert shop.apply().complete
    return shop


def is_unchanged(plan: Plan) -> bool:
    return plan.empty and not plan.unknown and not plan.blocked


def test_a_plan_right_after_an_apply_is_empty(shop: Shop) -> None:
    assert is_unchanged(shop.plan())


def test_an_audit_right_after_an_apply_finds_no_drift(shop: Shop) -> None:
    assert is_unchanged(shop.make(audit=True).plan)


def test_no_old_value_is_written_into_the_files(shop: Shop) -> None:
    found = find_drift(shop.open(shop.client()), [], [])
    assert (found.drift, found.new) == ([], [])


def test_a_deleted_object_that_lists_still_show_is_gone(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.prune("[{kinds: [product, variant], delete: true}]")
    shop.write(declared("Old", "Old"))
    shop.twin.choices = shop.twin.choices.with_changes(**LAG)
    report = shop.apply()
    assert report.complete, report.outcomes
    assert is_unchanged(shop.plan())
    found = find_drift(shop.open(shop.client()), ["product/*"], [])
    assert [str(entry.address) for entry in found.new] == []


def test_a_change_at_the_till_right_after_an_apply_is_drift(shop: Shop) -> None:
    """A single read that shows the former value is believed: somebody has put it back."""
    shop.twin.choices = shop.twin.choices.with_changes(list_lag_seconds=0.0)
    with shop.twin.store.transaction(write=True):
        row = shop.twin.store.get("product", "P0")
        assert row
        shop.twin.store.put("product", {**row.payload, "Name": "Old 0"})
    (change,) = shop.make(audit=True).plan.changes
    assert str(change.address) == "product/P0"


def test_what_reads_show_as_written_costs_no_request(shop: Shop) -> None:
    shop.twin.choices = shop.twin.choices.with_changes(list_lag_seconds=0.0)
    requests = shop.plan().reads
    shop.state.save_section("written.json", "sandbox", {})
    assert shop.plan().reads == requests
