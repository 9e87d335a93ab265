"""Dated values on the command line: a plan for another day, and what may be applied of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.menu import MENU
from tests.support.program import RunProgram

STEPS = "[1000, {from: 2020-01-01, value: 18000}, {from: 2099-12-01 06:00, value: 19000}]"


@pytest.fixture
def dated(run: RunProgram, folder: Path) -> Path:
    """A folder whose menu has a price with steps, and whose shop is as declared today."""
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("\ntimezone: Asia/Jakarta\n")
    text = MENU.replace("unit_price: 18000", f"unit_price: {STEPS}")
    assert text != MENU
    (folder / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


def test_a_plan_is_of_now(run: RunProgram, dated: Path) -> None:
    ran = run("plan", dated, "--format", "json")
    assert ran.json["resource_changes"] == []
    assert ran.json["at"].endswith("+07:00")
    assert "as_of" not in ran.json


@pytest.mark.parametrize("day", ["2099-12-02", "2099-12-01 06:00", "2099-12-01T06:00:00"])
def test_a_plan_for_another_day_says_so_first(run: RunProgram, dated: Path, day: str) -> None:
    ran = run("plan", dated, "--at", day)
    assert ran.code == 0
    shown = day.removesuffix(":00").replace("T", " ") if "T" in day else day
    assert f"As of: {shown}. " in "\n".join(ran.out.splitlines()[:4])
    assert "18,000 → 19,000" in ran.out
    for name, sign in (("markdown", "As of"), ("html", "As of")):
        assert sign in run("plan", dated, "--at", day, "--format", name).out


def test_a_plan_for_another_day_cannot_be_applied(run: RunProgram, dated: Path) -> None:
    assert run("plan", dated, "--at", "2099-12-02", "--out", dated / "plan.json").code == 0
    ran = run("apply", dated / "plan.json", "--auto-approve")
    assert ran.code == 1
    assert "plan.json shows the plan as of 2099-12-02 and cannot be applied" in ran.err
    assert "make a plan without --at" in ran.err


def test_now_is_a_time_like_any_other(run: RunProgram, dated: Path) -> None:
    saved = dated / "plan.json"
    assert run("plan", dated, "--at", "now", "--out", saved).code == 0
    assert run("apply", saved, "--auto-approve").code == 0


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "2099-12-01 25:00", ""])
def test_a_day_that_does_not_exist_is_refused(run: RunProgram, dated: Path, day: str) -> None:
    ran = run("plan", dated, "--at", day)
    assert ran.code == 1
    assert f"--at: `{day}` is not a date or a time" in ran.err


def test_another_day_needs_the_time_zone(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--at", "2099-12-01")
    assert ran.code == 1
    assert "--at needs the time zone of the shop" in ran.err
    assert "set `timezone: Asia/Jakarta` in reconciler.yaml" in ran.err
