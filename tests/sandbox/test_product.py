"""Products (dealpos-api.md §6)."""

from typing import Any

import pytest

from tests.support.sandbox_client import OpenSandbox, SandboxClient

NEW = {
    "Code": "9001",
    "Name": "Kue Lapis",
    "Category": "Food/Cakes",
    "Brand": "House",
    "Discontinued": False,
    "ImageURL": "https://example.com/kue.jpg",
    "ExtraImagesURL": ["https://example.com/kue-2.jpg"],
    "Description": "Layered",
    "Variants": [
        {"Code": "9001S", "Model": "Small", "UnitCost": 1, "UnitPrice": 2, "Discontinued": True,
         "Type": {"value": "NonInventory"}, "VariantDescription": "Half"},
        {"Code": "9001L", "Model": "Large"},
    ],
}  # fmt: skip
EDIT = {"Code": "1003", "Name": "Kopi", "Category": "Drinks/Coffee", "Discontinued": False}


def test_create_reads_back(client: SandboxClient) -> None:
    written = client.do("POST", "/Product", NEW)
    detail = client.get("/Product/Detail", ID=written["ID"])
    assert [row["Code"] for row in written["Variants"]] == ["9001L", "9001S"]
    assert written["ListVariantID"] == [row["ID"] for row in detail["Variants"]]
    for key in ("Code", "Name", "Category", "Brand", "Discontinued", "Description"):
        assert detail[key] == NEW[key]
    small = detail["Variants"][1]
    del small["ID"]
    assert small == {
        "Model": "Small",
        "Code": "9001S",
        "UnitCost": 1,
        "UnitPrice": 2,
        "Discount": 0,
        "Discontinued": True,
        "Description": "Half",
    }
    assert client.get("/Variant/Code", Code="9001S")["Type"] == "NonInventory"
    assert "Food/Cakes" in [row["Name"] for row in client.get("/Category")]


def test_detail_has_the_documented_fields(client: SandboxClient) -> None:
    assert list(client.get("/Product/Detail", Code="1003")) == [
        "ID",
        "Category",
        "Name",
        "SupplierName",
        "Brand",
        "Code",
        "Discontinued",
        "Description",
        "Storage",
        "Tags",
        "ThumbnailURL",
        "ImageURL",
        "ExtraImagesURL",
        "Variants",
    ]


def test_images_are_rehosted_and_then_stay(client: SandboxClient) -> None:
    detail = client.get("/Product/Detail", Code="1003")
    assert detail["ImageURL"].startswith(
        f"https://cdn.dealpos.app/net/sandbox/Product/{detail['ID']}"
    )
    assert detail["ThumbnailURL"].endswith("?width=80")
    images = {key: detail[key] for key in ("ImageURL", "ExtraImagesURL")}
    client.do("PUT", "/Product", {**EDIT, **images})
    again = client.get("/Product/Detail", Code="1003")
    assert {key: again[key] for key in ("ImageURL", "ThumbnailURL", "ExtraImagesURL")} == {
        key: detail[key] for key in ("ImageURL", "ThumbnailURL", "ExtraImagesURL")
    }
    client.do("PUT", "/Product", {**EDIT, "ImageURL": "https://example.com/other.jpg"})
    assert client.get("/Product/Detail", Code="1003")["ImageURL"] != detail["ImageURL"]
    assert client.get("/Product/Detail", Code="2001")["ImageURL"] == ""


def test_update_keeps_what_is_left_out(client: SandboxClient) -> None:
    before = client.get("/Product/Detail", Code="1003")
    client.do("PUT", "/Product", {**EDIT, "BrandName": "New"})
    after = client.get("/Product/Detail", Code="1003")
    assert after == {**before, "Name": "Kopi", "Brand": "New"}


def test_update_moves_its_variants_to_another_category(client: SandboxClient) -> None:
    client.do("PUT", "/Product", {**EDIT, "Category": "Top/New"})
    assert client.codes("/Variant", Category="Top/New") == ["1003L", "1003S"]
    assert client.get("/Variant/Code", Code="1003L")["Category"] == "Top/New"


def test_update_writes_and_adds_variants(client: SandboxClient) -> None:
    variants = [
        {"Code": "1003L", "Model": "Big", "Discontinued": False, "VariantDescription": "20 oz"},
        {"Code": "1003X", "Model": "Extra", "Discontinued": False, "UnitPrice": 1},
    ]
    client.do("PUT", "/Product", {**EDIT, "Variants": variants})
    rows = {row["Code"]: row for row in client.get("/Product/Detail", Code="1003")["Variants"]}
    assert sorted(rows) == ["1003L", "1003S", "1003X"]
    assert rows["1003L"]["Model"] == "Big"
    assert rows["1003L"]["Description"] == "20 oz"
    assert rows["1003L"]["UnitPrice"] == 18000
    assert client.get("/Variant/Code", Code="1003L")["OutletPrice"]


