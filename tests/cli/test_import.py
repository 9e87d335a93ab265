"""`import`: a live shop becomes files, at the first use of the tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.catalogue.writing import layout
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.errors import Rejected, Unreachable
from tests.support.program import PointAt, RunProgram

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}, {"Name": "Drinks/Coffee"}, {"Name": "Food"}],
    "products": [
        {
            "Code": "1001",
            "Name": "Kopi Susu",
            "Category": "Drinks/Coffee",
            "Variants": [
                {"Code": "1001R", "Model": "Regular", "UnitPrice": 18000, "Taxable": True},
                {
                    "Code": "1001L",
                    "Model": "Large",
                    "UnitPrice": 22000,
                    "Taxable": True,
                    "OutletPrice": [{"Outlet": "Bandung", "Price": 23000, "ExtraCost": 0}],
                },
            ],
        },
        {
            "Code": "2001",
            "Name": "Roti",
            "Category": "Food",
            "Variants": [{"Code": "0071", "UnitPrice": 9000, "Taxable": True}],
        },
    ],
    "coupons": [
        {"Code": f"C{n}", "Type": "DiscountAmount", "Discount": 1000, "Limit": 9} for n in range(6)
    ],
    "customers": [
        {
            "Code": "DP-1",
            "Name": "Ayu Lestari",
            "Email": "ayu@example.com",
            "Mobile": "08123456789",
        },
        {"Code": "DP-2", "Name": "Sari Baru", "Email": "sari@example.com"},
    ],
}
SEED["coupons"][0] |= {"CustomerCode": "DP-1"}

DRINKS = """\
# yaml-language-server: $schema=../schemas/catalogue.schema.json
categories:
  - name: Drinks
  - name: Drinks/Coffee

products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks/Coffee
    variants:
      - code: 1001L
        model: Large
        unit_price: 22000
        outlet_prices:
          Bandung: {price: 23000}
      - code: 1001R
        model: Regular
        unit_price: 18000
