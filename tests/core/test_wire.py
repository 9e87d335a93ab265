"""Every documented form of a value reads as one canonical value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.model.codec import (
    DAY,
    FLAG,
    NUMBER,
    TEXT,
    TEXTS,
    YES_NO,
    Codec,
    keyed_list,
)

PRICES = keyed_list("Outlet", price=("Price", NUMBER), extra_cost=("ExtraCost", NUMBER))


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (18000, 18000),
        (0, 0),
        (-5, -5),  # a live price may be anything; only a file is refused
        (18000.0, 18000),
        ("18000", 18000),
        (" 18000 ", 18000),
        ("18000.00", 18000),
        (107.07, Decimal("107.07")),
        ("107.07", Decimal("107.07")),
        ("107.070", Decimal("107.07")),
        (Decimal("107.070"), Decimal("107.07")),
        (0.1, Decimal("0.1")),
        ("100", 100),  # dealpos-api.md §7: Variant/Count is a string
    ],
)
def test_every_form_of_a_number_reads_exactly(raw: Any, canonical: Any) -> None:
    read = NUMBER.decode(raw)
    assert read == canonical
    assert type(read) is type(canonical)


@pytest.mark.parametrize(
    "raw",
    # 1e100000: a few bytes of an answer must not become a number of a hundred thousand digits.
    [True, False, "", "abc", '5"', "nan", "1e100000", "inf", float("nan"), float("inf"), [], {}],
)
def test_what_is_no_number_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="a number was expected"):
        NUMBER.decode(raw)


@pytest.mark.parametrize(
    ("value", "sent"), [(18000, "18000"), (Decimal("107.07"), "107.07"), (0, "0")]
)
def test_a_number_is_sent_as_a_json_number(value: Any, sent: str) -> None:
    encoded = NUMBER.encode(value)
    assert isinstance(encoded, (int, float))
    assert repr(encoded) == sent


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        *[(raw, True) for raw in (True, "Yes", "yes", "YES", "true", "True", 1, "1", " yes ")],
        *[(raw, False) for raw in (False, "No", "no", "NO", "false", "False", 0, "0", "")],
    ],
)
@pytest.mark.parametrize("codec", [FLAG, YES_NO])
def test_every_word_for_yes_and_no_reads_as_a_flag(codec: Codec, raw: Any, canonical: bool) -> None:
    assert codec.decode(raw) is canonical


@pytest.mark.parametrize("raw", ["maybe", 2, -1, [], {}, "on"])
def test_what_is_neither_yes_nor_no_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="yes or no was expected"):
        FLAG.decode(raw)


@pytest.mark.parametrize(
    ("codec", "value", "sent"),
    [(FLAG, True, True), (FLAG, False, False), (YES_NO, True, "Yes"), (YES_NO, False, "No")],
)
def test_a_flag_is_sent_in_its_documented_form(codec: Codec, value: bool, sent: Any) -> None:
    assert codec.encode(value) == sent
    assert type(codec.encode(value)) is type(sent)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("2026-12-31", "2026-12-31"),
        ("2026-12-31T00:00:00", "2026-12-31"),
        ("2026-12-31T23:59:59.9", "2026-12-31"),
        ("2026-12-31T23:59:59.123", "2026-12-31"),
        ("2026-12-31 23:59:59", "2026-12-31"),
        ("31 Jul 2019", "2019-07-31"),
        ("1 January 2019", "2019-01-01"),
        ("", ""),
        ("0001-01-01T00:00:00", ""),  # dealpos-api.md §12: the unset date
        ("0001-01-01", ""),
    ],
)
def test_every_documented_date_reads_as_a_day(raw: str, canonical: str) -> None:
    assert DAY.decode(raw) == canonical


@pytest.mark.parametrize("raw", ["2026-02-30", "31.12.2026", "soon", 20261231, True, []])
def test_what_is_no_date_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="a date was expected"):
        DAY.decode(raw)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("007", "007"),
        ("", ""),
        (7, "7"),
        (7.0, "7"),
        (107.07, "107.07"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_text_reads_as_a_file_would_hold_it(raw: Any, canonical: str) -> None:
    assert TEXT.decode(raw) == canonical


@pytest.mark.parametrize("raw", [[], {}, ["a"], {"value": "Standard"}])
def test_what_is_no_text_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="text was expected"):
        TEXT.decode(raw)


@pytest.mark.parametrize(
    ("codec", "empty"),
    [(TEXT, ""), (NUMBER, None), (FLAG, False), (YES_NO, False), (DAY, ""), (TEXTS, []),
     (PRICES, {})],
)  # fmt: skip
def test_null_reads_as_what_an_empty_field_holds(codec: Codec, empty: Any) -> None:
    assert codec.empty == empty


def test_a_list_of_texts_keeps_its_order() -> None:
    assert TEXTS.decode(["b", "a", 7]) == ["b", "a", "7"]


@pytest.mark.parametrize("raw", ["a", {"a": "b"}, 7])
@pytest.mark.parametrize("codec", [TEXTS, PRICES])
def test_what_is_no_list_is_refused(codec: Codec, raw: Any) -> None:
    with pytest.raises(ValueError, match="a list was expected"):
        codec.decode(raw)


def test_a_keyed_list_reads_as_a_mapping_in_canonical_values() -> None:
    rows = [
        {"Outlet": "Bandung", "Price": "19000.0", "ExtraCost": 0.0, "Unknown": "x"},
        {"Outlet": 7, "Price": 107.07},
        {"Outlet": "Solo", "ExtraCost": None},
    ]
    assert PRICES.decode(rows) == {
        "Bandung": {"price": 19000, "extra_cost": 0},
        "7": {"price": Decimal("107.07")},
        "Solo": {"extra_cost": None},
    }


def test_the_order_of_a_keyed_list_is_invisible() -> None:
    rows = [{"Outlet": name, "Price": 1} for name in ("A", "B", "C")]
    assert PRICES.decode(rows) == PRICES.decode(rows[::-1])


@pytest.mark.parametrize("rows", [[{}], [{"Outlet": None}], ["Bandung"], [None], [{"Price": 1}]])
def test_a_keyed_item_without_its_key_is_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match="an item without `Outlet`"):
        PRICES.decode(rows)


def test_a_keyed_mapping_is_sent_as_the_documented_list() -> None:
    value = {"Bandung": {"price": Decimal("107.5"), "extra_cost": 0}, "Solo": {"price": 5}}
    assert PRICES.encode(value) == [
        {"Outlet": "Bandung", "Price": 107.5, "ExtraCost": 0},
        {"Outlet": "Solo", "Price": 5},
    ]
    assert PRICES.encode({}) == []


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (TEXT, "007"),
        (NUMBER, 18000),
        (NUMBER, Decimal("107.07")),
        (FLAG, True),
        (YES_NO, False),
        (DAY, "2026-12-31"),
        (TEXTS, ["a", "b"]),
        (PRICES, {"Bandung": {"price": 19000, "extra_cost": Decimal("0.5")}}),
    ],
)
def test_what_is_written_reads_back_equal(codec: Codec, value: Any) -> None:
    assert codec.decode(codec.encode(value)) == value
