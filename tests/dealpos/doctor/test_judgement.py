"""Evidence to findings, as a table: nothing is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dealpos_reconciler.dealpos.doctor.checks import run_checks
from dealpos_reconciler.dealpos.doctor.evidence import (
    Evidence,
    Purpose,
    Question,
    Reply,
    TimedRecord,
)
from dealpos_reconciler.dealpos.doctor.finding import CheckResult
from dealpos_reconciler.dealpos.observer import RequestRecord
from dealpos_reconciler.kinds import KINDS


def exchange(
    path: str = "/Variant",
    status: int = 200,
    operation: str = "variant.list",
    size: int = 2,
    seconds: float = 0.1,
    **headers: str,
) -> RequestRecord:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return RequestRecord(operation, "POST", path, status, seconds, size, 49, named)


def heard(*exchanges: RequestRecord, at: float = 0.0) -> Evidence:
    return Evidence("https://shop.example", records=tuple(TimedRecord(at, e) for e in exchanges))


def asked(
    purpose: Purpose = Purpose.LISTING,
    outcome: Reply = Reply.ANSWERED,
    kind: str = "variant",
    operation: str = "variant.list",
    status: int = 200,
    **more: Any,
) -> Question:
    exchanges = (exchange(status=status, operation=operation),)
    return Question(kind, purpose, operation, outcome, exchanges, **more)


def about(*questions: Question) -> Evidence:
    return Evidence("https://shop.example", questions=questions)


def left(*counts: tuple[str, int]) -> Evidence:
    return heard(*(exchange(path, ratelimit_remaining=str(n)) for path, n in counts))


def variants(count: int, **more: Any) -> tuple[dict[str, Any], ...]:
    return tuple({"Code": f"V{number}", **more} for number in range(count))


LISTED = asked(rows=variants(2), total=2, envelope="Data", size=500)
PARENT = {"Code": "P", "Variants": [{"Code": "V9", "Discontinued": True}]}
CUT = asked(
    kind="product",
    operation="product.list",
    rows=({"Code": "P", "Variants": [{"Code": "V1", "Discontinued": False}]},),
)
RETIRED = asked(rows=variants(1, Discontinued=True))
GMT = "Thu, 01 Jan 1970 00:10:00 GMT"

TABLE: list[tuple[Evidence, str, str, str]] = [
    # rate limit scope: the count across endpoints
    (left(("/A", 49), ("/B", 48), ("/C", 47)), "rate limit scope", "ok", "one window"),
    (
        left(("/A", 49), ("/B", 49), ("/C", 49)),
        "rate limit scope",
        "warning",
        "one window for each endpoint",
    ),
    (left(("/A", 9), ("/B", 3), ("/C", 49), ("/D", 48)), "rate limit scope", "ok", "one window"),
    (left(("/A", 49), ("/A", 48)), "rate limit scope", "warning", "unknown: no R"),
    (heard(exchange(ratelimit_remaining="many")), "rate limit scope", "warning", "unknown: no R"),
    # clock: by the quickest answer
    (heard(exchange(date=GMT), at=590.0), "clock", "ok", "within 60 s"),
    (heard(exchange(date=GMT), at=0.0), "clock", "warning", "600 s ahead of"),
    (heard(exchange(date=GMT), at=1200.0), "clock", "warning", "600 s behind"),
    (
        heard(exchange(date="Thu, 01 Jan 1970 00:10:00 -0000"), at=590.0),
        "clock",
        "ok",
        "within 60 s",
    ),
    (heard(exchange(date="yesterday")), "clock", "warning", "unknown: no Date header"),
    (
        Evidence(
            "s",
            records=(
                TimedRecord(900.0, exchange(date=GMT, seconds=300.0)),
                TimedRecord(600.0, exchange(date=GMT, seconds=0.1)),
            ),
        ),
        "clock",
        "ok",
        "within 60 s",
    ),
    # rate limit
    (
        heard(exchange(status=429), exchange(status=429)),
        "rate limit",
        "warning",
        "HTTP 429 2 times",
    ),
    (heard(exchange(status=0)), "rate limit", "warning", "skipped"),
    # page size
    (about(LISTED), "page size", "ok", "requested 500; every list fits on one page"),
    (about(replace(LISTED, rows=variants(500), total=900)), "page size", "ok", "pages of 500"),
    (about(replace(LISTED, total=0, rows=())), "page size", "ok", "has 0 rows"),
    (
        about(replace(LISTED, total=None, rows=variants(7))),
        "page size",
        "warning",
        "got 7; it is unknown whether there are more",
    ),
    (about(asked(total=None, size=0)), "page size", "warning", "no list with pages"),
    (
        about(
            replace(LISTED, total=None, rows=variants(30)),
            asked(Purpose.SECOND_PAGE, rows=variants(30)),
        ),
        "page size",
        "ok",
        "the longest has 30 rows",
    ),
    (
        about(
            replace(LISTED, total=None, rows=variants(30)),
            asked(Purpose.SECOND_PAGE, rows=variants(31)),
        ),
        "page size",
        "warning",
        "got 30, and a second page has more",
    ),
    (
        about(
            replace(LISTED, total=90, rows=variants(30)),
            asked(Purpose.SECOND_PAGE, Reply.LOST, status=0),
        ),
        "page size",
        "warning",
        "requested 500, got 30 of 90",
    ),
    # operations
    (about(LISTED), "variant.list", "ok", "POST /Variant: Data, 2 of 2 rows"),
    (
        about(asked(rows=({"Price": 5},), envelope="Data")),
        "variant.list",
        "error",
        "rows have no code (they are {Price: number})",
    ),
    (
        about(asked(rows=({"Code": "V1", "UnitPrice": "much"},), envelope="Data")),
        "variant.list",
        "error",
        "a row cannot be read: `unit_price`: a number was expected (found 'much')",
    ),
    (
        about(asked(outcome=Reply.UNREADABLE, detail="expected a list of objects")),
        "variant.list",
        "error",
        "POST /Variant: expected a list of objects",
    ),
    (
        about(
            asked(outcome=Reply.LOST, detail="HTTP 500: no", status=500),
            asked(Purpose.BATCH, operation="variant.by_codes"),
        ),
        "variant.list",
        "warning",
        "POST /Variant: HTTP 500: no",
    ),
    (
        about(asked(Purpose.KNOWN, operation="variant.by_code", envelope="nothing")),
        "variant.by_code",
        "warning",
        "answers nothing for an object that a list returns",
    ),
    (
        about(
            asked(Purpose.LISTING, kind="coupon", operation="coupon.list", rows=({"Code": "K"},)),
            asked(
                Purpose.KNOWN,
                Reply.NOT_OFFERED,
                kind="coupon",
                operation="coupon.by_code",
                status=404,
            ),
        ),
        "coupon.by_code",
        "error",
        "not offered: POST /Variant",
    ),
    (
        about(asked(Purpose.UNKNOWN, Reply.LOST, operation="variant.by_code", status=503)),
        "variant.by_code",
        "warning",
        "HTTP 503",
    ),
    (
        about(asked(Purpose.BATCH, Reply.NOT_OFFERED, operation="variant.by_codes", status=405)),
        "variant.by_codes",
        "error",
        "not offered: POST /Variant",
    ),
    # not found
    (
        about(asked(Purpose.UNKNOWN, rows=variants(1))),
        "not found",
        "warning",
        "an object, although none has this code",
    ),
    (
        about(asked(Purpose.UNKNOWN, envelope="a bare array")),
        "not found",
        "ok",
        "HTTP 200 with a bare array",
    ),
    (
        about(asked(Purpose.UNKNOWN, Reply.REFUSED, status=409)),
        "not found",
        "warning",
        "variant: HTTP 409",
    ),
    (
        about(asked(Purpose.UNKNOWN, Reply.LOST, status=0)),
        "not found",
        "warning",
        "the response was lost",
    ),
    # batch with unknown codes
    (
        about(asked(Purpose.BATCH, operation="variant.by_codes", nulls=1, rows=variants(1))),
        "batch with unknown codes",
        "ok",
        "an unknown code is returned as null",
    ),
    (
        about(asked(Purpose.BATCH, Reply.REFUSED, operation="variant.by_codes", status=400)),
        "batch with unknown codes",
        "warning",
        "does not answer",
    ),
    # discontinued
    (
        about(asked(rows=variants(1, Discontinued="Yes"))),
        "discontinued objects listed",
        "ok",
        "listed by variant.list",
    ),
    (about(asked(rows=())), "discontinued objects listed", "warning", "every list is empty"),
    (
        about(
            asked(kind="product", operation="product.list", rows=(PARENT,)),
            asked(rows=variants(1), total=5),
        ),
        "discontinued objects listed",
        "warning",
        "none in product.list and variant.list",
    ),
    (
        about(
            asked(kind="product", operation="product.list", rows=(PARENT,)),
            asked(rows=variants(1), total=1),
        ),
        "discontinued objects listed",
        "warning",
        "variant.list leaves out the discontinued variant V9",
    ),
    # discontinued variants in products
    (
        about(asked(rows=())),
        "discontinued variants in products",
        "warning",
        "the shop has no product with variants",
    ),
    (
        about(CUT, RETIRED),
        "discontinued variants in products",
        "warning",
        "none in any product: the shop has none",
    ),
    (
        about(replace(CUT, total=2), RETIRED),
        "discontinued variants in products",
        "warning",
        "none in any product",
    ),
    (
        about(replace(CUT, total=1), RETIRED),
        "discontinued variants in products",
        "warning",
        "has the discontinued variant V0",
    ),
    (
        about(CUT, replace(CUT, purpose=Purpose.SECOND_PAGE), RETIRED),
        "discontinued variants in products",
        "warning",
        "no product in product.list has the discontinued variant V0",
    ),
    (
        about(CUT, replace(CUT, purpose=Purpose.SECOND_PAGE, rows=({"Code": "O"},)), RETIRED),
        "discontinued variants in products",
        "warning",
        "none in any product: the shop has none",
    ),
    (
        about(replace(CUT, rows=({"Code": "P", "Variants": "none"},)), RETIRED),
        "discontinued variants in products",
        "warning",
        "the shop has no product with variants",
    ),
    # values: cents are no dialect
    (about(asked(rows=variants(1, UnitPrice=10.5))), "value formats", "ok", "as documented"),
    (about(asked(rows=variants(1, Taxable=1))), "value formats", "warning", "booleans as numbers"),
]


@pytest.mark.parametrize(
    ("evidence", "check", "verdict", "text"),
    TABLE,
    ids=[f"{check}-{number}" for number, (_, check, _, _) in enumerate(TABLE)],
)
def test_a_finding(evidence: Evidence, check: str, verdict: str, text: str) -> None:
    (found,) = [f for f in run_checks(evidence, KINDS) if f.check == check]
    assert (found.verdict, text in found.found) == (verdict, True), found


def test_without_any_evidence_every_line_is_there_and_says_so() -> None:
    found = run_checks(Evidence("s"), KINDS)
    needed = sum(
        read is not None
        for kind in KINDS.values()
        for read in (kind.reads.listing, kind.reads.batch, kind.reads.single)
    )
    assert len(found) == needed + 15
    assert all(isinstance(line, CheckResult) for line in found)


@pytest.mark.parametrize(
    "row",
    [
        {"Code": "ZQ", "Name": "Zq", "Birthday": "Zqday", "BirthDate": "Zqday"},
        {"zq@example.com": {"Name": "Zq"}},
    ],
)
def test_what_is_private_is_in_no_finding(row: dict[str, Any]) -> None:
    rows = asked(kind="customer", operation="customer.list", rows=(row,), envelope="a bare array")
    found = run_checks(about(rows), KINDS)
    (line,) = [f for f in found if f.check == "customer.list"]
    assert line.verdict == "error"
    assert not any("zq" in f"{f.found} {f.next_step}".lower() for f in found)
