"""Sheets that LibreOffice has opened and saved, as a person does who edits prices there.

`saved/` holds the files, and beside each the outcome of its import. Everywhere the files are
imported; where LibreOffice is installed, it saves them again and the outcome must be the same.
`UPDATE=1 pytest tests/sheets` writes both: read the difference before you commit it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from dealpos_reconciler.cli import main as cli
from tests.support import libreoffice
from tests.support.program import contents

SAVED = Path(__file__).parent / "saved"
UPDATE = bool(os.environ.get("UPDATE"))

PLAIN = """\
outlets: [{name: Bandung}, {name: Jakarta}]
products:
  - code: "1001"
    name: Kopi Susu
    variants:
      - {code: 1001R, model: Regular, unit_cost: 7500, unit_price: 18000}
      - code: 1001L
        model: Large
        unit_cost: 9000
        unit_price: 1250000
        outlet_prices: {Bandung: {price: 23500}, Jakarta: {price: 24000}}
"""
DAMAGED = """\
outlets: [{name: Bandung}]
products:
  - code: "1001"
    name: Café
    variants:
      - {code: "0072", unit_price: 18000}
      - {code: "8998866100012", unit_price: 7500}
      - {code: "8998866100012345", unit_price: 7500}
      - {code: 1E5, unit_price: 7500}
      - {code: "1.10", unit_price: 7500}
      - {code: "3-4", model: 1/2, unit_price: 7500}
      - {code: "=1+1", model: "@SUM(1)", unit_price: 7500}
      - {code: "+62", model: "-1", unit_price: 7500}
      - {code: F1, unit_price: 20500.5}
      - {code: F2, unit_price: 18.1250}
      - {code: F3, unit_price: 7500.1250}
      - {code: F4, unit_price: 0.125}
"""


class Way(NamedTuple):
    """A way through LibreOffice."""

    start: str
    """The format of the export."""
    locale: str
    target: str


def _csv(start: str, locale: str, delimiter: str, charset: int = 76) -> Way:
    return Way(start, locale, libreoffice.as_csv(locale, delimiter, charset))


WAYS = {
    "csv-en-comma-utf8": _csv("csv", "en-US", ","),
    "csv-id-semicolon-utf8": _csv("csv", "id-ID", ";"),
    "csv-id-tab-utf16": _csv("csv", "id-ID", "\t", 65535),
    "csv-id-semicolon-windows1252": _csv("csv", "id-ID", ";", 1),
    "csv-en-xlsx": Way("csv", "en-US", "xlsx"),
    "xlsx-en-comma-utf8": _csv("xlsx", "en-US", ","),
    "xlsx-id-semicolon-utf8": _csv("xlsx", "id-ID", ";"),
    "xlsx-id-xlsx": Way("xlsx", "id-ID", "xlsx"),
    "csv-en-ods": Way("csv", "en-US", "ods"),
}
CATALOGUES = {"plain": PLAIN, "damaged": DAMAGED}
NAMES = [f"{way}-{catalogue}" for way in WAYS for catalogue in CATALOGUES]

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process, and return all that it prints."""

    def go(*words: object) -> str:
        monkeypatch.setattr("sys.argv", ["reconciler", *map(str, words)])
        with pytest.raises(SystemExit):
            cli.main()
        captured = capsys.readouterr()
        return captured.out + captured.err

    return go


@pytest.fixture
def make_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make the shop folder that a sheet belongs to, and go beside it."""
    monkeypatch.chdir(tmp_path)

    def make(name: str) -> Path:
        folder = Path("shop")
        (folder / "catalogue").mkdir(parents=True, exist_ok=True)
        (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
        text = CATALOGUES[name.rpartition("-")[2]]
        (folder / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
        return folder

    return make


def bring_in(run: Run, folder: Path, sheet: Path) -> str:
    """Import a sheet under a name that does not depend on the place; nothing may be edited."""
    before = contents(folder)
    copy = Path(f"prices{sheet.suffix.replace('.ods', '.csv')}")
    shutil.copyfile(sheet, copy)
    printed = run("prices", "import", copy, folder)
    assert contents(folder) == before, printed
    return printed


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_that_libreoffice_saved(
    run: Run, make_folder: Callable[[str], Path], name: str
) -> None:
    sheet = next(path for path in SAVED.glob(f"{name}.*") if path.suffix != ".txt")
    printed = bring_in(run, make_folder(name), sheet)
    outcome = SAVED / f"{name}.txt"
    if UPDATE:
        outcome.write_text(printed, encoding="utf-8")
    assert printed == outcome.read_text(encoding="utf-8")


@pytest.mark.skipif(libreoffice.binary() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("way", WAYS)
def test_sheets_that_libreoffice_saves_now(
    run: Run, make_folder: Callable[[str], Path], way: str, tmp_path: Path
) -> None:
    start, locale, target = WAYS[way]
    exported = []
    for name in CATALOGUES:
        exported.append(tmp_path / f"{way}-{name}.{start}")
        folder = make_folder(name)
        assert "variants written" in run("prices", "export", folder, "--out", exported[-1])
    for sheet in libreoffice.save(exported, tmp_path, locale, target):
        if UPDATE:
            shutil.copyfile(sheet, SAVED / sheet.name)
        printed = bring_in(run, make_folder(sheet.stem), sheet)
        outcome = SAVED / f"{sheet.stem}.txt"
        if UPDATE:
            outcome.write_text(printed, encoding="utf-8")
        assert printed == outcome.read_text(encoding="utf-8")


def test_plain_sheets_come_through_every_way() -> None:
    for name in NAMES:
        outcome = (SAVED / f"{name}.txt").read_text(encoding="utf-8")
        if name.endswith("-plain") and "ods" not in name:
            assert outcome == "Nothing to import: the files have these prices already.\n", name
