"""An object is absent on proof alone; without one it is unknown."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import ABSENT
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.kinds import KINDS
from tests.support.reading import declaring, stock
from tests.support.shop import MakeShop, Shop


def read_all(shop: Shop) -> Any:
    return read_live(shop.client(), shop.desired(), KINDS)


DECLARED = {
    "category": "categories: [{name: Nowhere}]",
    "product": "products: [{code: '9', name: N, category: Drinks}]",
    "variant": """
        products:
          - {code: "1003", name: Kopi Susu, category: Drinks/Coffee,
             variants: [{code: V9, unit_price: 5}]}
    """,
    "coupon": "coupons: [{code: C9, type: DiscountAmount, discount: 5, limit: 1}]",
    "customer": "customers: [{code: D9, name: Nobody}]",
}
NAMES = {"category": "Nowhere", "product": "9", "variant": "V9", "coupon": "C9", "customer": "D9"}
READS = {
    "category": {"GET /Category", "POST /Category/p"},
    "product": {"GET /Product", "GET /Product/Detail"},
    "variant": {
        "GET /Variant",
        "POST /Variant",
        "GET /Variant/GetByListCode",
        "POST /Variant/GetByListCode",
        "GET /Variant/GetIDByListCodeDiscontinued",
        "GET /Variant/Code",
        "GET /Variant/Detail",
    },
    "coupon": {
        "GET /PromotionCoupon",
        "POST /PromotionCoupon/p",
        "POST /PromotionCoupon/WithTotalCount",
        "GET /PromotionCoupon/ByCode",
    },
    "customer": {"GET /Customer", "POST /Customer/p", "GET /Customer/Detail"},
}


@pytest.mark.parametrize("not_found", ["404", "400", "empty", "null"])
@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize("kind", DECLARED)
def test_what_the_shop_does_not_have_is_absent_and_created(
    open_shop: MakeShop, live: dict[str, Any], kind: str, hides: bool, not_found: str
) -> None:
    shop = open_shop(live, DECLARED[kind], lists_hide_discontinued=hides, not_found=not_found)
    address = Address(kind, NAMES[kind])
    assert read_all(shop).get(address) is ABSENT
    assert [(c.address, c.action.value) for c in shop.plan().changes] == [(address, "create")]


@pytest.mark.parametrize("kind", DECLARED)
def test_in_an_empty_shop_everything_is_absent(open_shop: MakeShop, kind: str) -> None:
    shop = open_shop({}, DECLARED[kind])
    if kind in ("product", "variant"):
        shop.write("categories: [{name: Drinks}, {name: Drinks/Coffee}]", "categories.yaml")
    plan = shop.plan()
    assert plan.unknown == ()
    assert Address(kind, NAMES[kind]) in [change.address for change in plan.changes]


@pytest.mark.parametrize("kind", DECLARED)
def test_what_may_not_be_read_is_unknown_with_its_reason(
    open_shop: MakeShop, live: dict[str, Any], kind: str
) -> None:
    shop = open_shop(live, DECLARED[kind], forbidden_operations=frozenset(READS[kind]))
    address = Address(kind, NAMES[kind])
    state = read_all(shop)
    assert state.get(address) is None
    assert "permission denied: the API client needs " in state.read_errors[address]
    plan = shop.plan()
    assert address in [unknown for unknown, _ in plan.unknown]
    assert plan.changes == ()


@pytest.mark.parametrize("kind", DECLARED)
def test_what_the_tenant_does_not_offer_is_unknown(
    open_shop: MakeShop, live: dict[str, Any], kind: str
) -> None:
    shop = open_shop(live, DECLARED[kind], missing_operations=frozenset(READS[kind]))
    plan = shop.plan()
    assert plan.changes == ()
    assert Address(kind, NAMES[kind]) in [unknown for unknown, _ in plan.unknown]


class Failing(httpx.BaseTransport):
    """Fails whenever one object is asked for by its code."""

    def __init__(self, inner: httpx.BaseTransport, code: str) -> None:
        self.inner, self.code = inner, code

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.params.get("Code") == self.code:
            return httpx.Response(500, json={"Message": "A fault."})
        return self.inner.handle_request(request)


@pytest.mark.parametrize("not_found", ["404", "400", "empty", "null"])
@pytest.mark.parametrize("other", ["AAA", "ZZZ"], ids=["before", "after"])
def test_a_read_that_fails_is_no_absence_where_the_shop_says_that_otherwise(
    open_shop: MakeShop, live: dict[str, Any], other: str, not_found: str
) -> None:
    """An expired coupon, which the list hides, and a new one beside it."""
    terms = "type: DiscountPercentage, discount: 10, limit: 5"
    new, expired = f"{terms}, expiry_date: 2034-01-01", f"{terms}, expiry_date: 2020-01-01"
    text = f"coupons: [{{code: NEEDS}}, {{code: {other}, {new}}}, {{code: EXPIRED, {expired}}}]"
    shop = open_shop(live, text, not_found=not_found)
    client = shop.client()
    client._http._transport = Failing(client._http._transport, "EXPIRED")
    plan = shop.plan(client)
    assert [str(change.address) for change in plan.changes] == [f"coupon/{other}"]
    ((address, why),) = plan.unknown
    assert (str(address), "HTTP 500" in why) == ("coupon/EXPIRED", True)


@pytest.mark.parametrize("total", ["none", "RecordsCount"])
@pytest.mark.parametrize("retired", ["10", "12"])
def test_a_shop_that_shows_its_first_page_alone_has_more_than_that(
    open_shop: MakeShop, retired: str, total: str
) -> None:
    """Also where that page shows that lists hide no discontinued products."""
    products = [
        {"Code": code, "Name": code, "Category": "Drinks", "Discontinued": code == retired}
        for code in ("10", "11", "12", "13")
    ]
    entries = ", ".join(f"{{code: '{p['Code']}', name: '{p['Code']}'}}" for p in products)
    choices = {"page_cap": 2, "page_number": "ignored", "product_list_total": total}
    envelope = {} if total == "none" else {"product_list_envelope": "Data"}
    shop = open_shop({"products": products}, f"products: [{entries}]", **choices, **envelope)
    plan = shop.plan()
    assert plan.changes == ()
    assert plan.unchanged == 4


def test_an_outlet_that_could_not_be_read_is_not_called_missing(same: MakeShop) -> None:
    shop = same(forbidden_operations=frozenset({"GET /Outlet", "POST /Outlet/p"}))
    problems = shop.problems()
    assert problems
    assert all("could not be read" in problem.message for problem in problems)


def test_an_outlet_that_no_list_shows_is_missing(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    live["outlets"] = [{"Name": "Jakarta"}]
    shop = open_shop(live, files)
    (problem,) = shop.problems()
    assert "does not exist" in problem.message
    text = (shop.folder / problem.file).read_text(encoding="utf-8").splitlines()
    assert text[problem.line - 1][: problem.column - 1].endswith("Bandung: ")


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize("listed", ["all", "empty", "reject"])
@pytest.mark.parametrize("count", [2, 250])
def test_a_batch_that_is_refused_for_one_new_code_still_shows_the_others(
    open_shop: MakeShop, count: int, listed: str, hides: bool
) -> None:
    """API §13: whether unknown codes are left out of a batch, or refuse it, is undocumented."""
    new = "  - {code: Q, name: N, category: A, variants: [{code: NEW, unit_price: 5}]}\n"
    text = declaring(count) + new
    shop = open_shop(
        stock(count),
        text,
        batch_missing="reject",
        variant_list_without_category=listed,
        lists_hide_discontinued=hides,
    )
    plan = shop.plan()
    planned = {str(change.address) for change in plan.changes}
    assert planned <= {"product/Q", "variant/NEW"}
    if listed == "all":
        assert planned == {"product/Q", "variant/NEW"}
        assert plan.unknown == ()


NEW_CUSTOMERS = "customers: [{code: D1, name: N}, {code: D2, name: N}, {code: D3, name: N}]"


@pytest.mark.parametrize("reads", [*READS.values(), {"POST /Customer/p"}, {"GET /Customer/Detail"}])
def test_a_read_that_may_not_be_called_is_sent_once(same: MakeShop, reads: set[str]) -> None:
    shop = same(forbidden_operations=frozenset(reads))
    shop.write("removed: [{address: category/Gone, delete: true}]", "removed.yaml")
    shop.write(NEW_CUSTOMERS, "new.yaml")
    shop.plan()
    refused = [(method, path) for method, path, status in shop.twin.calls if status == 403]
    assert refused
    assert len(refused) == len(set(refused))
