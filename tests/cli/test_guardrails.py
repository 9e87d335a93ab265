"""A plan with violations is shown in full; an apply of it is refused before it writes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.workflows import open_shop
from tests.support.program import RunProgram, WriteCatalogue

SUSU = 'variant/1001R "Kopi Susu, Regular"'
UNTIL = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
"""The day that a hint proposes."""

TENTH = """
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1001R, model: Regular, unit_price: 1800}
"""
ALLOW = """
allow:
  - {rule: price-change, address: variant/1001R, reason: clearance, until: 2999-12-31}
  - {rule: price-shape, address: variant/1001R, reason: clearance, until: 2999-12-31}
"""


@pytest.fixture
def cut(applied: Path, declare: WriteCatalogue) -> Path:
    """The folder, applied, with a price that falls to a tenth."""
    declare(TENTH)
    return applied


def test_a_plan_with_violations_is_shown_in_full_and_ends_with_3(
    run: RunProgram, cut: Path
) -> None:
    ran = run("plan", cut)
    assert (ran.code, ran.err) == (3, "")
    assert "~ variant/1001R" in ran.out
    assert "Blocked by guardrails: 2 violations. 'apply' will refuse this plan.\n" in ran.out
    assert (
        f"  ✗ price-change {SUSU}: price falls from 18,000 to 1,800 (-90 %, limit 50 %)"
        "  catalogue/menu.yaml:7:51\n"
    ) in ran.out
    assert (
        "  Fix the values, or add an exception to a catalogue file so that it is reviewed:\n\n"
        "    allow:\n"
        f"      - {{rule: price-change, address: variant/1001R, reason: say why, until: {UNTIL}}}\n"
        f"      - {{rule: price-shape, address: variant/1001R, reason: say why, until: {UNTIL}}}\n"
    ) in ran.out
    assert ran.out.splitlines()[-1].endswith(" 1 unchanged, 2 violations.")
    assert run("plan", cut, "--detailed-exitcode").code == 3


@pytest.mark.parametrize("form", ["json", "markdown", "html", "github"])
def test_a_plan_with_violations_ends_with_3_in_every_format(
    run: RunProgram, cut: Path, tmp_path: Path, form: str
) -> None:
    """Whatever it has written: CI goes red, and the comment is there."""
    report, saved = tmp_path / "comment.md", tmp_path / "plan.json"
    ran = run("plan", cut, "--format", form, "--report", report, "--out", saved)
    assert ran.code == 3
    assert "price-change" in ran.out
    assert "price-change" in report.read_text(encoding="utf-8")
    assert saved.exists()


def test_what_was_allowed_is_no_violation(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    declare(TENTH + ALLOW)
    assert run("plan", cut).code == 0
    assert run("plan", cut, "--detailed-exitcode").code == 2


BELOW = """
categories: [{name: Drinks}]
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1001R, model: Regular, unit_price: 8000, unit_cost: 9000}
      - {code: 1001L, model: Large, unit_price: 20000, unit_cost: 9000}
