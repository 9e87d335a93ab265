"""Every choice is really a choice: the same requests are answered differently when flipped."""

from dataclasses import fields
from typing import Any

import pytest

from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.sandbox.app import ROUTES
from tests.sandbox.choice_table import TABLE
from tests.support.asks import (
    EDIT,
    EMPTY_PUT,
    PERSON,
    PRICE,
    Ask,
    coupon,
    person,
    product,
    put,
    variant,
    variants_of,
)
from tests.support.sandbox_client import OpenSandbox, SandboxClient


@pytest.mark.parametrize(
    ("name", "flipped", "ask", "default", "other"),
    TABLE,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)],
)
def test_flipping_a_choice_changes_the_answer(
    open_shop: OpenSandbox, name: str, flipped: Any, ask: Ask, default: Any, other: Any
) -> None:
    assert ask(open_shop()) == default
    assert ask(open_shop(**{name: flipped})) == other


def test_choices_that_need_another_are_choices_too(open_shop: OpenSandbox) -> None:
    plain = open_shop(product_list_envelope="DataArray")
    assert sorted(plain.get("/Product")) == ["DataArray"]
    total = open_shop(product_list_envelope="Data", product_list_total="TotalCount")
    assert total.get("/Product", PageSize=1)["TotalCount"] == 4
    forbidden = open_shop(forbidden_operations=frozenset({"GET /Outlet"}), forbidden_status=401)
    assert forbidden.send("GET", "/Outlet").status_code == 401


def test_a_generation_may_read_single_keys_in_a_body(open_shop: OpenSandbox) -> None:
    for path, code in (("/PromotionCoupon/ByCode", "TEN"), ("/Variant/Code", "1003L")):
        for place, statuses in (("query", [200, 400]), ("body", [400, 200]), ("both", [200, 200])):
            client = open_shop(generation="A", named_reads=place)
            asked = [
                client.send("GET", path, Code=code),
                client.send("GET", path, {"Code": code}),
            ]
            assert [answer.status_code for answer in asked] == statuses


def test_every_choice_is_flipped_by_a_test() -> None:
    flipped = {row[0] for row in TABLE} | {
        "product_list_total",
        "forbidden_status",
        "named_reads",
    }
    assert flipped == {field.name for field in fields(Choices)}


def test_a_choice_may_be_flipped_while_the_shop_runs(client: SandboxClient) -> None:
    assert client.send("GET", "/Variant/Code", Code="no").status_code == 404
    client.shop.choices = client.shop.choices.with_changes(not_found="400")
    assert client.send("GET", "/Variant/Code", Code="no").status_code == 400


def test_a_misspelt_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="not_found='nul'"):
        Choices(not_found="nul")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Category", {"Name": "New"}),
        ("PUT", "/Category", {"Name": "Food", "Rename": "Eat", "Discontinued": False}),
        product(),
        ("PUT", "/Product", EDIT),
        EMPTY_PUT,
        ("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "new"}]}),
        ("POST", "/Outlet", {"Name": "Bali"}),
        ("PUT", "/Outlet", {"Outlet": "Bandung", "Code": "X"}),
        ("PUT", "/OutletPrice", PRICE),
        coupon(),
        person(),
        ("PUT", "/Customer", {**PERSON, "Email": "one@example.com"}),
    ],
)
def test_unknown_keys_are_refused_in_every_write(
    open_shop: OpenSandbox, method: str, path: str, body: Any
) -> None:
    client = open_shop(unknown_keys="reject")
    message = "Colour is not a known field."
    assert client.refused(method, path, {**body, "Colour": 1}) == message
    for name in ("Variants", "Outlets"):
        if name in body:
            inner = [{**body[name][0], "Colour": 1}]
            assert client.refused(method, path, {**body, name: inner}) == message
    client.do(method, path, body)


