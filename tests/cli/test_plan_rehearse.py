"""`plan --rehearse`: the result in every format, the exit code, and a trace without values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.sandbox import app as sandbox_app
from tests.support.documents import ReadDocument
from tests.support.menu import TWO_SIZES, edited
from tests.support.program import RunProgram, WriteCatalogue

CUSTOMER = """\
customers:
  - {code: DP-1, name: Ayu Lestari, email: ayu@example.com, mobile: "08123456789", city: Jakarta}
"""


@pytest.fixture
def shop(run: RunProgram, folder: Path, declare: WriteCatalogue) -> Path:
    """Return a shop with a price to change and a customer."""
    declare(TWO_SIZES + CUSTOMER)
    assert run("apply", folder, "--auto-approve").code == 0
    declare(edited(TWO_SIZES + CUSTOMER, ("18000", "19000"), ("city: Jakarta", "city: Bogor")))
    return folder


def test_every_format_shows_the_result(
    run: RunProgram, shop: Path, documented: ReadDocument, tmp_path: Path
) -> None:
    page, comment = tmp_path / "plan.html", tmp_path / "plan.md"
    said = run("plan", shop, "--rehearse", "--report", page, "--report", comment)
    assert said.code == 0
    line = "Rehearsal on the built-in twin: "
    (found,) = (text for text in said.out.splitlines() if text.startswith(line))
    assert "0 errors, end state as declared, 2 of 2 stop points are safe" in found
    assert "The twin behaves as the documentation says, not as DealPOS does" in said.out
    assert found.removeprefix(line) in page.read_text("utf-8")
    assert found in comment.read_text("utf-8")
    assert line in run("plan", shop, "--rehearse", "--format", "github").out
    document = documented("plan", run("plan", shop, "--rehearse", "--format", "json").json)
    told = document["rehearsal"]
    assert (told["result"], told["requests"]) == ("passed", document["api_usage"]["requests"])


def test_the_trace_holds_no_value(run: RunProgram, shop: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    assert run("plan", shop, "--rehearse", "--trace", trace).code == 0
    lines = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert [line["path"] for line in lines if line["method"] == "PUT"] == [
        "/Customer/ByCode",
        "/Variant",
    ]
    assert {*lines[0]} == {"method", "path", "status", "seconds", "step"}
    assert [line["seconds"] for line in lines] == sorted(line["seconds"] for line in lines)


def test_a_rehearsal_that_fails_ends_with_3_and_leaves_the_plan_as_it_is(
    run: RunProgram, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    route = sandbox_app.ROUTES["PUT /Variant"]

    def handler(shop: Any, fields: Any) -> Any:
        fields.values = {**fields.values, "UnitPrice": 1}
        return route.handler(shop, fields)

    monkeypatch.setitem(sandbox_app.ROUTES, "PUT /Variant", replace(route, handler=handler))
    said = run("plan", shop, "--rehearse", "--out", tmp_path / "plan.json")
    assert said.code == 3
    assert '✗ not applied or not verified: variant/1001R "Kopi Susu, Regular"' in said.out
    monkeypatch.undo()
    saved = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert saved["rehearsal"]["result"] == "failed"
    assert [change["address"] for change in saved["resource_changes"]] == [
        "customer/DP-1",
        "variant/1001R",
    ]


def test_a_saved_plan_with_a_rehearsal_can_be_applied(
    run: RunProgram, shop: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    assert run("plan", shop, "--rehearse", "--out", saved).code == 0
    assert run("apply", saved, "--shop", shop, "--auto-approve").code == 0


def test_a_saved_plan_is_rehearsed_as_it_was_approved(
    run: RunProgram, shop: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    assert run("plan", shop, "--out", saved).code == 0
    declare(edited(TWO_SIZES + CUSTOMER, ("18000", "99000"), ("city: Jakarta", "city: Bogor")))
    trace = tmp_path / "trace.json"
    said = run("rehearse", saved, "--shop", shop, "--trace", trace)
    assert said.code == 0
    assert "unit_price  18,000 → 19,000" in said.out
    assert "0 errors, end state as declared, 2 of 2 stop points are safe" in said.out
    assert '"path": "/Variant", "status": 200' in trace.read_text("utf-8")
    # Nothing was applied.
    assert run("apply", saved, "--shop", shop, "--auto-approve").code == 0


def test_only_a_saved_plan_can_be_rehearsed_by_itself(run: RunProgram, shop: Path) -> None:
    said = run("rehearse", shop)
    assert said.code == 1
    assert "cannot be read" in said.err or "is not a saved plan" in said.err


def test_a_trace_needs_a_rehearsal(run: RunProgram, shop: Path, tmp_path: Path) -> None:
    said = run("plan", shop, "--trace", tmp_path / "trace.json")
    assert said.code == 1
    assert "hint: add --rehearse" in said.err


def test_a_plan_without_changes_needs_no_rehearsal(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare(TWO_SIZES)
    assert run("apply", folder, "--auto-approve").code == 0
    said = run("plan", folder, "--rehearse")
    assert said.code == 0
    assert "Rehearsal on the built-in twin: the plan sends the shop no request" in said.out