"""
ALLOW_BELOW = (
    "allow: [{rule: below-cost, address: variant/1001R, reason: sale, until: 2999-12-31}]\n"
)


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_values_that_violate_a_guardrail_by_themselves_fail_a_validation(
    run: RunProgram, folder: Path, declare: WriteCatalogue, form: str
) -> None:
    declare(BELOW)
    ran = run("validate", folder, "--format", form)
    assert ran.code == 3
    assert (
        'catalogue/menu.yaml:8:51: below-cost variant/1001R "Kopi Susu, Regular": sells for 8,000; '
        "it costs 9,000"
    ) in ran.err
    assert "refused by 1 guardrail violation" in ran.err
    assert "Valid" not in ran.out
    declare(BELOW + ALLOW_BELOW)
    assert run("validate", folder, "--format", form).code == 0


def test_a_validation_judges_coming_steps(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    settings = (folder / "reconciler.yaml").read_text(encoding="utf-8")
    (folder / "reconciler.yaml").write_text(f"{settings}timezone: Asia/Jakarta\n", encoding="utf-8")
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    steps = f"unit_price: [18000, {{from: {day}, value: 8000}}], unit_cost: 9000"
    dated = re.sub("unit_price: [0-9]+, unit_cost: [0-9]+", steps, BELOW, count=1)
    assert dated != BELOW
    declare(dated)
    ran = run("validate", folder)
    assert ran.code == 3
    assert f"on {day}: sells for 8,000; it costs 9,000" in ran.err
    assert f"{{rule: below-cost, address: variant/1001R, reason: say why, until: {day}}}" in ran.err
    declare(dated + ALLOW_BELOW)
    assert run("validate", folder).code == 0


BY_FILES = {
    "below-cost": (
        BELOW,
        'menu.yaml:8:51: below-cost variant/1001R "Kopi Susu, Regular": sells for',
    ),
    "coupon-below-cost": (
        BELOW.replace("8000", "10000")
        + "coupons: [{code: C, type: DiscountAmount, discount: 5000, limit: 9,"
        " expiry_date: 2030-01-01}]\n",
        "menu.yaml:10:11: coupon-below-cost coupon/C: with coupon/C, variant/1001R",
    ),
    "coupon-expiry": (
        "coupons:\n  - {code: C, type: DiscountAmount, discount: 5, limit: 9,"
        " expiry_date: 2020-01-01}\n",
        "menu.yaml:2:73: coupon-expiry coupon/C: it expired on 2020-01-01",
    ),
    "look-alike": (
        "categories:\n  - {name: Drinks}\n  - {name: drinks}\n",
        "menu.yaml:3:12: look-alike category/drinks: `drinks` differs only in letter case from "
        "`Drinks`, which is declared too (catalogue/menu.yaml:2). Keep one of the two",
    ),
    "new-price": (
        "categories: [{name: D}]\nproducts:\n  - code: P\n    name: P\n    category: D\n"
        "    variants:\n"
        + "".join(f"      - {{code: V{n}, unit_price: 10000}}\n" for n in range(4))
        + "      - {code: V9, unit_price: 100}\n",
        "menu.yaml:11:",
    ),
    "retired-component": (
        "categories: [{name: D}]\nproducts:\n  - code: P\n    name: P\n    category: D\n"
        "    variants:\n      - {code: A, discontinued: true}\n"
        "      - {code: B, type: Composite, components: {A: {qty: 1}}}\n",
        "menu.yaml:8:",
    ),
}


@pytest.mark.parametrize("rule", BY_FILES)
def test_each_guardrail_that_files_alone_can_violate_is_told_by_a_validation(
    run: RunProgram, folder: Path, declare: WriteCatalogue, rule: str
) -> None:
    text, said = BY_FILES[rule]
    declare(text)
    ran = run("validate", folder)
    if RULES[rule].in_files == "error":
        assert ran.code == 3, ran.out
        assert f"catalogue/{said}" in ran.err
        assert f"rule: {rule}, address: " in ran.err
        assert "refused by 1 guardrail violation" in ran.err
    else:  # only the shop says whether the object is new
        assert ran.code == 0, ran.err
        assert f"note: catalogue/{said}" in ran.out
        assert "note: a plan refuses these unless the shop has them already" in ran.out
    declare(f"{text}allow: [{{rule: {rule}, reason: meant, until: 2999-12-31}}]\n")
    ran = run("validate", folder)
    assert ran.code == 0
    assert rule not in ran.out


def test_a_validation_names_the_guardrails_that_need_the_shop(
    run: RunProgram, folder: Path
) -> None:
    ran = run("validate", folder, "--format", "json")
    (note,) = ran.json["notes"]
    said, _, named = note.partition(": ")
    assert said == "guardrails that need the shop are checked by `plan`"
    assert set(named.split(", ")) == RULES.keys() - BY_FILES.keys()


@pytest.mark.parametrize(
    "text",
    [
        BELOW.replace("unit_price: 8000", "unit_price: 8000, discontinued: true"),
        BELOW.replace(", unit_cost: 9000", ""),
        "removed: [variant/1001R]\n",
    ],
)
def test_a_validation_knows_no_more_than_the_files(
    run: RunProgram, folder: Path, declare: WriteCatalogue, text: str
) -> None:
    declare(text)
    assert run("validate", folder).code == 0


def test_a_validation_heeds_the_settings(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare(BELOW)
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("guardrails: {below-cost: off}\n")
    assert run("validate", folder).code == 0


def test_the_violations_are_in_the_document(run: RunProgram, cut: Path) -> None:
    ran = run("plan", cut, "--format", "json")
    assert ran.code == 3
    assert ran.json["violations"][0] == {
        "rule": "price-change",
        "message": "price falls from 18,000 to 1,800 (-90 %, limit 50 %)",
        "measured": -90,
        "limit": 50,
        "unit": "percent",
        "address": "variant/1001R",
        "label": "Kopi Susu, Regular",
        "source": {"file": "catalogue/menu.yaml", "line": 7, "column": 51},
        "hint": "allow:\n"
        f"  - {{rule: price-change, address: variant/1001R, reason: say why, until: {UNTIL}}}",
        "allowed": None,
    }
    assert [found["rule"] for found in ran.json["violations"]] == ["price-change", "price-shape"]


def test_an_apply_is_refused_and_nothing_is_written(run: RunProgram, cut: Path) -> None:
    before = run("sandbox", "show", cut).out
    ran = run("apply", cut, "--auto-approve")
    assert ran.code == 3
    assert "Blocked by guardrails: 2 violations" in ran.out
    # Each violation is said once, where the plan is shown, with its place and the way out.
    assert (ran.out + ran.err).count("price falls from 18,000 to 1,800 (-90 %, limit 50 %)") == 1
    assert (ran.out + ran.err).count("{rule: price-change, address: variant/1001R") == 1
    assert ran.err == "error: refused by 2 guardrail violations; nothing was written\n"
    assert run("sandbox", "show", cut).out == before


def test_a_refusal_as_json_is_one_document(run: RunProgram, cut: Path) -> None:
    ran = run("apply", cut, "--auto-approve", "--format", "json")
    assert ran.code == 3
    assert ran.json["error"] == "refused by 2 guardrail violations; nothing was written"
    first = ran.json["problems"][0]
    assert (first["file"], first["line"], first["column"]) == ("catalogue/menu.yaml", 7, 51)
    assert first["message"].startswith('price-change variant/1001R "Kopi Susu, Regular": ')
    assert ran.json["hint"].splitlines()[1:] == [
        "allow:",
        f"  - {{rule: price-change, address: variant/1001R, reason: say why, until: {UNTIL}}}",
        f"  - {{rule: price-shape, address: variant/1001R, reason: say why, until: {UNTIL}}}",
    ]


def test_a_hint_can_be_pasted_and_allows_the_violations(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    hint = run("apply", cut, "--auto-approve", "--format", "json").json["hint"]
    declare(TENTH + hint.partition("\n")[2] + "\n")
    assert run("apply", cut, "--auto-approve").code == 0


def test_what_was_reviewed_is_applied_and_said(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    declare(TENTH + ALLOW)
    planned = run("plan", cut, "--format", "json").json["violations"]
    assert [found["allowed"] for found in planned] == [
        {
            "reason": "clearance",
            "until": "2999-12-31",
            "source": {"file": "catalogue/menu.yaml", "line": line, "column": 5},
        }
        for line in (10, 11)
    ]
    ran = run("apply", cut, "--auto-approve")
    assert ran.code == 0
    assert "Allowed by a reviewed exception: 2 violations\n  ✓ price-change variant" in ran.out
    assert "      until 2999-12-31: clearance  catalogue/menu.yaml:10:5\n" in ran.out
    assert "violation." not in ran.out
    assert "Apply complete: 1 change (1 verified)" in ran.out


def test_an_exception_that_has_ended_or_is_not_needed_is_told(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    declare(TENTH + ALLOW.replace("2999", "2001").replace("price-shape", "removals"))
    ran = run("plan", cut)
    assert "2 violations" in ran.out
    for line, rule in ((10, "price-change"), (11, "removals")):
        place = f"catalogue/menu.yaml:{line}:5"
        assert f"  • {place}: the exception from {rule} for {SUSU} ended on" in ran.out
    assert run("apply", cut, "--auto-approve").code == 3


def test_a_guardrail_that_is_off_lets_through(run: RunProgram, cut: Path) -> None:
    with (cut / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("guardrails: {price-change: {max_percent: 90}, price-shape: off}\n")
    ran = run("apply", cut, "--auto-approve")
    assert ran.code == 0
    assert "uardrail" not in ran.out


def test_a_violation_of_the_whole_plan_names_no_line(run: RunProgram, cut: Path) -> None:
    with (cut / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("guardrails: {changes: {floor: 1}, price-change: off, price-shape: off}\n")
    ran = run("apply", cut, "--auto-approve")
    assert ran.code == 3
    said = "changes: 1 of 1 variant objects (100 %) would be changed, limit 50 % or 1,000 objects"
    assert f"  ✗ {said}\n" in ran.out


def test_the_files_alone_are_checked_for_unknown_rules(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    declare(TENTH + ALLOW.replace("price-shape", "price-shap"))
    ran = run("validate", cut)
    assert ran.code == 1
    assert "catalogue/menu.yaml:11:12: allow: unknown guardrail `price-shap`" in ran.err


# --- saved and partial plans ---


@pytest.mark.parametrize("address", [", address: variant/1001R", ""])
def test_a_refused_apply_says_in_every_format_that_an_exception_has_ended(
    run: RunProgram, cut: Path, declare: WriteCatalogue, address: str
) -> None:
    ended = f"allow:\n  - {{rule: price-shape{address}, reason: sale, until: 2020-01-31}}\n"
    declare(TENTH + ended)
    why = "its exception at catalogue/menu.yaml:9:5 ended on 2020-01-31; renew it, or fix the value"
    ran = run("apply", cut, "--auto-approve", "--format", "json")
    assert ran.code == 3
    assert [problem["hint"] for problem in ran.json["problems"]] == [None, why]
    assert "ended on 2020-01-31; remove or renew it" in run("apply", cut, "--auto-approve").out


def test_a_saved_plan_with_violations_is_refused(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    plan = cut / "plan.json"
    assert run("plan", cut, "--out", plan).code == 3
    # What was said against it stays said, whatever the files allow by now.
    declare(TENTH + ALLOW)
    before = run("sandbox", "show", cut).out
    ran = run("apply", plan, "--auto-approve")
    assert ran.code == 3
    assert "refused by 2 guardrail violations; nothing was written" in ran.err
    assert run("sandbox", "show", cut).out == before


def test_a_saved_plan_keeps_its_exceptions(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    declare(TENTH + ALLOW)
    plan = cut / "plan.json"
    assert run("plan", cut, "--out", plan).code == 0
    ran = run("apply", plan, "--auto-approve")
    assert ran.code == 0
    assert "until 2999-12-31: clearance  catalogue/menu.yaml:10:5" in ran.out
    again = run("apply", plan, "--auto-approve")
    assert again.code == 0
    assert "clearance" not in again.out


def test_an_exception_that_ended_after_the_plan_covers_nothing(
    run: RunProgram, cut: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(TENTH + ALLOW)
    plan = cut / "plan.json"
    assert run("plan", cut, "--out", plan).code == 0
    monkeypatch.setattr(open_shop, "today", lambda zone: "3000-01-01")
    ran = run("apply", plan, "--auto-approve", "--format", "json")
    assert ran.code == 3
    hints = [problem["hint"] for problem in ran.json["problems"]]
    assert [hint.partition(" ended on ")[2] for hint in hints] == [
        "2999-12-31; renew it, or fix the value",
        "2999-12-31; renew it, or fix the value",
    ]


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_an_exception_ends_by_the_clock_of_the_shop(
    run: RunProgram, folder: Path, declare: WriteCatalogue, command: str
) -> None:
    """The date of Kiritimati is always later than that of Pago Pago."""
    settings = (folder / "reconciler.yaml").read_text(encoding="utf-8")
    until = datetime.now(ZoneInfo("Pacific/Pago_Pago")).date().isoformat()
    declare(
        "categories: [{name: Drinks}]\n"
        "products: [{code: P, name: Tea, category: Drinks, brand: B, variants: "
        "[{code: V, model: L, unit_cost: 2, unit_price: 1}]}]\n"
        f"allow: [{{rule: below-cost, address: variant/V, reason: tasting, until: {until}}}]\n"
    )
    codes = []
    for zone in ("Pago_Pago", "Kiritimati"):
        (folder / "reconciler.yaml").write_text(f"{settings}\ntimezone: Pacific/{zone}\n")
        codes.append(run(command, folder).code)
    assert codes == [0, 3]


def test_of_a_partial_plan_the_count_is_judged_and_no_share(run: RunProgram, cut: Path) -> None:
    with (cut / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("guardrails: {changes: {floor: 1}, price-change: off, price-shape: off}\n")
    assert run("apply", cut, "--auto-approve").code == 3
    ran = run("apply", cut, "--auto-approve", "--target", "variant/1001R")
    assert ran.code == 0


def test_a_partial_plan_heeds_exceptions_and_names_none_as_not_needed(
    run: RunProgram, cut: Path, declare: WriteCatalogue
) -> None:
    other = "  - {rule: removals, reason: closing down, until: 2999-12-31}\n"
    declare(TENTH + ALLOW + other)
    assert "removals is not needed" in run("plan", cut).out
    ran = run("apply", cut, "--auto-approve", "--target", "variant/1001R")
    assert ran.code == 0
    assert "not needed" not in ran.out
