"""`audit`: its findings, its exit codes, and that it only reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families

from dealpos_reconciler import sandbox
from dealpos_reconciler.kinds import MANAGED
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows import connect
from tests.support.documents import ReadDocument
from tests.support.program import PointAt, ReadFolder, RunProgram, WriteCatalogue

FILES = """
categories:
  - name: Drinks
  - {name: Old, discontinued: false}
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - code: 1001R
        unit_price: 18000
        unit_cost: 9000
        outlet_prices: {Bandung: {price: 19000}}
      - {code: 1001X, unit_price: 5000}
coupons:
  - {code: K1, type: DiscountAmount, discount: 5, limit: 9, customer: D1}
  - {code: K2, type: DiscountAmount, discount: 5, limit: 9}
customers:
  - {code: D1, name: Private Zq, email: zq@private.example}
"""
LIVE = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}, {"Name": "Old", "Discontinued": True}],
    "products": [
        {
            "Code": "1001",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [
                {
                    "Code": "1001R",
                    "UnitPrice": 8500,
                    "UnitCost": 9000,
                    "OutletPrice": [{"Outlet": "Bandung", "Price": 1, "ExtraCost": 0}],
                },
                {"Code": "1001Z", "UnitPrice": 1},
            ],
        },
        {"Code": "2002", "Name": "Teh", "Category": "Drinks", "Variants": []},
    ],
    "coupons": [
        {"Code": "K1", "Type": "DiscountAmount", "Discount": 7, "Limit": 9, "CustomerCode": "D1"}
    ],
    "customers": [{"Code": "D1", "Name": "Other Zq", "Email": "other@private.example"}],
}
SUMMARY = {
    "drifted": 5,
    "missing": 2,
    "pending_removal": 0,
    "blocked": 0,
    "unknown": 0,
    "authorising": 0,
    "unmanaged": 2,
    "unchanged": 1,
}


@pytest.fixture
def drifted(folder: Path, declare: WriteCatalogue) -> Path:
    """Return a folder with drift in its shop."""
    declare(FILES)
    (folder / "sandbox.json").write_text(json.dumps(LIVE), encoding="utf-8")
    return folder


def test_an_audit_speaks_of_drift(run: RunProgram, drifted: Path) -> None:
    ran = run("audit", drifted)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Store: sandbox\n")
    assert '  ~ variant/1001R "Kopi Susu"  catalogue/menu.yaml:10\n' in ran.out
    assert "      unit_price: live 8,500, declared 18,000\n" in ran.out
    assert "      margin: live -5.9 %, declared 50.0 %, sold below cost\n" in ran.out
    assert '  ✗ variant/1001X "Kopi Susu"  catalogue/menu.yaml:14\n' in ran.out
    assert '  • product/2002 "Teh", variant/1001Z ' in ran.out
    assert "DealPOS does not report who made a change" in ran.out
    last = ran.out.splitlines()[-1]
    assert last.startswith("Audit: 5 drifted, 2 missing, 2 unmanaged, 1 in sync. ")
    assert last.endswith(" requests, read-only.")


def test_an_audit_does_not_say_what_an_apply_would_do(run: RunProgram, drifted: Path) -> None:
    said = "deleted and created again"
    assert said in run("plan", drifted).out
    assert said not in run("audit", drifted).out


def test_an_audit_as_json_is_one_documented_document(
    run: RunProgram, drifted: Path, documented: ReadDocument
) -> None:
    found = documented("audit", run("audit", drifted, "--format", "json").json)
    assert found["summary"] == SUMMARY
    assert not found["clean"]
    findings = {finding["address"]: finding for finding in found["findings"]}
    assert findings["variant/1001R"]["fields"] == [
        {"path": "unit_price", "live": 8500, "declared": 18000},
        {"path": "outlet_prices.Bandung.price", "live": 1, "declared": 19000},
    ]
    assert findings["coupon/K2"]["state"] == "missing"
    assert findings["product/2002"]["source"] is None


def test_an_audit_shows_no_personal_data(run: RunProgram, drifted: Path) -> None:
    for form in ("text", "json", "html", "markdown", "github", "junit", "prometheus"):
        out = run("audit", drifted, "--format", form).out
        assert "Zq" not in out
        assert "private.example" not in out


def test_junit_has_a_case_for_each_finding(run: RunProgram, drifted: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.xml"
    file.write_text(run("audit", drifted, "--format", "junit").out, encoding="utf-8")
    (suite,) = JUnitXml.fromfile(str(file))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (10, 7, 0, 2)
    cases = {case.name: case for case in suite}
    assert cases["1 object in sync"].is_passed
    assert cases['2002 "Teh"'].is_skipped
    (failure,) = cases['1001R "Kopi Susu"'].result
    assert failure.type == "drifted"
    assert "unit_price: live 8,500, declared 18,000" in failure.message


def metrics(text: str) -> dict[tuple[str, str, str], float]:
    return {
        (sample.name, sample.labels.get("kind", ""), sample.labels.get("state", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_metrics_parse_and_leave_nothing_out(run: RunProgram, drifted: Path) -> None:
    found = metrics(run("audit", drifted, "--format", "prometheus").out)
    objects = {key[1:]: value for key, value in found.items() if key[0].endswith("_objects")}
    assert objects["variant", "drifted"] == 1
    assert objects["variant", "unmanaged"] == 1
    assert objects["customer", "missing"] == 0
    assert len(objects) == len(MANAGED) * 7 + 1
    assert found["reconciler_audit_success", "", ""] == 1
    assert found["reconciler_audit_clean", "", ""] == 0
    assert found["reconciler_audit_timestamp_seconds", "", ""] > 1.7e9


def test_annotations_stand_on_the_lines(run: RunProgram, drifted: Path) -> None:
    out = run("audit", drifted, "--format", "github").out
    assert "::warning file=catalogue/menu.yaml,line=10,col=9,title=drifted " in out
    assert '::notice title=unmanaged product/2002 "Teh"::in the shop, not in your files' in out


def test_markdown_is_a_comment_of_its_own(run: RunProgram, drifted: Path) -> None:
    out = run("audit", drifted, "--format", "markdown").out
    assert out.startswith("<!-- reconciler audit -->\n### ⚠️ Drift: 7 objects differ from the files")
    assert "`unit_price: live 8,500, declared 18,000" not in out.splitlines()[1]
    assert "unit_price: live 8,500, declared 18,000" in out


# --- how it ends ---


def test_drift_is_exit_2_where_asked(run: RunProgram, drifted: Path) -> None:
    assert run("audit", drifted, "--detailed-exitcode").code == 2


def test_a_clean_audit_is_exit_0(run: RunProgram, applied: Path) -> None:
    ran = run("audit", applied, "--detailed-exitcode")
    assert ran.code == 0
    assert "Audit: no drift, 3 in sync." in ran.out


def test_what_is_unmanaged_contradicts_no_file(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    run("apply", folder, "--auto-approve")
    declare("categories: [{name: Other}]")
    run("apply", folder, "--auto-approve")
    ran = run("audit", folder, "--detailed-exitcode")
    assert ran.code == 0
    assert "Audit: no drift, 1 unmanaged, 1 in sync." in ran.out


@pytest.mark.parametrize(
    "form", ["text", "json", "html", "markdown", "github", "junit", "prometheus"]
)
def test_what_could_not_be_read_is_an_error_told_after_the_report(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt, form: str
) -> None:
    url, shop = served
    shop.choices = shop.choices.with_changes(forbidden_operations=frozenset({"GET /Product"}))
    point_at(url)
    ran = run("audit", folder, "--detailed-exitcode", "--format", form)
    assert ran.code == 1
    assert "could not be read" in ran.err
    assert "reconciler_audit_success" in ran.out if form == "prometheus" else "1001" in ran.out
    if form == "prometheus":
        assert metrics(ran.out)["reconciler_audit_success", "", ""] == 0


def test_an_error_is_told_in_every_form(
    run: RunProgram, declare: WriteCatalogue, folder: Path
) -> None:
    declare("products: [{cod: x}]")
    for form in ("json", "markdown", "github", "html", "junit", "prometheus"):
        ran = run("audit", folder, "--detailed-exitcode", "--format", form)
        assert ran.code == 1
        assert ran.out
    junit = run("audit", folder, "--format", "junit").out
    read = JUnitXml.fromstring(junit.encode())  # lxml takes no text that names its encoding
    assert (read.errors, read.tests) == (1, 1)
    assert metrics(run("audit", folder, "--format", "prometheus").out) == {
        ("reconciler_audit_success", "", ""): 0
    }
    assert "### ⛔ No audit" in run("audit", folder, "--format", "markdown").out
    assert "<h1>No audit</h1>" in run("audit", folder, "--format", "html").out


# --- it only ever reads ---

READS = {"/Category/p", "/Outlet/p", "/Variant", "/Variant/GetByListCode", "/PromotionCoupon/p"}
READS |= {"/PromotionCoupon/WithTotalCount"}
READS |= {"/Customer/p", "/Customer/Email", "/Token/OAuth2"}
"""The paths on which a POST reads (dealpos-api.md §1)."""


def changes(method: str, path: str) -> bool:
    return method != "GET" and (method, path.removeprefix("/api/v3")) not in {
        ("POST", reads) for reads in READS
    }


def flips() -> Iterator[dict[str, Any]]:
    """Every choice of the sandbox, each at every other value that its type names."""
    hints = get_type_hints(Choices)
    yield {}
    for choice in fields(Choices):
        hint = hints[choice.name]
        if hint is bool:
            yield {choice.name: not choice.default}
        elif get_origin(hint) is Literal:
            # Pages without an end are read for a minute.
            others = set(get_args(hint)) - {choice.default, "endless"}
            yield from ({choice.name: value} for value in sorted(others, key=str))
    yield {"page_cap": 1}
    for operation in ("GET /Product", "POST /Variant", "POST /Variant/GetByListCode"):
        yield {"missing_operations": frozenset({operation})}
        yield {"forbidden_operations": frozenset({operation})}


def test_no_write_operation_is_ever_called(
    run: RunProgram,
    drifted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: ReadFolder,
) -> None:
    app = sandbox.create_app(tmp_path / "audited.db", limit=None)
    shop = app.extensions["sandbox"]
    sandbox.seed(tmp_path / "audited.db", LIVE)
    monkeypatch.setattr(connect, "open_sandbox", lambda settings, **options: app)
    before, written = sandbox.show(tmp_path / "audited.db"), files(drifted)
    default = shop.choices
    for flipped in flips():
        shop.choices = default.with_changes(**flipped)
        start = len(shop.calls)
        assert run("audit", drifted).code in (0, 1), flipped
        calls = shop.calls[start:]
        assert calls, flipped
        assert [call for call in calls if changes(*call[:2])] == [], flipped
    assert sandbox.show(tmp_path / "audited.db") == before
    assert files(drifted) == written