def test_unknown_keys_are_refused_inside_a_variant(open_shop: OpenSandbox) -> None:
    client = open_shop(unknown_keys="reject")
    for name, row in (
        ("Components", {"Code": "4001", "Name": "", "Qty": 1}),
        ("OutletPrice", {"Outlet": "Bandung", "Price": 1, "ExtraCost": 0}),
    ):
        assert client.refused(*put(**{name: [{**row, "Colour": 1}]})).startswith("Colour")
        client.do(*put(**{name: [row]}))


def test_omitted_nulls_take_nothing_else_with_them(open_shop: OpenSandbox) -> None:
    query = {"Code": "USED"}
    whole = open_shop().get("/PromotionCoupon/ByCode", **query)
    short = open_shop(nulls_omitted=True).get("/PromotionCoupon/ByCode", **query)
    assert short == {key: value for key, value in whole.items() if value is not None}


def test_a_batch_at_its_limit_and_with_repeats_is_whole(open_shop: OpenSandbox) -> None:
    client = open_shop(batch_max=3, batch_missing="reject")
    codes = ["1003L", "4001", "4001"]
    assert len(client.do("POST", "/Variant/GetByListCode", {"ListCode": codes})["Data"]) == 2
    assert len(client.do("POST", "/Variant/GetIDByListCode", codes)) == 2
    ids = [row["ID"] for row in client.get("/Product")][:2]
    ids.append(ids[0])
    path = "/Product/WithPricebookByListID"
    assert len(client.do("POST", path, {"ListID": ids})) == 2
    assert client.refused("POST", path, {"ListID": [*ids, ids[0]]})
    assert client.refused("POST", path, {"ListID": ["unknown"]})
    assert client.refused("POST", "/Variant/GetIDByListCode", ["unknown"])
    assert client.refused("DELETE", "/PromotionCoupon/ListCode", ["TEN", "unknown"])
    answer = client.do("DELETE", "/PromotionCoupon/ListCode", ["TEN", "OLD", "TEN"])
    assert answer["Message"].startswith("2 ")


def test_three_variants_fit_into_a_batch_of_three(open_shop: OpenSandbox) -> None:
    client = open_shop(batch_max=3)
    variants = [{"Code": code} for code in "abcd"]
    assert client.refused("POST", "/Variant/Add", {"Code": "1003", "Variants": variants})
    client.do("POST", "/Variant/Add", {"Code": "1003", "Variants": variants[:3]})


def test_skipping_leaves_the_known_variant_and_adds_the_new(open_shop: OpenSandbox) -> None:
    client = open_shop(variant_add_existing="skip")
    variants = [{"Code": "1003S", "Model": "other"}, {"Code": "new"}]
    client.do("POST", "/Variant/Add", {"Code": "2001", "Variants": variants})
    assert variants_of("2001")(client) == ["2001", "new"]
    assert variant("Variant", "1003S")(client) == "Small"


def test_a_page_of_the_cap_itself_is_not_over_it(open_shop: OpenSandbox) -> None:
    client = open_shop(page_over_cap="reject")
    assert len(client.codes("/Product", PageSize=500)) == 4


def test_product_lists_hide_discontinued_rows_too(open_shop: OpenSandbox) -> None:
    client = open_shop(lists_hide_discontinued=True)
    assert client.codes("/Product") == ["1003", "2001", "4001"]
    assert client.get("/Product/Detail", Code="3001")["Discontinued"] is True


def test_product_lists_hide_discontinued_variants_and_variant_reads_show_them(
    open_shop: OpenSandbox,
) -> None:
    client = open_shop(product_reads_hide_discontinued_variants=True)
    (kopi,) = [row for row in client.get("/Product") if row["Code"] == "1003"]
    assert [row["Code"] for row in kopi["Variants"]] == ["1003L"]
    assert variant("Discontinued", "1003S")(client) is True
    assert "1003S" in client.codes("/Variant")


def test_a_page_over_the_cap_may_count_as_ten(open_shop: OpenSandbox) -> None:
    people = [{"Code": f"C{n:02}", "Name": "N", "Email": f"{n}@example.com"} for n in range(30)]
    client = open_shop({"customers": people}, page_cap=20, page_over_cap="ten")
    assert len(client.codes("/Customer", PageSize=21)) == 10
    assert len(client.codes("/Customer", PageSize=20)) == 20


