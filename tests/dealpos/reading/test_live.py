"""Reading a shop: observed, absent or not read, whatever the documentation left open."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.core.model.address import Address
from reconciler.core.model.live import ABSENT, Observed
from reconciler.dealpos.reading.read import read_live
from reconciler.errors import OutcomeUnknown
from reconciler.kinds import KINDS
from reconciler.sandbox import InjectedFault
from tests.support.reading import declaring, stock, words
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
    ("POST /PromotionCoupon/p",),
    ("POST /Customer/p",),
    ("GET /Customer/Detail",),
    ("GET /Product/Detail",),
]


def writes(shop: Shop) -> list[tuple[str, str]]:
    """The calls that may have changed the shop."""
    reads = {"/Category/p", "/Variant", "/Variant/GetByListCode", "/PromotionCoupon/p"}
    reads |= {"/Customer/p", "/Outlet/p", "/Token/OAuth2"}
    return [
        (method, path.removeprefix("/api/v3"))
        for method, path, _ in shop.twin.calls
        if method in ("PUT", "DELETE")
        or (method == "POST" and path.removeprefix("/api/v3") not in reads)
    ]


def read_all(shop: Shop) -> Any:
    return read_live(shop.client(), shop.desired(), KINDS)


# --- a shop that equals its files ---


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


# --- absence needs evidence ---

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
        "GET /Variant/Code",
        "GET /Variant/Detail",
    },
    "coupon": {"GET /PromotionCoupon", "POST /PromotionCoupon/p", "GET /PromotionCoupon/ByCode"},
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
    terms = "type: DiscountPercentage, discount: 10, limit: 5, expiry_date: 2020-01-01"
    text = f"coupons: [{{code: NEEDS}}, {{code: {other}, {terms}}}, {{code: EXPIRED, {terms}}}]"
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


# --- lists that hide what exists ---


def creates(plan: Any) -> list[str]:
    return [str(change.address) for change in plan.changes if change.action.value == "create"]


def test_an_expired_coupon_is_found_though_the_list_hides_it(same: MakeShop) -> None:
    shop = same()
    plan = shop.plan()
    assert isinstance(read_all(shop).get(Address("coupon", "EXPIRED")), Observed)
    assert creates(plan) == []


def test_a_list_that_hides_is_not_believed_without_single_reads(same: MakeShop) -> None:
    """The tenant has no read by code, so nobody can tell an expired coupon from a new one."""
    plan = same(missing_operations=frozenset({"GET /PromotionCoupon/ByCode"})).plan()
    assert creates(plan) == []
    assert {str(address) for address, _ in plan.unknown} == {"coupon/EXPIRED", "coupon/USEDUP"}


def test_a_hidden_product_is_unknown_where_single_reads_are_not_offered(same: MakeShop) -> None:
    missing = frozenset({"GET /Product/Detail"})
    plan = same(missing_operations=missing, lists_hide_discontinued=True).plan()
    assert creates(plan) == []


@pytest.mark.parametrize("count", [3, 12])
def test_a_hidden_customer_is_unknown_where_single_reads_are_not_offered(
    open_shop: MakeShop, count: int
) -> None:
    people = [{"Code": f"C{i}", "Name": "N", "Email": f"{i}@example.com"} for i in range(count)]
    people[0]["Status"] = "Suspended"
    text = "customers:\n" + "".join(f"  - {{code: C{i}, name: N}}\n" for i in range(count))
    missing = frozenset({"GET /Customer/Detail"})
    shop = open_shop(
        {"customers": people},
        text,
        missing_operations=missing,
        customer_list_hides_suspended=True,
    )
    assert creates(shop.plan()) == []


def test_a_shop_whose_products_are_all_hidden_is_not_taken_for_empty(open_shop: MakeShop) -> None:
    variant = {"Code": "V", "UnitPrice": 1, "Discontinued": True}
    product = {"Code": "P", "Name": "N", "Category": "A", "Discontinued": True}
    text = """
        categories: [{name: A}]
        products:
          - {code: P, name: N, category: A, discontinued: true,
             variants: [{code: V, unit_price: 1, discontinued: true}]}
    """
    seed = {"categories": [{"Name": "A"}], "products": [{**product, "Variants": [variant]}]}
    plan = open_shop(seed, text, lists_hide_discontinued=True).plan()
    assert creates(plan) == []
    assert plan.changes == ()


def test_a_create_that_the_shop_refuses_as_a_duplicate_is_reported(same: MakeShop) -> None:
    """Hidden from every read: nothing can know it; the shop's refusal must then be reported."""
    shop = same(coupon_by_code_hides_inactive=True)
    before = shop.show()
    report = shop.apply()
    assert {str(o.address): o.status for o in report.outcomes} == {
        "coupon/EXPIRED": "failed",
        "coupon/USEDUP": "failed",
    }
    assert shop.show() == before