"""


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Path]:
    """Return a folder that declares nothing yet, whose sandbox holds a shop."""

    def make(seed: dict[str, Any] = SEED) -> Path:
        folder = tmp_path / "live"
        folder.mkdir()
        (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
        (folder / "sandbox.json").write_text(json.dumps(seed), encoding="utf-8")
        return folder

    return make


def is_settled(run: RunProgram, folder: Path) -> bool:
    """Return whether the plan is empty and everything could be read."""
    return run("plan", folder, "--detailed-exitcode").code == 0


def sent(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, int], None] = lambda n, i: None):
    """Record the requests to the shop; `answer` may raise at one of them."""
    asked: list[str] = []
    call = Client.call

    def heard(self: Client, name: str, parameters: Any = None, **how: bool) -> Any:
        asked.append(name)
        answer(name, asked.count(name))
        return call(self, name, parameters, **how)

    monkeypatch.setattr(Client, "call", heard)
    return asked


def test_a_shop_goes_into_an_empty_folder(
    run: RunProgram, served: tuple[str, Any], point_at: PointAt, tmp_path: Path
) -> None:
    address, _ = served
    sandbox.seed(tmp_path / "served.db", SEED)
    point_at(address)
    folder = tmp_path / "new"
    ran = run("import", folder)
    assert ran.code == 0
    assert (folder / "catalogue" / "drinks.yaml").read_text(encoding="utf-8") == DRINKS
    assert {p.name for p in (folder / "catalogue").iterdir()} == {
        *("drinks.yaml", "food.yaml", "coupons.yaml", "customers.yaml", "outlets.yaml")
    }
    assert (folder / "reconciler.yaml").read_text(encoding="utf-8") == (
        "# yaml-language-server: $schema=schemas/reconciler.schema.json\n"
        f"store:\n  url: {address}\n"
        "  client_id: ${DEALPOS_CLIENT_ID}\n  client_secret: ${DEALPOS_CLIENT_SECRET}\n"
        "defaults:\n"
        "  category: {discontinued: false}\n"
        "  product: {discontinued: false}\n"
        "  variant: {type: Standard, taxable: true, loyalty_point: true, discontinued: false}\n"
    )
    assert (folder / "schemas" / "catalogue.schema.json").exists()
    assert "wrote catalogue/drinks.yaml: 2 categories, 1 product, 2 variants" in ran.out
    assert is_settled(run, folder)


PERSONAL = (b"Ayu", b"ayu@example.com", b"08123456789", b"Sari")


def test_personal_data_is_left_out_and_references_still_work(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    ran = run("import", folder)
    assert ran.code == 0
    left_out = (
        "not written: the personal data of 1 customer; --personal-data writes it to the files\n"
    )
    assert left_out in ran.out
    assert (
        run("import", folder, "--kind", "customer", "--format", "json").json[
            "without_personal_data"
        ]
        == 1
    )
    texts = [path.read_bytes() for path in folder.rglob("*.yaml")]
    assert all(data not in text for text in texts for data in PERSONAL)
    coupons = (folder / "catalogue" / "coupons.yaml").read_text(encoding="utf-8")
    assert "customer: DP-1\n" in coupons
    assert is_settled(run, folder)


def test_personal_data_is_written_where_that_is_asked_for(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    ran = run("import", folder, "--kind", "customer", "--personal-data")
    assert "personal data" not in ran.out
    text = (folder / "catalogue" / "customers.yaml").read_bytes()
    assert all(data in text for data in PERSONAL)
    assert is_settled(run, folder)


def test_only_customers_that_coupons_name_are_read_unless_asked_for(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    assert run("import", folder, "--kind", "product", "--kind", "coupon").code == 0
    assert "customers.yaml" not in {p.name for p in (folder / "catalogue").iterdir()}
    assert run("import", folder).code == 0
    text = (folder / "catalogue" / "customers.yaml").read_text(encoding="utf-8")
    assert "DP-1" in text
    assert "DP-2" not in text
    assert run("import", folder, "--kind", "customer").code == 0
    text = (folder / "catalogue" / "customers-2.yaml").read_text(encoding="utf-8")
    assert "DP-1" not in text
    assert "DP-2" in text
    assert is_settled(run, folder)


def test_without_a_store_it_says_what_to_set(run: RunProgram, tmp_path: Path) -> None:
    ran = run("import", tmp_path / "new")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"error: no store is configured: {tmp_path / 'new'} has no reconciler.yaml\n"
        "hint: set DEALPOS_URL, DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET, then import again\n"
    )
    assert not (tmp_path / "new").exists()


def test_a_kind_of_which_the_api_hides_objects_is_noted(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    """A category that was retired is listed, so categories have no note."""
    document = run("import", shop(), "--format", "json").json
    assert document["notes"] == [
        f"{collection}: the API may hide {hidden} {collection} and returned none; hidden ones are "
        "not imported"
        for collection, hidden in (("products", "discontinued"), ("coupons", "expired"))
    ]


def test_what_it_costs_is_told_before_it_is_spent(
    run: RunProgram, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop()
    asked = sent(monkeypatch)
    told = run("import", folder, "--dry-run", "--format", "json").json
    assert told["objects"] == {"category": 3, "coupon": 6, "outlet": 1, "product": 2, "variant": 3}
    assert (told["requests_used"], told["requests"]) == (len(asked), 7)
    assert not (folder / "catalogue").exists()
    assert "needs 7 more requests (about 4 s)" in run("import", folder, "--dry-run").out
    asked.clear()
    ran = run("import", folder)
    assert "needs 7 more requests (about 4 s)" in ran.err
    listed = ["category.list", "product.list", "product.list", "coupon.list"]
    found = ["variant.by_codes", *["coupon.by_code"] * 6, "outlet.list", "customer.by_code"]
    assert sorted(asked) == sorted([*listed, *found])


def test_programs_get_a_document(run: RunProgram, shop: Callable[..., Path]) -> None:
    told = run("import", shop(), "--format", "json").json
    assert told["complete"]
    assert {
        "file": "catalogue/food.yaml",
        "objects": {"category": 1, "product": 1, "variant": 1},
    } in (told["files"])
    assert told["skipped"] == told["unknown"] == []


def test_a_run_that_was_cut_off_goes_on_from_there(
    run: RunProgram, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(name: str, number: int) -> None:
        if name == "coupon.by_code" and number == 5:
            raise Unreachable(name, "no route to host")

    folder = shop()
    with monkeypatch.context() as patch:
        sent(patch, cut)
        ran = run("import", folder)
    assert ran.code == 1
    assert "the import is incomplete; the objects read so far were written\n" in ran.err
    assert ran.err.endswith(f"hint: to continue, run: reconciler import {folder}\n")
    assert "no route to host" in ran.err
    assert (
        (folder / "catalogue" / "drinks.yaml")
        .read_text("utf-8")
        .endswith(DRINKS.partition("\n")[2])
    )
    asked = sent(monkeypatch)
    assert run("import", folder).code == 0
    # C0 names a customer that was not read yet, so it waited; C1, C2 and C3 are written.
    assert asked.count("coupon.by_code") == 3
    assert "variant.by_codes" not in asked
    assert is_settled(run, folder)


@pytest.mark.parametrize(
    ("operation", "name"), [("coupon.list", "coupons"), ("variant.by_codes", "variants")]
)
def test_what_could_not_be_read_is_told_and_not_written(
    run: RunProgram,
    shop: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    name: str,
) -> None:
    def refuse(asked: str, number: int) -> None:
        if asked == operation:
            raise Rejected(operation, 403, "forbidden")

    folder = shop()
    with monkeypatch.context() as patch:
        sent(patch, refuse)
        ran = run("import", folder)
    assert ran.code == 4
    assert f"could not be read: {name}: {operation}: HTTP 403" in ran.out
    written = "".join(p.read_text("utf-8") for p in (folder / "catalogue").iterdir())
    assert f"{name}:" not in written
    assert "categories:" in written
    assert is_settled(run, folder)
    ran = run("import", folder)
    assert ran.code == 0
    assert "left out" not in ran.out
    assert is_settled(run, folder)


def test_hostile_names_come_through(run: RunProgram, shop: Callable[..., Path]) -> None:
    names = [
        "Drinks: hot/#1",
        "no/NULL",
        "CON",
        "Ünïcode ☕/é",
        "a  b",
        "${HOME}",
        "*a",
        "- b",
        "con",
    ]
    products = [
        {
            "Code": f"{n}: #{n}",
            "Name": "yes",
            "Category": name,
            "Description": "one\n  two\n${HOME} $${HOME}\n",
            "Brand": "1e3",
            "Variants": [{"Code": f"0{n}", "Model": "2026-12-31", "UnitPrice": 107 + n}],
        }
        for n, name in enumerate(names)
    ]
    tops = {part for name in names for part in (name, name.partition("/")[0])}
    seed = {"categories": [{"Name": name} for name in sorted(tops)], "products": products}
    folder = shop(seed)
    ran = run("import", folder)
    assert ran.code == 0
    assert "left out" not in ran.out
    assert {"drinks-hot.yaml", "con-.yaml", "con--2.yaml", "ünïcode.yaml", "a-b.yaml"} <= {
        p.name for p in (folder / "catalogue").iterdir()
    }
    assert is_settled(run, folder)


def test_what_no_file_can_say_is_left_out_and_told(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    seed = json.loads(json.dumps(SEED))
    seed["products"][0]["Variants"][0] |= {"Type": "Serialized", "Description": "a\x01b"}
    seed["products"][0]["Variants"][1]["OutletPrice"][0]["Outlet"] = "Bandung"
    folder = shop(seed)
    ran = run("import", folder)
    assert ran.code == 0
    named = 'skipped: variant/1001R "Kopi Susu, Regular"'
    assert named + " `type`: `type` must be one of Standard" in ran.out
    assert named + " `description`: `description` must not contain" in ran.out
    assert ran.out.count("Change it in DealPOS to declare it\n") == 2
    assert is_settled(run, folder)


def test_a_name_that_no_file_can_hold_is_shown_with_what_to_do(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    """By import, adopt, plan and audit; the plan is otherwise empty."""
    folder = shop({"categories": [{"Name": "Top"}, {"Name": "Top / Men"}, {"Name": "Top/Men"}]})
    ran = run("import", folder)
    what = "`name` must be names separated by single slashes, such as Drinks/Coffee. "
    what += "Rename it in DealPOS to declare it\n"
    assert f"skipped: category/Top / Men: {what}" in ran.out
    assert f"category/Top / Men: {what}" in run("adopt", "category/Top / Men", "--shop", folder).out
    for command in ("plan", "audit"):
        ran = run(command, folder, "--detailed-exitcode")
        assert (ran.code, f"category/Top / Men: {what}" in ran.out) == (0, True), ran.out


def test_a_default_that_an_object_cannot_escape_leaves_it_out(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    seed = json.loads(json.dumps(SEED))
    seed["products"][0]["Variants"][0] |= {"Type": "Serialized"}
    folder = shop(seed)
    (folder / "reconciler.yaml").write_text(
        "store: {url: sandbox}\ndefaults: {variant: {type: Standard}}\n", encoding="utf-8"
    )
    ran = run("import", folder)
    named = 'skipped: variant/1001R "Kopi Susu, Regular"'
    assert named + ": `defaults` give it `type: Standard`" in ran.out
    assert is_settled(run, folder)


def test_a_new_variant_of_a_declared_product_is_left_to_adopt(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "drinks.yaml").write_text("products: [{code: '1001'}]\n", "utf-8")
    ran = run("import", folder)
    named = 'skipped: variant/1001R "Kopi Susu, Regular"'
    assert named + ': product/1001 "Kopi Susu" is already' in ran.out
    assert (folder / "catalogue" / "drinks.yaml").read_text() == "products: [{code: '1001'}]\n"
    assert (folder / "catalogue" / "drinks-2.yaml").exists()
    assert is_settled(run, folder)


def test_a_file_that_would_not_read_back_is_not_written(
    run: RunProgram, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop()
    monkeypatch.setattr(layout, "text", lambda *given: "products: [{code: wrong}]\n")
    ran = run("import", folder)
    assert ran.code == 1
    assert "no file was written" in ran.err
    assert not (folder / "catalogue").exists()
    assert (folder / "reconciler.yaml").read_text("utf-8") == "store: {url: sandbox}\n"


def test_settings_that_cannot_be_added_to_are_left_alone(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    text = "{store: {url: sandbox}}\n"
    (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
    assert run("import", folder).code == 0
    assert (folder / "reconciler.yaml").read_text("utf-8") == text
    assert "type: Standard" in (folder / "catalogue" / "food.yaml").read_text("utf-8")
    assert is_settled(run, folder)


def test_a_folder_that_cannot_be_written_is_an_error(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop()
    (folder / "catalogue").write_text("", encoding="utf-8")
    ran = run("import", folder)
    assert ran.code == 1
    assert "cannot be written" in ran.err or "folder not found" in ran.err


def test_a_large_category_is_split_into_files_that_a_reader_takes(
    run: RunProgram, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MAX_VALUES", 12)
    folder = shop()
    assert run("import", folder).code == 0
    assert {"drinks.yaml", "drinks-2.yaml"} <= {p.name for p in (folder / "catalogue").iterdir()}
    assert is_settled(run, folder)


def test_what_a_file_declares_under_another_spelling_is_not_declared_twice(
    run: RunProgram, folder: Path, declare: Callable[..., Path]
) -> None:
    declare("coupons: [{code: kopi5, type: DiscountAmount, discount: 5, limit: 9}]")
    coupon = {"Type": "DiscountAmount", "Discount": 5, "Limit": 9}
    live = {"coupons": [{"Code": "KOPI5", **coupon}, {"Code": "TEH5", **coupon}]}
    (folder / "sandbox.json").write_text(json.dumps(live), encoding="utf-8")
    ran = run("import", folder)
    assert "coupon/KOPI5: a file declares `kopi5`: use this spelling there" in ran.out
    written = "".join(path.read_text("utf-8") for path in (folder / "catalogue").iterdir())
    assert "TEH5" in written
    assert "KOPI5" not in written


UNSEEN = [
    *(
        "Cafe\u0301",
        "Teh\u200b",
        "Teh\u200d",
        "\u2060Teh",
        "Te\u00adh",
        "Teh\u00a0Manis",
        "Teh\ufe0f",
    ),
    *(
        "Te\U000e0020h",
        "Teh\u2800",
        "\u1112\u1161\u11ab",
        "\u212bngstrom",
        "x\u0301 e\u0301",
        "a\u202eb",
    ),
    *(
        "Teh\u3000Manis",
        "Teh\u200b\nManis",
        "Teh ",
        "Te\ufffeh",
        "\ufeffTeh",
        "Teh\x85",
        "$ {A}\u200b",
    ),
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_written_with_escapes(
    run: RunProgram, shop: Callable[..., Path], text: str
) -> None:
    line = text.replace("\n", " ")
    row = {"Model": text, "UnitPrice": 1000, "Description": text}
    seed = {
        "categories": [{"Name": line}],
        "products": [
            {"Code": line, "Name": text, "Category": line, "Variants": [{"Code": line, **row}]}
        ],
    }
    folder = shop(seed)
    assert run("import", folder).code == 0
    written = "".join(path.read_text("utf-8") for path in (folder / "catalogue").iterdir())
    assert normalize("NFC", written) == written
    assert all(c == "\n" or (c.isprintable() and c not in "\u2800\ufe0f") for c in written)
    assert is_settled(run, folder)
