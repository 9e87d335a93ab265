"""Removal from the command line: as a plan, as a saved plan, in an audit, and in part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import ReadDocument
from tests.support.program import RunProgram, WriteCatalogue

LIVE = {
    "categories": [{"Name": "Drinks"}, {"Name": "Empty"}],
    "products": [{"Code": "1001", "Name": "Kopi", "Category": "Drinks", "Variants": []}],
    "coupons": [
        {"Code": c, "Type": "DiscountAmount", "Discount": 5, "Limit": 9} for c in ("K1", "K2")
    ],
}
REMOVED = """
removed:
  - product/1001
  - {address: coupon/K1, delete: true}
  - {address: coupon/K2, delete: true}
  - {address: category/Drinks, delete: true}
"""


@pytest.fixture
def removing(folder: Path, declare: WriteCatalogue) -> Path:
    declare(REMOVED)
    (folder / "sandbox.json").write_text(json.dumps(LIVE), encoding="utf-8")
    return folder


def left(run: RunProgram, folder: Path) -> dict[str, Any]:
    return dict(run("sandbox", "show", folder).json)


def test_a_plan_shows_and_an_apply_removes(
    run: RunProgram, removing: Path, documented: ReadDocument
) -> None:
    ran = run("plan", removing, "--format", "json", "--detailed-exitcode")
    assert ran.code == 2
    plan = documented("plan", ran.json)
    actions = {c["address"]: c["change"]["actions"] for c in plan["resource_changes"]}
    assert actions == {
        "coupon/K1": ["delete"],
        "coupon/K2": ["delete"],
        "product/1001": ["update"],
    }
    deletion = plan["resource_changes"][-1]
    assert (deletion["change"]["after"], deletion["fields"]) == (None, [])
    assert plan["blocked"][0]["address"] == "category/Drinks"
    assert "not deleted: still used by product/1001" in plan["blocked"][0]["reason"]
    assert run("apply", removing, "--auto-approve").code == 0  # what waits is no failure
    shown = left(run, removing)
    assert shown["coupons"] == []
    assert shown["products"][0]["Discontinued"] is True
    assert "Plan: no changes" in run("plan", removing).out
    assert run("apply", removing, "--auto-approve").code == 0  # a removal may wait for ever


def test_a_saved_plan_removes(run: RunProgram, removing: Path, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    run("plan", removing, "--out", saved)
    ran = run("apply", saved, "--auto-approve")
    assert "Apply complete: 3 changes (3 verified)" in ran.out
    assert left(run, removing)["coupons"] == []
    again = run("apply", saved, "--auto-approve")
    assert again.code == 0
    assert "Nothing to do: 3 changes already in place (verified)" in again.out


def test_a_saved_deletion_is_held_where_the_ground_moved(
    run: RunProgram, removing: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    run("plan", removing, "--out", saved)
    declare("coupons: [{code: K1, discount: 7}]")
    assert run("apply", removing, "--auto-approve").code == 0
    ran = run("apply", saved, "--auto-approve")
    assert ran.code == 4
    assert (
        "delete coupon/K1 stale: `discount` was 5 when the plan was saved and is 7 now" in ran.out
    )
    assert [row["Code"] for row in left(run, removing)["coupons"]] == ["K1"]


def test_a_saved_deletion_is_held_where_something_needs_it_now(
    run: RunProgram, removing: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    declare("removed: [{address: category/Empty, delete: true}]")
    saved = tmp_path / "plan.json"
    run("plan", removing, "--out", saved)
    declare("products: [{code: '9', name: x, category: Empty}]")
    run("apply", removing, "--auto-approve")
    ran = run("apply", saved, "--auto-approve")
    assert "delete category/Empty stale: not deleted: still used by product/9" in ran.out


def test_an_audit_tells_what_is_still_there(run: RunProgram, removing: Path) -> None:
    ran = run("audit", removing, "--detailed-exitcode")
    assert ran.code == 2
    assert "Pending removal (marked as removed, still in the shop): 2 objects" in ran.out
    assert "Blocked (different from the files, and no plan can change it): 1 object" in ran.out
    run("apply", removing, "--auto-approve")


def test_a_target_names_a_removal(run: RunProgram, removing: Path) -> None:
    ran = run("apply", removing, "--target", "coupon/K*", "--auto-approve")
    assert "Apply complete: 2 changes (2 verified)" in ran.out
    assert left(run, removing)["products"][0]["Discontinued"] is False


def test_a_partial_plan_prunes_nothing(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare("categories: [{name: Drinks}, {name: Food}]")
    run("apply", folder, "--auto-approve")
    declare("categories: [{name: Drinks}]")
    settings = "store: {url: sandbox}\nprune: [{kinds: [category]}]\n"
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    assert "1 to retire" in run("plan", folder).out
    assert "Plan: no changes" in run("plan", folder, "--target", "category/Drinks").out
