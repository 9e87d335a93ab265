"""Variants (dealpos-api.md §7)."""

from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient

FULL = {
    "Code": "1003L",
    "Name": "Kopi Susu Besar",
    "Variant": "Largest",
    "Weight": 300,
    "Type": "MultipleUOM",
    "OrderPrice": 1,
    "UnitCost": 2,
    "UnitPrice": 3,
    "Taxable": False,
    "LoyaltyPoint": False,
    "Discontinued": True,
    "ParentCode": "4001",
    "Ratio": 12,
    "Components": [{"Code": "4001", "Name": "ignored", "Qty": 2}],
    "OutletPrice": [{"Outlet": "Jakarta", "Price": 5, "ExtraCost": 1}],
}


def test_update_reads_back_under_other_names(client: SandboxClient) -> None:
    assert client.do("PUT", "/Variant", FULL) == {"Message": "Update Success"}
    read = client.get("/Variant/Code", Code="1003L")
    assert read.pop("Variant") == "Largest"
    assert read["Components"] == [{"Name": "Cold Brew", "Code": "4001", "Qty": 2}]
    for key in FULL.keys() - {"Variant", "ParentCode", "Ratio", "Components"}:
        assert read[key] == FULL[key], key
    assert read["Description"] == "16 oz"
    assert not {"ParentCode", "Ratio", "ProductCode", "Promotions"} & set(read)


def test_all_single_reads_agree(client: SandboxClient) -> None:
    read = client.get("/Variant/Code", Code="1003L")
    assert client.get("/Variant/Detail", Code="1003L") == read
    assert client.get("/Variant/Detail", ID=read["ID"]) == read
    assert client.get("/Variant/ID", ID=read["ID"]) == read
    assert client.do("POST", "/Variant/ID", {"ID": read["ID"]}) == read
    assert client.do("POST", "/Variant/GetByListCode", {"ListCode": ["1003L"]})["Data"] == [read]
    assert client.get("/Variant", Code="1003L")["Data"] == [read]
    headers = {"promotions_field_include": "true"}
    answer = client.send("GET", "/Variant/Detail", Code="1003L", headers=headers)
    assert answer.json() == {**read, "Promotions": []}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Components": None}, "Components is required."),
        ({"OutletPrice": None}, "OutletPrice is required."),
        ({"Code": "no"}, "Variant no was not found."),
        ({"UnitPrice": "3"}, "UnitPrice must be a whole number."),
        ({"UnitPrice": True}, "UnitPrice must be a whole number."),
        ({"Taxable": "Yes"}, "Taxable must be true or false."),
        ({"Type": "Serialized"}, "'Serialized' is not a variant type."),
        ({"ParentCode": "no"}, "Variant no was not found."),
        ({"ParentCode": "1003L"}, "Variant 1003L cannot be made of itself."),
        ({"Components": [{"Code": "no", "Qty": 1}]}, "Variant no was not found."),
        ({"Components": [{"Code": "1003L", "Qty": 1}]}, "Variant 1003L cannot be made of itself."),
        ({"Components": [{"Code": "4001"}]}, "Qty must be a whole number."),
        ({"Components": [{"Code": "4001", "Qty": 1}] * 2}, "Components names the same Code twice."),
        ({"OutletPrice": [{"Outlet": "no", "Price": 1}]}, "Outlet no was not found."),
        ({"OutletPrice": [{"Price": 1}]}, "Outlet is required."),
    ],
)
def test_update_refuses(client: SandboxClient, change: dict[str, Any], message: str) -> None:
    assert client.refused("PUT", "/Variant", {**FULL, **change}) == message


def test_add(client: SandboxClient) -> None:
    variants = [{"Code": "1003X", "Model": "X", "UnitPrice": 1, "VariantDescription": "big"}]
    written = client.do("POST", "/Variant/Add", {"Code": "1003", "Variants": variants})
    read = client.get("/Variant/Code", Code="1003X")
    assert written["Variants"] == [{"Code": "1003X", "ID": read["ID"]}]
    assert written["ListVariantID"] == [read["ID"]]
    assert written["ID"] == client.get("/Product/Detail", Code="1003")["ID"]
    assert (read["Variant"], read["Description"], read["Product"]) == ("X", "big", "Kopi Susu")
    assert read["Category"] == "Drinks/Coffee"
    assert client.refused("POST", "/Variant/Add", {"Code": "no", "Variants": []})
    assert client.refused("POST", "/Variant/Add", {"Code": "1003", "Variants": variants})


