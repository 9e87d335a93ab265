"""Dated values on the command line: a plan for another day, and what may be applied of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from tests.support.menu import MENU
from tests.support.program import RunProgram
from tests.support.shop import ROOT

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


def test_a_new_object_without_a_step_that_holds(run: RunProgram, dated: Path) -> None:
    menu = dated / "catalogue" / "menu.yaml"
    new = MENU.replace("unit_price: 18000", "unit_price: [{from: 2099-01-01, value: 18000}]")
    menu.write_text(new.replace("1001", "1007"), encoding="utf-8")
    ran = run("plan", dated)
    assert ran.code == 1
    assert "is new and no step of `unit_price` holds yet" in ran.err
    assert "begin with a value without `from`; it is required to create a variant" in ran.err
    assert run("plan", dated, "--at", "2099-01-01").code == 0


def test_days_that_no_guardrail_judges_are_counted(run: RunProgram, dated: Path) -> None:
    menu = dated / "catalogue" / "menu.yaml"
    assert "dated values of 1 later day are judged" in run("plan", dated).out  # in 2099
    today = datetime.now(UTC).date()
    steps = ", ".join(
        f"{{from: {today + timedelta(days=2 + n)}, value: {18001 + n}}}" for n in range(53)
    )
    menu.write_text(MENU.replace("unit_price: 18000", f"unit_price: [18000, {steps}]"))
    assert "dated values of 3 later days are judged" in run("plan", dated).out
    menu.write_text(MENU, encoding="utf-8")
    assert "guardrails judge the next" not in run("plan", dated).out


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


SHOP = """\
products:
  - code: P
    name: "Kopi; susu, dingin 冰咖啡 with a very long name that has to be folded in a calendar file"
    variants:
      - code: V
        unit_price: [1000, {from: 2020-01-01, value: 18000}, {from: 2099-12-01 06:00, value: 19000}]
        outlet_prices: {Kemang: {price: [{from: 2099-12-24, until: 2099-12-26, value: 9000}]}}
        discontinued: [{from: 2099-12-24, value: true}]
"""


@pytest.fixture
def scheduled(tmp_path: Path) -> Path:
    root = tmp_path / "kopi"
    (root / "catalogue").mkdir(parents=True)
    (root / "reconciler.yaml").write_text("timezone: Asia/Jakarta\n", encoding="utf-8")
    (root / "catalogue" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return root


def test_the_schedule_lists_every_change_by_its_day(run: RunProgram, scheduled: Path) -> None:
    ran = run("schedule", scheduled)
    assert ran.code == 0
    name = ran.out.splitlines()[1].partition("  unit_price")[0]
    at = "catalogue/shop.yaml:5"
    assert ran.out.splitlines() == [
        "2020-01-01 (past)",
        f"{name}  unit_price 1,000 → 18,000  {at}",
        "",
        "2099-12-01 06:00",
        f"{name}  unit_price 18,000 → 19,000  {at}",
        "",
        "2099-12-24",
        f"{name}  discontinued — → true  {at}",
        f"{name}  outlet_prices.Kemang.price — → 9,000  {at}",
        "",
        "2099-12-27",
        f"{name}  outlet_prices.Kemang.price 9,000 → —  {at}",
        "",
        "Schedule: 4 coming changes, 1 past.",
    ]


def test_the_schedule_is_data_too(run: RunProgram, scheduled: Path) -> None:
    found = run("schedule", scheduled, "--format", "json").json
    schema = (ROOT / "schemas" / "schedule.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(found, json.loads(schema))
    assert found["timezone"] == "Asia/Jakarta"
    first = found["changes"][0]
    assert (first["at"], first["past"]) == ("2020-01-01T00:00:00+07:00", True)
    assert (first["address"], first["path"]) == ("variant/V", "unit_price")
    assert [change["after"] for change in found["changes"]] == [18000, 19000, True, 9000, None]


def unfold(text: str) -> list[str]:
    """Return the lines of a calendar as a reader of RFC 5545 sees them."""
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_schedule_is_a_calendar(run: RunProgram, scheduled: Path) -> None:
    lines = unfold(run("schedule", scheduled, "--format", "ics").out)
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//reconciler//schedule//EN"]
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 4
    values = [line.partition(":") for line in lines]
    found = {key: [value for name, _, value in values if name == key] for key, _, _ in values}
    assert found["DTSTART"] == [
        "20191231T170000Z",
        "20991130T230000Z",
        "20991223T170000Z",
        "20991226T170000Z",
    ]
    assert found["CATEGORIES"] == ["past", "coming", "coming", "coming"]
    assert found["SUMMARY"][2] == "kopi: 2 changes due"
    assert r"Kopi\; susu\, dingin 冰咖啡" in found["DESCRIPTION"][2]
    assert r"true\nvariant/V" in found["DESCRIPTION"][2]
    assert len(set(found["UID"])) == 4
    again = unfold(run("schedule", scheduled, "--format", "ics").out)
    uids = [line for line in again if line.startswith("UID:")]
    assert [uid.removeprefix("UID:") for uid in uids] == found["UID"]


def test_files_without_dated_values_have_an_empty_schedule(run: RunProgram, folder: Path) -> None:
    assert run("schedule", folder).out == "Schedule: 0 coming changes, 0 past.\n"
    assert run("schedule", folder, "--format", "json").json == {
        "format_version": "2.0",
        "timezone": None,
        "changes": [],
    }
    ran = run("schedule", folder, "--format", "ics")
    assert unfold(ran.out)[-1] == "END:VCALENDAR"
