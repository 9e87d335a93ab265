"""Prices from a day on, by way of a sheet: a row is a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.program import Ran, RunProgram

SETTINGS = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
PLAIN = """\
outlets: [{name: Bandung}, {name: Jakarta}]
products:
  - code: "1001"
    name: Kopi Susu
    variants:
      - code: 1001R
        unit_price: 18000   # since March
      - {code: 1001L, unit_price: 22000, outlet_prices: {Bandung: {price: 23000, extra_cost: 1}}}
"""
DATED = """\
outlets: [{name: Bandung}, {name: Jakarta}]
products:
  - code: "1001"
    name: Kopi Susu
    variants:
      - code: 1001R
        unit_price:   # reviewed by Rina
          - 18000
          - {from: 2020-12-01, value: 19000}   # agreed
          - from: 2999-12-24 06:00
            until: 2999-12-26
            value: 15000
      - code: 1001L
        unit_price: [22000, {from: 2999-01-01, value: 23000}]
        outlet_prices:
          Bandung: {price: [{from: 2020-01-01, value: 24000}], extra_cost: 1}
          Jakarta: {price: 25000}
"""
HEADER = "code,product,model,unit_cost,unit_price,price@Bandung,price@Jakarta,from"
EXPORT = f"""\
{HEADER},until
1001R,Kopi Susu,,,18000,,,,
1001R,Kopi Susu,,,19000,,,2020-12-01,
1001R,Kopi Susu,,,15000,,,2999-12-24 06:00,2999-12-26
1001L,Kopi Susu,,,22000,,25000,,
1001L,Kopi Susu,,,,24000,,2020-01-01,
1001L,Kopi Susu,,,23000,,,2999-01-01,
"""
NOTHING = "Nothing to import: the files have these prices already.\n"

Import = Callable[..., Ran]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a shop folder with plain prices."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop" / "catalogue").mkdir(parents=True)
    (tmp_path / "shop" / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "shop" / "catalogue" / "menu.yaml").write_text(PLAIN, encoding="utf-8")
    return Path("shop")


@pytest.fixture
def dated(shop: Path) -> Path:
    """Return a shop folder with dated prices."""
    (shop / "catalogue" / "menu.yaml").write_text(DATED, encoding="utf-8")
    return shop


@pytest.fixture
def take(run: RunProgram) -> Import:
    """Import a sheet."""

    def take(text: str, *words: str) -> Ran:
        Path("prices.csv").write_text(text, encoding="utf-8")
        return run("prices", "import", "prices.csv", "shop", *words)

    return take


def menu(shop: Path) -> str:
    return (shop / "catalogue" / "menu.yaml").read_text(encoding="utf-8")


def test_an_export_has_a_row_for_each_step(run: RunProgram, dated: Path, take: Import) -> None:
    exported = run("prices", "export", dated).out
    assert exported == "\ufeff" + EXPORT
    assert take(exported).out == NOTHING


def test_prices_of_the_first_of_a_month(take: Import, shop: Path, run: RunProgram) -> None:
    """One sheet raises all prices on one day; today's stay until then."""
    header = "code,unit_price,price@Bandung,from\n"
    ran = take(f"{header}1001R,19000,,2999-12-01\n1001L,23000,24000,2999-12-01\n")
    assert ran.code == 0, ran.err
    assert "\nwrote 1 file: 3 prices of 2 variants\n" in ran.out
    step = "{from: 2999-12-01, value: "
    assert menu(shop) == PLAIN.replace(
        "unit_price: 18000   # since", f"unit_price: [18000, {step}19000}}]   # since"
    ).replace("unit_price: 22000", f"unit_price: [22000, {step}23000}}]").replace(
        "price: 23000,", f"price: [23000, {step}24000}}],"
    )
    assert run("prices", "export", shop).out.count("2999-12-01") == 2


