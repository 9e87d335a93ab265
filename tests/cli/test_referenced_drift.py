"""Objects that the files refer to and that were renamed, moved or deleted in the shop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.support.program import RunProgram, WriteCatalogue

FILES = """
products:
  - code: "1003"
    category: Coffee
    variants:
      - code: 1003L
        unit_price: 32000
        outlet_prices: {Bandung: {price: 34000}}
      - {code: 1003R, unit_price: 28000}
      - {code: 1003X, unit_price: 40000}
      - {code: 1003Z, unit_cost: 5}
coupons:
  - {code: VIP, type: DiscountAmount, discount: 5000, limit: 10, customer: DP-001}
  - {code: USED, type: DiscountAmount, discount: 700, limit: 10}
"""
LIVE = {
    "outlets": [{"Name": "Bandung Kota"}],
    "categories": [{"Name": "Kopi"}],
    "products": [
        {
            "Code": "1003",
            "Name": "Cappuccino",
            "Category": "Kopi",
            "Variants": [
                {
                    "Code": "1003L",
                    "UnitPrice": 31000,
                    "OutletPrice": [{"Outlet": "Bandung Kota", "Price": 34000, "ExtraCost": 0}],
                },
                {"Code": "1003R", "UnitPrice": 27000},
            ],
        },
        {
            "Code": "1004",
            "Name": "Latte",
            "Category": "Kopi",
            "Variants": [{"Code": "1003X", "UnitPrice": 40000}],
        },
    ],
    "coupons": [
        {"Code": "VIP", "Type": "DiscountAmount", "Discount": 5000, "Limit": 10},
        {"Code": "USED", "Type": "DiscountAmount", "Discount": 500, "Limit": 10, "Balance": 4},
    ],
}
BLOCKED = ["coupon/VIP", "product/1003", "variant/1003L", "variant/1003X"]


@pytest.fixture
def changed(folder: Path, declare: WriteCatalogue) -> Path:
    """Return a folder whose files name what the shop has renamed, moved and deleted."""
    declare(FILES)
    (folder / "sandbox.json").write_text(json.dumps(LIVE), encoding="utf-8")
    return folder


def test_an_audit_lists_it_beside_all_other_drift(
    run: RunProgram, changed: Path, tmp_path: Path
) -> None:
    ran = run("audit", changed, "--format", "json", "--detailed-exitcode")
    assert ran.code == 2, ran.err
    states = {found["address"]: found["state"] for found in ran.json["findings"]}
    assert [address for address in sorted(states) if states[address] == "blocked"] == BLOCKED
    assert states["variant/1003R"] == "drifted"
    assert states["variant/1003Z"] == "missing"
    messages = {found["address"]: found["message"] for found in ran.json["findings"]}
    assert "refers to the outlet `Bandung`, which does not exist" in messages["variant/1003L"]
    assert messages["variant/1003L"].startswith("unit_price: live 31,000, declared 32,000; ")
    assert 'it belongs to product/1004 "Latte" in the shop' in messages["variant/1003X"]
    file = tmp_path / "audit.xml"
    file.write_text(run("audit", changed, "--format", "junit").out, encoding="utf-8")
    (suite,) = JUnitXml.fromfile(str(file))
    failures = {case.name for case in suite if case.result and not case.is_skipped}
    assert {'1003L "Cappuccino"', "VIP", '1003 "Cappuccino"'} <= failures


def test_an_audit_says_of_the_files_what_stands_in_them(run: RunProgram, changed: Path) -> None:
    findings = run("audit", changed, "--format", "json").json["findings"]
    (found,) = [finding for finding in findings if finding["address"] == "coupon/USED"]
    assert found["fields"] == [{"path": "discount", "live": 500, "declared": 700}]


def test_a_plan_without_a_ledger_stops_at_the_line(run: RunProgram, changed: Path) -> None:
    ran = run("plan", changed)
    assert ran.code == 1
    assert "variant/1003L refers to the outlet `Bandung`, which does not exist" in ran.err
    assert "run `reconciler adopt product/1003`" in ran.err
    assert "declare the" not in ran.err


def test_adopt_settles_a_rename(run: RunProgram, changed: Path) -> None:
    ran = run("adopt", "--shop", changed, "product/1003", "coupon/VIP")
    assert ran.code in (0, 4), ran.err  # the moved variant is named, and not written
    assert run("adopt", "--shop", changed, "variant/1003L").code == 0
    ran = run("audit", changed, "--format", "json")
    blocked = [f["address"] for f in ran.json["findings"] if f["state"] == "blocked"]
    assert blocked == ["variant/1003X"]
