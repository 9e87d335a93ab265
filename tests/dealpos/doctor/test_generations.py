"""The doctor on a tenant of each generation: what has a substitute is no problem, the rest is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS
from dealpos_reconciler.dealpos.operations import OPERATIONS
from tests.support.examined import Examine

OFFERED = ["all", "own_path", "same_path", "none"]
FITS = {"A": "A or B (", "B": "A or B (", "C": "C ("}
OLD = {
    "Code": "OLD",
    "Type": "DiscountAmount",
    "Discount": 1,
    "Limit": 1,
    "ExpiryDate": "2020-01-01",
}
PRODUCT = (
    "no action needed: a product missing from the list is new where none of its variants exists"
)
CUSTOMER = "no action needed: customers are read by email; declare the email of each"


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("offered", OFFERED)
@pytest.mark.parametrize("generation", "ABC")
def test_the_tool_can_work_with_each(
    examined: Examine,
    stocked: Callable[..., dict[str, Any]],
    generation: str,
    offered: str,
    status: int,
) -> None:
    ran = examined(
        stocked(25), generation=generation, post_alternatives=offered, missing_status=status
    )
    assert ran.verdicts("error") == []
    assert ran.evidence.requests <= MAX_REQUESTS
    assert ran.of("API generation").found.startswith(FITS[generation])
    noted = [c for c in ran.verdicts("warning") if c in OPERATIONS]
    assert noted == ([] if generation == "C" else ["customer.by_code", "product.by_code"])
    for check, step in (("customer.by_code", CUSTOMER), ("product.by_code", PRODUCT)):
        assert (ran.of(check).next_step or "").startswith(step) == (generation != "C")


@pytest.mark.parametrize("not_found", ["404", "400", "empty", "null"])
@pytest.mark.parametrize("generation", "ABC")
@pytest.mark.parametrize("content", [{}, None], ids=["empty", "stocked"])
def test_single_reads_may_take_their_key_in_the_body(
    examined: Examine, content: Any, generation: str, not_found: str
) -> None:
    ran = examined(content, generation=generation, named_reads="body", not_found=not_found)
    assert ran.verdicts("error") == []
    if content is None:
        assert ran.of("coupon.by_code").verdict == "ok"
        assert ran.of("variant.by_code").verdict == "ok"
        assert ran.of("API generation").found.startswith(FITS[generation])


@pytest.mark.parametrize("generation", "ABC")
@pytest.mark.parametrize(
    ("missing", "stopped"),
    [
        ({"GET /PromotionCoupon/ByCode"}, ["coupon.by_code"]),
        ({"GET /Outlet", "POST /Outlet/p"}, ["outlet.list"]),
        ({"POST /Customer/p", "GET /Customer"}, []),
    ],
)
def test_what_has_no_substitute_stays_a_problem(
    examined: Examine, generation: str, missing: set[str], stopped: list[str]
) -> None:
    ran = examined(generation=generation, missing_operations=frozenset(missing))
    assert ran.verdicts("error") == stopped
    if not stopped:
        assert ran.of("customer.list").next_step.startswith(
            "no action needed if customer.by_code answers"
        )


def test_without_reads_of_single_products_and_variants_nothing_proves_absence(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    content = stocked(1)
    content["products"][0]["Variants"].pop()  # the one that lists show though discontinued
    missing = frozenset({"GET /Product/Detail", "GET /Variant/Code", "GET /Variant/Detail"})
    ran = examined(content, missing_operations=missing)
    assert ran.verdicts("error") == ["product.by_code", "variant.by_code"]
    assert "new products stay unknown" in ran.of("product.by_code").next_step


@pytest.mark.parametrize("generation", "AB")
def test_a_discontinued_product_in_the_list_makes_the_single_read_needless(
    examined: Examine, stocked: Callable[..., dict[str, Any]], generation: str
) -> None:
    content = stocked(2)
    content["products"][1]["Discontinued"] = True
    found = examined(content, generation=generation).of("product.by_code")
    assert (found.verdict, found.next_step) == (
        "warning",
        "no action needed: lists include discontinued products",
    )


@pytest.mark.parametrize("generation", "AB")
def test_an_empty_shop_needs_no_single_read_yet(examined: Examine, generation: str) -> None:
    ran = examined({}, generation=generation, missing_status=405)
    assert ran.verdicts("error") == []
    found = ran.of("product.by_code")
    assert (found.verdict, found.found) == ("warning", "not offered: GET /Product/Detail")
    assert found.next_step.startswith("no action needed while the shop has no product")
    # A 404 may as well be an answer.
    assert examined({}, generation=generation).of("product.by_code").found.startswith("unknown: ")
    assert ran.of("API generation").verdict == "warning"
    # The first route says "not found" and the second is not offered.
    assert ran.of("variant.by_code").found.startswith(
        "unknown: the shop has no variant to test with"
    )


def test_what_is_not_offered_tells_the_generation_too(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    found = examined({"customers": stocked(1)["customers"]}, generation="A").of("API generation")
    assert found.found == "A or B (not offered: GET /Customer/Detail (C))"


def test_a_shop_that_reads_products_in_no_way_is_a_problem(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    missing = frozenset({"GET /Product", "GET /Product/Detail"})
    ran = examined(stocked(1), missing_operations=missing, missing_status=405)
    assert ran.verdicts("error") == ["product.list", "product.by_code"]


# --- coupons that the default filter hides (dealpos-api.md §10) ---


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("everything", "coupon.list hides 1 coupon that UsageStatus=All returns, such as OLD"),
        ("nothing", "unknown: UsageStatus=All returns fewer or other coupons"),
        ("reject", "unknown: UsageStatus=All is refused (HTTP 400"),
    ],
)
@pytest.mark.parametrize("generation", ["any", "A", "B", "C"])
def test_a_coupon_that_the_list_hides_is_told(
    examined: Examine,
    stocked: Callable[..., dict[str, Any]],
    generation: str,
    status: str,
    text: str,
) -> None:
    content = stocked(1)
    content["coupons"].append(OLD)
    ran = examined(content, generation=generation, coupon_usage_status_other=status)
    found = ran.of("expired coupons listed")
    assert (found.verdict, text in found.found) == ("warning", True), found
    assert "(1 request each)" in found.next_step
    assert ran.verdicts("error") == []


def test_a_list_that_was_cut_proves_nothing_of_its_filter(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    content = stocked(1)
    content["coupons"] = [OLD, *({**OLD, "Code": f"{n}", "ExpiryDate": None} for n in range(9))]
    found = examined(content, page_cap=3, list_order="reverse").of("expired coupons listed")
    assert found.found == "unknown: UsageStatus=All returns fewer or other coupons"


def test_what_does_not_fit_is_left_to_the_plan(
    examined: Examine, stocked: Callable[..., dict[str, Any]]
) -> None:
    ran = examined(stocked(25), generation="C", post_alternatives="none")
    found = ran.of("expired coupons listed")
    assert (found.verdict, found.found) == ("warning", "skipped: all 20 requests are used")
    assert "'plan' finds it out" in found.next_step
