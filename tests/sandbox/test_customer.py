"""Customers (dealpos-api.md §9)."""

import pytest

from tests.support.sandbox_client import SandboxClient

NEW = {
    "Code": "C9",
    "Name": "Ann",
    "Email": "ann@example.com",
    "MobilePhone": "0800-9",
    "Status": "Active",
    "Birthdate": "1990-01-31",
    "Group": "Gold",
    "Gender": False,
    "LoyaltyPoint": 3,
    "ExpiredGroup": "2019-07-31",
    "City": "Bandung",
}
DETAIL = "/Customer/Detail"


def test_create_reads_back(client: SandboxClient) -> None:
    id_ = client.do("POST", "/Customer", NEW)["ID"]
    detail = client.get(DETAIL, Code="C9")
    assert detail["ID"] == id_
    assert (detail["Mobile"], detail["BirthDate"]) == ("0800-9", "1990-01-31T00:00:00")
    for key in ("Name", "Email", "Status", "Group", "Gender", "LoyaltyPoint", "City"):
        assert detail[key] == NEW[key]
    assert detail["Fax"] is None
    assert detail["JoinDate"] == "2026-11-21T00:00:00"
    for by in ({"ID": id_}, {"Email": NEW["Email"]}, {"Mobile": "0800-9"}):
        assert client.get(DETAIL, **by) == detail
    assert client.refused("GET", DETAIL)


def test_list_rows_are_short(client: SandboxClient) -> None:
    rows = client.get("/Customer")
    assert list(rows[0]) == ["Name", "Code", "Mobile", "Email", "BirthDate", "JoinDate", "ID"]
    client.do("POST", "/Customer", {**NEW, "SignUpOutlet": "Bandung", "JoinDate": "2024-05-05"})
    for filters in ({"Name": "Ann"}, {"Outlet": "Bandung"}, {"From": "2024-01-01"}):
        assert client.codes("/Customer", **filters) == ["C9"]
        assert client.do("POST", "/Customer/p", filters)[0]["Code"] == "C9"
    assert client.codes("/Customer", To="2023-01-01") == ["DP-001", "DP-002"]
    assert client.codes("/Customer", PageNumber=2, PageSize=2) == ["DP-002"]


@pytest.mark.parametrize("by", ["Email", "ByCode", "ByID"])
def test_update_is_found_by_its_key(client: SandboxClient, by: str) -> None:
    before = client.get(DETAIL, Code="DP-001")
    body = {
        "ID": before["ID"],
        "Code": "DP-001",
        "Email": "one@example.com",
        "Name": "New Name",
        "Mobile": "0800-1",
        "Status": "Active",
    }
    path = "/Customer" if by == "Email" else f"/Customer/{by}"
    answer = client.do("PUT", path, body)
    assert answer == {"ID": before["ID"], "Message": "Record updated"}
    assert client.get(DETAIL, Code="DP-001") == {**before, "Name": "New Name"}


def test_a_new_code_keeps_coupons_and_id(client: SandboxClient) -> None:
    before = client.get(DETAIL, Code="DP-001")
    body = {**NEW, "Email": "one@example.com"}
    client.do("PUT", "/Customer", body)
    assert client.get(DETAIL, Code="C9")["ID"] == before["ID"]
    assert client.send("GET", DETAIL, Code="DP-001").status_code == 404
    assert client.get("/PromotionCoupon/ByCode", Code="TEN")["CustomerCode"] == "C9"


@pytest.mark.parametrize("key", ["Code", "Name", "Email", "Mobile", "Status"])
def test_required_keys(client: SandboxClient, key: str) -> None:
    body = {name: value for name, value in NEW.items() if not name.startswith(key)}
    assert client.refused("POST", "/Customer", body) == f"{key} is required."


def test_refusals(client: SandboxClient) -> None:
    assert "exists" in client.refused("POST", "/Customer", {**NEW, "Code": "DP-001"})
    taken = {**NEW, "Email": "one@example.com"}
    assert "another customer" in client.refused("POST", "/Customer", taken)
    assert "another customer" in client.refused("PUT", "/Customer", {**taken, "Code": "DP-002"})
    assert "not found" in client.refused("PUT", "/Customer/ByCode", NEW)
    assert "not found" in client.refused("DELETE", "/Customer", {"Email": "no@example.com"})
    assert "coupon TEN" in client.refused("DELETE", "/Customer", {"Email": "one@example.com"})


def test_delete(client: SandboxClient) -> None:
    client.do("DELETE", "/Customer", {"Email": "two@example.com"})
    assert client.codes("/Customer") == ["DP-001"]


def test_suspend_looks_for_id_then_code_then_phone(client: SandboxClient) -> None:
    def status(code: str) -> str:
        return client.get(DETAIL, Code=code)["Status"]

    id_ = client.get(DETAIL, Code="DP-001")["ID"]
    client.do("PUT", "/Customer/Suspend", {"ID": id_, "Code": "DP-002"})
    assert status("DP-001") == "Suspended"
    client.do("PUT", "/Customer/Unsuspend", {"ID": "no", "Code": "DP-002", "Phone": "021-1"})
    assert (status("DP-001"), status("DP-002")) == ("Suspended", "Active")
    client.do("PUT", "/Customer/Unsuspend", {"Phone": "021-1"})
    client.do("PUT", "/Customer/Suspend", {"Phone": "0800-2"})
    assert (status("DP-001"), status("DP-002")) == ("Active", "Suspended")
    assert client.refused("PUT", "/Customer/Suspend", {"Email": "one@example.com"})


def test_the_deprecated_read_prints_other_types(client: SandboxClient) -> None:
    client.do("POST", "/Customer", NEW)
    read = client.get("/Customer/Email", Email="ann@example.com")
    assert (read["ExpiredGroup"], read["Gender"]) == ("31 Jul 2019", False)
    assert not {"ID", "BirthDate", "JoinDate"} & set(read)
    assert client.do("POST", "/Customer/Email", {"Email": "one@example.com"})["Gender"] is True


@pytest.mark.parametrize("key", ["Name", "Code", "Mobile", "Status"])
def test_update_demands_the_same_keys(client: SandboxClient, key: str) -> None:
    body = {name: value for name, value in NEW.items() if not name.startswith(key)}
    body["Email"] = "one@example.com"
    assert client.refused("PUT", "/Customer", body) == f"{key} is required."
