"""Workbooks of Excel: exported, edited cell by cell, and imported again."""

from __future__ import annotations

import builtins
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dealpos_reconciler.cli import main as cli

MENU = """\
outlets: [{name: Bandung}]
products:
  - code: "1001"
    name: Kopi Susu
    variants:
      - {code: "0072", model: "=1+1", unit_price: 18000}
      - {code: 1001L, model: Large, unit_price: 18.1250, outlet_prices: {Bandung: {price: 23500.5}}}
"""
Edit = Callable[[Any], None]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a shop folder, beside which the test goes on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop" / "catalogue").mkdir(parents=True)
    (tmp_path / "shop" / "reconciler.yaml").write_text(
        "store: {url: sandbox}\ntimezone: Asia/Jakarta\n", encoding="utf-8"
    )
    (tmp_path / "shop" / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
    return Path("shop")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the program in this process, and return all that it prints."""

    def go(*words: object) -> str:
        monkeypatch.setattr("sys.argv", ["reconciler", *map(str, words)])
        with pytest.raises(SystemExit):
            cli.main()
        captured = capsys.readouterr()
        return captured.out + captured.err

    return go


@pytest.fixture
def edited(run: Callable[..., str], shop: Path) -> Callable[[Edit], str]:
    """Export a workbook, edit it, and import it again."""

    def edit(change: Edit) -> str:
        run("prices", "export", shop, "--out", "prices.xlsx")
        book = openpyxl.load_workbook("prices.xlsx")
        change(book)
        book.save("prices.xlsx")
        return run("prices", "import", "prices.xlsx", shop)

    return edit


def put(**cells: Any) -> Edit:
    """Write values into cells of the first sheet."""

    def change(book: Any) -> None:
        for name, value in cells.items():
            book.active[name] = value

    return change


def merge(area: str) -> Edit:
    """Merge cells of the first sheet: all but the first one lose their values."""
    return lambda book: book.active.merge_cells(area)


def test_codes_are_text_and_prices_are_numbers(run: Callable[..., str], shop: Path) -> None:
    assert run("prices", "export", shop, "--out", "prices.xlsx") == (
        "2 variants written to prices.xlsx\n"
    )
    rows = list(openpyxl.load_workbook("prices.xlsx").active.iter_rows())
    assert [(cell.value, cell.data_type, cell.number_format) for cell in rows[1][:5]] == [
        ("0072", "s", "@"),
        ("Kopi Susu", "s", "@"),
        ("'=1+1", "s", "@"),
        (None, "n", "@"),
        (18000, "n", "#,##0"),
    ]
    assert [(cell.value, cell.number_format) for cell in rows[2][4:6]] == [
        (18.125, "#,##0.00########"),
        (23500.5, "#,##0.00########"),
    ]


def test_a_workbook_that_nobody_edited_changes_nothing(edited: Callable[[Edit], str]) -> None:
    assert edited(lambda book: None) == "Nothing to import: the files have these prices already.\n"


def test_an_edited_workbook(edited: Callable[[Edit], str], shop: Path) -> None:
    printed = edited(put(E2=19000, E3=0.1 + 0.2, F3="-", D2="2.500"))
    assert "wrote 1 file: 4 prices of 2 variants\n" in printed
    assert (shop / "catalogue" / "menu.yaml").read_text(encoding="utf-8") == MENU.replace(
        'model: "=1+1", unit_price: 18000', 'model: "=1+1", unit_cost: 2500, unit_price: 19000'
    ).replace("18.1250", "0.3").replace("{Bandung: {price: 23500.5}}", "{}")


PROBLEMS = {
    "formula never calculated": (
        put(E2="=E3*2"),
        "prices.xlsx:2:5: E2: a formula without a value: open the workbook in a spreadsheet",
    ),
    "formula beyond the last row": (
        put(E9="=E3*2"),
        "prices.xlsx:9:1: A9: the row has no code",
    ),
    "error": (put(E2="#REF!"), "prices.xlsx:2:5: E2: `#REF!` is the error of a formula"),
    "truth": (put(E2=True), "prices.xlsx:2:5: E2: `TRUE` must be a number in plain digits"),
    "date as a price": (put(E2=date(2026, 12, 1)), "E2: `2026-12-01` must be a number"),
    "number as a code": (
        put(A2=72),
        "prices.xlsx:2:1: A2: unknown code `72`\n    hint: did you mean `0072`?",
    ),
    "endless fraction": (put(E2=55000 / 3), "E2: `18333.3333333333` has too many digits"),
    "point lost": (put(E3=18125), "E3: `18125` is the present price 18.1250 without its point"),
    "merged prices": (
        merge("E2:E3"),
        "prices.xlsx:3:5: E3: merged with E2: unmerge the cells and fill each of them",
    ),
    "merged codes": (merge("A2:A3"), "prices.xlsx:3:1: A3: merged with A2"),
    "merged cells without end": (
        lambda book: book.active.merged_cells.add("E2:XFD1048576"),
        "prices.xlsx:3:5: E3: merged with E2",
    ),
    "time of day as a date": (put(G2="12:00"), "G2: `12:00` is not a date"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_cell_that_cannot_be_taken(edited: Callable[[Edit], str], shop: Path, name: str) -> None:
    change, message = PROBLEMS[name]
    assert message in edited(change)
    assert (shop / "catalogue" / "menu.yaml").read_text(encoding="utf-8") == MENU


def test_a_formula_that_was_calculated_is_its_value(shop: Path, run: Callable[..., str]) -> None:
    _write_calculated("<c r='B2'><f>9000*2+500</f><v>18500</v></c>")
    assert "wrote 1 file: 1 price of 1 variant" in run("prices", "import", "prices.xlsx", shop)


def _write_calculated(cell: str) -> None:
    """Write a workbook with one row, as Excel saves it; openpyxl saves no values of formulas."""
    book = openpyxl.Workbook()
    book.active.append(["code", "unit_price"])
    book.active.append(["0072", 1])
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile("prices.xlsx", "w") as new:
        for entry in old.namelist():
            content = old.read(entry).decode()
            if entry == "xl/worksheets/sheet1.xml":
                start = content.index('<c r="B2"')
                end = content.index("</c>", start) + len("</c>")
                content = content[:start] + cell + content[end:]
            new.writestr(entry, content)


def test_only_the_first_sheet_is_read(edited: Callable[[Edit], str]) -> None:
    printed = edited(lambda book: book.create_sheet("notes").append(["code", "code"]))
    assert printed == "Nothing to import: the files have these prices already.\n"


def test_merged_names_of_products_are_no_problem(edited: Callable[[Edit], str]) -> None:
    assert edited(merge("B2:B3")) == "Nothing to import: the files have these prices already.\n"


def test_formatted_cells_without_a_value_are_nothing(edited: Callable[[Edit], str]) -> None:
    def change(book: Any) -> None:
        for row in range(5, 300):
            book.active.cell(row, 40).number_format = "0.00"

    assert edited(change) == "Nothing to import: the files have these prices already.\n"


def test_dates_of_a_workbook(run: Callable[..., str], shop: Path) -> None:
    for moment in (date(2026, 12, 1), datetime.fromisoformat("2026-12-24 06:00")):
        book = openpyxl.Workbook()
        book.active.append(["code", "unit_price", "from"])
        book.active.append(["0072", 19000, moment])
        book.save("prices.xlsx")
        assert "not a date" not in run("prices", "import", "prices.xlsx", shop, "--dry-run")


DAMAGED = {
    "not a workbook": (b"code,unit_price\n", "is not an Excel workbook (.xlsx), whatever its name"),
    "cut": (b"PK\x03\x04 xl/", "is damaged: "),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_workbook(run: Callable[..., str], shop: Path, name: str) -> None:
    content, message = DAMAGED[name]
    Path("prices.xlsx").write_bytes(content)
    printed = run("prices", "import", "prices.xlsx", shop)
    assert f"prices.xlsx: {message}" in printed
    assert "hint: save it again as .xlsx, or as CSV UTF-8" in printed


def test_each_part_of_a_workbook_may_be_damaged(run: Callable[..., str], shop: Path) -> None:
    run("prices", "export", shop, "--out", "whole.xlsx")
    with zipfile.ZipFile("whole.xlsx") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    for broken in parts:
        for content in (b"", b"<", b"<a/>", None):
            with zipfile.ZipFile("prices.xlsx", "w") as made:
                for name, kept in parts.items():
                    if name != broken or content is not None:
                        made.writestr(name, content if name == broken else kept)
            printed = run("prices", "import", "prices.xlsx", shop)
            assert "Traceback" not in printed
            assert printed.startswith(("prices.xlsx", "Nothing to import")), (broken, content)


def test_a_workbook_that_unpacks_to_too_much(
    run: Callable[..., str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("prices", "export", shop, "--out", "prices.xlsx")
    monkeypatch.setattr("dealpos_reconciler.catalogue.sheets.workbook.MAX_UNPACKED", 1000)
    assert "is larger than 0 MiB when unpacked" in run("prices", "import", "prices.xlsx", shop)


def test_without_openpyxl_the_message_names_the_extra(
    run: Callable[..., str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("prices", "export", shop, "--out", "prices.xlsx")
    imported = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "openpyxl":
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for words in (("import", "prices.xlsx", shop), ("export", shop, "--out", "more.xlsx")):
        assert run("prices", *words) == (
            "error: a workbook needs the extra 'xlsx': "
            "pip install 'dealpos-reconciler[xlsx]'\n"
            "hint: or use a file that ends in .csv\n"
        )
