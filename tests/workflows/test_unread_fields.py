"""Nothing is overwritten that no read has shown; nothing is taken away that may be another's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.request_window import RequestWindow
from dealpos_reconciler.errors import UnexpectedResponse
from dealpos_reconciler.sandbox import InjectedFault, seed
from tests.support.shop import MakeShop, Shop

SHOP: dict[str, Any] = {
    "outlets": [{"Name": "Kemang"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "Drinks",
            "Description": "Assam",
            "Variants": [
                {
                    "Code": "PA",
                    "UnitPrice": 100,
                    "OutletPrice": [{"Outlet": "Kemang", "Price": 120, "ExtraCost": 0}],
                },
                {"Code": "PB", "UnitPrice": 200, "Discontinued": True},
            ],
        }
    ],
    "customers": [{"Code": "C", "Name": "One", "Email": "o@example.com", "Status": "Suspended"}],
}


def _blocked(shop: Shop) -> dict[str, str]:
    return {str(address): why for address, why in shop.plan().blocked}


def test_an_update_that_would_clear_unseen_outlet_prices_is_not_planned(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(SHOP)
    shop.write("products: [{code: P, variants: [{code: PA, unit_price: 110}]}]")
    shop.twin.choices = shop.twin.choices.with_changes(
        variant_list_rows="lean",
        variant_batch_rows="lean",
        missing_operations=frozenset({"GET /Variant/Code", "GET /Variant/Detail"}),
    )
    assert "does not return `components`, `outlet_prices`" in _blocked(shop)["variant/PA"]
    assert shop.plan().changes == ()


def test_a_customer_whose_status_is_unseen_is_not_made_active(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.write("customers: [{code: C, name: Two}]")
    shop.twin.choices = shop.twin.choices.with_changes(
        missing_operations=frozenset(
            {"GET /Customer/Detail", "GET /Customer/Email", "POST /Customer/Email"}
        )
    )
    assert "does not return `status`" in _blocked(shop)["customer/C"]
    shop.apply()
    assert shop.item("customers", "C")["Status"] == "Suspended"


def test_a_product_whose_variants_are_unseen_is_not_updated(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.write("products: [{code: P, name: Black Tea}]")
    shop.twin.choices = shop.twin.choices.with_changes(
        product_list_rows="lean", missing_operations=frozenset({"GET /Product/Detail"})
    )
    assert "does not return the variants" in _blocked(shop)["product/P"]


def test_a_retired_variant_that_the_product_hides_is_carried_along(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.write("products: [{code: P, name: Black Tea, variants: [{code: PA}, {code: PB}]}]")
    plan = shop.plan()
    (family,) = plan.parents.values()
    assert set(family.children) == {"PA", "PB"}


def test_a_new_variant_keeps_its_display_name_where_updates_clear(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.twin.choices = shop.twin.choices.with_changes(put_omitted="clear")
    shop.write("products: [{code: P, variants: [{code: PC, unit_price: 5, weight: 3}]}]")
    assert shop.apply().complete
    assert shop.item("variants", "PC")["Name"] == "Tea"


def test_a_coupon_of_somebody_else_is_left_alone(make_shop: MakeShop) -> None:
    shop = make_shop({})
    shop.write("coupons: [{code: X, type: DiscountAmount, discount: 5, limit: 2}]")
    plan = shop.plan()
    other = {"Code": "X", "Type": "DiscountAmount", "Discount": 9999, "Limit": 9}
    seed(shop.database, {"coupons": [other]})
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "500", "before", times=9))
    (outcome,) = shop.apply(plan).outcomes
    assert outcome.status == "failed"
    assert "another program may have created it" in outcome.message
    assert shop.item("coupons", "X")["Discount"] == 9999


def test_a_wider_coupon_that_cannot_be_taken_away_is_told(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.write(
        "coupons: [{code: X, type: DiscountAmount, discount: 5, limit: 2, "
        "requires: {variants: [PA]}}]"
    )
    plan = shop.plan()
    shop.twin.choices = shop.twin.choices.with_changes(
        coupon_requirement_names="ignored",
        forbidden_operations=frozenset({"DELETE /PromotionCoupon"}),
    )
    (outcome,) = shop.apply(plan).outcomes
    assert outcome.status == "failed"
    assert "could not be deleted and is still in the shop" in outcome.message
    assert "requires" in outcome.message


def test_after_a_coupon_was_not_kept_no_other_is_replaced(make_shop: MakeShop) -> None:
    old = {"Code": "OLD", "Type": "DiscountAmount", "Discount": 5, "Limit": 9, "Balance": 4}
    shop = make_shop({**SHOP, "coupons": [old]})
    shop.write(
        "coupons:\n"
        "  - {code: NEW, type: DiscountAmount, discount: 5, limit: 2, requires: {variants: [PA]}}\n"
        "  - {code: OLD, discount: 6, requires: {variants: [PA]}}\n"
    )
    plan = shop.plan()
    shop.twin.choices = shop.twin.choices.with_changes(coupon_requirement_names="ignored")
    statuses = {str(o.address): o.status for o in shop.apply(plan).outcomes}
    assert statuses == {"coupon/NEW": "failed", "coupon/OLD": "skipped"}
    assert shop.item("coupons", "OLD")["Balance"] == 4


def _client(answer: httpx.Response, token: str = "t") -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("OAuth2"):
            return httpx.Response(200, json={"access_token": token})
        return answer

    store = Store("https://shop.example", "id", "secret")
    return Client(store, httpx.MockTransport(handle))


@pytest.mark.parametrize("token", ["", "a\x00b", "tökén", 5])
def test_a_token_that_is_none_is_refused_without_showing_it(token: Any) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        _client(httpx.Response(200, json=[]), token).call("category.list")
    assert "access_token" in str(caught.value)
    assert not token or str(token) not in str(caught.value)


def test_a_token_with_a_line_end_works() -> None:
    assert _client(httpx.Response(200, json=[1]), "abc\n").call("category.list") == [1]


@pytest.mark.parametrize("body", [b"", b"null", b'[{"ProductCode": "1"}]'])
def test_a_list_that_shows_no_names_proves_nothing(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    shop = make_shop(SHOP)
    shop.write("categories: [{name: Drinks}]")
    real = Client.call

    def call(self: Client, name: str, parameters: Any = None, **how: bool) -> Any:
        if name != "category.list":
            return real(self, name, parameters, **how)
        return httpx.Response(200, content=body).json() if body.strip() else None

    monkeypatch.setattr(Client, "call", call)
    plan = shop.plan()
    assert plan.changes == ()
    assert [str(address) for address, _ in plan.unknown] == ["category/Drinks"]


def test_answers_out_of_turn_do_not_begin_a_window_anew() -> None:
    now = [0.0]
    window = RequestWindow(lambda: now[0])
    tickets = [window.count_request() for _ in range(3)]
    now[0] = 10.0
    for told, ticket in zip((47, 48, 49), reversed(tickets), strict=True):
        window.update_from_headers(
            {"ratelimit-limit": "50", "ratelimit-remaining": str(told)}, ticket
        )
    assert 44 <= window.remaining <= 47  # never more than the server has
    assert window.began == 0.0


def test_a_500_with_a_message_is_how_some_shops_say_not_found(make_shop: MakeShop) -> None:
    """Only where the same read finds other objects; else it stays unknown."""
    shop = make_shop(SHOP)
    shop.write("products: [{code: P, variants: [{code: NEW, unit_price: 5}, {code: PA}]}]")
    shop.twin.faults.add(InjectedFault("GET", "/Variant/Detail", "500", "before", times=99))

    real = Client._exchange

    def exchange(self: Client, operation: Any, route: Any, parameters: Any) -> httpx.Response:
        response = real(self, operation, route, parameters)
        missing = operation.single and response.status_code == 404
        return httpx.Response(500, json={"Message": "not found"}) if missing else response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "_exchange", exchange)
        plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == ["variant/NEW"]
    assert plan.unknown == ()


def test_a_serialized_variant_is_written_without_its_type(make_shop: MakeShop) -> None:
    """dealpos-api.md §7: the write enumeration lacks the type that the read shows."""
    product = {**SHOP["products"][0], "Variants": [{"Code": "PA", "Type": "Serialized"}]}
    shop = make_shop({**SHOP, "products": [product]})
    shop.write("products: [{code: P, variants: [{code: PA, unit_price: 5}]}]")
    assert shop.apply().complete
    assert shop.item("variants", "PA")["Type"] == "Serialized"


def test_products_are_read_by_themselves_where_no_list_is_offered(make_shop: MakeShop) -> None:
    shop = make_shop(SHOP)
    shop.write("products: [{code: P, name: Tea}]")
    shop.twin.choices = shop.twin.choices.with_changes(
        missing_operations=frozenset({"GET /Product"})
    )
    plan = shop.plan()
    assert plan.empty
    assert plan.unknown == ()
