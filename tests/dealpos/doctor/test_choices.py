"""The doctor explains each choice of the sandbox that reading can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS
from dealpos_reconciler.dealpos.retry import MAX_ATTEMPTS
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.examined import Examine

CUSTOMERS = frozenset({"POST /Customer/p", "GET /Customer", "GET /Customer/Detail"})
BATCH = frozenset({"POST /Variant/GetByListCode", "GET /Variant/GetByListCode"})

# choices, check, verdict, what the line says
EXPLAINED: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "host", "ok", "answers"),
    ({}, "credentials", "ok", "token valid for 3,600 s"),
    ({"token_lifetime": 60.0}, "credentials", "warning", "token valid for only 60 s"),
    ({"token_lifetime": 0.0}, "credentials", "error", "every operation refuses it (HTTP 401)"),
    (
        {},
        "permissions",
        "ok",
        "granted: Contacts VIEW, Outlets VIEW, Products VIEW, Promotion VIEW.",
    ),
    ({}, "variant.list", "ok", "POST /Variant: Data + RecordsCount, 50 of 50 rows"),
    ({}, "category.list", "ok", "POST /Category/p: a bare array, 1 row"),
    ({}, "variant.by_code", "ok", "GET /Variant/Code: one object"),
    (
        {"missing_operations": frozenset({"GET /Variant/Code"})},
        "variant.by_code",
        "ok",
        "GET /Variant/Detail: one object (not offered: GET /Variant/Code)",
    ),
    (
        {"missing_operations": frozenset({"POST /Category/p"})},
        "category.list",
        "ok",
        "GET /Category: a bare array, 1 row (not offered: POST /Category/p)",
    ),
    (
        {"missing_operations": frozenset({"POST /Category/p", "GET /Category"})},
        "category.list",
        "error",
        "not offered: POST /Category/p, GET /Category",
    ),
    (
        {"missing_operations": BATCH},
        "variant.by_codes",
        "warning",
        "not offered: POST /Variant/GetByListCode, GET /Variant/GetByListCode",
    ),
    (
        {"missing_operations": BATCH},
        "batch with unknown codes",
        "warning",
        "unknown: variant.by_codes does not answer",
    ),
    ({"missing_operations": frozenset({"GET /Product"})}, "product.list", "warning", "not offered"),
    (
        {"missing_operations": frozenset({"GET /Product"})},
        "product.by_code",
        "warning",
        "unknown: the shop has no product to test with",
    ),
    (
        {"missing_operations": frozenset({"GET /Product/Detail"})},
        "product.by_code",
        "warning",
        "not offered: GET /Product/Detail",
    ),
    (
        {"missing_operations": frozenset({"GET /PromotionCoupon/ByCode"})},
        "coupon.by_code",
        "error",
        "not offered: GET /PromotionCoupon/ByCode",
    ),
    (
        {"generation": "A"},
        "API generation",
        "ok",
        "A or B (answered: GET /Variant/Code (A, B); not",
    ),
    (
        {"generation": "B"},
        "API generation",
        "ok",
        "not offered: GET /Customer/Detail (C), GET /Prod",
    ),
    (
        {"generation": "C"},
        "API generation",
        "ok",
        "C (answered: GET /Customer/Detail (C), GET /Prod",
    ),
    ({"generation": "C"}, "API generation", "ok", "not offered: GET /Variant/Code (A, B)"),
    ({}, "API generation", "ok", "mixed API generations (answered: GET /Customer/Detail (C), "),
    (
        {},
        "expired coupons listed",
        "ok",
        "UsageStatus=All returns no coupon that coupon.list hides",
    ),
    (
        {"missing_operations": frozenset({"GET /Variant/Code", "GET /Variant/Detail"})},
        "variant.by_code",
        "warning",
        "not offered: GET /Variant/Code, GET /Variant/Detail",
    ),
    (
        {"missing_operations": frozenset({"GET /Product"}), "missing_status": 405},
        "product.list",
        "warning",
        "not offered: GET /Product",
    ),
    (
        {"missing_operations": frozenset({"GET /Product"}), "missing_status": 501},
        "product.list",
        "warning",
        "not offered: GET /Product",
    ),
    ({"product_list_envelope": "Data"}, "product.list", "ok", "GET /Product: Data, 25 rows"),
    ({"product_list_envelope": "DataArray"}, "product.list", "ok", "DataArray, 25 rows"),
    (
        {"product_list_envelope": "Data", "product_list_total": "TotalCount"},
        "product.list",
        "ok",
        "Data + TotalCount, 25 of 25 rows",
    ),
    (
        {"variant_list_without_category": "reject"},
        "variant.list",
        "warning",
        "HTTP 400: Category is required.",
    ),
    (
        {"variant_list_without_category": "empty"},
        "variant.list",
        "warning",
        "returns an empty list, although the shop has a variant",
    ),
    ({}, "page size", "ok", "every list fits on one page (the longest has 50 rows)"),
    ({"page_cap": 20}, "page size", "warning", "variant.list: requested 2,000, got 20 of 50"),
    (
        {"page_cap": 20, "page_total": "page"},
        "page size",
        "warning",
        "product.list: requested 2,000, got 20, and a second page has more",
    ),
    ({"page_cap": 20, "page_over_cap": "ten"}, "page size", "warning", "got 10 of 50"),
    (
        {"page_cap": 500, "page_over_cap": "ten"},
        "page size",
        "warning",
        "a page of more than 500 returns only 10 rows",
    ),
    (
        {"page_cap": 20, "page_number": "ignored"},
        "page size",
        "warning",
        "variant.list: requested 2,000, got 20 of 50: a second page shows nothing new",
    ),
    (
        {"page_total": "double"},
        "page size",
        "warning",
        "variant.list: requested 500, got 50 of 100: a second page shows nothing new",
    ),
    (
        {"page_cap": 100, "page_over_cap": "reject"},
        "page size",
        "warning",
        "pages of 2,000, 500 are refused, 100 is accepted",
    ),
    (
        {"page_cap": 20, "page_over_cap": "reject"},
        "page size",
        "warning",
        "pages of 2,000, 500, 100 are refused, 20 is accepted",
    ),
    ({"page_cap": 2000, "page_over_cap": "reject"}, "page size", "ok", "requested 2,000; every"),
    ({}, "rate limit", "ok", "50 requests per 180 s, 33 remaining; token requests do not count"),
    ({"token_counts": True}, "rate limit", "ok", "32 remaining; token requests count"),
    ({"limiter_headers": False}, "rate limit", "warning", "no RateLimit headers"),
    ({}, "rate limit scope", "ok", "one window for all endpoints"),
    ({"limiter_scope": "endpoint"}, "rate limit scope", "warning", "one window for each endpoint"),
    ({"limiter_headers": False}, "rate limit scope", "warning", "unknown: no RateLimit headers"),
    ({}, "not found", "ok", "variant, coupon, customer, product: HTTP 404"),
    ({"not_found": "400"}, "not found", "ok", "customer, product: HTTP 400"),
    ({"not_found": "empty"}, "not found", "ok", "customer, product: HTTP 200 with no body"),
    ({"not_found": "null"}, "not found", "ok", "customer, product: HTTP 200 with null"),
    ({}, "batch with unknown codes", "ok", "variant.by_codes: an unknown code is left out"),
    (
        {"batch_missing": "reject"},
        "batch with unknown codes",
        "warning",
        "one unknown code refuses the whole batch (HTTP 400)",
    ),
    (
        {},
        "discontinued objects listed",
        "warning",
        "none in product.list: the shop has none, or the list hides them",
    ),
    (
        {"lists_hide_discontinued": True},
        "discontinued objects listed",
        "warning",
        "variant.list leaves out the discontinued variant P000Z",
    ),
    ({}, "discontinued variants in products", "ok", "returned with their product, such as P000Z"),
    (
        {"product_reads_hide_discontinued_variants": True},
        "discontinued variants in products",
        "warning",
        "no product in product.list has the discontinued variant P000Z: either the product leaves",
    ),
    (
        {"product_reads_hide_discontinued_variants": True},
        "discontinued objects listed",
        "warning",
        "none in product.list: the shop has none, or the list hides them",
    ),
    (
        {"product_reads_hide_discontinued_variants": True, "lists_hide_discontinued": True},
        "discontinued variants in products",
        "warning",
        "none in any product: the shop has none, or reads leave them out",
    ),
    (
        {"product_list_rows": "lean"},
        "discontinued variants in products",
        "ok",
        "returned with their product, such as P000Z",
    ),
    ({}, "fields", "ok", "every field that can be compared is returned"),
    ({"nulls_omitted": True}, "fields", "warning", "coupon: expiry_date, customer"),
    ({}, "value formats", "ok", "as documented"),
    ({"numbers_as_strings": True}, "value formats", "warning", "numbers as text"),
    ({"numbers_as_floats": True}, "value formats", "warning", "whole numbers with a fraction"),
    ({"booleans_as_words": True}, "value formats", "warning", "booleans as words"),
    ({}, "clock", "warning", "unknown: no Date header"),
    ({"clock_ahead": 0.0}, "clock", "ok", "within 60 s of this computer's clock"),
    ({"clock_ahead": 4000.5}, "clock", "warning", "s ahead of this computer's"),
    ({"clock_ahead": -4000.0}, "clock", "warning", "s behind this computer's"),
]


@pytest.mark.parametrize(
    ("choices", "check", "verdict", "text"),
    EXPLAINED,
    ids=[f"{check}-{number}" for number, (_, check, _, _) in enumerate(EXPLAINED)],
)
def test_a_choice_is_explained(
    examined: Examine,
    stocked: Callable[..., dict[str, Any]],
    choices: dict[str, Any],
    check: str,
    verdict: str,
    text: str,
) -> None:
    found = examined(stocked(25), **choices).of(check)
    assert (found.verdict, text in found.found) == (verdict, True), found


def test_discontinued_objects_in_every_list_are_seen(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    content = stocked(2)
    content["products"][1]["Discontinued"] = True
    found = examined(content).of("discontinued objects listed")
    assert (found.verdict, found.found) == ("ok", "listed by product.list and variant.list")


@pytest.mark.parametrize("status", [403, 401])
def test_a_missing_right_is_named_and_the_rest_is_asked(examined: Examine, status: int) -> None:
    ran = examined(forbidden_operations=CUSTOMERS, forbidden_status=status)
    rights = [f for f in ran.findings if f.check == "permissions"]
    assert [f.verdict for f in rights] == ["error", "ok"]
    assert rights[0].found == f"Contacts VIEW is missing (customer.list: HTTP {status})"
    assert "Products VIEW" in rights[1].found
    assert "Contacts" not in rights[1].found
    assert ran.verdicts("error") == ["permissions", "customer.list"]
    assert ran.of("customer.by_code").found == "skipped: it needs Contacts VIEW too"
    assert ran.of("not found").found == "variant, coupon, product: HTTP 404"


def test_what_needs_a_right_that_is_missing_is_not_asked(examined: Examine) -> None:
    ran = examined(forbidden_operations=frozenset({"POST /Variant"}))
    sent = [path for _, path, _ in ran.calls if "/Variant" in path]
    assert sent == ["/api/v3/Variant"]
    assert ran.of("variant.by_code").found == "skipped: it needs Products VIEW too"


def test_a_token_that_nothing_takes_is_one_problem(examined: Examine) -> None:
    ran = examined(token_lifetime=0.0)
    assert ran.verdicts("error") == ["credentials"]
    assert ran.of("permissions").found == "skipped: no operation accepts the token"
    assert ran.of("variant.list").found == "POST /Variant: HTTP 401"


def test_wrong_credentials_stop_early_and_the_rest_is_not_tried(examined: Examine) -> None:
    for status in (401, 400):
        ran = examined(credentials=("sandbox", "wrong"), bad_credentials=status)
        assert ran.verdicts("error") == ["credentials"]
        assert ran.of("host").verdict == "ok"
        assert ran.of("variant.list").found == "skipped"
        assert ran.evidence.requests == 1


@pytest.mark.parametrize("kind", ["drop", "timeout"])
def test_a_shop_that_never_answers_stops_early(examined: Examine, kind: Any) -> None:
    ran = examined(faults=[InjectedFault("*", "*", kind, times=99)])
    assert ran.verdicts("error") == ["host"]
    assert "the response was lost" in ran.of("host").found
    assert ran.of("credentials").found == "skipped"
    assert ran.evidence.requests == MAX_ATTEMPTS


def test_a_shop_that_falls_silent_is_asked_no_further(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("*", "/P*", "drop", times=99)])
    assert "the response was lost" in ran.of("coupon.list").found
    assert ran.of("variant.list").verdict == "ok"
    assert ran.of("product.list").verdict == "error"
    silent = examined(faults=[InjectedFault("*", "/[A-S]*", "drop", times=99)])
    assert silent.of("variant.list").found == "skipped: the shop has stopped answering"
    assert silent.evidence.requests < MAX_REQUESTS


def test_one_failing_operation_hides_no_other(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("*", "/Outlet*", "500", times=99)])
    assert ran.verdicts("error") == ["outlet.list"]
    assert ran.of("outlet.list").found == "GET /Outlet: HTTP 500: Planned fault."
    assert sum("/Outlet" in path for _, path, _ in ran.calls) == 4
    assert ran.of("not found").verdict == "ok"


def test_an_answer_that_is_lost_once_is_asked_for_again(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("*", "/Outlet*", "drop")])
    assert ran.verdicts("error") == []
    assert "1 of 18 responses were lost" in ran.of("host").found


def test_a_window_that_others_spend_is_told(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("GET", "/Outlet", "429")])
    assert ran.of("rate limit").found == "HTTP 429 once: other integrations use the same rate limit"
    assert ran.verdicts("error") == []


def test_a_small_window_is_waited_for(examined: Examine) -> None:
    ran = examined(limit=5)
    assert ran.verdicts("error") == []
    assert ran.of("rate limit").found.startswith("5 requests per 180 s")


def test_a_500_for_what_is_not_there_is_a_note(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("GET", "/Variant/Code", "500", nth=2, times=9)])
    found = ran.of("not found")
    assert (found.verdict, found.found) == (
        "warning",
        "variant: HTTP 500; coupon, customer, product: HTTP 404",
    )


def test_an_empty_shop_is_no_problem(examined: Examine) -> None:
    ran = examined({})
    assert ran.verdicts("error") == []
    assert ran.of("variant.by_code").found.startswith(
        "unknown: the shop has no variant to test with"
    )
    assert ran.of("value formats").found == "skipped: the shop has no object to test with"
    odd = examined({}, not_found="null")
    assert (
        odd.of("variant.by_code").found
        == "GET /Variant/Code (the shop has no variant to test with)"
    )


# --- page sizes: asked for as `paging` does, and remembered ---


@pytest.mark.parametrize(
    ("choices", "size", "rows"),
    [
        ({}, 2000, {}),
        ({"page_cap": 20}, 500, {"variant.list": 20}),
        ({"page_cap": 500, "page_over_cap": "ten"}, 500, {}),
        ({"page_cap": 100, "page_over_cap": "reject"}, 100, {}),
        ({"page_total": "double"}, 500, {}),
        ({"page_cap": 20, "page_number": "ignored"}, 500, {}),
    ],
)
def test_page_facts_are_left_for_the_plan(
    examined: Examine,
    stocked: Callable[..., dict[str, Any]],
    choices: dict[str, Any],
    size: int,
    rows: dict[str, int],
) -> None:
    known = examined(stocked(25), **choices).tenant
    assert (known.size, known.rows) == (size, rows)


def test_a_refusal_that_is_not_for_the_size_is_met_once(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    ran = examined(stocked(25), variant_list_without_category="reject")
    assert [path for _, path, status in ran.calls if status == 400] == ["/api/v3/Variant"]


def test_a_list_that_fails_in_every_size_does_not_eat_the_others_share(examined: Examine) -> None:
    paths = ("/PromotionCoupon/p", "/Customer/p")
    faults = [InjectedFault("POST", path, "500", times=99) for path in paths]
    missing = frozenset({"POST /PromotionCoupon/WithTotalCount"})
    ran = examined(faults=faults, missing_operations=missing)
    sent = [path.removeprefix("/api/v3") for _, path, _ in ran.calls]
    assert [sent.count(path) for path in paths] == [2 * MAX_ATTEMPTS, MAX_ATTEMPTS]
    assert ran.of("coupon.list").found.endswith("POST /PromotionCoupon/p: HTTP 500: Planned fault.")
