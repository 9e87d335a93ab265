"""A shop is read in few requests, whatever its pages and batches allow."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.kinds import KINDS
from tests.support.reading import declaring, stock, words
from tests.support.shop import MakeShop, Shop


def asked(shop: Shop) -> list[str]:
    """The operations of the last client, without the token."""
    return [name for name in shop.listener.operations if name != "token"]


def test_a_category_costs_one_request(open_shop: MakeShop, live: dict[str, Any]) -> None:
    shop = open_shop(live, "categories: [{name: Drinks}, {name: New}]")
    assert shop.plan().reads == 1
    assert asked(shop) == ["category.list"]


def test_a_small_shop_is_read_in_few_requests(same: MakeShop) -> None:
    shop = same()
    assert shop.plan().reads == 12
    assert sorted(asked(shop)) == [
        "category.list",
        *["coupon.by_code"] * 4,  # two that the list hides, two with a requirement
        "coupon.list",  # its total proves the end
        *["customer.by_code"] * 2,
        "outlet.list",
        *["product.list"] * 2,
        "variant.by_codes",
    ]


def people(count: int, name: str = "N") -> dict[str, Any]:
    mails = {i: f"{i}@e.com" for i in range(count)}
    return {"customers": [{"Code": f"C{i:02}", "Name": name, "Email": mails[i]} for i in mails]}


def knowing(numbers: range, more: str = "") -> str:
    lines = (f"  - {{code: C{i:02}, name: N{more}}}\n" for i in numbers)
    return "customers:\n" + "".join(lines)


def test_customers_are_read_singly_while_they_are_few(open_shop: MakeShop) -> None:
    shop = open_shop(people(40), knowing(range(1, 3)))
    assert shop.plan().changes == ()
    assert asked(shop) == ["customer.by_code"] * 2


@pytest.mark.parametrize("count", [3, 50, 51, 60])
def test_many_customers_are_read_by_the_list(open_shop: MakeShop, count: int) -> None:
    shop = open_shop(people(60), knowing(range(count)))
    assert shop.plan().changes == ()
    assert asked(shop) == ["customer.list"]


def test_customers_whose_fields_no_list_shows_are_read_singly(open_shop: MakeShop) -> None:
    shop = open_shop(people(60), knowing(range(5), ", city: ''"))
    assert shop.plan().changes == ()
    assert asked(shop) == ["customer.by_code"] * 5


@pytest.mark.parametrize("field", ["forbidden_operations", "missing_operations"])
def test_customers_without_a_list_are_read_singly(open_shop: MakeShop, field: str) -> None:
    lists = frozenset({"POST /Customer/p", "GET /Customer"})
    shop = open_shop(people(60), knowing(range(5)), **{field: lists})
    plan = shop.plan()
    assert (plan.changes, plan.unknown) == ((), ())


@pytest.mark.parametrize("not_found", ["404", "400", "empty", "null"])
@pytest.mark.parametrize("kind", ["customer", "coupon", "product", "variant"])
def test_no_object_is_asked_for_twice(open_shop: MakeShop, kind: str, not_found: str) -> None:
    files = {
        "customer": knowing(range(38, 45)),
        "coupon": "coupons:\n"
        + "".join(
            f"  - {{code: D{i}, type: DiscountAmount, discount: 5, limit: 1}}\n" for i in range(5)
        ),
        "product": declaring(35),
        "variant": declaring(35),
    }
    shop = open_shop({**stock(30), **people(40)}, files[kind], not_found=not_found)
    sent: list[str] = []
    client = shop.client()
    call = client.call

    def listen(name: str, parameters: Any = None, **how: bool) -> Any:
        if name == f"{kind}.by_code":
            sent.append(str(parameters))
        return call(name, parameters, **how)

    client.call = listen  # type: ignore[method-assign]
    created = [c for c in shop.make(client).plan.changes if c.address.kind == kind]
    assert len(created) == 5
    assert len(sent) == len(set(sent))
    assert len(sent) <= 5 + 1  # one that exists shows that objects are found by code


def test_written_customers_are_verified_by_a_page_of_the_list(open_shop: MakeShop) -> None:
    shop = open_shop(people(60, "Old"), knowing(range(5)))
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.verified == 5
    assert report.requests == shop.cost(plan).requests == 5 + 1


def test_written_customers_are_read_singly_where_no_list_shows_all(open_shop: MakeShop) -> None:
    shop = open_shop(people(60), knowing(range(58, 64), ", city: Bogor"))
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.verified == 6
    assert report.requests == shop.cost(plan).requests == 6 + 6


def test_a_list_that_ignores_paging_does_not_loop(open_shop: MakeShop) -> None:
    people = [{"Code": f"C{i:02}", "Name": "N", "Email": f"{i}@e.com"} for i in range(12)]
    text = "customers:\n" + "".join(f"  - {{code: C{i:02}, name: N}}\n" for i in range(13))
    shop = open_shop({"customers": people}, text, customer_paging="ignored")
    assert [str(change.address) for change in shop.plan().changes] == ["customer/C12"]
    # Page one, page two again, and half a page two, which tells that no paging is heeded.
    assert asked(shop).count("customer.list") == 3


@pytest.mark.parametrize("order", ["code", "reverse", "insertion"])
@pytest.mark.parametrize("total", ["none", "TotalCount"])
def test_thirty_products_are_all_read_in_pages_of_seven(
    open_shop: MakeShop, order: str, total: str
) -> None:
    envelope = "array" if total == "none" else "Data"
    shop = open_shop(
        stock(30),
        declaring(29),
        page_cap=7,
        list_order=order,
        product_list_envelope=envelope,
        product_list_total=total,
    )
    plan = shop.plan()
    assert plan.changes == ()
    assert [str(address) for address in plan.unmanaged] == ["product/P029", "variant/V029"]
    # A page of seven is odd: the size of the samples is asked for once, and brings no more.
    assert asked(shop).count("product.list") == 6


def test_a_full_last_page_is_followed_by_one_more_request(open_shop: MakeShop) -> None:
    shop = open_shop(stock(28), declaring(28), page_cap=7)
    assert shop.plan().changes == ()
    assert asked(shop).count("product.list") == 6


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"variant_list_without_category": "empty"},
        {"variant_list_without_category": "reject"},
        {"page_cap": 7},
        {"page_cap": 40},
        {"batch_missing": "reject"},
        {"lists_hide_discontinued": True},
        {"missing_operations": frozenset({"POST /Variant", "GET /Variant"})},
    ],
    ids=words,
)
def test_many_variants_are_never_read_one_by_one(open_shop: MakeShop, choices: Any) -> None:
    shop = open_shop(stock(250), declaring(250), **choices)
    assert shop.plan().changes == ()
    reads = [name for name in asked(shop) if name.startswith("variant.")]
    assert "variant.by_code" not in reads
    assert len(reads) <= 5


def test_a_listing_is_dropped_for_batches_when_its_pages_are_more(open_shop: MakeShop) -> None:
    shop = open_shop(stock(250), declaring(250), page_cap=7)
    shop.plan()
    reads = [name for name in asked(shop) if name.startswith("variant.")]
    assert reads == ["variant.list", *["variant.by_codes"] * 3]


def test_a_listing_that_was_dearer_than_batches_is_not_begun_again(open_shop: MakeShop) -> None:
    shop = open_shop(stock(250), declaring(250), page_cap=7)
    first = shop.client()
    read_live(first, shop.desired(), KINDS)
    again = shop.client()
    again.routes.tenant.rows.update(first.routes.tenant.rows)
    read_live(again, shop.desired(), KINDS)
    reads = [name for name in asked(shop) if name.startswith("variant.")]
    assert reads == ["variant.by_codes"] * 3


def test_a_list_of_variants_that_shows_nothing_does_not_verify(open_shop: MakeShop) -> None:
    """API §7: a variant list without a category may be empty; batches show what it does not."""
    shop = open_shop(stock(250), declaring(250), variant_list_without_category="empty")
    shop.write(declaring(250, price=1500))
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.counts()["applied"] == 250
    assert report.verified == 250
    assert report.requests == 250 + 3


@pytest.mark.parametrize("choices", [{}, {"page_cap": 7}, {"batch_missing": "reject"}], ids=words)
def test_many_changed_variants_are_verified_in_few_requests(
    open_shop: MakeShop, choices: Any
) -> None:
    shop = open_shop(stock(250), declaring(250), **choices)
    shop.write(declaring(250, price=1500))
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.verified == 250
    assert report.requests == shop.cost(plan).requests <= 250 + 3


@pytest.mark.parametrize(
    ("choices", "lists", "singles"),
    [
        ({}, 3, 0),
        ({"missing_operations": frozenset({"GET /Inventory", "POST /Inventory"})}, 2, 6),
        ({"inventory_form": "rows"}, 3, 0),
        ({"inventory_form": "row_each"}, 2, 6),  # a variant without stock has no row
    ],
    ids=["default", "no list", "outlets listed", "a row for each outlet"],
)
def test_the_stock_of_many_is_read_by_the_list(
    open_shop: MakeShop, choices: Any, lists: int, singles: int
) -> None:
    """Where its pages are fewer; what it does not show is read by code."""
    entries = "".join(f"  - {{address: variant/V{i}, delete: true}}\n" for i in range(244, 250))
    shop = open_shop(stock(250), f"{declaring(244)}removed:\n{entries}", page_cap=100, **choices)
    store = shop.twin.store
    stocked = {**store.get("variant", "V249").payload, "Stock": {"Bandung": 3}}
    store.put("variant", stocked)
    plan = shop.plan()
    assert "variant/V249" in {str(address) for address, _ in plan.blocked}
    reads = asked(shop)
    assert (reads.count("inventory.list"), reads.count("inventory.by_code")) == (lists, singles)


@pytest.mark.parametrize("kind", ["category", "coupon", "customer", "product"])
def test_a_list_that_was_read_whole_is_not_read_again(open_shop: MakeShop, kind: str) -> None:
    text = """
        products: [{code: P001, name: N, category: A, variants: [{code: V001}]}]
        removed: [{address: coupon/K1, delete: true}, {address: customer/C07, delete: true}]
    """
    shop = open_shop({**stock(3), **people(8)}, text)
    named = {"category": 1, "coupon": 1, "customer": 2, "product": 2}  # a page more is the proof
    read_live(shop.client(), shop.desired(), KINDS, listed=[kind])
    assert asked(shop).count(f"{kind}.list") == named[kind]
