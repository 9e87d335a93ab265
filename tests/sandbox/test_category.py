"""Categories (dealpos-api.md §5)."""

from typing import Any

from dealpos_reconciler.sandbox import show
from tests.support.sandbox_client import OpenSandbox, SandboxClient


def names(client: SandboxClient, **query: Any) -> list[str]:
    return [row["Name"] for row in client.get("/Category", **query)]


def test_create_makes_the_parents(client: SandboxClient) -> None:
    client.do("POST", "/Category", {"Name": "A/B/C", "Code": "ABC"})
    assert names(client)[:3] == ["A", "A/B", "A/B/C"]
    assert show(client.shop.store)["categories"][2]["Code"] == "ABC"
    assert "Code" not in client.get("/Category")[2]
    assert "already exists" in client.refused("POST", "/Category", {"Name": "A/B"})
    assert "not a category path" in client.refused("POST", "/Category", {"Name": "A//B"})


def test_list_filters_by_discontinued(client: SandboxClient) -> None:
    assert names(client, Discontinued="true") == ["Past"]
    assert "Past" not in names(client, Discontinued=False)
    assert "Past" in names(client)
    assert client.do("POST", "/Category/p", {"Discontinued": True})[0]["Name"] == "Past"


def test_rename_takes_everything_along(client: SandboxClient) -> None:
    update = {"Name": "Drinks", "Rename": "Bar", "Discontinued": False}
    client.do("PUT", "/Category", update)
    assert names(client)[:3] == ["Bar", "Bar/Coffee", "Bar/Coffee/Cold"]
    assert client.get("/Product/Detail", Code="1003")["Category"] == "Bar/Coffee"
    assert client.get("/Variant/Code", Code="1003L")["Category"] == "Bar/Coffee"
    assert client.codes("/Variant", Category="Bar") == ["1003L", "1003S", "4001"]
    client.do("PUT", "/Category", {"Name": "Empty", "Rename": "Void", "Discontinued": False})
    requirement = client.get("/PromotionCoupon/ByCode", Code="SHELF")["ListRequirementCategories"]
    assert requirement == [{"Name": "Void/Shelf"}]


def test_rename_keeps_the_id_and_other_names_alone(client: SandboxClient) -> None:
    client.do("POST", "/Category", {"Name": "Drinks2"})
    old = {row["Name"]: row["ID"] for row in client.get("/Category")}
    client.do("PUT", "/Category", {"Name": "Drinks", "Rename": "Bar", "Discontinued": True})
    new = {row["Name"]: row for row in client.get("/Category")}
    assert (new["Bar"]["ID"], new["Bar"]["Discontinued"]) == (old["Drinks"], True)
    assert new["Bar/Coffee"]["Discontinued"] is False
    assert "Drinks2" in new
    again = client.do("POST", "/Category", {"Name": "Drinks"})
    assert again["ID"] != old["Drinks"]


def test_rename_is_refused_where_it_cannot_be(client: SandboxClient) -> None:
    for rename, words in (("Food", "already exists"), ("Drinks/New", "cannot become")):
        body = {"Name": "Drinks", "Rename": rename, "Discontinued": False}
        assert words in client.refused("PUT", "/Category", body)
    assert "Discontinued" in client.refused("PUT", "/Category", {"Name": "Food", "Rename": "Eat"})
    body = {"Name": "None", "Rename": "Eat", "Discontinued": False}
    assert "not found" in client.refused("PUT", "/Category", body)


def test_delete(client: SandboxClient) -> None:
    client.do("POST", "/Category", {"Name": "Gone"})
    client.do("DELETE", "/Category", {"Name": "Gone"})
    assert "Gone" not in names(client)
    for name, words in (("Drinks", "in use"), ("Gone", "not found"), ("Empty/Shelf", "coupon")):
        assert words in client.refused("DELETE", "/Category", {"Name": name})


def test_cascade_takes_children_and_products(open_shop: OpenSandbox) -> None:
    client = open_shop(category_delete_used="cascade")
    client.do("DELETE", "/Category", {"Name": "Drinks"})
    assert names(client) == ["Empty", "Empty/Shelf", "Food", "Past"]
    assert client.codes("/Product") == ["2001", "3001"]
    assert client.codes("/Variant") == ["2001", "3001"]


def test_by_id_knows_its_parent(client: SandboxClient) -> None:
    ids = {row["Name"]: row["ID"] for row in client.get("/Category")}
    assert client.get("/Category/ID", ID=ids["Drinks/Coffee"]) == {
        "ParentID": ids["Drinks"],
        "TypeID": 0,
        "Lvl": 1,
    }
    assert client.get("/Category/ID", ID=ids["Drinks"])["ParentID"] is None


def test_rename_creates_the_new_parents(client: SandboxClient) -> None:
    body = {"Name": "Food", "Rename": "Kitchen/Hot/Food", "Discontinued": False}
    client.do("PUT", "/Category", body)
    assert {"Kitchen", "Kitchen/Hot", "Kitchen/Hot/Food"} <= set(names(client))
