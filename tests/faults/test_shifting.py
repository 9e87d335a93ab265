"""Somebody else adds and removes objects while a listing is being read page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.shop import MakeShop

CODES = [f"M{number}" for number in range(8)]
LISTS = {"product": "/api/v3/Product", "coupon": "/api/v3/PromotionCoupon/WithTotalCount"}


def seed(retired: bool) -> dict[str, Any]:
    products = [{"Code": code, "Name": code, "Category": "A"} for code in ["B0", *CODES, "N0"]]
    products[-1]["Discontinued"] = retired
    coupons = [
        {"Code": row["Code"], "Type": "DiscountAmount", "Discount": 5, "Limit": 1}
        for row in products
    ]
    return {"categories": [{"Name": "A"}], "products": products, "coupons": coupons}


FILES = "products:\n" + "".join(
    f"  - {{code: {code}, name: {code}, category: A}}\n" for code in CODES
)
FILES += "coupons:\n" + "".join(
    f"  - {{code: {code}, type: DiscountAmount, discount: 5, limit: 1}}\n" for code in CODES
)


def removed(store: Any, kind: str) -> None:
    with store.transaction(write=True):
        store.delete(kind, "B0")


def added(store: Any, kind: str) -> None:
    rows = {
        "product": {"products": [{"Code": "A0", "Name": "A0", "Category": "A"}]},
        "coupon": {
            "coupons": [{"Code": "A0", "Type": "DiscountAmount", "Discount": 1, "Limit": 1}]
        },
    }
    sandbox.seed(store, rows[kind])


@pytest.mark.parametrize("retired", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("what", [removed, added])
@pytest.mark.parametrize("kind", LISTS)
def test_a_page_that_shifts_makes_nothing_look_absent(
    make_shop: MakeShop, kind: str, what: Callable[..., None], after: int, size: int, retired: bool
) -> None:
    shop = make_shop(seed(retired), choices=sandbox.Choices(page_cap=size))
    shop.write(FILES)
    client, pages = shop.client(), []
    inner = client._http._transport.handle_request

    def serve(request: Any) -> Any:
        response = inner(request)
        if request.url.path == LISTS[kind]:
            pages.append(request)
            if len(pages) == after:
                what(shop.twin.store, kind)
        return response

    client._http._transport.handle_request = serve
    plan = shop.plan(client)
    assert len(pages) >= after
    assert [str(change.address) for change in plan.changes] == []
    assert not plan.unknown


@pytest.mark.parametrize("shifts", [False, True])
def test_many_new_products_are_proven_absent_by_the_same_list_again(
    make_shop: MakeShop, shifts: bool
) -> None:
    shop = make_shop(seed(True), choices=sandbox.Choices(page_cap=4))
    new = [f"X{number:02}" for number in range(20)]
    shop.write(FILES)
    rows = (f"  - {{code: {code}, name: N, category: A}}\n" for code in new)
    shop.write("products:\n" + "".join(rows), "new.yaml")
    client, pages = shop.client(), []
    inner = client._http._transport.handle_request

    def serve(request: Any) -> Any:
        response = inner(request)
        pages.append(request.url.path)
        if shifts and pages[-1] == LISTS["product"] and pages.count(pages[-1]) == 1:
            removed(shop.twin.store, "product")
        return response

    client._http._transport.handle_request = serve
    plan = shop.plan(client)
    assert [change.address.name for change in plan.changes] == new
    singles = pages.count("/api/v3/Product/Detail")
    assert singles >= len(new) if shifts else singles <= 1
