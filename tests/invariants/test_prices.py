"""Prices by way of a sheet: an export changes nothing, and a plan shows exactly what was edited."""

from __future__ import annotations

import codecs
import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.workflows.open_shop import read_files
from dealpos_reconciler.workflows.prices.export import export_declared, write_sheet
from dealpos_reconciler.workflows.prices.import_ import ImportedPrices, import_prices
from tests.support.deep import amount
from tests.support.generated import OpenWorld, Worlds
from tests.support.program import contents
from tests.support.shop import MakeShop, Shop

HOSTILE = "=+-@'\"`,;|\t\u00a0\u200b\ufeff\u202e 0123456789.eE/#é☕Кк"
texts = st.text(st.sampled_from(HOSTILE + "abXY\r\n"), max_size=8)
codes = st.text(st.sampled_from(HOSTILE.replace("\t", "") + "abXY"), min_size=1, max_size=8).filter(
    str.strip
)
prices = st.one_of(
    st.integers(0, 10**9), st.decimals(0, 10**6, places=4), st.decimals(0, 1, places=3)
)


days = st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str)
moments = st.tuples(days, st.sampled_from(["", " 06:30", " 00:00"])).map("".join)


@st.composite
def dated_prices(draw: Any) -> Any:
    """A price, or its steps: the first one may begin with no day, and each may end."""
    if draw(st.booleans()):
        return _written(draw(prices))
    begins = sorted(draw(st.lists(moments, min_size=1, max_size=3, unique_by=lambda m: m[:10])))
    steps: list[Any] = [{"from": begin, "value": _written(draw(prices))} for begin in begins]
    for step in steps:
        if draw(st.booleans()):
            year, clock = draw(st.integers(2031, 2035)), draw(st.sampled_from(["", " 00:00"]))
            step["until"] = f"{year}-01-01{clock}"
    if draw(st.booleans()):
        steps.insert(0, _written(draw(prices)))
    return steps


@st.composite
def catalogues(draw: Any) -> dict[str, Any]:
    """Products whose codes, names, outlets and prices are all that a file can hold."""
    names = draw(st.lists(codes, unique=True, min_size=1, max_size=12))
    outlets = draw(st.lists(codes, unique=True, max_size=3))
    variants = []
    for name in names:
        variant: dict[str, Any] = {"code": name, "model": draw(texts)}
        for field in ("unit_cost", "unit_price"):
            if draw(st.booleans()):
                variant[field] = draw(dated_prices())
        if outlets and draw(st.booleans()):
            some = draw(st.lists(st.sampled_from(outlets), unique=True))
            variant["outlet_prices"] = {o: {"price": draw(dated_prices())} for o in some}
        variants.append(variant)
    product = {"code": "P", "name": draw(texts.filter(str.strip)), "variants": variants}
    return {"outlets": [{"name": name} for name in outlets], "products": [product]}


def _written(value: int | Decimal) -> str:
    """A number as a file may hold it: three digits after the point would be ambiguous."""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def taken(sheet: Path, folder: Path) -> ImportedPrices:
    try:
        return import_prices(sheet, folder, dry_run=False)
    except SourceError as error:
        raise AssertionError("\n".join(map(str, error.problems))) from None


def through_a_sheet(folder: Path, suffix: str) -> None:
    """Export the prices and import them, which must edit nothing."""
    before = contents(folder)
    sheet = folder.parent / f"prices.{suffix}"
    write_sheet(export_declared(folder), sheet)
    found = taken(sheet, folder)
    assert (found.sheet.edits, found.sheet.other_names, found.files) == ([], 0, {})
    assert contents(folder) == before


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@given(catalogue=catalogues())
@settings(max_examples=amount(40, 400))
def test_an_export_of_any_codes_and_prices_imports_as_nothing(
    tmp_path: Path, suffix: str, catalogue: dict[str, Any]
) -> None:
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    settled = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
    (folder / "reconciler.yaml").write_text(settled, encoding="utf-8")
    (folder / "catalogue" / "shop.yaml").write_text(json.dumps(catalogue), encoding="utf-8")
    through_a_sheet(folder, suffix)


@given(data=st.data())
def test_an_export_of_a_generated_shop_imports_as_nothing(
    data: Any, generated: Worlds, open_world: OpenWorld
) -> None:
    through_a_sheet(open_world(data.draw(generated)).folder, "csv")


SIZES = ("A", "B", "C", "D", "E")
OUTLETS = ("Bandung", "Jakarta")


@st.composite
def edits(draw: Any) -> dict[tuple[str, tuple[str, ...]], int | None]:
    """New prices by code and field; None takes an outlet price out that is there."""
    found: dict[tuple[str, tuple[str, ...]], int | None] = {}
    for code in draw(st.lists(st.sampled_from(SIZES), unique=True, min_size=1)):
        for name in draw(st.lists(st.sampled_from(("unit_cost", "unit_price")), unique=True)):
            found[code, (name,)] = draw(st.integers(1_001, 9_999_999))
        for outlet in draw(st.lists(st.sampled_from(OUTLETS), unique=True)):
            removable = code in "AB"
            price = draw(st.none() | st.integers(1_001, 9_999_999)) if removable else 77_000
            found[code, ("outlet_prices", outlet, "price")] = price
    return found


