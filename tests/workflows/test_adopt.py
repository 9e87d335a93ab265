"""Adopting: the reasons why a value stays as the file says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.dealpos.client import embedded_transport
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows import adopt
from tests.support.shop import MakeShop, Shop

LIVE: dict[str, Any] = {
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "1001",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [{"Code": "1001R", "Model": "Regular", "UnitPrice": 18000}],
        }
    ],
    "coupons": [
        {"Code": "K1", "Type": "DiscountAmount", "Discount": 5000, "Limit": 10},
        {"Code": "K2", "Type": "DiscountAmount", "Discount": 5000, "Limit": 10},
    ],
}
FORBIDDEN = frozenset({"GET /PromotionCoupon/ByCode", "POST /PromotionCoupon/WithTotalCount"})
DENIED = "HTTP 403"


def skipped(shop: Shop, *patterns: str) -> dict[tuple[str, str | None], str]:
    """The reasons, by address and field."""
    found = adopt.find_drift(shop.open(shop.client()), patterns, ())
    adopt.edit_files(found)
    return {(str(entry.address), entry.field): entry.reason for entry in found.skipped}


def test_a_declared_object_that_cannot_be_read_is_skipped_with_the_reason(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(LIVE, choices=Choices(forbidden_operations=FORBIDDEN))
    shop.write("coupons: [{code: K1}]")
    ((key, why),) = skipped(shop, "coupon/K1").items()
    assert key == ("coupon/K1", None)
    assert why.startswith("it could not be read: ")
    assert DENIED in why


def test_a_kind_that_cannot_be_listed_is_skipped_with_the_reason(make_shop: MakeShop) -> None:
    shop = make_shop(LIVE, choices=Choices(forbidden_operations=FORBIDDEN))
    shop.write("coupons: [{code: K1}]")
    reasons = skipped(shop, "coupon/*")
    assert set(reasons) == {("coupon/K1", None), ("coupon/*", None)}
    assert all("could not be read: " in why and DENIED in why for why in reasons.values())


def test_a_declared_object_of_which_nothing_is_known_is_skipped_as_not_read(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that is missing in the live state was not read; it is not absent."""
    shop = make_shop(LIVE)
    shop.write("coupons: [{code: K1}]")
    monkeypatch.setattr(adopt, "read_live", lambda client, desired, kinds: Live())
    why = "it could not be read: it was not read"
    assert skipped(shop, "coupon/K1") == {("coupon/K1", None): why}


class Garbled(httpx.BaseTransport):
    """Replace every limit of a coupon in the responses by a word."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        body = response.read().replace(b'"Limit":10', b'"Limit":"many"')
        return httpx.Response(response.status_code, content=body)


def test_only_an_unreadable_object_that_was_asked_for_is_skipped(make_shop: MakeShop) -> None:
    """No file declares K1 and K2, and no response about either can be read."""
    shop = make_shop(LIVE)
    shop.write("categories: [{name: Drinks}]")
    client = shop.connect(Garbled(embedded_transport(shop.app)))
    found = adopt.find_drift(shop.open(client), ["coupon/K1"], ())
    why = "the response has a value that cannot be read: `limit`: a number was expected"
    assert [(str(entry.address), entry.field, entry.reason) for entry in found.skipped] == [
        ("coupon/K1", None, f"it could not be read: {why} (found 'many'). Check it in DealPOS")
    ]
    assert (found.drift, found.new) == ([], [])


def test_an_object_that_the_files_remove_is_skipped_beside_one_that_is_missing(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(LIVE)
    shop.write("coupons: [{code: K1}, {code: GONE, discount: 1}]\nremoved: [coupon/K2]\n")
    reasons = skipped(shop, "coupon/*", "coupon/K2")
    assert reasons[("coupon/K2", None)].startswith("catalogue/shop.yaml:2")
    assert "not in the shop" in reasons[("coupon/GONE", None)]


def test_a_field_that_cannot_be_written_is_skipped_by_its_name(make_shop: MakeShop) -> None:
    """The variant is under another product in the shop: no edit of one value says that."""
    live = {**LIVE, "products": [*LIVE["products"], {"Code": "1002", "Name": "Teh"}]}
    live["products"][1]["Category"] = "Drinks"
    shop = make_shop(live)
    shop.write("products: [{code: '1002', variants: [{code: 1001R, unit_price: 18000}]}]")
    ((key, why),) = skipped(shop, "variant/1001R").items()
    assert key == ("variant/1001R", "product")
    assert why == "it belongs to product/1001 in the shop: move the entry there"


def test_a_new_object_whose_list_is_behind_an_anchor_is_skipped_with_the_reason(
    make_shop: MakeShop,
) -> None:
    """The list of product 1001 is that of product 1000; an entry would appear in both."""
    shop = make_shop(LIVE)
    shop.write("""\
        products:
          - {code: '1000', name: Susu, category: Drinks, variants: &none []}
          - {code: '1001', name: Kopi, category: Drinks, variants: *none}
        """)
    why = "`variants` is written elsewhere, behind an anchor"
    assert skipped(shop, "variant/1001R") == {("variant/1001R", None): why}


def test_a_new_object_goes_into_a_new_file_beside_one_of_the_same_name(make_shop: MakeShop) -> None:
    shop = make_shop(LIVE)
    shop.write("categories: [{name: Drinks}]", "coupons.yaml")
    found = adopt.find_drift(shop.open(shop.client()), ["coupon/K1"], ())
    changed = adopt.edit_files(found).finish()
    ((file, edited),) = changed.items()
    assert file != "catalogue/coupons.yaml"
    assert (edited.old, b"code: K1" in edited.new) == (b"", True)
    assert found.skipped == []
