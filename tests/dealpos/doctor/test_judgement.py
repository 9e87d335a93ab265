"""Evidence to findings, as a table: nothing is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.dealpos.doctor.checks import judge
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Heard, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding
from reconciler.dealpos.observer import RequestRecord
from reconciler.kinds import KINDS


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
    return Evidence("https://shop.example", heard=tuple(Heard(at, e) for e in exchanges))


def asked(
    purpose: Purpose = Purpose.LISTING,
    outcome: Outcome = Outcome.ANSWERED,
    kind: str = "variant",
    operation: str = "variant.list",
    status: int = 200,
    **more: Any,
) -> Asked:
    exchanges = (exchange(status=status, operation=operation),)
    return Asked(kind, purpose, operation, outcome, exchanges, **more)


def about(*questions: Asked) -> Evidence:
    return Evidence("https://shop.example", asked=questions)


def left(*counts: tuple[str, int]) -> Evidence:
    return heard(*(exchange(path, ratelimit_remaining=str(n)) for path, n in counts))


def variants(count: int, **more: Any) -> tuple[dict[str, Any], ...]:
    return tuple({"Code": f"V{number}", **more} for number in range(count))


LISTED = asked(rows=variants(2), total=2, form="Data", size=500)
PARENT = {"Code": "P", "Variants": [{"Code": "V9", "Discontinued": True}]}
CUT = asked(
    kind="product",
    operation="product.list",
    rows=({"Code": "P", "Variants": [{"Code": "V1", "Discontinued": False}]},),
)
RETIRED = asked(rows=variants(1, Discontinued=True))
GMT = "Thu, 01 Jan 1970 00:10:00 GMT"

TABLE: list[tuple[Evidence, str, str, str]] = [
    # buckets: the count across endpoints
    (left(("/A", 49), ("/B", 48), ("/C", 47)), "shared window", "ok", "one window"),
    (left(("/A", 49), ("/B", 49), ("/C", 49)), "shared window", "note", "of its own"),
    (left(("/A", 9), ("/B", 3), ("/C", 49), ("/D", 48)), "shared window", "ok", "one window"),
    (left(("/A", 49), ("/A", 48)), "shared window", "note", "cannot be told"),
    (heard(exchange(ratelimit_remaining="many")), "shared window", "note", "cannot be told"),
    # clock: by the quickest answer
    (heard(exchange(date=GMT), at=590.0), "clock", "ok", "within 60 s"),
    (heard(exchange(date=GMT), at=0.0), "clock", "note", "600 s ahead of"),
    (heard(exchange(date=GMT), at=1200.0), "clock", "note", "600 s behind"),
    (heard(exchange(date="yesterday")), "clock", "note", "cannot be told"),
    (
        Evidence(
            "s",
            heard=(
                Heard(900.0, exchange(date=GMT, seconds=300.0)),
                Heard(600.0, exchange(date=GMT, seconds=0.1)),
            ),
        ),
        "clock",
        "ok",
        "within 60 s",
    ),
    # rate limit
    (heard(exchange(status=429), exchange(status=429)), "rate limit", "note", "came 2 times"),
    (heard(exchange(status=0)), "rate limit", "note", "not tried"),
    # page size
    (about(LISTED), "page size", "ok", "asked for 500: every list fits into one page"),
    (about(replace(LISTED, rows=variants(500), total=900)), "page size", "ok", "pages of 500"),
    (about(replace(LISTED, total=0, rows=())), "page size", "ok", "has 0 rows"),
    (
        about(replace(LISTED, total=None, rows=variants(7))),
        "page size",
        "note",
        "got 7; whether that is all of them was not asked",
    ),
    (about(asked(total=None, size=0)), "page size", "note", "no list with pages"),
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
        "note",
        "got 30, and a second page holds more",
    ),
    (
        about(
            replace(LISTED, total=90, rows=variants(30)),
            asked(Purpose.SECOND_PAGE, Outcome.LOST, status=0),
        ),
        "page size",
        "note",
        "got 30 of 90: cut without a word",
    ),
    # operations
    (about(LISTED), "variant.list", "ok", "POST /Variant: Data, 2 of 2 rows"),
    (
        about(asked(rows=({"Price": 5},), form="Data")),
        "variant.list",
        "problem",
        "rows do not show the code (they are {Price: number})",
    ),
    (
        about(asked(rows=({"Code": "V1", "UnitPrice": "much"},), form="Data")),
        "variant.list",
        "problem",
        "a row is not understood: `unit_price`: a number was expected (found 'much')",
    ),
    (
        about(asked(outcome=Outcome.UNREADABLE, detail="the answer is no list of objects")),
        "variant.list",
        "problem",
        "POST /Variant: the answer is no list of objects",
    ),
    (
        about(
            asked(outcome=Outcome.LOST, detail="HTTP 500: no", status=500),
            asked(Purpose.BATCH, operation="variant.by_codes"),
        ),
        "variant.list",
        "note",
        "POST /Variant: HTTP 500: no",
    ),
    (
        about(asked(Purpose.KNOWN, operation="variant.by_code", form="nothing")),
        "variant.by_code",
        "note",
        "answers nothing for an object that a list shows",
    ),
    (
        about(
            asked(Purpose.LISTING, kind="coupon", operation="coupon.list", rows=({"Code": "K"},)),
            asked(
                Purpose.KNOWN,
                Outcome.NOT_OFFERED,
                kind="coupon",
                operation="coupon.by_code",
                status=404,
            ),
        ),
        "coupon.by_code",
        "problem",
        "not offered: POST /Variant",
    ),
    (
        about(asked(Purpose.UNKNOWN, Outcome.LOST, operation="variant.by_code", status=503)),
        "variant.by_code",
        "note",
        "HTTP 503",
    ),
    # not found
    (
        about(asked(Purpose.UNKNOWN, rows=variants(1))),
        "not found",
        "note",
        "an object, though none can have this code",
    ),
    (
        about(asked(Purpose.UNKNOWN, form="a bare array")),
        "not found",
        "ok",
        "HTTP 200 with a bare array",
    ),
    (
        about(asked(Purpose.UNKNOWN, Outcome.REFUSED, status=409)),
        "not found",
        "note",
        "variant: HTTP 409",
    ),
    (
        about(asked(Purpose.UNKNOWN, Outcome.LOST, status=0)),
        "not found",
        "note",
        "the answer was lost",
    ),
    # unknown in a batch
    (
        about(asked(Purpose.BATCH, operation="variant.by_codes", entries=2, rows=variants(1))),
        "unknown in a batch",
        "ok",
        "stands there as null",
    ),
    (
        about(asked(Purpose.BATCH, Outcome.REFUSED, operation="variant.by_codes", status=400)),
        "unknown in a batch",
        "note",
        "does not answer",
    ),
    # discontinued
    (
        about(asked(rows=variants(1, Discontinued="Yes"))),
        "discontinued",
        "ok",
        "shown by variant.list",
    ),
    (about(asked(rows=())), "discontinued", "note", "no list shows anything"),
    (
        about(
            asked(kind="product", operation="product.list", rows=(PARENT,)),
            asked(rows=variants(1), total=5),
        ),
        "discontinued",
        "note",
        "none seen in product.list and variant.list",
    ),
    (
        about(
            asked(kind="product", operation="product.list", rows=(PARENT,)),
            asked(rows=variants(1), total=1),
        ),
        "discontinued",
        "note",
        "variant.list leaves out the discontinued variant V9",
    ),
    # shown inside: discontinued variants, by a product
    (about(asked(rows=())), "shown inside", "note", "no product with variants was seen"),
    (about(CUT, RETIRED), "shown inside", "note", "none seen in a product: there are none"),
    (about(replace(CUT, total=2), RETIRED), "shown inside", "note", "none seen in a prod"),
    (about(replace(CUT, total=1), RETIRED), "shown inside", "note", "the discontinued va"),
    (
        about(CUT, replace(CUT, purpose=Purpose.SECOND_PAGE), RETIRED),
        "shown inside",
        "note",
        "no product that product.list shows has the discontinued variant V0",
    ),
    (
        about(CUT, replace(CUT, purpose=Purpose.SECOND_PAGE, rows=({"Code": "O"},)), RETIRED),
        "shown inside",
        "note",
        "none seen in a product: there are none",
    ),
    (
        about(replace(CUT, rows=({"Code": "P", "Variants": "none"},)), RETIRED),
        "shown inside",
        "note",
        "no product with variants was seen",
    ),
    # values: cents are no dialect
    (about(asked(rows=variants(1, UnitPrice=10.5))), "values", "ok", "documented form"),
    (about(asked(rows=variants(1, Taxable=1))), "values", "note", "yes and no come as numbers"),
]


@pytest.mark.parametrize(
    ("evidence", "check", "verdict", "text"),
    TABLE,
    ids=[f"{check}-{number}" for number, (_, check, _, _) in enumerate(TABLE)],
)
def test_a_finding(evidence: Evidence, check: str, verdict: str, text: str) -> None:
    (found,) = [f for f in judge(evidence, KINDS) if f.check == check]
    assert (found.verdict, text in found.found) == (verdict, True), found


def test_without_any_evidence_every_line_is_there_and_says_so() -> None:
    found = judge(Evidence("s"), KINDS)
    needed = sum(
        read is not None
        for kind in KINDS.values()
        for read in (kind.reads.listing, kind.reads.batch, kind.reads.single)
    )
    assert len(found) == needed + 15
    assert all(isinstance(line, Finding) for line in found)


@pytest.mark.parametrize(
    "row",
    [
        {"Code": "ZQ", "Name": "Zq", "Birthday": "Zqday", "BirthDate": "Zqday"},
        {"zq@example.com": {"Name": "Zq"}},
    ],
)
def test_what_is_private_is_in_no_finding(row: dict[str, Any]) -> None:
    rows = asked(kind="customer", operation="customer.list", rows=(row,), form="a bare array")
    found = judge(about(rows), KINDS)
    (line,) = [f for f in found if f.check == "customer.list"]
    assert line.verdict == "problem"
    assert not any("zq" in f"{f.found} {f.next_step}".lower() for f in found)
