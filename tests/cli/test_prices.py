"""`prices export` and `prices import`: a sheet of prices, and the files that it came from."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.errors import Rejected
from tests.support.menu import back_office, by_code
from tests.support.program import Ran, ReadFolder, RunProgram

SETTINGS = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
MENU = """\
# Our menu. Ask Rina before changing prices.
outlets:
  - {name: Bandung}
  - {name: Jakarta}
categories: [{name: Drinks}]
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
          Bandung: {price: 23000, extra_cost: 500}
          # Jakarta has its own
          Jakarta:
            price: 24000
        # the end of it
  - code: "1002"
    name: Teh
    category: Drinks
    variants: [{code: "0072", unit_cost: 2500, unit_price: 7500}]
"""
HEADER = "code,product,model,unit_cost,unit_price,price@Bandung,price@Jakarta,from"
EXPORT = f"""\
{HEADER}
1001R,Kopi Susu,Regular,,18000,,,
1001L,Kopi Susu,Large,,22000,23000,24000,
0072,Teh,,2500,7500,,,
"""

Import = Callable[..., Ran]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop folder with comments, quotes, flow and block style."""
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
    return folder


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """Write a sheet beside the shop, and name it as somebody there would."""
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes, name: str = "prices.csv") -> Path:
        path = Path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def take(run: RunProgram, shop: Path, sheet: Callable[..., Path]) -> Import:
    """Import a sheet."""
    return lambda content, *words, **options: run(
        "prices", "import", sheet(content, **options), shop, *words
    )


def menu(shop: Path) -> str:
    return (shop / "catalogue" / "menu.yaml").read_text(encoding="utf-8")


