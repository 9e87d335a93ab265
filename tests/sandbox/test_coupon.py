"""Promotion coupons (dealpos-api.md §10)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.sandbox import show
from tests.support.sandbox_client import OpenSandbox, SandboxClient

NEW = {
    "Code": "NEW",
    "Type": "DiscountPercentage",
    "Discount": 20,
    "Limit": 7,
    "MinimumAmount": 1000,
    "MaximumDiscount": 500,
    "FullPriceItemOnly": "Yes",
    "ExpiryDate": "2026-12-31",
    "Description": "Year-end",
    "CustomerCode": "DP-001",
    "ReferenceID": "NEW-REF",
}
BY_CODE = "/PromotionCoupon/ByCode"


def test_create_reads_back_what_reads_show(client: SandboxClient) -> None:
    id_ = client.do("POST", "/PromotionCoupon", NEW)["ID"]
    assert id_
    row = client.get("/PromotionCoupon", Code="NEW")[0]
    customer = client.get("/Customer/Detail", Code="DP-001")["ID"]
    assert row == {
        "Code": "NEW",
        "Limit": 7,
        "Balance": 7,
        "Discount": 20,
        "Created": "2026-11-21T00:00:00",
        "StartDate": "2026-11-21T00:00:00",
        "ExpiryDate": "2026-12-31T00:00:00",
        "Type": "DiscountPercentage",
        "MinimumSpending": 1000,
        "Description": "Year-end",
        "CustomerCode": "DP-001",
        "CustomerID": customer,
    }
    single = client.get(BY_CODE, Code="NEW")
    assert single["RequirementType"] is None
    assert single["ListRequirementVariants"] == single["ListRequirementCategories"] == []
    assert "MinimumSpending" not in single
    plain = client.get("/PromotionCoupon/ByReferenceID", ReferenceID="NEW-REF")
    assert plain == {key: single[key] for key in plain}
    assert "RequirementType" not in plain
    stored = next(row for row in show(client.shop.store)["coupons"] if row["Code"] == "NEW")
    assert stored == {
        **NEW,
        "Balance": 7,
        "FullPriceItemOnly": True,
        "RequirementVariants": [],
        "RequirementCategories": [],
    }


def test_older_rows_have_the_older_keys(open_shop: OpenSandbox) -> None:
    path = Path(__file__).parent / "examples" / "promotion-coupon-list-older.response.json"
    documented = json.loads(path.read_text(encoding="utf-8"))
    client = open_shop(coupon_list_has_minimum=False)
    assert list(client.get("/PromotionCoupon")[0]) == list(documented[0])


def test_only_active_coupons_are_listed_unless_asked(client: SandboxClient) -> None:
    active = ["LESS", "SHELF", "TEN", "TODAY"]
    assert client.codes("/PromotionCoupon") == active
    assert client.codes("/PromotionCoupon", UsageStatus="Active") == active
    assert client.codes("/PromotionCoupon/WithTotalCount") == active
    assert client.do("POST", "/PromotionCoupon/WithTotalCount", {})["TotalCount"] == 4
    assert client.get(BY_CODE, Code="OLD")["Code"] == "OLD"
    client.shop.today = lambda: date(2026, 11, 22)
    assert client.codes("/PromotionCoupon") == ["LESS", "SHELF", "TEN"]


def test_an_invisible_coupon_still_has_its_code(client: SandboxClient) -> None:
    assert "exists" in client.refused("POST", "/PromotionCoupon", {**NEW, "Code": "OLD"})


def test_list_filters_and_pages(client: SandboxClient) -> None:
    assert client.codes("/PromotionCoupon", Type="DiscountAmount") == ["LESS", "SHELF"]
    assert client.codes("/PromotionCoupon/WithTotalCount", Type="Discount") == ["TEN", "TODAY"]
    assert client.codes("/PromotionCoupon", PageNumber=2, PageSize=3) == ["TODAY"]
    page = client.get("/PromotionCoupon/WithTotalCount", PageNumber=2, PageSize=3)
    assert (len(page["Data"]), page["TotalCount"]) == (1, 4)
    assert client.codes("/PromotionCoupon", To="2019-12-31") == []


def test_requirements(client: SandboxClient) -> None:
    body = {
        **NEW,
        "RequirementType": "Category",
        "ListRequirementCategories": ["Food", "Drinks/Coffee"],
    }
    client.do("POST", "/PromotionCoupon", body)
    single = client.get(BY_CODE, Code="NEW")
    assert single["RequirementType"] == "Category"
    assert single["ListRequirementCategories"] == [{"Name": "Drinks/Coffee"}, {"Name": "Food"}]
    assert client.get(BY_CODE, Code="LESS")["ListRequirementVariants"] == [
        {"Code": "4001", "Name": "Cold Brew"}
    ]


def test_a_customer_can_be_named_by_id(client: SandboxClient) -> None:
    id_ = client.get("/Customer/Detail", Code="DP-002")["ID"]
    body = {key: value for key, value in NEW.items() if key != "CustomerCode"}
    client.do("POST", "/PromotionCoupon", {**body, "CustomerID": id_})
    assert client.get(BY_CODE, Code="NEW")["CustomerCode"] == "DP-002"


def test_references_are_unique_when_the_header_says_so(client: SandboxClient) -> None:
    body = {**NEW, "ReferenceID": "REF-1"}
    headers = {"ReferenceIDUniqueValidation": "true"}
    assert "REF-1" in client.refused("POST", "/PromotionCoupon", body, headers=headers)
    client.do("POST", "/PromotionCoupon", body, headers={"ReferenceIDUniqueValidation": "false"})
    oldest = client.get("/PromotionCoupon/ByReferenceID", ReferenceID="REF-1")
    assert oldest["Code"] == "TEN"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Code": "TEN"}, "Coupon TEN already exists."),
        ({"Type": "Free"}, "'Free' is not a coupon type."),
        ({"Type": None}, "Type is required."),
        ({"Discount": None}, "Discount is required."),
        ({"Limit": None}, "Limit is required."),
        ({"Limit": "many"}, "Limit must be a whole number."),
        ({"Discount": 2.5}, "Discount must be a whole number."),
        ({"ExpiryDate": "31/12/2026"}, "ExpiryDate must be a date, YYYY-MM-DD."),
        ({"FullPriceItemOnly": "maybe"}, "FullPriceItemOnly is not in the right form."),
        ({"CustomerCode": "no"}, "Customer no was not found."),
        ({"RequirementType": "Brand"}, "RequirementType is not known."),
        ({"ListRequirementVariants": ["4001"]}, "RequirementType is not known."),
        (
            {"RequirementType": "Variant", "ListRequirementVariants": ["no"]},
            "Variant no was not found.",
        ),
        (
            {"RequirementType": "Category", "ListRequirementCategories": ["no"]},
            "Category no was not found.",
        ),
    ],
)
def test_create_refuses(client: SandboxClient, change: dict[str, Any], message: str) -> None:
    assert client.refused("POST", "/PromotionCoupon", {**NEW, **change}) == message


def test_delete_one_and_many(client: SandboxClient) -> None:
    client.do("DELETE", "/PromotionCoupon", {"Code": "OLD"})
    assert client.refused("DELETE", "/PromotionCoupon", {"Code": "OLD"})
    answer = client.do("DELETE", "/PromotionCoupon/ListCode", ["TEN", "LESS", "OLD"])
    assert answer == {"Message": "2 Coupon Key has been deleted successfully!"}
    assert [row["Code"] for row in show(client.shop.store)["coupons"]] == ["SHELF", "TODAY", "USED"]
    assert client.refused("DELETE", "/PromotionCoupon/ListCode", {"ListCode": ["TODAY"]})


def test_there_is_no_update(client: SandboxClient) -> None:
    assert client.send("PUT", "/PromotionCoupon", NEW).status_code == 404


def test_a_recreated_coupon_starts_anew(client: SandboxClient) -> None:
    assert client.get(BY_CODE, Code="TEN")["Balance"] == 40
    client.do("DELETE", "/PromotionCoupon", {"Code": "TEN"})
    client.do("POST", "/PromotionCoupon", {**NEW, "Code": "TEN", "Limit": 100})
    assert client.get(BY_CODE, Code="TEN")["Balance"] == 100