def test_a_day_is_written_beside_the_prices_of_an_export(
    take: Import, shop: Path, run: RunProgram
) -> None:
    """The cells that nobody has touched add no steps."""
    exported = run("prices", "export", shop).out
    rows = [f"{row}2999-12-01" for row in exported.splitlines()[1:]]
    assert len(rows) == 2
    sheet = "\n".join([exported.splitlines()[0], *rows]).replace("18000", "19000") + "\n"
    ran = take(sheet)
    assert "\nwrote 1 file: 1 price of 1 variant\n" in ran.out
    assert menu(shop) == PLAIN.replace(
        "unit_price: 18000   # since",
        "unit_price: [18000, {from: 2999-12-01, value: 19000}]   # since",
    )


PROMOTION = "[18000, {from: 2999-12-24, until: 2999-12-26, value: 17000}"
STEPS = {
    "the price that holds": ("18000", "18000,2999-12-01", "18000"),
    "the same price twice": (
        "18000",
        "19000,2999-12-01\n1001R,19000,2999-12-15",
        "[18000, {from: 2999-12-01, value: 19000}]",
    ),
    "back to the price of today": (
        "18000",
        "19000,2999-12-01\n1001R,18000,2999-12-15",
        "[18000, {from: 2999-12-01, value: 19000}, {from: 2999-12-15, value: 18000}]",
    ),
    "the price of a step that ends": (
        f"{PROMOTION}]",
        "17000,2999-12-25",
        f"{PROMOTION}, {{from: 2999-12-25, value: 17000}}]",
    ),
    "the price after a step that ends": (f"{PROMOTION}]", "18000,2999-12-27", f"{PROMOTION}]"),
    "the price before and after a step": (
        f"{PROMOTION}]",
        "18000,2999-12-25",
        f"{PROMOTION}, {{from: 2999-12-25, value: 18000}}]",
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_changes_the_price_at_no_time_is_not_added(
    take: Import, shop: Path, name: str
) -> None:
    before, row, after = STEPS[name]
    file = shop / "catalogue" / "menu.yaml"
    file.write_text(PLAIN.replace("unit_price: 18000", f"unit_price: {before}"), encoding="utf-8")
    ran = take(f"code,unit_price,from\n1001R,{row}\n")
    assert ran.code == 0, ran.err
    assert menu(shop) == PLAIN.replace("unit_price: 18000", f"unit_price: {after}")


def test_a_price_that_lost_its_point_is_recognised_beside_a_day(take: Import, shop: Path) -> None:
    text = PLAIN.replace("unit_price: 18000", "unit_price: 7500.1250")
    (shop / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    ran = take("code,unit_price,from\n1001R,7500125,2999-12-01\n")
    assert "`7500125` is the present price 7500.1250 without its point" in ran.err
    assert (ran.code, menu(shop)) == (1, text)


def test_a_sheet_changes_adds_and_ends_steps(take: Import, dated: Path) -> None:
    edited = (
        EXPORT.replace("19000,,,2020-12-01,", "19500,,,2020-12-01,")
        .replace("23000,,,2999-01-01,", "23000,,,2999-01-01,2999-01-31")
        .replace("15000,,,2999-12-24 06:00,2999-12-26", "14000,,,2999-12-24 06:00,2999-12-27")
    )
    edited += "1001R,,,,20000,,,2999-06-01,\n1001L,,,,,26000,27000,2999-06-01,2999-06-30\n"
    ran = take(edited)
    assert ran.code == 0, ran.err
    changes = (
        (
            "value: 19000}   # agreed\n",
            "value: 19500}   # agreed\n          - {from: 2999-06-01, value: 20000}\n",
        ),
        ("until: 2999-12-26\n            value: 15", "until: 2999-12-27\n            value: 14"),
        ("2999-01-01, value: 23000}", "2999-01-01, until: 2999-01-31, value: 23000}"),
    )
    new = DATED
    for old, now in changes:
        new = new.replace(old, now)
    step = "{from: 2999-06-01, until: 2999-06-30, value: "
    new = new.replace("value: 24000}]", f"value: 24000}}, {step}26000}}]")
    new = new.replace("Jakarta: {price: 25000}", f"Jakarta: {{price: [25000, {step}27000}}]}}")
    assert menu(dated) == new


def test_steps_before_the_first_one(take: Import, dated: Path) -> None:
    text = DATED.replace("          - 18000\n", "").replace("[22000, ", "[")
    (dated / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    ran = take("code,unit_price,from\n1001R,17000,\n1001L,21000,2019-01-01\n")
    assert ran.code == 0, ran.err
    assert menu(dated) == text.replace(
        "          - {from: 2020-12-01", "          - 17000\n          - {from: 2020-12-01"
    ).replace("[{from: 2999-01-01", "[{from: 2019-01-01, value: 21000}, {from: 2999-01-01")


def test_the_first_dated_price_of_a_variant_without_any(take: Import, shop: Path) -> None:
    header = "code,unit_cost,price@Jakarta,price@Bandung,from\n"
    ran = take(f"{header}1001R,9000,20000,21000,2999-12-01\n")
    assert ran.code == 0, ran.err
    assert "Warning: the files did not declare the outlet prices of variant/1001R" in ran.out
    text = menu(shop)
    assert "        unit_cost: [{from: 2999-12-01, value: 9000}]\n" in text
    assert "          Jakarta: {price: [{from: 2999-12-01, value: 20000}]}\n" in text
    assert "          Bandung: {price: [{from: 2999-12-01, value: 21000}]}\n" in text


def test_a_plain_price_beside_steps(take: Import, dated: Path) -> None:
    ran = take("code,unit_cost,unit_price,price@Jakarta\n1001L,9000,22500,25500\n")
    assert ran.code == 0, ran.err
    assert menu(dated) == DATED.replace(
        "        unit_price: [22000,", "        unit_cost: 9000\n        unit_price: [22500,"
    ).replace("Jakarta: {price: 25000}", "Jakarta: {price: 25500}")


def test_an_outlet_price_goes_with_its_steps(take: Import, dated: Path) -> None:
    ran = take("code,price@Bandung\n1001L,-\n")
    assert ran.code == 0, ran.err
    assert menu(dated) == DATED.replace(
        "          Bandung: {price: [{from: 2020-01-01, value: 24000}], extra_cost: 1}\n", ""
    )


def test_a_step_ends_by_its_row(take: Import, shop: Path) -> None:
    assert take("code,unit_price,until\n1001R,18000,2999-12-31\n").code == 0
    assert "unit_price: [{until: 2999-12-31, value: 18000}]   # since March" in menu(shop)


def test_an_export_counts_variants_and_rows(run: RunProgram, dated: Path) -> None:
    out = Path("out.csv")
    assert run("prices", "export", dated, "--out", out).err == (
        "2 variants (6 rows) written to out.csv\n"
    )


def test_a_price_under_a_step_that_holds_is_without_effect(take: Import, dated: Path) -> None:
    ran = take("code,unit_price\n1001R,18500\n1001L,22500\n")
    assert (
        'note: without effect, because a step with a later day holds: variant/1001R "Kopi Susu". '
        "Write the day of that step in the column `from` to change its price\n"
    ) in ran.out
    assert "2 prices of 2 variants" in ran.out
    assert "without effect" not in take("code,unit_price,from\n1001R,18600,2020-12-01\n").out
    assert "without effect" not in take("code,unit_price,from\n1001R,18700,2999-12-24 06:00\n").out


def test_days_that_a_spreadsheet_wrote_with_midnight(take: Import, dated: Path) -> None:
    exported = EXPORT.replace(",2020-12-01,", ",2020-12-01 00:00:00,").replace("06:00", "06:00:00")
    assert take(exported).out == NOTHING


WITHOUT_PRICES = ("code,unit_price\n", "code,product\n1001R,Kopi\n", f"{HEADER}\n1001R,,,,,,,\n")


@pytest.mark.parametrize("sheet", WITHOUT_PRICES)
def test_a_sheet_without_prices_is_named(take: Import, shop: Path, sheet: str) -> None:
    assert take(sheet).out.endswith("Nothing to import: no row has a price.\n")
    assert menu(shop) == PLAIN


PROBLEMS = {
    "names of the columns twice": (
        "code,unit_price,from\n code ,unit_price,from\n1001R,1,\n\ncode,unit_price,from\n",
        "2:1: A2: the row repeats the names of the columns\n"
        "    hint: delete the row\n"
        "prices.csv:5:1: A5: the row repeats the names of the columns",
    ),
    "step that ends before it begins": (
        "code,unit_price,from,until\n1001R,1,2999-02-01,2999-01-31\n",
        "2:20: D2: `until` ends before `from` begins",
    ),
    "end before a step of the file": (
        "code,unit_price,from,until\n1001R,1,2999-02-01,2999-01-31\n1001L,x,2999-02-01,2999-01-31\n",
        "2:20: D2: `until` ends before `from` begins\n"
        "    hint: write a later `until`; a day is the last one, a time is not included\n"
        "prices.csv:3:7: B3: `x` must be a number in plain digits, such as 18000\n"
        "prices.csv:3:20: D3: `until` ends before `from` begins",
    ),
    "removal from a day on": (
        "code,price@Bandung,from\n1001L,-,2999-02-01\n",
        "2:7: B2: `-` removes an outlet price as a whole, not from a day on\n"
        "    hint: a price ends on a day in `until`; steps are removed in the file",
    ),
    "two rows of a day": (
        "code,unit_price,from\n1001R,1,2999-02-01\n1001R,2,2999-02-01\n",
        "3:1: A3: `1001R` is in row 2 too",
    ),
    "two rows of one step": (
        "code,unit_price,from,until\n1001R,1,2999-02-01,2999-02-02\n1001R,2,2999-02-01,\n",
        "3:7: B3: B2 sets this price too",
    ),
    "taken out and set": (
        "code,price@Bandung,from\n1001L,-,\n1001L,2,2999-02-01\n",
        "3:7: B3: B2 sets this price too",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_steps_that_cannot_be(take: Import, shop: Path, name: str) -> None:
    text, message = PROBLEMS[name]
    ran = take(text)
    assert f"prices.csv:{message}" in ran.err
    assert (ran.code, menu(shop)) == (1, PLAIN)


def test_dates_need_the_time_zone_of_the_shop(take: Import, shop: Path) -> None:
    (shop / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    ran = take("code,unit_price,from\n1001R,1,2999-02-01\n1001L,2,2999-02-01\n")
    assert ran.err == (
        "prices.csv:2:9: C2: a date needs the time zone of the shop\n"
        "    hint: set `timezone: Asia/Jakarta` in reconciler.yaml\n"
        "error: 1 problem in the files\n"
    )


def test_a_live_export_names_the_step_that_holds(
    run: RunProgram, dated: Path, take: Import
) -> None:
    text = DATED.replace("    name: Kopi", "    category: Drinks\n    name: Kopi")
    text = f"categories: [{{name: Drinks}}]\n{text}"
    (dated / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")
    assert run("apply", dated, "--auto-approve").code == 0
    exported = run("prices", "export", dated, "--live").out
    assert "\n1001R,Kopi Susu,,,19000,,,2020-12-01\n" in exported
    assert "\n1001L,Kopi Susu,,,,24000,,2020-01-01\n" in exported
    ran = take(exported.replace("19000", "19500"))
    assert ran.code == 0, ran.err
    assert "-          - {from: 2020-12-01, value: 19000}   # agreed\n" in ran.out
