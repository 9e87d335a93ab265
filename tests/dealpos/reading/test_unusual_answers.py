"""Answers that the documentation leaves open and that the embedded shop never gives."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Listing
from dealpos_reconciler.core.model.live import ABSENT
from dealpos_reconciler.dealpos.reading.full_read import FullRead
from dealpos_reconciler.dealpos.reading.paging import batches_are_cheaper, read_pages
from dealpos_reconciler.dealpos.reading.read import find
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.errors import Unauthorised, UnexpectedResponse
from dealpos_reconciler.kinds import KINDS
from tests.support.fake_server import FakeServer, ok, status

COUPON, PRODUCT, OUTLET = KINDS["coupon"], KINDS["product"], KINDS["outlet"]
LISTING = Listing("product.list")


def server(**answers: Any) -> FakeServer:
    """A shop that answers by path, `_` for `/`; any other path is not offered."""

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v3/").replace("/", "_")
        return ok(answers[path]) if path in answers else status(405)

    return FakeServer(handle)


def unread(reader: Reader, kind: str, name: str) -> str:
    return reader.live.read_errors[Address(kind, name)]


def test_a_single_read_that_answers_another_spelling_says_how_the_shop_spells_it() -> None:
    reader = Reader(server(PromotionCoupon_ByCode={"Code": "ABC"}).client, KINDS)
    assert not reader.read_single(COUPON, "abc")
    assert unread(reader, "coupon", "abc") == (
        "the shop spells the code `ABC`: use the same spelling"
    )


def test_a_single_read_that_answers_a_list_in_another_case_is_no_absence() -> None:
    rows = [{"Code": "XYZ"}, {"Code": "ABC"}]
    reader = Reader(server(PromotionCoupon_ByCode=rows).client, KINDS)
    assert not reader.read_single(COUPON, "abc")
    assert reader.live.spellings == {Address("coupon", "abc"): "ABC"}


def test_a_batch_that_answers_another_spelling_is_no_absence() -> None:
    """Also where a retired object proves that batches show everything."""
    rows = [{"Code": "KOPI-A"}, {"Code": "OLD", "Discontinued": True}, {"Code": "TEH "}]
    reader = Reader(server(Variant_GetByListCode=rows).client, KINDS)
    find(reader, {"variant": dict.fromkeys(("kopi-a", "OLD", "TEH", "NEW"), frozenset())})
    assert reader.live.spellings == {
        Address("variant", "kopi-a"): "KOPI-A",
        Address("variant", "TEH"): "TEH ",
    }
    assert unread(reader, "variant", "TEH") == (
        'the shop spells the code "TEH ": use the same spelling'
    )
    assert reader.live.get(Address("variant", "kopi-a")) is None
    assert reader.live.get(Address("variant", "NEW")) is ABSENT


def test_a_single_read_that_answers_no_object_proves_nothing() -> None:
    reader = Reader(server(PromotionCoupon_ByCode={"Message": "none"}).client, KINDS)
    assert not reader.read_single(COUPON, "abc")
    assert reader.live.read_errors == {}


def test_a_list_whose_rows_have_no_names_is_an_unexpected_response() -> None:
    client = server(Product=[{"Title": "Kopi"}]).client
    with pytest.raises(UnexpectedResponse) as caught:
        list(read_pages(client, PRODUCT, lambda seen, page: False, LISTING))
    assert caught.value.message == (
        "product.list: no row has the code of a product: [1 × {Title: text}]"
    )


def test_an_empty_body_after_the_first_page_is_the_end_of_a_list() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.params["PageNumber"] == "1":
            return ok([{"Code": "P"}])
        return httpx.Response(200)

    pages = list(read_pages(FakeServer(handle).client, PRODUCT, lambda seen, page: False, LISTING))
    assert [(len(page.rows.rows), page.last) for page in pages] == [(1, False), (0, True)]


def test_a_list_without_rows_and_a_total_of_0_is_empty() -> None:
    client = server(Product={"TotalCount": 0}).client
    pages = list(read_pages(client, PRODUCT, lambda seen, page: False, LISTING))
    assert [(page.rows.rows, page.last) for page in pages] == [([], True)]


def test_batches_are_not_compared_where_a_kind_has_none() -> None:
    assert not batches_are_cheaper(server().client, OUTLET)


def test_a_kind_without_any_read_that_is_offered_is_unknown_with_the_routes_that_refused() -> None:
    reader = Reader(server().client, KINDS)
    find(reader, {"outlet": {"Kemang": frozenset()}})
    assert reader.live.get(Address("outlet", "Kemang")) is None
    assert unread(reader, "outlet", "Kemang").startswith("outlet.list: HTTP 405")


def test_an_outlet_that_a_complete_list_leaves_out_is_absent() -> None:
    reader = Reader(server(Outlet=[{"Name": "Bandung"}]).client, KINDS)
    find(reader, {"outlet": {"Kemang": frozenset()}})
    assert reader.live.get(Address("outlet", "Kemang")) is ABSENT


# --- whole kinds, for import and adopt ---


def full_read(shop: FakeServer, *chosen: str) -> FullRead:
    return FullRead(shop.client, KINDS, chosen, Desired())


def test_a_product_whose_variants_no_read_returns_is_unknown_for_an_import() -> None:
    shop = server(Product=[{"Code": "P", "Name": "Kopi"}], Product_Detail={"Code": "P"})
    read = full_read(shop, "product", "variant")
    read.read_listings()
    read.read_rest()
    assert read.live.read_errors[Address("product", "P")] == ("the API did not return its variants")
    assert not read.is_complete(Address("product", "P"))


def test_a_variant_that_only_its_product_names_is_unknown_for_an_import() -> None:
    shop = server(Product=[{"Code": "P", "Variants": [{"Code": "V"}]}], Variant_GetByListCode=[])
    read = full_read(shop, "product", "variant")
    read.read_listings()
    assert read.new_counts() == {"product": 1, "variant": 1}
    read.read_rest()
    assert read.live.read_errors[Address("variant", "V")] == (
        "its product names it, and the API did not return it"
    )


def test_a_kind_whose_list_is_not_offered_is_unreadable_and_the_others_are_read() -> None:
    read = full_read(server(Outlet=[{"Name": "Bandung"}]), "outlet", "product")
    read.read_listings()
    assert list(read.unreadable) == ["product"]
    assert read.unreadable["product"].startswith("product.list: HTTP 405")
    assert read.new_counts()["outlet"] == 1
    assert read.remaining_requests() == 0


def test_without_a_token_an_import_ends_at_once() -> None:
    shop = FakeServer(ok([]), token=status(401))
    with pytest.raises(Unauthorised):
        full_read(shop, "product", "outlet").read_listings()
    assert shop.calls == []