def the_catalogue() -> dict[str, Any]:
    """Five variants, of which two have prices at outlets."""
    variants = [
        {"code": code, "unit_cost": 100, "unit_price": 200}
        | ({"outlet_prices": {o: {"price": 300} for o in OUTLETS}} if code in "AB" else {})
        for code in SIZES
    ]
    product = {"code": "P", "name": "Kopi", "category": "Drinks", "variants": variants}
    outlets = [{"name": outlet} for outlet in OUTLETS]
    return {"categories": [{"name": "Drinks"}], "outlets": outlets, "products": [product]}


def the_shop(make_shop: MakeShop) -> Shop:
    """The shop that has what the catalogue declares."""
    shop = make_shop()
    shop.configure("store: {url: sandbox}\n")
    shop.write(json.dumps(the_catalogue()))
    shop.apply()
    assert not shop.plan().changes
    return shop


def as_a_spreadsheet_saves(
    wanted: dict[tuple[str, tuple[str, ...]], int | None], data: Any
) -> bytes:
    """The edits as one of the many files that spreadsheets make of them."""
    columns = list(dict.fromkeys(path for _, path in wanted))
    separator = data.draw(st.sampled_from(["", ".", ","]))
    delimiter = data.draw(st.sampled_from([";", "\t"] if separator == "," else [",", ";", "\t"]))
    currency = data.draw(st.sampled_from(["", "Rp ", "Rp"]))
    stream = io.StringIO()
    writer = csv.writer(
        stream, delimiter=delimiter, lineterminator=data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    )
    writer.writerow(["code", *(f"price@{p[1]}" if p[1:] else p[0] for p in columns)])
    for code in dict.fromkeys(code for code, _ in wanted):
        cells = []
        for path in columns:
            price = wanted.get((code, path), "")
            shown = "-" if price is None else price
            if isinstance(price, int):
                shown = currency + f"{price:,}".replace(",", separator)
            cells.append(shown)
        writer.writerow([code, *cells])
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]))
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    return mark + stream.getvalue().encode(encoding)


@given(data=st.data(), wanted=edits())
def test_a_plan_shows_exactly_what_was_edited(
    make_shop: MakeShop, data: Any, wanted: dict[tuple[str, tuple[str, ...]], int | None]
) -> None:
    if not wanted:
        return
    shop = the_shop(make_shop)
    sheet = shop.folder.parent / "edited.csv"
    sheet.write_bytes(as_a_spreadsheet_saves(wanted, data))
    taken(sheet, shop.folder)
    planned = {
        (change.address.name, field.path): field.after
        for change in shop.plan().changes
        for field in change.fields
        if field.path[-1] != "extra_cost"
    }
    assert planned == wanted


@given(wanted=edits())
def test_prices_from_a_day_on_change_nothing_before_it(
    tmp_path: Path, wanted: dict[tuple[str, tuple[str, ...]], int | None]
) -> None:
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    settled = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
    (folder / "reconciler.yaml").write_text(settled, encoding="utf-8")
    (folder / "catalogue" / "shop.yaml").write_text(json.dumps(the_catalogue()), encoding="utf-8")
    wanted = {key: price for key, price in wanted.items() if price is not None}
    before = declared_prices(folder, "2998-12-31T16:59:59+00:00")
    sheet = tmp_path / "dated.csv"
    columns = list(dict.fromkeys(path for _, path in wanted))
    rows = [
        [code, *(wanted.get((code, path), "") for path in columns), "2999-01-01"]
        for code in dict.fromkeys(code for code, _ in wanted)
    ]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        names = (f"price@{path[1]}" if path[1:] else path[0] for path in columns)
        csv.writer(stream).writerows([["code", *names, "from"], *rows])
    taken(sheet, folder)
    assert declared_prices(folder, "2998-12-31T16:59:59+00:00") == before
    # Midnight in Jakarta is seven hours before that in London.
    assert declared_prices(folder, "2998-12-31T17:00:00+00:00") == {**before, **wanted}


def declared_prices(folder: Path, at: str) -> dict[tuple[str, tuple[str, ...]], Any]:
    """Every price that the files declare at an instant, by code and field."""
    desired = read_files(load(folder), at=datetime.fromisoformat(at))
    found = {}
    for code, declared in desired.objects["variant"].items():
        for name in ("unit_cost", "unit_price"):
            found[code, (name,)] = declared.value[name]
        for outlet, entry in declared.value.get("outlet_prices", {}).items():
            found[code, ("outlet_prices", outlet, "price")] = entry["price"]
    return found
