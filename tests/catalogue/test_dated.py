"""Dated values in catalogue files: what they mean, and what is refused at which place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import loader, settings
from dealpos_reconciler.catalogue.parallel import Parsing, start_parsing
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import SourceError
from tests.support.folder import Folder

ZONE = "timezone: Asia/Jakarta\n"
SHOP = """\
products:
  - code: P
    name: Coffee
    variants:
      - code: V
        unit_price:
          - 18000
          - {from: 2026-12-01, value: 19000}
          - {from: 2026-12-24 06:00, until: 2026-12-26, value: 15000}
        outlet_prices:
          Bandung:
            price:
              - from: 2026-12-24 06:00
                until: 2026-12-26
                value: 14000
        discontinued: [{from: "2027-02-01", value: true}]
"""
BEFORE, THEN = datetime(2026, 11, 30, 16, 59, tzinfo=UTC), datetime(2026, 12, 25, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def variant(root: Path, at: datetime, parsing: Parsing | None = None) -> dict[str, object]:
    desired = loader.load(settings.load(root, {}), parsing, at=at)
    return dict(desired[Address("variant", "V")].value)


def test_a_dated_value_is_that_of_the_instant(folder: Folder) -> None:
    folder.write(SHOP)
    folder.load(ZONE)
    assert variant(folder.root, BEFORE) == {
        "code": "V",
        "product": "P",
        "unit_price": 18000,
        "outlet_prices": {},
    }
    assert variant(folder.root, THEN) == {
        "code": "V",
        "product": "P",
        "unit_price": 15000,
        "outlet_prices": {"Bandung": {"price": 14000}},
    }
    later = variant(folder.root, datetime(2027, 2, 1, tzinfo=UTC))
    assert (later["unit_price"], later["discontinued"]) == (19000, True)


def test_the_cache_holds_steps_and_not_what_they_meant_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CACHE", "on")
    (tmp_path / "shop").mkdir()
    folder = Folder(tmp_path / "shop")
    folder.write(SHOP)
    folder.write("categories: [{name: A, discontinued: false}]", "plain.yaml")
    folder.load(ZONE)
    first = start_parsing(folder.root)
    assert first
    assert len(first.pending) == 2
    assert variant(folder.root, BEFORE, first)["unit_price"] == 18000
    second = start_parsing(folder.root)
    assert second
    assert second.pending == []
    assert variant(folder.root, THEN, second)["unit_price"] == 15000


def test_a_default_may_be_dated(folder: Folder) -> None:
    folder.write("products: [{code: P, variants: [{code: V}, {code: W, discontinued: false}]}]")
    text = "defaults: {variant: {discontinued: [false, {from: 2020-01-01, value: true}]}}\n"
    folder.load(ZONE + text)
    found = loader.load(settings.load(folder.root, {})).objects["variant"]
    assert [found[name].value["discontinued"] for name in "VW"] == [True, False]


def test_steps_keep_the_mask_of_a_value_from_the_environment(
    folder: Folder,
) -> None:
    folder.write(
        "products: [{code: P, variants: [{code: V, unit_price: "
        '[18000, {from: 2020-01-01, value: "${CATALOGUE_PRICE}"}]}]}]'
    )
    (folder.root / "reconciler.yaml").write_text(ZONE)
    shop = settings.load(folder.root, {"CATALOGUE_PRICE": "19000"})
    desired = loader.load(shop)
    price = desired[Address("variant", "V")].value["unit_price"]
    assert (str(price), price) == ("(from CATALOGUE_PRICE)", 19000)
    assert desired.schedule
    steps = desired.schedule.values[Address("variant", "V")]["unit_price"]
    assert "19000" not in str(steps)


BAD = [
    ("[]", "must have at least one step"),
    ("[18000, 19000]", "needs `from` in every step after the first: `{from: …, value: …}`"),
    ("[18000, {value: 19000}]", "needs `from` in every step after the first"),
    ("[{from: 2026-02-30, value: 1}]", "`from` must be a date or a time that exists"),
    ("[{from: 2026-12-01, value: 19.000}]", "`unit_price` 19.000 reads as 19: write 19000"),
    ("[{from: 2026-12-01, value: -1}]", "`unit_price` must not be below zero (found `-1`)"),
    ("[{from: 2026-12-01}]", "`value` is missing"),
    ("[{from: 2026-12-01, value: 1, form: 2}]", "unknown key `form`"),
    ("[[1]]", "`unit_price` must be a number in plain digits"),
    ("[{from: 2026-12-02, until: 2026-12-01, value: 1}]", "ends before it begins"),
    ("[1, {from: 2026-12-01, value: 1}, {from: 2026-12-01 00:00, value: 1}]", "has two steps"),
]


@pytest.mark.parametrize(("written", "message"), BAD)
def test_wrong_steps_are_refused(folder: Folder, written: str, message: str) -> None:
    folder.write(f"products: [{{code: P, variants: [{{code: V, unit_price: {written}}}]}}]")
    (found,) = folder.messages(ZONE)
    assert message in found


def test_every_problem_of_steps_is_reported_at_its_place(folder: Folder) -> None:
    folder.write(
        """\
        products:
          - code: P
            discontinued:
              - perhaps
              - {from: 2026-12-01, value: true}
            variants:
              - code: V
                unit_price:
                  - 18.000
                  - {fom: 2026-12-01, value: 19000}
                  - from: 2026-12-02
                    until: tomorrow
                    value: 1
              - code: W
                outlet_prices:
                  Bandung: {price: [1, {from: 2027-01-02, until: 2027-01-01, value: x}]}
        """
    )
    found = folder.problems(ZONE)
    assert [problem.partition(": ")[0] for problem, _ in found] == [
        "shop.yaml:4:9",
        "shop.yaml:9:13",
        "shop.yaml:10:14",
        "shop.yaml:12:20",
        "shop.yaml:16:58",
        "shop.yaml:16:77",
    ]
    assert found[2][1] == "did you mean `from`?"
    assert "ends before it begins" in found[4][0]


WRONG_STEPS = (
    "{from: 2026-12-05, value: x}",
    "{form: 2026-12-05, value: 1}",
    "{from: 2026-13-05, value: 1}",
)


@pytest.mark.parametrize("wrong", WRONG_STEPS)
def test_a_wrong_step_does_not_hide_the_order_of_the_others(folder: Folder, wrong: str) -> None:
    folder.write(
        f"""\
        products:
          - code: P
            variants:
              - code: V
                unit_price:
                  - {wrong}
                  - {{from: 2026-12-01, value: 1}}
                  - {{from: 2026-12-01, value: 2}}
        """
    )
    first, second = folder.problems(ZONE)
    assert second == (
        "shop.yaml:8:20: variant/V: `unit_price` has two steps from 2026-12-01",
        "remove one of the two",
    )
    assert "two steps" not in first[0]


def test_steps_need_the_time_zone_of_the_shop(folder: Folder) -> None:
    folder.write(SHOP)
    found = folder.problems()
    assert [problem for problem, _ in found] == [
        "shop.yaml:7:11: variant/V: `unit_price` needs the time zone of the shop",
        "shop.yaml:13:15: variant/V: `price` needs the time zone of the shop",
        "shop.yaml:16:23: variant/V: `discontinued` needs the time zone of the shop",
    ]
    assert {hint for _, hint in found} == {"set `timezone: Asia/Jakarta` in reconciler.yaml"}


def test_a_time_that_clocks_skip_is_refused(folder: Folder) -> None:
    folder.write(
        "products: [{code: P, variants: [{code: V, unit_price: "
        "[1, {from: 2027-03-28 02:30, value: 2}]}]}]"
    )
    (found,) = folder.problems("timezone: Europe/Berlin\n")
    assert found[0].endswith(
        "`unit_price` has a `from` that does not exist: clocks skip 2027-03-28 02:30"
    )
    assert found[1] == "write the hour after it"


def test_a_bound_cannot_come_from_the_environment(folder: Folder) -> None:
    folder.write(
        "products: [{code: P, variants: [{code: U, unit_price: [1, {from: 2026-12-01, value: 2}]}, "
        '{code: V, unit_price: [1, {from: "${CATALOGUE_DAY}", value: 2}]}]}]'
    )
    (folder.root / "reconciler.yaml").write_text(ZONE)
    with pytest.raises(SourceError) as caught:
        loader.load(settings.load(folder.root, {"CATALOGUE_DAY": "2026-12-01"}))
    (problem,) = caught.value.problems
    assert "`from` must not come from the environment" in problem.message
    assert "2026-12-01" not in str(problem)


@pytest.mark.parametrize("time", ["06:00", "06:00:30"])
@pytest.mark.parametrize("form", ["{{from: {0}, value: 2}}", "{{value: 2, from: {0}}}"])
@pytest.mark.parametrize("sign", [" ", "T"])
def test_a_time_may_stand_in_braces(folder: Folder, time: str, form: str, sign: str) -> None:
    step = form.format(f"2026-12-24{sign}{time}")
    folder.write(
        f"products: [{{code: P, name: 'a {{from: 2026-01-01 06:00}}', "
        f"variants: [{{code: V, unit_price: [1, {step}]}}]}}]"
    )
    desired = folder.load(ZONE)
    assert desired.schedule.values[Address("variant", "V")]["unit_price"] == (
        (("", ""), (f"2026-12-24T{time}", "")),
        (1, 2),
    )
    assert desired[Address("product", "P")].value["name"] == "a {from: 2026-01-01 06:00}"
