"""`fleet plan` and `fleet audit`: one report of all shops, by change first."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from tests.support.deep import DEEP
from tests.support.fleets import FleetFolder, states
from tests.support.menu import MENU, back_office, by_code, edited
from tests.support.shop import ROOT

pytestmark = pytest.mark.skipif(not DEEP, reason="make deep runs it: it starts many processes")

GOLDEN = Path(__file__).parent / "parity.md"
THREE = ("bandung", "jakarta-1", "jakarta-2")


@pytest.fixture
def fleet(tmp_path: Path) -> FleetFolder:
    """Three shops that are as declared; nothing is committed."""
    fleet = FleetFolder(tmp_path / "fleet", THREE)
    for name in THREE:
        fleet.type("apply", f"shops/{name}", "--auto-approve")
    return fleet


def lines(out: str, title: str) -> list[str]:
    """The lines of a section."""
    after = out[out.index(title) :].splitlines()[1:]
    return [line.strip() for line in after[: after.index("")]]


def test_a_change_is_named_once_with_its_shops(fleet: FleetFolder) -> None:
    price = ("18000", "19000")
    fleet.declare("bandung", edited(MENU, price))
    fleet.type("apply", "shops/bandung", "--auto-approve")
    fleet.declare("jakarta-1", edited(MENU, price))
    fleet.declare("jakarta-2", edited(MENU, price, ("Kopi Susu", "Kopi Susu Jakarta")))
    ran = fleet.run("plan")
    assert ran.code == 0, ran.err
    assert lines(ran.out, "Changes (2)") == [
        'product/1001 "Kopi Susu Jakarta" name "Kopi Susu" → "Kopi Susu Jakarta" in 1 of 3 shops: '
        "jakarta-2",
        'variant/1001R "Kopi Susu, Regular" unit_price 18,000 → 19,000 in 2 of 3 shops '
        "(bandung has it)",
    ]
    assert lines(ran.out, "Deviations between the shops (1)") == [
        'product/1001 "Kopi Susu Jakarta" name: "Kopi Susu"; "Kopi Susu Jakarta" in jakarta-2'
    ]
    assert "✓ bandung (wave 1): no changes" in ran.out
    assert "✓ jakarta-2 (wave 2): 2 to update; " in ran.out
    assert ran.out.endswith("Fleet plan: 3 of 3 shops planned, 2 different changes.\n")


def test_a_part_of_a_fleet_can_be_selected(fleet: FleetFolder) -> None:
    assert list(states(fleet.report("plan", "--wave", "2"))) == ["jakarta-1", "jakarta-2"]
    assert list(states(fleet.report("plan", "--shop", "*-2"))) == ["jakarta-2"]
    ran = fleet.run("plan", "--shop", "bogor")
    assert (ran.code, ran.out) == (1, "")
    assert "--shop bogor matches no shop of fleet.yaml" in ran.err


def test_the_exit_code_is_the_worst_of_the_shops(fleet: FleetFolder) -> None:
    assert fleet.run("plan", "--detailed-exitcode").code == 0
    fleet.declare("bandung", edited(MENU, ("18000", "19000")))
    assert fleet.run("plan", "--detailed-exitcode").code == 2
    fleet.declare("jakarta-1", edited(MENU, ("unit_price", "unit_prize")))
    assert fleet.run("plan", "--detailed-exitcode").code == 1
    fleet.declare("jakarta-2", edited(MENU, ("18000", "1800")))
    ran = fleet.run("plan", "--detailed-exitcode")
    assert ran.code == 3
    assert "Guardrail violations: apply is refused (2)" in ran.out
    head, *rules = lines(ran.out, "To allow the violations, add this to a catalogue file:")
    assert head == "allow:"
    assert [rule.partition(", reason")[0] for rule in rules] == [
        "- {rule: price-change, address: variant/1001R",
        "- {rule: price-shape, address: variant/1001R",
    ]
    assert "✗ jakarta-1 (wave 2): failed: 1 problem in the files: catalogue/shop.yaml:9" in ran.out
    assert "Fleet plan: 1 of 3 shops planned, 1 failed, 1 refused, 2 different changes." in ran.out


def test_an_audit_names_drift_once(fleet: FleetFolder) -> None:
    assert fleet.run("audit", "--detailed-exitcode").code == 0
    for name in THREE[1:]:
        with back_office(fleet.shop(name)) as document:
            by_code(document)["1001R"]["UnitPrice"] = 17500
    ran = fleet.run("audit")
    assert ran.code == 0
    assert lines(ran.out, "Drift (1)") == [
        'variant/1001R "Kopi Susu, Regular" unit_price: live 17,500, declared 18,000 '
        "in 2 of 3 shops"
    ]
    assert "! jakarta-1 (wave 2): drifted: the audit found 1 object that is not as declared" in (
        ran.out
    )
    assert fleet.run("audit", "--detailed-exitcode").code == 2


def test_the_parity_of_the_shops_is_a_table(fleet: FleetFolder) -> None:
    """Stale? Delete the golden file, and the test writes it anew."""
    more = "      - {code: 1001L, model: Large, unit_price: 22000, taxable: true}\n"
    fleet.declare("bandung", MENU + more)
    fleet.declare("jakarta-1", edited(MENU + more, ("22000", "23000"), (", taxable: true", "")))
    ran = fleet.run("plan", "--parity", "--format", "markdown")
    table = ran.out[ran.out.index("<details><summary>Parity") :].partition("</details>")[0]
    if not GOLDEN.exists():
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8")
    text = fleet.run("audit", "--parity").out
    assert lines(text, "Parity: 4 objects in 3 shops: 3 equal, 1 not") == [
        "object         field       bandung  jakarta-1  jakarta-2",
        "variant/1001L  declared    yes      yes        no",
        "variant/1001L  unit_price  22,000   23,000     —",
        "variant/1001L  taxable     true     —          —",
    ]


def test_a_comment_has_the_changes_first_and_the_shops_in_folds(fleet: FleetFolder) -> None:
    fleet.declare("bandung", edited(MENU, ("18000", "19000")))
    ran = fleet.run("plan", "--format", "markdown")
    first, verdict, *rest = ran.out.splitlines()
    assert first == "<!-- reconciler fleet plan -->"
    assert verdict == "### ✏️ Fleet plan: 3 of 3 shops planned, 1 different change."
    body = "\n".join(rest)
    assert body.index("**Changes (1)**") < body.index("<details><summary>Shops (3)</summary>")
    assert '`variant/1001R "Kopi Susu, Regular" unit_price 18,000 → 19,000 in 1 of 3 shops' in body


def test_the_report_is_as_its_schema_says(fleet: FleetFolder) -> None:
    schema = json.loads((ROOT / "schemas" / "fleet-report.schema.json").read_text("utf-8"))
    fleet.declare("bandung", edited(MENU, ("18000", "1900")))
    report = fleet.report("plan", "--parity", code=3)
    jsonschema.validate(report, schema)
    assert report["shops"][0]["documents"]["plan"]["resource_changes"]
    assert report["notices"][0]["topic"] == "violation"
    jsonschema.validate(fleet.report("audit"), schema)


def test_a_broken_file_is_an_error_in_every_format(fleet: FleetFolder) -> None:
    fleet.declare_fleet("wave: []\n")
    ran = fleet.run("plan")
    assert (ran.code, ran.out) == (1, "")
    assert "fleet.yaml:5:1: unknown key `wave`" in ran.err
    assert json.loads(fleet.run("plan", "--format", "json").out)["problems"][0]["line"] == 5
    assert "No fleet plan" in fleet.run("plan", "--format", "markdown").out


def test_reports_of_single_shops_make_one_report(fleet: FleetFolder) -> None:
    fleet.declare("bandung", edited(MENU, ("18000", "19000")))
    fleet.commit("raise")
    reports = fleet.folder.parent / "reports"
    for name in THREE:
        (reports / name).mkdir(parents=True)
        text = fleet.run("plan", "--shop", name, "--format", "json").out
        (reports / name / f"{name}.json").write_text(text, encoding="utf-8")
    direct = fleet.run("plan").out
    merged = fleet.run("plan", "--from", str(reports))
    assert (merged.code, merged.out) == (0, direct)
    part = fleet.run("plan", "--from", str(reports / "bandung"))
    assert part.code == 1
    assert f"jakarta-1 (wave 2): failed: no report of it is in {reports / 'bandung'}" in part.out

    said = fleet.run("audit", "--from", str(reports)).err
    assert "bandung.json is a report of fleet plan, commit" in said
    fleet.declare("bandung", MENU)
    fleet.commit("lower")
    assert re.search(
        "commit .{7}; this is fleet plan", fleet.run("plan", "--from", str(reports)).err
    )
    for broken in ("", "[]", "{}", direct, text.replace('"summary"', '"other"')):
        (reports / "bandung" / "bandung.json").write_text(broken, encoding="utf-8")
        ran = fleet.run("plan", "--from", str(reports))
        assert (ran.code, ran.out) == (1, "")
        assert "bandung.json is not a report of a fleet" in ran.err
