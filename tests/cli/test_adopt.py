"""`adopt`: values changed in DealPOS are written to files that people edit by hand."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.catalogue.writing import edit as edits
from dealpos_reconciler.catalogue.writing.results import FieldDrift
from dealpos_reconciler.cli import prompt
from dealpos_reconciler.core.model.address import Address, Source
from tests.support.program import RunProgram

MENU = """\
# Our menu. Ask Rina before changing prices.
categories:
  - name: Drinks   # all of them
products:

  - code: "1001"
    name: 'Kopi Susu'   # the bestseller
    category: Drinks
    variants:
      - {code: 1001R, model: Regular,  unit_price: 18000, taxable: true}
      - code: 1001L
        unit_price: "22000"     # agreed in March
        model: Large
        outlet_prices:   # by outlet
          Bandung: {price: 23000}
          # Jakarta has its own
          Jakarta:
            price: 24000
        # the end of it
      - &base
        code: 1001S
        unit_price: &small 15000
        weight: 100
      - <<: *base
        code: 1001T
  - {code: "1002", name: Teh, category: Drinks,
     variants: [{code: 1002R, unit_price: *small}]}
coupons:
  - code: K1
    type: DiscountAmount
    discount: 1000
    limit: 9
    expiry_date: 2034-01-31
    description: ${CATALOGUE_GREETING}
    requires:
      variants:
        - 1001R
        - 1001L
