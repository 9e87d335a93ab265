"""The invoice list, one invoice, and its deletion (dealpos-api.md §16)."""

from typing import Any

import pytest

from dealpos_reconciler.sandbox.store import StoredChange, server_id
from tests.support.sandbox_client import OpenSandbox, SandboxClient

LIST = "/Invoice/MultipleOutlet/WithTotalCount"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["inv-1", "inv-3"]),
        ({"Status": "Active"}, ["inv-1", "inv-3"]),
        ({"Status": "Cancelled"}, ["inv-2"]),
        ({"Status": "Any"}, ["inv-1", "inv-2", "inv-3"]),
        ({"Status": "Any", "From": "2026-11-21"}, ["inv-2", "inv-3"]),
        ({"Status": "Any", "To": "2026-11-20"}, ["inv-1"]),
        ({"Status": "Any", "Outlet": ["Jakarta"]}, ["inv-3"]),
        ({"Status": "Any", "Outlet": ["Jakarta", "Bandung"]}, ["inv-1", "inv-2", "inv-3"]),
        ({"Status": "Any", "Outlet": []}, []),
        ({"PaymentState": "Unpaid"}, ["inv-3"]),
        ({"DeliveryState": "Sent"}, ["inv-1"]),
        ({"Status": "Any", "PageSize": 2, "PageNumber": 2}, ["inv-3"]),
    ],
)
def test_the_list_is_filtered(
    client: SandboxClient, asked: dict[str, Any], found: list[str]
) -> None:
    answer = client.do("POST", LIST, asked)
    assert [row["ID"] for row in answer["Data"]] == found
    assert answer["TotalCount"] == (3 if "PageSize" in asked else len(found))


@pytest.mark.parametrize("name", ["Status", "PaymentState", "DeliveryState"])
def test_an_unknown_state_is_refused(client: SandboxClient, name: str) -> None:
    assert client.refused("POST", LIST, {name: "Lost"}) == f"{name} is not known."


def test_a_number_belongs_to_an_outlet(client: SandboxClient) -> None:
    number = "26.11.00001"
    by_name = client.get("/Invoice/Detail", Number=number, Outlet="Jakarta")
    assert by_name["ID"] == "inv-3"
    outlet = server_id("outlet", "Bandung")
    assert client.get("/Invoice/Detail", Number=number, OutletID=outlet)["ID"] == "inv-1"
    assert client.send("GET", "/Invoice/Detail", Number=number, Outlet="Bali").status_code == 404
    assert client.refused("GET", "/Invoice/Detail", None, Number=number) == "OutletID is required."


def test_a_deleted_invoice_is_cancelled(client: SandboxClient) -> None:
    client.do("DELETE", "/Invoice", {"InvoiceID": "inv-1"})
    assert client.get("/Invoice/Detail", ID="inv-1")["Void"] == "Yes"
    cancelled = client.do("POST", LIST, {"Status": "Cancelled"})["Data"]
    assert [row["ID"] for row in cancelled] == ["inv-1", "inv-2"]


def test_an_unknown_invoice_is_not_deleted(client: SandboxClient) -> None:
    message = client.refused("DELETE", "/Invoice", {"Outlet": "Bali", "Number": "1"})
    assert message == "Invoice was not found."


def test_a_write_is_heard_once_it_is_committed(open_shop: OpenSandbox) -> None:
    shop = open_shop()
    heard: list[StoredChange] = []
    shop.shop.store.listener = heard.extend
    shop.refused("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "1003L"}]})
    shop.do("PUT", "/Outlet", {"Outlet": "Bandung", "Code": "B"})  # as it is
    assert heard == []
    shop.do("PUT", "/Outlet", {"Outlet": "Bandung", "Code": "BDG"})
    shop.do("DELETE", "/PromotionCoupon", {"Code": "TEN"})
    assert [
        (c.kind, c.before and c.before["Code"], c.after and c.after["Code"]) for c in heard
    ] == [
        ("outlet", "B", "BDG"),
        ("coupon", "TEN", None),
    ]
