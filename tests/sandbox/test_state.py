"""The database, and seed documents."""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.sandbox import (
    SandboxError,
    SeedError,
    create_app,
    refill,
    reset,
    seed,
    show,
)
from dealpos_reconciler.sandbox.store import ObjectStore
from tests.support.sandbox_client import SandboxClient


def test_seed_and_show_are_inverse(document: dict[str, Any], tmp_path: Path) -> None:
    seed(tmp_path / "a.db", document)
    shown = show(tmp_path / "a.db")
    seed(tmp_path / "b.db", shown)
    seed(tmp_path / "b.db", shown)
    assert show(tmp_path / "b.db") == shown
    assert [row["Name"] for row in shown["categories"]] == [
        "Drinks",
        "Drinks/Coffee",
        "Drinks/Coffee/Cold",
        "Empty",
        "Empty/Shelf",
        "Food",
        "Past",
    ]
    large = shown["products"][0]["Variants"][0]
    assert large["Name"] == "Kopi Susu"
    assert (large["Type"], large["Taxable"], large["Discontinued"]) == ("Standard", True, False)
    assert large["OutletPrice"] == [{"Outlet": "Bandung", "Price": 19000, "ExtraCost": 500}]
    assert shown["coupons"][0]["Balance"] == shown["coupons"][0]["Limit"] == 10
    assert shown["customers"][0]["Status"] == "Active"


def test_show_keeps_the_ids_that_do_not_follow_from_the_key(client: SandboxClient) -> None:
    id_ = client.do("PUT", "/Category", {"Name": "Food", "Rename": "Eat", "Discontinued": False})
    client.do("POST", "/Category", {"Name": "Food"})
    shown = show(client.shop.store)
    other = ObjectStore()
    seed(other, shown)
    assert show(other) == shown
    assert {"ID": id_["ID"], "Name": "Eat", "Code": "", "Discontinued": False} in shown[
        "categories"
    ]


def test_a_shop_of_an_earlier_version_gets_its_invoices(
    document: dict[str, Any], tmp_path: Path
) -> None:
    seed(tmp_path / "a.db", document)
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as older:
        older.execute("DROP TABLE invoice")
        older.execute("DROP TABLE promotion")
    assert show(tmp_path / "a.db") == {**show_of(document), "invoices": []}


def show_of(document: dict[str, Any]) -> dict[str, Any]:
    store = ObjectStore()
    seed(store, document)
    return show(store)


def test_reset_empties_the_shop(document: dict[str, Any], tmp_path: Path) -> None:
    seed(tmp_path / "a.db", document)
    reset(tmp_path / "a.db")
    assert not any(show(tmp_path / "a.db").values())


def test_a_file_outlives_the_application(connect: type[SandboxClient], tmp_path: Path) -> None:
    first = connect(create_app(tmp_path / "shop.db"))
    first.do("POST", "/Category", {"Name": "Drinks/Coffee"})
    second = connect(create_app(tmp_path / "shop.db"))
    assert second.get("/Category") == first.get("/Category")
    second.do("POST", "/Category", {"Name": "Food"})
    assert len(first.get("/Category")) == 3


@pytest.mark.parametrize("database", [":memory:", "shop.db"])
def test_several_threads_share_a_shop(
    connect: type[SandboxClient], tmp_path: Path, database: str
) -> None:
    path = database if database == ":memory:" else tmp_path / database
    client = connect(create_app(path, limit=None))
    statuses: list[int] = []

    def create(thread: int) -> None:
        for number in range(25):
            answer = client.send("POST", "/Category", {"Name": f"T{thread}/N{number}"})
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 100
    assert len(client.get("/Category")) == 104