"""


def seed(**changed: dict[str, Any]) -> dict[str, Any]:
    """The shop as MENU declares it, but for fields of some objects."""
    rows: dict[str, dict[str, Any]] = {
        "1001R": {"Model": "Regular", "UnitPrice": 18000, "Taxable": True},
        "1001L": {
            "Model": "Large",
            "UnitPrice": 22000,
            "OutletPrice": [
                {"Outlet": "Bandung", "Price": 23000, "ExtraCost": 0},
                {"Outlet": "Jakarta", "Price": 24000, "ExtraCost": 0},
            ],
        },
        "1001S": {"UnitPrice": 15000, "Weight": 100},
        "1001T": {"UnitPrice": 15000, "Weight": 100},
        "1002R": {"UnitPrice": 15000},
        "1001": {"Name": "Kopi Susu", "Category": "Drinks"},
        "1002": {"Name": "Teh", "Category": "Drinks"},
        "K1": {
            "Type": "DiscountAmount",
            "Discount": 1000,
            "Limit": 9,
            "ExpiryDate": "2034-01-31",
            "Description": "hello",
            "RequirementType": "Variant",
            "RequirementVariants": ["1001L", "1001R"],
        },
    }
    for code, fields in changed.items():
        rows.setdefault(code.lstrip("_"), {}).update(fields)
    for code, row in rows.items():
        row["Code"] = code
    products = [code for code in rows if len(code) == 4]
    return {
        "outlets": [{"Name": name} for name in ("Bandung", "Jakarta", "Medan")],
        "categories": [{"Name": "Drinks"}, {"Name": "Food"}],
        "products": [
            rows[p] | {"Variants": [r for c, r in rows.items() if c[:4] == p and len(c) > 4]}
            for p in products
        ],
        "coupons": [row for code, row in rows.items() if code.startswith("K")],
    }


@pytest.fixture(autouse=True)
def _greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOGUE_GREETING", "hello")


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Path]:
    """A folder with MENU (or another text), whose sandbox holds another state of it."""

    def make(live: dict[str, Any], text: str | bytes = MENU, settings: str = "") -> Path:
        folder = tmp_path / "live"
        (folder / "catalogue").mkdir(parents=True)
        settings = f"store: {{url: sandbox}}\n{settings}"
        (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
        (folder / "sandbox.json").write_text(json.dumps(live), encoding="utf-8")
        raw = text if isinstance(text, bytes) else text.encode()
        (folder / "catalogue" / "menu.yaml").write_bytes(raw)
        return folder

    return make


def menu(folder: Path) -> str:
    return (folder / "catalogue" / "menu.yaml").read_bytes().decode()


def changed(old: str, new: str) -> list[str]:
    """Return the lines of two texts that are not in both, with `-` and `+`."""
    before, after = old.split("\n"), new.split("\n")
    return [f"-{x}" for x in before if x not in after] + [f"+{x}" for x in after if x not in before]


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a price inside braces": (
        {"_1001R": {"UnitPrice": 18500}},
        [
            "-      - {code: 1001R, model: Regular,  unit_price: 18000, taxable: true}",
            "+      - {code: 1001R, model: Regular,  unit_price: 18500, taxable: true}",
        ],
    ),
    "quotes and a comment stay": (
        {"_1001L": {"UnitPrice": 22500}},
        [
            '-        unit_price: "22000"     # agreed in March',
            '+        unit_price: "22500"     # agreed in March',
        ],
    ),
    "single quotes": (
        {"_1001": {"Name": "Kopi d'Or"}},
        [
            "-    name: 'Kopi Susu'   # the bestseller",
            "+    name: 'Kopi d''Or'   # the bestseller",
        ],
    ),
    "a price of an outlet": (
        {
            "_1001L": {
                "OutletPrice": [
                    {"Outlet": "Bandung", "Price": 1},
                    {"Outlet": "Jakarta", "Price": 2},
                ]
            }
        },
        [
            "-          Bandung: {price: 23000}",
            "-            price: 24000",
            "+          Bandung: {price: 1}",
            "+            price: 2",
        ],
    ),
    "an outlet more and one less": (
        {
            "_1001L": {
                "OutletPrice": [
                    {"Outlet": "Bandung", "Price": 23000},
                    {"Outlet": "Medan", "Price": 2},
                ]
            }
        },
        ["-          Jakarta:", "-            price: 24000", "+          Medan: {price: 2}"],
    ),
    "what an anchor gives is written beside it": (
        {"_1001T": {"Weight": 120}},
        ["+        weight: 120"],
    ),
    "what an alias gives is written in its place": (
        {"_1002R": {"UnitPrice": 16000}},
        [
            "-     variants: [{code: 1002R, unit_price: *small}]}",
            "+     variants: [{code: 1002R, unit_price: 16000}]}",
        ],
    ),
    "one name of a list": (
        {"K1": {"RequirementVariants": ["1001L", "1001S"]}},
        ["-        - 1001R", "+        - 1001S"],
    ),
    "nothing is required any more": (
        {"K1": {"RequirementType": None, "RequirementVariants": []}},
        [
            *("-    requires:", "-      variants:", "-        - 1001R", "-        - 1001L"),
            "+    requires: {}",
        ],
    ),
    "something else is required": (
        {
            "K1": {
                "RequirementType": "Category",
                "RequirementVariants": [],
                "RequirementCategories": ["Drinks"],
            }
        },
        [
            *("-    requires:", "-      variants:", "-        - 1001R", "-        - 1001L"),
            "+    requires: {categories: [Drinks]}",
        ],
    ),
    "text of several lines beside a comment": (
        {"_1001": {"Name": "Kopi\n  Susu"}},
        [
            "-    name: 'Kopi Susu'   # the bestseller",
            '+    name: "Kopi\\n  Susu"   # the bestseller',
        ],
    ),
    "text of several lines": (
        {"_1001L": {"Model": "Large\nand larger"}},
        [
            "-        model: Large",
            "+        model: |-",
            "+          Large",
            "+          and larger",
        ],
    ),
    "what the shop has none of": ({"K1": {"ExpiryDate": None}}, ["-    expiry_date: 2034-01-31"]),
    "a date": (
        {"K1": {"ExpiryDate": "2035-12-31"}},
        ["-    expiry_date: 2034-01-31", "+    expiry_date: 2035-12-31"],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "no last line end", "bom"])
def test_only_the_touched_lines_change(
    run: RunProgram, shop: Callable[..., Path], case: str, ending: str
) -> None:
    live, wanted = CASES[case]
    text = MENU
    if ending == "\r\n":
        text = MENU.replace("\n", "\r\n")
    elif ending == "no last line end":
        text = MENU.rstrip("\n")
    elif ending == "bom":
        text = "\ufeff" + MENU
    folder = shop(seed(**live), text)
    ran = run("adopt", "--all", "--shop", folder)
    assert ran.code == 0, ran.out + ran.err
    cr = "\r" if ending == "\r\n" else ""
    assert changed(text, menu(folder)) == [line + cr for line in wanted]
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_what_a_default_gives_is_written_in_the_entry(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop(
        seed(_1001L={"Taxable": True, "LoyaltyPoint": False}),
        settings="defaults: {variant: {loyalty_point: true}}\n",
    )
    assert run("adopt", "variant/1001L", "--shop", folder).code == 0
    assert "+        loyalty_point: false" in changed(MENU, menu(folder))


@pytest.mark.parametrize(
    ("live", "why"),
    [
        ({"_1001S": {"UnitPrice": 15500}}, "has an anchor that others use"),
        ({"K1": {"Description": "bye"}}, "comes from the environment"),
        ({"_1001L": {"OutletPrice": []}}, "comments that would be lost"),
        ({"_1001R": {"Type": "Serialized"}}, "a file cannot hold the value that the shop has"),
    ],
)
def test_what_cannot_be_written_there_is_told_and_stays(
    run: RunProgram, shop: Callable[..., Path], live: Any, why: str
) -> None:
    settings = "defaults: {variant: {type: Standard}}\n" if "_1001R" in live else ""
    folder = shop(seed(**live), settings=settings)
    ran = run("adopt", "--all", "--shop", folder)
    assert ran.code == 4
    assert why in ran.out
    assert menu(folder) == MENU


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop(seed(_1001L={"UnitPrice": 22500}))
    ran = run("adopt", "variant/1001*", "--dry-run", "--shop", folder)
    assert ran.code == 0
    assert (
        'catalogue/menu.yaml:11: variant/1001L "Kopi Susu, Large" unit_price: '
        "declared 22,000, live 22,500\n"
    ) in ran.out
    assert '+        unit_price: "22500"     # agreed in March' in ran.out
    assert "would write 1 file" in ran.out
    assert menu(folder) == MENU


def test_what_else_lies_in_the_catalogue_is_in_nobodys_way(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    folder = shop(seed(_1001R={"UnitPrice": 18500}))
    (folder / "catalogue" / "menu.yaml").chmod(0o444)
    (folder / "catalogue" / "notes.txt").symlink_to("nowhere.txt")
    ran = run("adopt", "--shop", folder, "variant/1001R")
    assert (ran.code, ran.err) == (0, "")
    assert "unit_price: 18500, taxable" in menu(folder)


def test_one_field_of_one_object(run: RunProgram, shop: Callable[..., Path]) -> None:
    folder = shop(seed(_1001L={"UnitPrice": 22500, "Model": "XL"}, _1001R={"UnitPrice": 1}))
    ran = run("adopt", "variant/1001L", "--field", "model", "--shop", folder, "--format", "json")
    (told,) = ran.json["adopted"]
    assert told["source"] == {"file": "catalogue/menu.yaml", "line": 11}
    assert (told["address"], told["declared"], told["live"]) == ("variant/1001L", "Large", "XL")
    assert changed(MENU, menu(folder)) == ["-        model: Large", "+        model: XL"]


def test_a_new_variant_goes_under_its_product(run: RunProgram, shop: Callable[..., Path]) -> None:
    folder = shop(seed(_1001X={"Model": "Extra", "UnitPrice": 30000}, _1002X={"UnitPrice": 9000}))
    ran = run("adopt", "variant/1001X", "variant/1002X", "--shop", folder)
    assert ran.code == 0, ran.out + ran.err
    after = menu(folder)
    new = after[after.index("      - code: 1001X") :]
    assert new.startswith("      - code: 1001X\n        model: Extra\n        type: Standard\n")
    assert "{code: 1002X, type: Standard, unit_price: 9000" in after
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_a_new_product_goes_where_its_like_are_else_into_a_file_of_its_own(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    rows = {
        "_1003": {"Name": "Jus", "Category": "Drinks"},
        "_1003R": {"UnitPrice": 20000},
        "_2001": {"Name": "Roti", "Category": "Food"},
        "_2001R": {"UnitPrice": 9000},
    }
    folder = shop(seed(**rows))
    ran = run("adopt", "product/1003", "product/2001", "category/Food", "--shop", folder)
    assert ran.code == 0, ran.out + ran.err
    assert changed(MENU, menu(folder))[0] == '+  - code: "1003"'
    food = (folder / "catalogue" / "food.yaml").read_text("utf-8")
    assert food.startswith('categories:\n  - name: Food\n\nproducts:\n  - code: "2001"\n')
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_a_pattern_takes_what_drifted_and_what_is_new(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    changes = {"_1001R": {"UnitPrice": 1}, "_1001X": {"UnitPrice": 2}, "_1002X": {"UnitPrice": 3}}
    folder = shop(seed(**changes), MENU.replace("\n", "\r\n"))
    assert run("adopt", "variant/1001*", "--shop", folder).code == 0
    after = menu(folder)
    assert "unit_price: 1," in after
    assert "\r\n      - code: 1001X\r\n" in after
    assert "1002X" not in after
    assert after.count("\n") == after.count("\r\n")


def test_a_product_without_variants_gets_its_first(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    text = "products:\n  - code: '1001'\n    name: Kopi Susu\n  - {code: '1002', variants: []}\n"
    folder = shop(seed(), text)
    ran = run("adopt", "variant/1001R", "variant/1002R", "--shop", folder)
    assert ran.code == 0, ran.out + ran.err
    after = menu(folder)
    assert "    name: Kopi Susu\n    variants:\n      - code: 1001R\n" in after
    assert "variants: [{code: 1002R, " in after
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_what_a_replacement_has_used_up_is_no_drift(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    off = "guardrails: {coupon-in-use: off}\n"
    folder = shop(seed(K1={"Balance": 4, "Discount": 900}), settings=off)
    assert run("apply", folder, "--auto-approve", "--kind", "coupon").code == 0
    assert run("plan", folder, "--detailed-exitcode").code == 0
    ran = run("adopt", "--all", "--shop", folder)
    assert ran.code == 0
    assert "Nothing to adopt: the files match the shop.\n" in ran.out
    assert menu(folder) == MENU


def test_what_is_to_be_removed_is_not_taken_in(run: RunProgram, shop: Callable[..., Path]) -> None:
    folder = shop(
        seed(_2001={"Name": "Roti", "Category": "Food"}), MENU + "removed:\n  - product/2001\n"
    )
    ran = run("adopt", "product/2001", "--shop", folder)
    assert ran.code == 4
    line = MENU.count("\n") + 2
    assert f"catalogue/menu.yaml:{line} removes it from the shop" in ran.out
    ran = run("import", folder)
    assert "2001" not in "".join(p.read_text("utf-8") for p in (folder / "catalogue").glob("f*"))


@pytest.mark.parametrize("key", ["customers:", '"customers":', "customers :", "? customers\n:"])
def test_customers_are_not_shown(run: RunProgram, shop: Callable[..., Path], key: str) -> None:
    text = f"{key}\n  - code: DP-1\n    name: Ayu Lestari\n    group: Gold\n"
    live = {"customers": [{"Code": "DP-1", "Name": "Sari Baru", "Email": "", "Group": "Silver"}]}
    folder = shop(live, text)
    ran = run("adopt", "customer/DP-1", "--shop", folder)
    assert ran.code == 0
    assert menu(folder) == f"{key}\n  - code: DP-1\n    name: Sari Baru\n    group: Silver\n"
    assert "Sari" not in ran.out + ran.err
    assert 'customer/DP-1 group: declared "Gold", live "Silver"' in ran.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "cannot ask which values to write: standard input is not a terminal"),
        (("variant/1001L", "--all"), "--all and ADDRESS exclude each other"),
        (("varant/1001L",), "unknown kind `varant`"),
        (("variant/9999",), "no object in the files or the shop matches"),
        (("--all", "--field", "modl"), "unknown field `modl`"),
    ],
)
def test_a_mistake_is_explained(
    run: RunProgram, shop: Callable[..., Path], words: tuple[str, ...], why: str
) -> None:
    ran = run("adopt", *words, "--shop", shop(seed()))
    assert ran.code == 1
    assert why in ran.err


def test_each_difference_is_asked_about_on_a_terminal(
    shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = [
        FieldDrift(Address("variant", name), "unit_price", 1, 2, Source("a", 1, 1))
        for name in "ABCD"
    ]
    for answers, wanted in [("y\nn\na\n", "ACD"), ("y\nq\n", "A"), ("n\nn\nn\ny\n", "D"), ("", "")]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
        assert "".join(take.address.name for take in prompt.choose_drift(takes, {})) == wanted


def test_an_edit_that_would_say_something_else_is_not_made(
    run: RunProgram, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop(seed(_1001L={"UnitPrice": 22500}))
    monkeypatch.setattr(edits, "quote", lambda text: '"1"')
    ran = run("adopt", "--all", "--shop", folder)
    assert ran.code == 1
    assert "no file was changed: variant/1001L" in ran.err
    assert menu(folder) == MENU


def test_what_the_shop_does_not_have_is_told(run: RunProgram, shop: Callable[..., Path]) -> None:
    live = seed()
    live["coupons"] = []
    ran = run("adopt", "coupon/K1", "--shop", shop(live))
    assert ran.code == 4
    assert 'coupon/K1 "(from CATALOGUE_GREETING)": not in the shop' in ran.out


def test_the_shop_is_only_read(run: RunProgram, shop: Callable[..., Path]) -> None:
    folder = shop(seed(_1001L={"UnitPrice": 22500}))
    run("validate", folder)
    assert run("adopt", "--all", "--shop", folder).code == 0
    shown = sandbox.show(folder / ".reconciler" / "sandbox.db")
    prices = {v["Code"]: v["UnitPrice"] for p in shown["products"] for v in p["Variants"]}
    assert prices["1001L"] == 22500


def test_personal_data_of_a_new_customer_is_written_only_where_that_is_asked_for(
    run: RunProgram, shop: Callable[..., Path]
) -> None:
    live = {"customers": [{"Code": "DP-1", "Name": "Sari Baru", "Group": "Silver"}]}
    folder = shop(live)
    ran = run("adopt", "customer/DP-1", "--shop", folder, "--dry-run")
    assert ran.code == 0
    assert "not written: the personal data of 1 customer; --personal-data writes it" in ran.out
    assert run("adopt", "customer/DP-1", "--shop", folder).code == 0
    written = (folder / "catalogue" / "customers.yaml").read_text(encoding="utf-8")
    assert "Silver" in written
    assert "Sari" not in written
    (folder / "catalogue" / "customers.yaml").unlink()
    assert run("adopt", "customer/DP-1", "--shop", folder, "--personal-data").code == 0
    assert "Sari Baru" in (folder / "catalogue" / "customers.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["Cafe\u0301", "Teh\u200b", "Teh\u00a0Manis", "Teh\ufe0f", "Teh \nx"]
)
@pytest.mark.parametrize("written", ["Regular", "'Regular'", '"Regular"'])
def test_what_cannot_be_seen_is_adopted_with_escapes(
    run: RunProgram, shop: Callable[..., Path], text: str, written: str
) -> None:
    folder = shop(
        seed(_1001R={"Model": text}, _1001={"Name": text}), MENU.replace("Regular", written)
    )
    assert run("adopt", "--all", "--shop", folder).code == 0
    assert normalize("NFC", menu(folder)) == menu(folder)
    assert menu(folder).count("\\") == 2
    assert all(c == "\n" or (c.isprintable() and c != "\ufe0f") for c in menu(folder))
    assert run("plan", folder, "--format", "json").json["resource_changes"] == []