def test_delete_answers_a_bare_string(client: SandboxClient) -> None:
    text = "Variant with code 1003S has been successfully deleted."
    assert client.do("DELETE", "/Variant", {"Code": "1003S"}) == text
    assert "2001" in client.refused("DELETE", "/Variant", {"Code": "1003L"})
    assert "coupon LESS" in client.refused("DELETE", "/Variant", {"Code": "4001"})
    assert client.refused("DELETE", "/Variant", {"Code": "1003S"})


def test_a_parent_is_in_use(client: SandboxClient) -> None:
    client.do("PUT", "/Variant", {**FULL, "ParentCode": "3001", "Components": []})
    assert client.refused("DELETE", "/Variant", {"Code": "3001"}).endswith("used by 1003L.")


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, ["1003L", "1003S", "2001", "3001", "4001"]),
        ({"Category": ""}, ["1003L", "1003S", "2001", "3001", "4001"]),
        ({"Category": "Drinks"}, ["1003L", "1003S", "4001"]),
        ({"Category": "Drink"}, []),
        ({"Type": "Composite"}, ["2001"]),
        ({"Name": "Kopi Susu"}, ["1003L", "1003S"]),
        ({"Code": "1003S"}, ["1003S"]),
        ({"ReleasedFrom": "2026-01-01"}, ["4001"]),
        ({"ReleasedTo": "2026-01-01T00:00:00"}, ["1003L", "1003S", "2001", "3001"]),
        ({"PageNumber": 2, "PageSize": 2}, ["2001", "3001"]),
    ],
)
def test_list_filters(client: SandboxClient, query: dict[str, Any], codes: list[str]) -> None:
    assert client.codes("/Variant", **query) == codes
    assert [row["Code"] for row in client.do("GET", "/Variant", query)["Data"]] == codes
    assert [row["Code"] for row in client.do("POST", "/Variant", query)["Data"]] == codes
    paged = {"Category": "", "PageNumber": 1, "PageSize": 100, **query}
    assert client.codes("/Variant/Data", **paged) == codes
    total = 5 if "PageSize" in query else len(codes)
    assert client.get("/Variant", **query)["RecordsCount"] == total
    assert client.get("/Variant/Count", **paged) == {"Count": str(total)}


@pytest.mark.parametrize("key", ["Category", "PageNumber", "PageSize"])
@pytest.mark.parametrize("path", ["/Variant/Data", "/Variant/Count"])
def test_data_and_count_demand_their_keys(client: SandboxClient, path: str, key: str) -> None:
    query = {"Category": "Food", "PageNumber": 1, "PageSize": 1}
    del query[key]
    assert client.refused("GET", path, **query) == f"{key} is required."


def test_batches(client: SandboxClient) -> None:
    codes = ["4001", "no", "1003L", "4001"]
    for method in ("GET", "POST"):
        rows = client.do(method, "/Variant/GetByListCode", {"ListCode": codes})["Data"]
        assert [row["Code"] for row in rows] == ["1003L", "4001"]
    assert client.refused("POST", "/Variant/GetByListCode", {"ListCode": ["a"] * 101})
    assert client.refused("POST", "/Variant/GetByListCode", {"ListCode": "a"})
    client.do("POST", "/Variant/GetByListCode", {"ListCode": ["a"] * 100})


def test_prices_by_list_of_ids(client: SandboxClient) -> None:
    ids = [client.get("/Variant/Code", Code=code)["ID"] for code in ("1003L", "4001")]
    body = {"Outlet": "Bandung", "ListID": ids}
    rows = client.do("GET", "/Variant/ListID", body)
    assert [(row["Code"], row["Price"]) for row in rows] == [("1003L", 19000), ("4001", 25000)]
    assert client.do("GET", "/Variant/ListID", {"ListID": ids})[0]["Price"] == 18000


def test_deprecated_look_ups_know_the_product(client: SandboxClient) -> None:
    product = client.get("/Product/Detail", Code="1003")["ID"]
    path = "/Variant/GetIDByListCode"
    for method in ("GET", "POST"):
        (row,) = client.do(method, path, ["1003S"])
        assert row == {"ID": row["ID"], "ProductID": product, "Code": "1003S"}
        body = {"ListCode": ["1003S", "1003L"], "Discontinued": "Yes"}
        assert client.do(method, f"{path}Discontinued", body) == [{**row, "Discontinued": True}]
    assert client.refused("POST", f"{path}Discontinued", {**body, "Discontinued": "Maybe"})
    assert client.refused("POST", path, {"ListCode": ["1003S"]})