@pytest.mark.parametrize(
    ("generation", "path", "query", "body"),
    [
        ("A", "/Customer", False, True),
        ("B", "/Customer", True, False),
        ("B", "/PromotionCoupon", False, True),
        ("B", "/Variant", True, True),
        ("C", "/Variant", True, False),
        ("C", "/PromotionCoupon", True, False),
    ],
)
def test_a_generation_reads_parameters_where_its_pages_print_them(
    open_shop: OpenSandbox, generation: str, path: str, query: bool, body: bool
) -> None:
    client = open_shop(generation=generation)
    one = {"PageNumber": 1, "PageSize": 1}

    def rows(**request: Any) -> int:
        answer = client.http.request("GET", f"/api/v3{path}", **request).json()
        return len(answer["Data"] if isinstance(answer, dict) else answer)

    assert (rows(params=one) == 1) is query
    assert (rows(json=one) == 1) is body


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_every_generation_has_every_write(open_shop: OpenSandbox, generation: str) -> None:
    client = open_shop(generation=generation, post_alternatives="none")
    for route in ROUTES.values():
        if route.write:
            assert client.send(route.method, route.path, {}).status_code == 400, route


def test_codes_without_case_name_one_object_in_writes_and_references(
    open_shop: OpenSandbox,
) -> None:
    client = open_shop(keys_ignore_case=True, duplicate_create="overwrite")
    client.do(*put(Code="4001", Components=[{"Code": "1003l", "Qty": 1}]))
    assert client.get("/Variant/Code", Code="4001")["Components"][0]["Code"] == "1003L"
    client.do("PUT", "/Variant", {**EMPTY_PUT[2], "Code": "1003l", "UnitPrice": 7})
    assert (variant("UnitPrice")(client), variant("Code", "1003l")(client)) == (7, "1003L")
    client.do(*product(Code="1003", Variants=[]))
    client.do(*coupon(Code="ten"))
    assert "TEN" in client.codes("/PromotionCoupon")
    assert "ten" not in client.codes("/PromotionCoupon")
    client.do(*product(Category="food"))
    assert client.get("/Product/Detail", Code="9001")["Category"] == "Food"


def test_lists_and_single_reads_are_behind_apart(open_shop: OpenSandbox) -> None:
    client = open_shop(read_lag_reads=1, list_lag_reads=2)
    client.do(*coupon())
    statuses = [
        client.send("GET", "/PromotionCoupon/ByCode", Code="NEW").status_code for _ in range(2)
    ]
    assert statuses == [404, 200]
    listed = [client.codes("/PromotionCoupon", Code="NEW") for _ in range(3)]
    assert listed == [[], [], ["NEW"]]


def test_a_write_sees_what_reads_do_not_show_yet(open_shop: OpenSandbox) -> None:
    client = open_shop(read_lag_seconds=60, list_lag_seconds=60, hidden_keys=frozenset({"TEN"}))
    client.do(*coupon())
    assert client.refused(*coupon()) == "Coupon NEW already exists."
    assert client.refused(*coupon(Code="TEN")) == "Coupon TEN already exists."


def test_two_objects_of_one_key_are_both_listed(open_shop: OpenSandbox) -> None:
    client = open_shop(duplicate_create="double")
    client.do(*coupon(Code="TEN", Discount=7))
    assert client.codes("/PromotionCoupon", Code="TEN") == ["TEN", "TEN"]
    assert client.get("/PromotionCoupon/ByCode", Code="TEN")["Discount"] != 7


def test_the_inventory_list_shows_the_stock_of_each_variant(open_shop: OpenSandbox) -> None:
    client = open_shop()
    rows = client.get("/Inventory", Category="Drinks/Coffee", PageNumber=1, PageSize=500)
    assert [row["Code"] for row in rows] == ["1003L", "1003S", "4001"]
    rows = client.do("POST", "/Inventory", {"Discontinued": True})
    assert [row["Code"] for row in rows] == ["1003S"]