@pytest.mark.parametrize(
    ("seed", "text", "field"),
    [
        (
            {
                "customers": [{"Code": "D", "Name": "Ann", "Email": "a@example.com"}],
                "coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 1}],
            },
            "coupons: [{code: C, customer: D}]",
            "customer",
        ),
        (
            {"coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 1}]},
            "coupons: [{code: C, expiry_date: 2027-01-01}]",
            "expiry_date",
        ),
        (
            {"customers": [{"Code": "D", "Name": "Ann", "Email": "a@example.com"}]},
            "customers: [{code: D, group: Gold}]",
            "group",
        ),
    ],
    ids=["customer of a coupon", "expiry of a coupon", "group of a customer"],
)
def test_a_key_that_no_row_shows_is_compared_or_told(
    open_shop: MakeShop, seed: Any, text: str, field: str
) -> None:
    """A shop that leaves nulls out shows a field nowhere: silence would hide the difference."""
    plan = open_shop(seed, text, nulls_omitted=True).plan()
    told = any(f"`{field}`" in note for note in plan.notes)
    assert told or [f.name for change in plan.changes for f in change.fields] == [field]


# --- answers that cannot be understood ---


def test_an_object_that_is_not_understood_is_unknown_and_others_are_read(
    open_shop: MakeShop,
) -> None:
    people = [
        {"Code": "BAD", "Name": "Ann", "Email": "a@example.com", "Birthday": "19900504"},
        {"Code": "GOOD", "Name": "Bob", "Email": "b@example.com"},
    ]
    text = "customers: [{code: BAD, name: Ann}, {code: GOOD, name: Bob}]"
    plan = open_shop({"customers": people}, text).plan()
    assert [str(address) for address, _ in plan.unknown] == ["customer/BAD"]
    assert plan.unchanged == 1


def test_an_object_that_is_not_understood_gives_no_customer_data_away(open_shop: MakeShop) -> None:
    people = [{"Code": "BAD", "Name": "Ann", "Email": "a@example.com", "Birthday": "19900504"}]
    plan = open_shop({"customers": people}, "customers: [{code: BAD, name: Ann}]").plan()
    assert "19900504" not in str(plan.unknown)


@pytest.mark.parametrize("kind", ["html", "truncated", "500", "drop", "timeout"])
def test_a_read_that_keeps_failing_is_never_taken_for_an_empty_shop(
    same: MakeShop, kind: Any
) -> None:
    shop = same()
    shop.twin.faults.add(InjectedFault("*", "/Product*", kind, times=100))
    try:
        plan = shop.plan()
    except OutcomeUnknown:
        return
    assert plan.changes == ()
    assert "product/1003" in [str(address) for address, _ in plan.unknown]


@pytest.mark.parametrize("kind", ["truncated", "500", "502", "503", "drop", "timeout"])
def test_a_read_whose_answer_is_lost_once_is_repeated(same: MakeShop, kind: Any) -> None:
    shop = same()
    shop.twin.faults.add(InjectedFault("*", "/[!T]*", kind, nth=3))
    assert shop.plan().changes == ()