@pytest.mark.parametrize(
    "key", ["Code", "Name", "Category", "Brand", "Discontinued", "ImageURL", "Variants"]
)
def test_create_demands_its_required_keys(client: SandboxClient, key: str) -> None:
    body = {name: value for name, value in NEW.items() if name != key}
    assert client.refused("POST", "/Product", body) == f"{key} is required."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Code": "1003"}, "Product 1003 already exists."),
        ({"Code": 1003}, "Code must be a string."),
        ({"Discontinued": "No"}, "Discontinued must be true or false."),
        ({"Variants": [{"Code": "a", "UnitPrice": 1.5}]}, "UnitPrice must be a whole number."),
        ({"Variants": [{"Code": "a"}, {"Code": "a"}]}, "Variants names the same Code twice."),
        ({"Variants": [{"Code": "a", "Type": "Odd"}]}, "'Odd' is not a variant type."),
        ({"Variants": [{"Code": "2001"}]}, "Variant 2001 already exists."),
        ({"Variants": ["a"]}, "Variants must be an array of objects."),
        ({"Variants": [{"Model": "a"}]}, "Code is required."),
    ],
)
def test_create_refuses(client: SandboxClient, change: dict[str, Any], message: str) -> None:
    assert client.refused("POST", "/Product", {**NEW, **change}) == message


def test_update_items_demand_their_keys(client: SandboxClient) -> None:
    body = {**EDIT, "Variants": [{"Code": "1003L", "Discontinued": False}]}
    assert client.refused("PUT", "/Product", body) == "Model is required."


def test_replace_does_not_delete_a_variant_in_use(open_shop: OpenSandbox) -> None:
    client = open_shop(product_put_variants="replace")
    body = {**EDIT, "Variants": [{"Code": "1003S", "Model": "S", "Discontinued": False}]}
    assert client.refused("PUT", "/Product", body) == "Variant 1003L is used by 2001."


def test_delete_takes_the_variants(client: SandboxClient) -> None:
    client.do("DELETE", "/Product", {"Code": "2001"})
    client.do("DELETE", "/Product", {"Code": "1003"})
    assert client.codes("/Variant") == ["3001", "4001"]
    assert client.codes("/Product") == ["3001", "4001"]
    assert (
        client.refused("DELETE", "/Product", {"Code": "4001"})
        == "Variant 4001 is used by coupon LESS."
    )


def test_list_pages(client: SandboxClient) -> None:
    assert client.codes("/Product", PageNumber=1, PageSize=3) == ["1003", "2001", "3001"]
    assert client.codes("/Product", PageNumber=2, PageSize=3) == ["4001"]
    assert client.codes("/Product", PageNumber=3, PageSize=3) == []
    assert client.codes("/Product", PageNumber=2**60, PageSize=500) == []
    assert client.refused("GET", "/Product", PageNumber=0)
    assert client.refused("GET", "/Product", PageNumber=2**63) == "PageNumber is too large."
    assert client.refused("GET", "/Product", PageSize="many")
    full = client.get("/Product")[0]
    assert full == client.get("/Product/Detail", Code="1003")


def test_with_pricebook_by_list_of_ids(client: SandboxClient) -> None:
    id_ = client.get("/Product/Detail", Code="1003")["ID"]
    for method in ("GET", "POST"):
        rows = client.do(method, "/Product/WithPricebookByListID", {"ListID": [id_, "unknown"]})
        assert [row["Code"] for row in rows] == ["1003"]
        assert rows[0]["Variants"][0]["Pricebook"] == []
        assert rows[0]["ImageUrl"]
        category = rows[0]["CategoryID"]
        assert category == {r["Name"]: r["ID"] for r in client.get("/Category")}["Drinks/Coffee"]
    assert client.refused("POST", "/Product/WithPricebookByListID", {})


@pytest.mark.parametrize("key", ["Name", "Category", "Discontinued"])
def test_update_demands_its_required_keys(client: SandboxClient, key: str) -> None:
    body = {name: value for name, value in EDIT.items() if name != key}
    assert client.refused("PUT", "/Product", body) == f"{key} is required."


def test_a_name_cannot_be_empty(client: SandboxClient) -> None:
    assert client.refused("POST", "/Product", {**NEW, "Name": ""}) == "Name is required."
    assert client.refused("PUT", "/Product", {**EDIT, "Name": ""}) == "Name is required."
