"""A shop that equals its files has an empty plan, whatever the documentation leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reading import words
from tests.support.shop import MakeShop, Shop

CHOICES: list[dict[str, Any]] = [
    {},
    *({"not_found": word} for word in ("404", "400", "empty", "null")),
    *(
        {"not_found": word, "lists_hide_discontinued": True}
        for word in ("404", "400", "empty", "null")
    ),
    {"batch_missing": "reject"},
    *({"page_cap": cap} for cap in (1, 2, 3, None)),
    {"page_cap": 2, "list_order": "reverse", "lists_hide_discontinued": True},
    {"default_page_size": 2},
    {"variant_list_without_category": "empty"},
    {"variant_list_without_category": "reject"},
    *(
        {"product_list_envelope": envelope, "product_list_total": total}
        for envelope in ("Data", "DataArray")
        for total in ("none", "RecordsCount", "TotalCount")
    ),
    {"product_list_envelope": "Data", "product_list_total": "TotalCount", "page_cap": 1},
    {"product_list_rows": "lean"},
    {"variant_list_rows": "lean"},
    {"variant_batch_rows": "lean"},
    {"list_order": "insertion"},
    {"list_order": "reverse"},
    {"numbers_as_strings": True},
    {"numbers_as_floats": True},
    {"numbers_as_strings": True, "numbers_as_floats": True, "booleans_as_words": True},
    {"booleans_as_words": True},
    {"nulls_omitted": True},
    {"coupon_percentage_reads_as": "Discount"},
    {"coupon_percentage_reads_as": "mixed"},
    {"coupon_list_has_minimum": False},
    {"coupon_requirement_rows": "strings"},
    {"coupon_total_hides_inactive": False},
    {"coupon_total_has_minimum": False},
    *({"coupon_usage_status_other": word} for word in ("nothing", "active", "reject")),
    {"get_with_body": "ignore"},
    {"bare_get_with_content_type": "error"},
    {"customer_paging": "required"},
    {"customer_paging": "ignored"},
    {"customer_detail_names": "table"},
    {"customer_list_hides_suspended": True},
    {"outlet_suspended_default": "No"},
    {"text_filters": "contains"},
    {"rehost_images": False},
]
LACKING = [
    ("GET /Variant/Code",),
    ("GET /Variant/Detail",),
    ("GET /Variant/Code", "GET /Variant/Detail"),
    ("POST /Variant",),
    ("POST /Variant/GetByListCode",),
    ("POST /Category/p",),
    ("GET /Category",),
    ("GET /Outlet",),
    ("POST /Outlet/p",),
    ("POST /PromotionCoupon/WithTotalCount",),
    ("POST /PromotionCoupon/p", "POST /PromotionCoupon/WithTotalCount"),
    ("POST /Customer/p",),
    ("GET /Customer/Detail",),
    ("GET /Product/Detail",),
]


def writes(shop: Shop) -> list[tuple[str, str]]:
    """The calls that may have changed the shop."""
    reads = {"/Category/p", "/Variant", "/Variant/GetByListCode", "/PromotionCoupon/p"}
    reads |= {"/PromotionCoupon/WithTotalCount"}
    reads |= {"/Customer/p", "/Customer/Email", "/Outlet/p", "/Token/OAuth2"}
    return [
        (method, path.removeprefix("/api/v3"))
        for method, path, _ in shop.twin.calls
        if method in ("PUT", "DELETE")
        or (method == "POST" and path.removeprefix("/api/v3") not in reads)
    ]


@pytest.mark.parametrize("choices", CHOICES, ids=words)
def test_a_shop_equal_to_its_files_has_an_empty_plan(same: MakeShop, choices: Any) -> None:
    shop = same(**choices)
    plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == []
    assert plan.unknown == ()
    assert plan.unchanged == 18
    assert plan.unmanaged == ()
    assert writes(shop) == []


@pytest.mark.parametrize("missing", LACKING, ids="+".join)
def test_a_tenant_that_lacks_a_read_is_read_another_way(same: MakeShop, missing: Any) -> None:
    shop = same(missing_operations=frozenset(missing))
    plan = shop.plan()
    assert plan.changes == ()
    assert plan.unknown == ()
    assert writes(shop) == []


@pytest.mark.parametrize("missing", LACKING, ids="+".join)
def test_a_tenant_that_drops_bodies_of_gets_is_never_misread(same: MakeShop, missing: Any) -> None:
    shop = same(missing_operations=frozenset(missing), get_with_body="ignore")
    assert shop.plan().changes == ()


def test_a_server_that_refuses_large_pages_leaves_the_unknown_unknown(same: MakeShop) -> None:
    plan = same(page_cap=100, page_over_cap="reject").plan()
    assert plan.changes == ()
    assert all("PageSize" in reason for _, reason in plan.unknown)


def test_a_tenant_without_any_product_list_invents_nothing(same: MakeShop) -> None:
    plan = same(missing_operations=frozenset({"GET /Product"})).plan()
    assert plan.changes == ()
