"""The report of an apply, and the document of an error."""

from __future__ import annotations

from dataclasses import replace

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.report import Outcome, Report
from dealpos_reconciler.errors import Problem, SourceError, StoreError
from dealpos_reconciler.render.json import error_document
from dealpos_reconciler.render.report import SIGNS, report_document, report_text
from dealpos_reconciler.render.view import ReportView
from tests.support.documents import ReadDocument

REPORT = Report(
    "https://yourshop.dealpos.net",
    (
        Outcome(Address("category", "Drinks"), Action.CREATE, "applied", verified=True),
        Outcome(Address("product", "1"), Action.UPDATE, "applied", "accepted by the API"),
        Outcome(Address("variant", "V"), Action.UPDATE, "failed", "HTTP 400: no"),
        Outcome(Address("coupon", "C"), Action.REPLACE, "stale", "it moved"),
        Outcome(Address("customer", "K"), Action.CREATE, "skipped", "interrupted by Ctrl-C"),
    ),
    1200,
    "interrupted by Ctrl-C",
    labels={Address("variant", "V"): "Kopi Susu, Large"},
)


VIEW = ReportView(made_at="2026-11-29T04:47:04Z")


def test_a_report_reads_as_pinned() -> None:
    assert (
        report_text(REPORT, VIEW)
        == """\
✓ create category/Drinks applied
✓ update product/1 applied: accepted by the API
✗ update variant/V "Kopi Susu, Large" failed: HTTP 400: no
! replace coupon/C stale: it moved
⊘ create customer/K skipped: interrupted by Ctrl-C

Stopped early: interrupted by Ctrl-C
Apply incomplete: 2 applied (1 verified), 1 failed, 1 stale, 1 skipped, 1,200 requests
"""
    )


def test_a_complete_report_says_only_what_was_applied() -> None:
    done = Report("s", (Outcome(Address("category", "A"), Action.CREATE, "applied", "", True),), 1)
    assert report_text(done, VIEW) == (
        "✓ create category/A applied\n\nApply complete: 1 change (1 verified), 1 request\n"
    )


def test_a_report_of_changes_that_were_in_place_says_so() -> None:
    outcome = Outcome(Address("category", "A"), Action.CREATE, "skipped", "in place", True)
    text = report_text(Report("s", (outcome, outcome), 2), VIEW)
    assert text.endswith("\nNothing to do: 2 changes already in place (verified), 2 requests\n")


def test_a_sign_of_a_report_is_no_sign_of_a_plan() -> None:
    assert not set(SIGNS.values()) & {action.symbol for action in Action}


def test_a_report_that_ended_early_names_the_command_that_continues() -> None:
    view = replace(VIEW, continue_command="reconciler apply shop --max-requests 9")
    text = report_text(REPORT, view)
    assert "Stopped early: " in text
    assert "\nTo continue: reconciler apply shop --max-requests 9\nApply incomplete: " in text
    document = report_document(REPORT, view)
    assert document["stopped"] == REPORT.stopped
    assert document["continue_command"] == "reconciler apply shop --max-requests 9"


def test_the_report_document_has_the_keys_of_the_contract(documented: ReadDocument) -> None:
    document = documented("report", report_document(REPORT, VIEW))
    rows = [
        ("category/Drinks", None, "create", "applied", ""),
        ("product/1", None, "update", "applied", "accepted by the API"),
        ("variant/V", "Kopi Susu, Large", "update", "failed", "HTTP 400: no"),
        ("coupon/C", None, "replace", "stale", "it moved"),
        ("customer/K", None, "create", "skipped", "interrupted by Ctrl-C"),
    ]
    keys = ("address", "label", "action", "status", "message")
    assert document == {
        "format_version": "2.0",
        "finished_at": "2026-11-29T04:47:04Z",
        "store": "https://yourshop.dealpos.net",
        "outcomes": [dict(zip(keys, row, strict=True)) for row in rows],
        "summary": {"applied": 2, "unverified": 0, "failed": 1, "stale": 1, "skipped": 1},
        "requests": 1200,
        "verified": 1,
    }


def test_an_error_document_names_every_problem() -> None:
    error = SourceError([Problem("b.yaml", 2, 3, "later"), Problem("a.yaml", 1, 1, "first", "do")])
    assert error_document(error) == {
        "error": "2 problems in the files",
        "hint": None,
        "problems": [
            {"file": "a.yaml", "line": 1, "column": 1, "message": "first", "hint": "do"},
            {"file": "b.yaml", "line": 2, "column": 3, "message": "later", "hint": None},
        ],
    }
    assert error_document(StoreError("none", hint="set it")) == {
        "error": "none",
        "hint": "set it",
        "problems": [],
    }
