"""Changes of the shop are told to its receivers as documented (dealpos-api.md §12)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dealpos_reconciler.sandbox import SandboxError
from dealpos_reconciler.sandbox.till import Courier, Outbox, Target, delete, edit
from dealpos_reconciler.sandbox.till.delivery import Delivery, WebhookCall
from dealpos_reconciler.sandbox.till.events import calls_of
from tests.sandbox.test_examples import assert_shape
from tests.support.asks import person
from tests.support.receiver import Receiver, receiving
from tests.support.sandbox_client import OpenSandbox, SandboxClient
from tests.support.shop import ROOT

SAMPLE = ROOT / "tests" / "dealpos" / "examples" / "webhook-product-created.request.json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


Send = Callable[..., list[WebhookCall]]


def edited(client: SandboxClient, address: str, **values: Any) -> list[WebhookCall]:
    """The webhooks of an edit in the back office."""
    texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in values.items()}
    return calls_of(client.shop, edit(client.shop, address, texts))


def test_a_changed_price_is_an_updated_variant(client: SandboxClient) -> None:
    (call,) = edited(client, "variant/1003L", UnitPrice=20000)
    assert (call.event, call.family) == ("productVariantUpdated", "product")
    shown = client.get("/Variant/Code", Code="1003L")
    assert call.body == {
        "ID": shown["ID"],
        "Category": "Drinks/Coffee",
        "Product": "Kopi Susu",
        "Variant": "Large",
        "Name": "Kopi Susu",
        "Code": "1003L",
        "Weight": 250,
        "Type": "Standard",
        "OrderPrice": 0,
        "UnitCost": 9000,
        "UnitPrice": 20000,
        "Taxable": True,
        "LoyaltyPoint": True,
        "Discontinued": False,
        "Components": [],
        "OutletPrice": [{"Outlet": "Bandung", "Price": 19000, "ExtraCost": 500}],
    }
    assert shown["UnitPrice"] == 20000


def test_an_edit_that_changes_nothing_is_not_told(client: SandboxClient) -> None:
    assert edited(client, "variant/1003L", UnitPrice=18000) == []


def test_a_product_is_told_as_the_page_prints_it(client: SandboxClient) -> None:
    (call,) = edited(client, "product/1003", Name="Es Kopi Susu")
    assert call.event == "productUpdated"
    assert_shape(json.loads(SAMPLE.read_text(encoding="utf-8")), call.body)
    assert set(call.body) == {
        *("ID", "Category", "Name", "SupplierName", "Brand", "BrandName", "Code", "Discontinued"),
        *("Description", "Storage", "Tags", "ImageURL", "ThumbnailURL", "ExtraImageURL"),
        "Variants",
    }
    assert [row["Code"] for row in call.body["Variants"]] == ["1003L", "1003S"]


def test_a_product_that_moves_takes_its_variants_along(client: SandboxClient) -> None:
    calls = edited(client, "product/1003", Category="Food")
    assert [call.event for call in calls] == ["productUpdated", *["productVariantUpdated"] * 2]
    assert [call.body["Category"] for call in calls] == ["Food"] * 3


def test_a_deleted_product_is_told_with_its_variants(client: SandboxClient) -> None:
    (call,) = calls_of(client.shop, delete(client.shop, "product/1003"))
    assert call.event == "productDeleted"
    assert [row["Code"] for row in call.body["Variants"]] == ["1003L", "1003S"]
    assert client.send("GET", "/Variant/Code", Code="1003L").status_code == 404


def test_some_changes_have_no_event(client: SandboxClient) -> None:
    assert calls_of(client.shop, delete(client.shop, "coupon/TEN")) == []
    assert calls_of(client.shop, delete(client.shop, "variant/1003L")) == []
    assert edited(client, "outlet/Bandung", Code="X") == []
    customer = client.shop.store.page("customer")[0].payload["Code"]
    assert edited(client, f"customer/{customer}", Name="Another") == []


def test_a_customer_is_told_as_the_page_prints_it(open_shop: OpenSandbox) -> None:
    shop = open_shop()
    calls: list[WebhookCall] = []
    shop.shop.store.listener = lambda changes: calls.extend(calls_of(shop.shop, changes))
    shop.do(*person(FirstName="John", Gender="Female", Birthdate="2018-07-22"))
    (call,) = calls
    assert (call.event, call.family) == ("customerCreated", "customer")
    assert list(call.body) == [
        *("FirstName", "LastName", "Title", "Birthdate", "Phone", "Email", "Gender", "Outlet"),
        *("Name", "Code", "Address", "City", "Mobile", "MemberIdentification"),
    ]
    assert (call.body["FirstName"], call.body["Gender"]) == ("John", 1)
    assert call.body["Birthdate"] == "2018-07-22T00:00:00"
    (gone,) = calls_of(shop.shop, delete(shop.shop, f"customer/{call.body['Code']}"))
    assert (gone.event, gone.body) == ("customerDeleted", call.body)


@pytest.mark.parametrize(
    ("address", "values", "message"),
    [
        ("coffee/1", {"A": 1}, "'coffee/1' is no address; the kinds are outlet, product"),
        ("variant/no", {"A": 1}, "The shop has no variant 'no'."),
        ("variant/1003L", {"Colour": 1}, "A variant has no 'Colour'; it has Code, Components"),
        ("variant/1003L", {"Code": "X"}, "Code names the object; it stays as it is."),
        ("variant/1003L", {"UnitPrice": "dear"}, "variant/1003L: UnitPrice must be a whole number"),
        ("variant/1003L", {"Components": [{"Code": "no", "Qty": 1}]}, "Variant no was not found."),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused(
    client: SandboxClient, address: str, values: dict[str, Any], message: str
) -> None:
    before = client.get("/Variant/Code", Code="1003L")
    with pytest.raises(SandboxError) as error:
        edited(client, address, **values)
    assert message in str(error.value)
    assert client.get("/Variant/Code", Code="1003L") == before


def test_a_value_may_be_text_that_looks_like_a_number(client: SandboxClient) -> None:
    edit(client.shop, "outlet/Bandung", {"Code": "007"})
    assert client.codes("/Outlet")[0] == "007"
    edit(client.shop, "product/1003", {"Description": "null"})
    assert client.get("/Product/Detail", Code="1003")["Description"] == ""


def test_a_served_shop_tells_what_the_api_changes(
    open_shop: OpenSandbox, receiver: Receiver
) -> None:
    shop = open_shop()
    told: list[Delivery] = []
    target = Target(f"{receiver.address}/{{family}}/{{event}}")
    receiver.answers = [(503, {})]
    outbox = Outbox(shop.shop, target, Courier(cooldown=0), told.append)
    outbox.open()
    shop.do("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "1003N"}]})
    shop.do("DELETE", "/Invoice", {"InvoiceID": "inv-1"})
    shop.refused("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "1003N"}]})
    shop.get("/Product")
    outbox.close()
    shop.do("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "1003X"}]})
    created = "/product/productVariantCreated"
    assert receiver.paths == [created, created, "/invoice/invoiceDeleted"]
    assert [str(delivery) for delivery in told] == [
        "productVariantCreated: 503, then 200",
        "invoiceDeleted: 200",
    ]
