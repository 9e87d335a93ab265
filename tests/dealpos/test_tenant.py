"""The tenant profile beside the files: it saves requests, and proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.dealpos.tenant import (
    FILE,
    Routes,
    TenantProfile,
    load_profile,
    save_profile,
)
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.sandbox import Choices
from tests.support.shop import MakeShop

KNOWN = TenantProfile({"variant.list": "GET /Variant query"}, {"variant.list": 100}, 500)


@pytest.fixture
def folder(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path)


def test_what_is_remembered_is_recalled_for_its_store_alone(folder: StateDir) -> None:
    save_profile(folder, "https://a.example", KNOWN)
    assert load_profile(folder, "https://a.example") == KNOWN
    assert load_profile(folder, "https://b.example") == TenantProfile()


def test_nothing_is_written_for_nothing(folder: StateDir) -> None:
    save_profile(folder, "sandbox", TenantProfile())
    assert not folder.path.exists()


@pytest.mark.parametrize(
    "section",
    [
        5,
        {"routes": 5, "rows": [], "size": "500"},
        {"routes": {"variant.list": 7, "nothing": "GET /Variant query"}, "rows": {"x": 1}},
        {"rows": {"variant.list": "100", "product.list": 0}, "size": -1},
    ],
)
def test_what_nobody_would_have_written_is_passed_over(folder: StateDir, section: Any) -> None:
    folder.create()
    (folder.path / FILE).write_text(json.dumps({"sandbox": section}))
    assert load_profile(folder, "sandbox") == TenantProfile()


def test_a_route_that_the_table_no_longer_has_is_not_tried() -> None:
    operation = OPERATIONS["variant.list"]
    gone = Routes(TenantProfile({"variant.list": "GET /Variants query"}))
    assert gone.candidates(operation) == list(operation.routes)
    found = Routes(KNOWN).candidates(operation)[0]
    assert (found.method, found.query, found.body) == ("GET", True, False)


# --- a run with a memory ---

FILES = """
categories: [{name: A}]
products:
  - {code: P, name: N, category: A, variants: [{code: V, unit_price: 1}]}
coupons:
  - {code: C, type: DiscountAmount, discount: 1, limit: 1}
  - {code: D, type: DiscountAmount, discount: 1, limit: 1}
"""
SEED = {
    "categories": [{"Name": "A"}],
    "products": [
        {"Code": "P", "Name": "N", "Category": "A", "Variants": [{"Code": "V", "UnitPrice": 1}]}
    ],
    "coupons": [
        {"Code": code, "Type": "DiscountAmount", "Discount": 1, "Limit": 1} for code in "CD"
    ],
}


@pytest.fixture
def run(make_shop: MakeShop) -> Callable[..., tuple[int, TenantProfile]]:
    """Reads the shop under some choices; gives the requests it took and what is known then."""

    def reads(tenant: TenantProfile, **choices: Any) -> tuple[int, TenantProfile]:
        shop = make_shop(SEED, choices=Choices(**choices))
        shop.write(FILES)
        store = Store("sandbox", "sandbox", "sandbox")
        client = Client(store, embedded_transport(shop.app), shop.listener, tenant=tenant)
        found = read_live(client, shop.desired(), KINDS)
        assert found.read_errors == {}
        assert {name for name, _ in found.iterate_observed("variant")} == {"V"}
        return client.requests, client.routes.tenant

    return reads


OLD: dict[str, Any] = {"generation": "A", "post_alternatives": "none"}


def test_a_second_run_asks_the_routes_that_answered(
    run: Callable[..., tuple[int, TenantProfile]],
) -> None:
    first, tenant = run(TenantProfile(), **OLD)
    assert tenant.routes["coupon.list"] == "GET /PromotionCoupon body"
    second, again = run(tenant, **OLD)
    assert second < first
    assert again == tenant
    assert run(TenantProfile())[0] == run(run(TenantProfile())[1])[0]


def test_a_remembered_route_that_answers_no_more_is_forgotten(
    run: Callable[..., tuple[int, TenantProfile]],
) -> None:
    _, tenant = run(TenantProfile())
    assert tenant.routes["coupon.list"] == "POST /PromotionCoupon/WithTotalCount body"
    _, tenant = run(tenant, **OLD)
    assert tenant.routes["coupon.list"] == "GET /PromotionCoupon body"
    _, tenant = run(tenant, generation="C", post_alternatives="none")
    assert tenant.routes["coupon.list"] == "GET /PromotionCoupon query"


@pytest.mark.parametrize(
    "wrong",
    [
        TenantProfile(
            {name: "GET /Variant/Detail query" for name in ("variant.by_code", "coupon.list")}
        ),
        TenantProfile(
            rows={"variant.list": 1, "product.list": 1, "coupon.list": 1},
            numbered=["variant.list", "product.list", "coupon.list"],
        ),
        TenantProfile(size=1),
        TenantProfile(size=1_000_000),
    ],
    ids=["routes", "rows", "small", "large"],
)
@pytest.mark.parametrize(
    "choices",
    [{}, {"generation": "C"}, {"page_cap": 20, "page_over_cap": "reject"}, OLD],
    ids=str,
)
def test_a_wrong_memory_costs_requests_and_nothing_else(
    run: Callable[..., tuple[int, TenantProfile]], wrong: TenantProfile, choices: Any
) -> None:
    run(deepcopy(wrong), **choices)


def test_a_size_that_was_refused_is_not_asked_for_again(
    run: Callable[..., tuple[int, TenantProfile]],
) -> None:
    choices = {"page_cap": 100, "page_over_cap": "reject"}
    first, tenant = run(TenantProfile(), **choices)
    assert tenant.size == 100
    assert run(tenant, **choices)[0] == first - 2