def test_a_refused_write_changes_nothing(client: SandboxClient) -> None:
    before = show(client.shop.store)
    body = {
        "Code": "9001",
        "Name": "Kue",
        "Category": "Brand/New",
        "Brand": "",
        "Discontinued": False,
        "ImageURL": "",
        "Variants": [{"Code": "9001", "Model": "a"}, {"Code": "1003L", "Model": "taken"}],
    }
    assert "1003L" in client.refused("POST", "/Product", body)
    assert show(client.shop.store) == before


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look" * 50)
    with pytest.raises(SandboxError, match=r"notes\.txt cannot hold a sandbox shop"):
        create_app(tmp_path / "notes.txt")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine (a)")
    other.commit()
    other.close()
    with pytest.raises(SandboxError, match="not one of the sandbox"):
        seed(tmp_path / "other.db", {})


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot hold a sandbox shop"):
        create_app(tmp_path)
    with pytest.raises(SandboxError, match="cannot hold a sandbox shop"):
        create_app(tmp_path / "missing" / "shop.db")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"stores": []}, "no collection 'stores'"),
        ({"outlets": [{"Code": "1"}]}, "has no Name"),
        ({"products": [{"Code": "1", "Name": "a"}]}, "product 1 has no Category"),
        ({"categories": [{"Name": "a", "Colour": 1}]}, "category a an unknown key 'Colour'"),
        ({"outlets": ["Bandung"]}, "among its outlet objects that is none: 'Bandung'"),
        ({"categories": [{"Name": "a//b"}]}, "not a category path"),
        ({"customers": [{"Code": "a", "LoyaltyPoint": "x"}]}, "customer a: LoyaltyPoint must be"),
        ({"customers": [{"Code": "a", "ID": ["x"]}]}, "customer a: ID must be a text"),
        ({"categories": [{"Name": "a\ud800"}]}, "half a character"),
        (
            {"products": [{"Code": "1", "Category": "a", "Variants": 5}]},
            "product 1: Variants must be a list",
        ),
    ],
)
def test_a_wrong_seed_is_refused_with_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(SandboxError, match=sentence):
        seed(":memory:", document)


def test_ten_thousand_variants_are_quick(connect: type[SandboxClient]) -> None:
    products = [
        {
            "Code": f"P{number:04}",
            "Name": f"Product {number}",
            "Category": f"Top/C{number % 20}",
            "Variants": [{"Code": f"P{number:04}-{size}", "Model": size} for size in "ABCDEFGHIJ"],
        }
        for number in range(1000)
    ]
    client = connect(create_app(limit=None))
    start = time.perf_counter()
    seed(client.shop.store, {"products": products})
    seeded = time.perf_counter()
    page = client.get("/Variant", PageNumber=20, PageSize=500)
    read = time.perf_counter()
    batch = {"ListCode": [f"P{number:04}-C" for number in range(100)]}
    assert len(client.do("POST", "/Variant/GetByListCode", batch)["Data"]) == 100
    assert (len(page["Data"]), page["RecordsCount"]) == (500, 10_000)
    # Ten times the measured values: this guards against a lost index, not against a slow machine.
    assert seeded - start < 8
    assert read - seeded < 0.5
    assert time.perf_counter() - read < 0.3


def test_a_scan_for_the_users_of_a_variant_has_an_index(client: SandboxClient) -> None:
    from dealpos_reconciler.sandbox.tables import COMPOUND

    plan = client.shop.store._db.execute(
        f"EXPLAIN QUERY PLAN SELECT seq FROM variant WHERE ({COMPOUND}) AND instr(payload, 'x')"
    ).fetchall()
    assert "INDEX" in plan[0][3]


def test_two_applications_write_to_one_file(connect: type[SandboxClient], tmp_path: Path) -> None:
    clients = [connect(create_app(tmp_path / "shop.db", limit=None)) for _ in range(2)]
    statuses: list[int] = []

    def create(number: int) -> None:
        for turn in range(25):
            body = {"Name": f"Client {number}/{turn}"}
            statuses.append(clients[number].send("POST", "/Category", body).status_code)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert len(clients[0].get("/Category")) == 52


def test_a_key_that_a_seed_names_twice_becomes_two_objects(client: SandboxClient) -> None:
    twice = {"Code": "TWIN", "Type": "DiscountAmount", "Discount": 1, "Limit": 5}
    seed(client.shop.store, {"coupons": [twice, {**twice, "Discount": 2}]})
    rows = client.get("/PromotionCoupon", Code="TWIN")
    assert [row["Discount"] for row in rows] == [1, 2]
    assert client.get("/PromotionCoupon/ByCode", Code="TWIN")["Discount"] == 1


@pytest.mark.parametrize("type_", ["FullAccess", "SalesReturn", "DeleteItem", "DeleteParkedOrder"])
def test_coupons_that_authorise_a_cashier_may_be_seeded(client: SandboxClient, type_: str) -> None:
    seed(client.shop.store, {"coupons": [{"Code": "MGR-7", "Type": type_}]})
    assert client.get("/PromotionCoupon/ByCode", Code="MGR-7")["Type"] == type_


def test_a_wrong_document_does_not_empty_the_shop(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    refill(file, document)
    before = show(file)
    with pytest.raises(SeedError):
        refill(file, {"coupons": [{"Code": "NEW", "Limit": "many"}]})
    assert show(file) == before
    refill(file, {"outlets": [{"Name": "Bali"}]})
    assert [row["Name"] for row in show(file)["outlets"]] == ["Bali"]
    assert show(file)["coupons"] == []
