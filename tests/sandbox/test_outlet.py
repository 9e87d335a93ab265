"""Outlets and outlet prices (dealpos-api.md §8)."""

from typing import Any

from dealpos_reconciler.sandbox import show
from tests.support.sandbox_client import SandboxClient

PRICE = {"Code": "1003L", "Outlets": [{"Outlet": "Jakarta", "UnitPrice": 7, "ExtraCost": 1}]}


def prices(client: SandboxClient) -> Any:
    return client.get("/OutletPrice", Code="1003L")["Outlets"]


def names(client: SandboxClient, **query: Any) -> list[str]:
    return [row["Name"] for row in client.get("/Outlet", **query)]


def test_list_filters(client: SandboxClient) -> None:
    assert names(client, SuspendedStatus="Yes") == ["Old Town"]
    assert names(client, SuspendedStatus="No") == ["Bandung", "Jakarta"]
    assert names(client, SuspendedStatus="All") == ["Bandung", "Jakarta", "Old Town"]
    assert names(client, Name="Jakarta") == ["Jakarta"]


def test_create_and_update(client: SandboxClient) -> None:
    assert "exists" in client.refused("POST", "/Outlet", {"Name": "Bandung"})
    client.do("POST", "/Outlet", {"Name": "Bali", "Code": "X", "Receipt": "9"})
    client.do("PUT", "/Outlet", {"Outlet": "Bali", "Code": "Y", "NegativeInventory": "Yes"})
    assert client.get("/Outlet", Name="Bali")[0]["Code"] == "Y"
    bali = show(client.shop.store)["outlets"][0]
    assert (bali["Receipt"], bali["NegativeInventory"], bali["Suspended"]) == ("9", "Yes", False)
    assert "Yes or No" in client.refused(
        "PUT", "/Outlet", {"Outlet": "Bali", "NegativeInventory": "y"}
    )
    assert "not found" in client.refused("PUT", "/Outlet", {"Outlet": "Mars"})
    assert "Outlet is required." in client.refused("PUT", "/Outlet", {"Name": "Bali"})


def test_prices_are_the_variants_prices_under_another_name(client: SandboxClient) -> None:
    assert prices(client) == [{"Outlet": "Bandung", "ExtraCost": 500, "UnitPrice": 19000}]
    written = client.do("POST", "/OutletPrice", PRICE)
    variant = client.get("/Variant/Code", Code="1003L")
    assert written == {"ID": variant["ID"]}
    assert variant["OutletPrice"] == [
        {"Outlet": "Bandung", "Price": 19000, "ExtraCost": 500},
        {"Outlet": "Jakarta", "Price": 7, "ExtraCost": 1},
    ]
    assert client.do("POST", "/OutletPrice/p", {"Code": "1003L"})["Outlets"] == prices(client)


def test_put_replaces_and_delete_removes(client: SandboxClient) -> None:
    client.do("PUT", "/OutletPrice", PRICE)
    assert [price["Outlet"] for price in prices(client)] == ["Jakarta"]
    client.do(
        "POST",
        "/OutletPrice",
        {"Code": "1003L", "Outlets": [{"Outlet": "Bandung", "UnitPrice": 1}]},
    )
    client.do("DELETE", "/OutletPrice", {"Code": "1003L", "Outlets": ["Jakarta"]})
    assert [price["Outlet"] for price in prices(client)] == ["Bandung"]
    client.do("DELETE", "/OutletPrice", {"Code": "1003L"})
    assert prices(client) == []


def test_refusals(client: SandboxClient) -> None:
    for change, message in (
        ({"Code": "no"}, "Variant no was not found."),
        ({"Outlets": None}, "Outlets is required."),
        ({"Outlets": [{"Outlet": "Mars", "UnitPrice": 1}]}, "Outlet Mars was not found."),
        ({"Outlets": [{"Outlet": "Jakarta", "Price": 1}]}, "UnitPrice must be a whole number."),
        ({"Outlets": PRICE["Outlets"] * 2}, "Outlets names the same Outlet twice."),
    ):
        assert client.refused("PUT", "/OutletPrice", {**PRICE, **change}) == message
    taken = {"Code": "1003L", "Outlets": [{"Outlet": "Bandung", "UnitPrice": 1}]}
    assert client.refused("POST", "/OutletPrice", taken) == "Outlet Bandung already has a price."
    assert client.refused("DELETE", "/OutletPrice", {"Code": "1003L", "Outlets": "Bandung"})
    assert client.send("GET", "/OutletPrice", Code="no").status_code == 404