def test_an_export_holds_every_declared_price(run: RunProgram, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    assert run("prices", "export", shop, "--out", out) == Ran(
        0, "", f"3 variants written to {out}\n"
    )
    assert out.read_bytes() == codecs.BOM_UTF8 + EXPORT.replace("\n", "\r\n").encode()
    assert run("prices", "export", shop).out == "\ufeff" + EXPORT


def test_a_sheet_edits_the_files_and_nothing_else_in_them(take: Import, shop: Path) -> None:
    edited = EXPORT.replace(",18000,,,", ",19000,,20500,").replace(
        "22000,23000,24000", "22500,-,25000"
    )
    ran = take(edited)
    assert ran.code == 0, ran.err
    new = MENU.replace(
        "unit_price: 18000, taxable: true",
        "unit_price: 19000, taxable: true, outlet_prices: {Jakarta: {price: 20500}}",
    )
    new = new.replace('"22000"', '"22500"').replace("price: 24000", "price: 25000")
    new = new.replace("          Bandung: {price: 23000, extra_cost: 500}\n", "")
    assert menu(shop) == new
    assert '+        unit_price: "22500"     # agreed in March\n' in ran.out.replace(
        "+      ", "+      "
    )
    assert "wrote 1 file: 5 prices of 2 variants\n" in ran.out
    assert f"Next: run 'reconciler plan {shop}', then commit the files.\n" in ran.out


def test_an_outlet_price_keeps_what_stands_beside_it(take: Import, shop: Path) -> None:
    assert take("code,price@Bandung\n1001L,23500\n").code == 0
    assert "Bandung: {price: 23500, extra_cost: 500}" in menu(shop)


def test_the_first_outlet_price_of_a_variant_is_a_warning(take: Import) -> None:
    ran = take("code,price@Bandung\n1001R,20000\n", "--dry-run")
    assert ran.out.startswith(
        "Warning: the files did not declare the outlet prices of "
        'variant/1001R "Kopi Susu, Regular". From now on they declare all of them'
    )


def test_a_dry_run_writes_nothing(take: Import, shop: Path) -> None:
    ran = take("code,unit_price\n1001R,19000\n", "--dry-run")
    assert "would write 1 file: 1 price of 1 variant\n" in ran.out
    assert "+      - {code: 1001R, model: Regular,  unit_price: 19000, taxable: true}\n" in ran.out
    assert menu(shop) == MENU


def test_an_empty_cell_an_absent_column_and_an_equal_price_change_nothing(
    take: Import, shop: Path
) -> None:
    ran = take("code,unit_price\n1001R,\n1001L,22000\n")
    assert (ran.code, ran.out) == (
        0,
        "Nothing to import: the files have these prices already.\n",
    )
    assert menu(shop) == MENU


def test_an_import_as_a_document(take: Import) -> None:
    document = take("code,price@Jakarta\n1001L,-\n", "--format", "json", "--dry-run").json
    assert document == {
        "prices": [
            {
                "address": "variant/1001L",
                "label": "Kopi Susu, Large",
                "path": ["outlet_prices", "Jakarta", "price"],
                "before": 24000,
                "after": None,
                "from": None,
                "until": None,
                "cell": "B2",
                "source": {"file": "catalogue/menu.yaml", "line": 12},
            }
        ],
        "other_names": 0,
        "without_effect": [],
        "files": ["catalogue/menu.yaml"],
        "written": False,
    }


def test_every_problem_is_told_at_once_and_nothing_is_written(
    take: Import, shop: Path, files: ReadFolder
) -> None:
    before = files(shop)
    ran = take(
        "code,unit_price,price@Bandung\n"
        "1001R,free,\n"
        "1001X,18000,\n"
        "1001L,22000,\n"
        '"1001L",23000,=B2*2\n'
        "72,8000,#REF!\n"
        ",9000,\n"
    )
    assert ran.code == 1
    assert ran.err == (
        "prices.csv:2:7: B2: `free` must be a number in plain digits, such as 18000\n"
        "prices.csv:3:1: A3: unknown code `1001X`\n"
        "    hint: did you mean `1001R`?\n"
        "prices.csv:5:1: A5: `1001L` is in row 4 too\n"
        "    hint: keep one of the rows 4 and 5\n"
        "prices.csv:5:15: C5: `=B2*2` is a formula\n"
        "    hint: save the values in the place of the formulas\n"
        "prices.csv:6:1: A6: unknown code `72`\n"
        "    hint: did you mean `0072`? (it differs by leading zeros)\n"
        "prices.csv:6:9: C6: `#REF!` is the error of a formula\n"
        "prices.csv:7:1: A7: the row has no code\n"
        "    hint: write its code, or empty the row\n"
        "error: 7 problems in the files\n"
    )
    assert files(shop) == before


PROBLEMS = {
    "unknown column": (
        "code,unit_prise\n1001R,1\n",
        "1:6: B1: unknown column `unit_prise`",
        "did you mean `unit_price`?",
    ),
    "unknown outlet": (
        "code,price@Bandnug\n1001R,1\n",
        "1:6: B1: unknown outlet `Bandnug`: the files do not name it",
        "did you mean `Bandung`?",
    ),
    "column twice": (
        "code,unit_price,unit_price\n1001R,1,1\n",
        "1:17: C1: a second column `unit_price`",
        "remove one of the two",
    ),
    "outlet twice": (
        "code,price@Bandung, price@Bandung\n1001R,1,1\n",
        "1:20: C1: a second column `price@Bandung`",
        "remove one of the two",
    ),
    "no code column": (
        "kode,harga\n1001R,1\n",
        "1:1: A1: unknown column `kode`",
        "did you mean `code`?",
    ),
    "title above the columns": (
        "Harga baru,,\n\ncode,unit_price\n1001R,18000\n",
        "1:1: A1: the names of the columns are in row 3",
        "delete the rows above row 3",
    ),
    "no name of an outlet": (
        "code,price@\n1001R,1\n",
        "1:6: B1: `price@` names no outlet",
        "columns: code, product, model",
    ),
    "column without a name": (
        "code,unit_price,\n1001R,18000,\n1001L,22000,5\n",
        "1:17: C1: C3 has a value and its column has no name",
        "columns: code, product, model, unit_cost, unit_price, price@OUTLET, from, until",
    ),
    "no content": (" \n,,\n", "has no rows", "begin with columns: code, product, model"),
    "a comma without quotes": (
        "code,unit_price\n1001R,18,000\n",
        "2:10: C2: `000` is to the right of the last column",
        "a number with a comma must stand in quotes, or in a file with semicolons",
    ),
    "shortened code": (
        "code,unit_price\n1.003E+03,1\n",
        "2:1: A2: `1.003E+03` is a code that a spreadsheet has shortened",
        "format the column as text before you type or paste codes",
    ),
    "date instead of a code": (
        "code,unit_price\n04-Mar,1\n",
        "2:1: A2: unknown code `04-Mar`: a spreadsheet may have turned it into a date",
        "declare the variant first, or remove the row",
    ),
    "formula instead of a code": (
        'code,unit_price\n"=""1001R""",1\n',
        '2:1: A2: `="1001R"` is a formula, not a code',
        "save the values instead",
    ),
    "code of a product": (
        "code,unit_price\n1001,1\n",
        "2:1: A2: unknown code `1001`",
        "it is the code of a product; its variants: 1001L, 1001R",
    ),
    "formula": (
        "code,unit_price\n1001R,=A1*2\n",
        "2:7: B2: `=A1*2` is a formula",
        "save the values in the place of the formulas",
    ),
    "error of a formula": (
        "code,unit_price\n1001R,#N/A\n",
        "2:7: B2: `#N/A` is the error of a formula",
        None,
    ),
    "narrow column": (
        "code,unit_price\n1001R,###\n",
        "2:7: B2: `###` is a column too narrow for its value",
        "widen it, save again",
    ),
    "shortened price": (
        "code,unit_price\n1001R,1.8E+04\n",
        "2:7: B2: `1.8E+04` is shortened by a spreadsheet",
        "format the column as a number without decimals, and save again",
    ),
    "endless fraction": (
        "code,unit_price\n1001R,18333.3333333333\n",
        "2:7: B2: `18333.3333333333` has too many digits for a price",
        "round it in the spreadsheet",
    ),
    "below zero": (
        "code,unit_price\n1001R,-18000\n",
        "2:7: B2: `-18000` must not be below zero",
        None,
    ),
    "removal of a base price": (
        "code,unit_price\n1001R,-\n",
        "2:7: B2: `-` removes an outlet price, and `unit_price` is not one",
        "leave the cell empty to keep the price",
    ),
    "removal where none is declared": (
        "code,price@Bandung\n1001R,-\n",
        "2:7: B2: the file of variant/1001R declares no outlet prices",
        "the file leaves them as they are in the shop; leave the cell empty",
    ),
    "ambiguous date": (
        "code,unit_price,from\n1001R,19000,01/12/2026\n",
        "2:13: C2: `01/12/2026` may be 2026-12-01 or 2026-01-12",
        "write the one you mean, or format the column as YYYY-MM-DD and save again",
    ),
    "date in other words": (
        "code,unit_price,from\n1001R,19000,25/12/26\n",
        "2:13: C2: `25/12/26` is not written YYYY-MM-DD",
        "write 2026-12-25, or format the column as YYYY-MM-DD and save again",
    ),
    "number of a date": (
        "code,unit_price,from\n1001R,19000,46357\n",
        "2:13: C2: `46357` is the number that a spreadsheet has for 2026-12-01",
        "format the column as YYYY-MM-DD and save again",
    ),
    "no date": (
        "code,unit_price,from\n1001R,19000,soon\n",
        "2:13: C2: `soon` is not a date",
        "write YYYY-MM-DD, or YYYY-MM-DD HH:MM",
    ),
    "open quote": (
        'code,unit_price\n1001R,"18000\n1001L,22000\n',
        '2:1: a quote (") that begins in this row is never closed',
        "save it as CSV UTF-8 (comma-delimited)",
    ),
    "text after a quote": (
        'code,unit_price\n1001R,"18"000\n',
        '2:1: text follows the closing quote (") of a cell in this row',
        "save it as CSV UTF-8 (comma-delimited)",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem(take: Import, shop: Path, files: ReadFolder, name: str) -> None:
    text, message, hint = PROBLEMS[name]
    before = files(shop)
    ran = take(text)
    lines = [f"prices.csv:{message}" if message[0].isdigit() else f"prices.csv: {message}"]
    lines += [f"    hint: {hint}"] if hint else []
    assert "\n".join(lines) in ran.err, ran.err
    assert (ran.code, files(shop)) == (1, before)


BYTES = {
    "xlsx": (b"PK\x03\x04..[Content_Types].xml..xl/", "is an Excel workbook (.xlsx), not CSV"),
    "ods": (
        b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "is an OpenDocument spreadsheet (.ods), not CSV",
    ),
    "zip": (b"PK\x03\x04 something", "is a ZIP archive, not CSV"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (.xls), not CSV"),
    "pdf": (b"%PDF-1.7", "is a PDF, not CSV"),
    "utf-32": ("\ufeffcode".encode("utf-32-le"), "is text in UTF-32, not CSV"),
    "windows-1252": (
        "code,model\r\n1001R,Café\r\n".encode("cp1252"),
        "2:10: is not UTF-8: byte 0xE9 is `é` in Windows-1252, an older encoding",
    ),
    "half of utf-16": (
        codecs.BOM_UTF16_LE + "code".encode("utf-16-le") + b"\x00",
        "1:5: is cut in the middle of a UTF-16 character",
    ),
    "nul": (b"code,unit_price\n1001R,\x0018000\n", "2:7: contains a NUL character"),
    "utf-16 without its mark": (
        "code,unit_price\n".encode("utf-16-le"),
        "1:2: looks like UTF-16 without a byte order mark",
    ),
}


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_not_csv(take: Import, name: str) -> None:
    content, message = BYTES[name]
    ran = take(content)
    assert ran.code == 1
    place = f"prices.csv:{message}" if message[0].isdigit() else f"prices.csv: {message}"
    assert f"{place}\n    hint: " in ran.err


def test_a_file_that_is_too_large(take: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealpos_reconciler.catalogue.sheets.read.MAX_BYTES", 20)
    assert "prices.csv: is larger than 0 MiB" in take("code,unit_price\n1001R,18000\n").err
    monkeypatch.undo()


def test_too_many_cells(take: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealpos_reconciler.catalogue.sheets.csv_table.MAX_CELLS", 3)
    assert "prices.csv: has more than 3 cells" in take("code,unit_price\n1001R,18000\n").err


def test_a_file_that_is_not_there(run: RunProgram, shop: Path) -> None:
    ran = run("prices", "import", "nowhere.csv", shop)
    assert (ran.code, ran.err) == (
        1,
        "error: nowhere.csv cannot be read: No such file or directory\n",
    )


WANTED = {"1001R": "19000", "1001L": "22500", "0072": "7500"}
SPELLINGS = {
    "plain": EXPORT,
    "byte order mark": "\ufeff" + EXPORT,
    "semicolons": EXPORT.replace(",", ";"),
    "tabs": EXPORT.replace(",", "\t"),
    "delimiter named": "sep=;\n" + EXPORT.replace(",", ";"),
    "windows line ends": EXPORT.replace("\n", "\r\n"),
    "old mac line ends": EXPORT.replace("\n", "\r"),
    "rows and columns at the end": EXPORT.replace("\n", ",,,\n") + ",,,,\n,,\n\n",
    "rows without their end": EXPORT.replace(",,,\n", "\n"),
    "blank rows": "\n\n" + EXPORT.replace("\n", "\n,,,\n"),
    "no line end": EXPORT.rstrip("\n"),
    "quotes": "".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in EXPORT.splitlines()
    ),
    "a line end in quotes": EXPORT.replace("Regular", '"Regular\n(hot)"'),
    "non-breaking spaces": EXPORT.replace("1001R", "\u00a01001R\u00a0").replace(
        "19000", "19\u202f000"
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_sheet_in_another_form(
    run: RunProgram, take: Import, shop: Path, name: str, encoding: str
) -> None:
    text = SPELLINGS[name].replace("18000", "19000").replace("22000", "22500")
    assert take(text.encode(encoding)).code == 0
    assert prices(run, shop) == WANTED


def prices(run: RunProgram, shop: Path) -> dict[str, str]:
    """The base prices of the files."""
    rows = [line.split(",") for line in run("prices", "export", shop).out.splitlines()[1:]]
    return {row[0]: row[4] for row in rows}


NUMBERS = {
    "Indonesian": ("19.000", "22.500"),
    "English": ("19,000", "22,500"),
    "with currency": ("Rp 19.000", "Rp22.500,00"),
    "without cents": ("Rp. 19.000,-", "IDR 22.500"),
    "grouped and plain": ("19000", "22,500.00"),
    "spaces": ("19 000", "22\u00a0500"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_prices_that_agree(run: RunProgram, take: Import, shop: Path, name: str) -> None:
    first, second = NUMBERS[name]
    assert take(f'code;unit_price\n1001R;"{first}"\n1001L;{second}\n').code == 0
    assert prices(run, shop) == WANTED


def test_prices_that_do_not_agree(take: Import, shop: Path) -> None:
    ran = take("code;unit_price\n1001R;19.000\n1001L;22.500\n0072;7,500\n")
    assert ran.err == (
        "prices.csv:4:6: B4: `7,500` is not written as the other prices of the column\n"
        "    hint: write 7500, or 7.5\n"
        "error: 1 problem in the files\n"
    )
    assert menu(shop) == MENU


def test_two_prices_of_which_neither_is_more_usual(take: Import) -> None:
    ran = take("code;unit_price\n1001R;19.000\n1001L;22,500\n")
    assert ran.err.count("is not written as the other prices of the column") == 2


def test_another_column_tells_how_numbers_are_written(take: Import) -> None:
    ran = take("code;unit_price;unit_cost\n1001R;19.000;12.5\n1001L;22.500;13.25\n")
    assert ran.err.count("is not written as the other prices of the file") == 2


def test_a_fraction_of_three_digits_that_a_spreadsheet_wrote(
    run: RunProgram, take: Import, shop: Path
) -> None:
    """The sheet had `18.1250`; a spreadsheet leaves out the zero, and 18,125 is meant by nobody."""
    text = MENU.replace("unit_price: 18000", "unit_price: 18.1250")
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    assert prices(run, shop)["1001R"] == "18.1250"
    for written in ("18.125", "18,125"):
        ran = take(f"code;unit_price\n1001R;{written}\n")
        assert f"B2: `{written}` is 18,125, or the present price 18.1250" in ran.err


def test_a_code_that_two_declared_ones_fit_is_not_guessed(take: Import, shop: Path) -> None:
    text = MENU + '      - {code: "00072", unit_price: 1}\n'.replace(
        "      - ", "  - code: '1003'\n    variants:\n      - "
    )
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    ran = take("code,unit_price\n72,1\n")
    assert "A2: unknown code `72`; 2 declared codes fit\n" in ran.err
    ran = take("code,unit_price\n0072,1\n")
    assert "A2: `0072` may be `00072` too, which is declared\n" in ran.err
    assert take("code,product,unit_price\n0072,Teh,1\n").code == 0


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("8998866100012", "8.99887E+12"),
        ("8998866100012", "8,99887E+12"),
        ("1000000000000", "1E+12"),
        ("8998866100012345", "8998866100012340"),
        ("1E5", "100000"),
        ("008", "8"),
    ],
)
def test_a_damaged_code_that_one_declared_code_fits(
    take: Import, shop: Path, code: str, written: str
) -> None:
    (shop / "catalogue" / "menu.yaml").write_text(MENU.replace('"0072"', f'"{code}"'), "utf-8")
    ran = take(f"code;unit_price\n{written};1\n")
    assert f"    hint: did you mean `{code}`?" in ran.err
    assert take(f"code;unit_price\n{code};1\n").code == 0


def test_a_code_from_the_environment_stays_out_of_the_sheet(
    run: RunProgram, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MENU.replace("1001R,", '"${CATALOGUE_CODE}",').replace("7500", '"${CATALOGUE_PRICE}"')
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("CATALOGUE_CODE", "HIDDEN1")
    monkeypatch.setenv("CATALOGUE_PRICE", "98765")
    ran = run("prices", "export", shop)
    assert "HIDDEN1" not in ran.out + ran.err
    assert "98765" not in ran.out + ran.err
    assert "0072,Teh,,2500,,,,\n" in ran.out
    assert "note: 2 values from the environment left out; the files keep them\n" in ran.err


def test_a_price_from_the_environment_is_not_overwritten(
    take: Import, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MENU.replace("7500", '"${CATALOGUE_PRICE}"')
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("CATALOGUE_PRICE", "98765")
    ran = take("code,unit_price\n0072,8000\n1001R,19000\n")
    assert ran.err == (
        "prices.csv:2:6: B2: variant/0072 at catalogue/menu.yaml:24: `unit_price` cannot be "
        "edited: its value comes from the environment\n"
        "    hint: edit the file by hand\n"
        "error: 1 problem in the files\n"
    )
    assert menu(shop) == text


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "'", "'=1"])
def test_a_text_that_a_spreadsheet_would_run(
    run: RunProgram, take: Import, shop: Path, start: str
) -> None:
    text = MENU.replace("code: 1001R", f'code: "{start}x"').replace("Large", f'"{start}"')
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    exported = run("prices", "export", shop).out
    assert f"\n'{start}x,Kopi Susu,Regular," in exported
    assert f",'{start}," in exported
    ran = take(exported)
    assert ran.out == "Nothing to import: the files have these prices already.\n"
    assert take(exported.replace("18000", "19000")).code == 0
    assert "19000" in menu(shop)


def test_a_removed_variant_is_called_that(take: Import, shop: Path) -> None:
    text = MENU + "removed:\n  - variant/1009R\n"
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    ran = take("code,unit_price\n1009R,1\n")
    assert "    hint: catalogue/menu.yaml:26 removes it\n" in ran.err


def test_names_are_not_imported_and_it_is_said(take: Import) -> None:
    ran = take(EXPORT.replace("Large", "Big").replace("18000", "19000"))
    assert ran.out.startswith(
        "note: names that differ from the files are not imported: 1 in the sheet\n"
    )


def test_a_file_of_another_name_is_refused(run: RunProgram, shop: Path) -> None:
    ran = run("prices", "export", shop, "--out", "prices.ods")
    assert (ran.code, ran.err) == (
        1,
        "error: prices.ods: unknown format of a price sheet\n"
        "hint: use a name that ends in .csv or .xlsx\n",
    )


@pytest.fixture
def sold(shop: Path, run: RunProgram) -> Path:
    """Return the shop folder after an apply."""
    assert run("apply", shop, "--auto-approve").code == 0
    return shop


def test_an_export_of_the_shop(run: RunProgram, sold: Path, take: Import) -> None:
    with back_office(sold) as document:
        by_code(document)["1001R"]["UnitPrice"] = 18500
        by_code(document)["1001L"]["OutletPrice"].pop()
    new = "{code: '1003', name: Roti, category: Drinks, variants: [{code: 1003R, unit_price: 1}]}"
    (sold / "catalogue" / "menu.yaml").write_text(f"{MENU}  - {new}\n", "utf-8")
    ran = run("prices", "export", sold, "--live")
    assert ran.code == 0
    assert (
        "\n1001R,Kopi Susu,Regular,0,18500,,,\n1001L,Kopi Susu,Large,0,22000,23000,-,\n" in ran.out
    )
    assert ran.err.endswith(
        "note: not exported, because the shop does not list them: variant/1003R\n"
    )


def test_prices_of_the_shop_that_cannot_be_read(
    run: RunProgram, sold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, kind: object, *rest: object) -> None:
        raise Rejected("variant.by_codes", 403, "no permission")

    monkeypatch.setattr(Reader, "read_many", refuse)
    ran = run("prices", "export", sold, "--live")
    assert ran.code == 4
    assert "not exported: variant/1001R: " in ran.err
