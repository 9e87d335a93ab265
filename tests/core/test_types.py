"""Values that the text of a file can stand for, and those that it cannot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dealpos_reconciler.core.model.types import (
    CategoryPath,
    Code,
    Count,
    Day,
    Flag,
    Money,
    Text,
    format_amount,
)


def read(kind: Any, written: Any) -> Any:
    return TypeAdapter(kind).validate_python(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("18000", 18000),
        ("0", 0),
        ("007", 7),
        ("18000.0", 18000),
        ("18000.00", 18000),
        ("107.07", Decimal("107.07")),
        ("107.0700", Decimal("107.07")),
        ("0.5", Decimal("0.5")),
        ("18.5", Decimal("18.5")),
        ("0.125", Decimal("0.125")),
        ("0.000", 0),
        ("1.1250", Decimal("1.125")),
        ("999999999999999", 999999999999999),
    ],
)
def test_money_is_exact(written: str, meant: Any) -> None:
    value = read(Money, written)
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(
    "written",
    [
        "12_30",
        "1e3",
        "1E3",
        "٣",
        "\uff11\uff18",
        "18 000",
        "1.250.00",
        "1.250,000.5",
        "18.000.5",
        "Rp18.000",
        "18.000 ",
        "1.250.000.000.000.000",
        "0.125.000",
        "+5",
        "0x10",
        "1.",
        ".5",
        ".",
        "-",
        "",
        " 5",
        "5 ",
        "NaN",
        "Infinity",
        "Rp18000",
        "²",
        "9999999999999999",
        18000,
        18000.5,
        True,
        None,
        [],
        {},
    ],
)
@pytest.mark.parametrize("kind", [Money, Count])
def test_a_number_that_is_not_in_plain_digits_is_refused(kind: Any, written: Any) -> None:
    with pytest.raises(ValidationError, match="must be a number in plain digits, such as 18000"):
        read(kind, written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("18.000", "18.000 reads as 18: write 18000, or 18"),
        ("18.500", "18.500 reads as 18.5: write 18500, or 18.5"),
        ("107.070", "107.070 reads as 107.07: write 107070, or 107.07"),
        ("1.125", "1.125 reads as a fraction: write 1125, or 1.1250"),
        ("18000.000", "18000.000 reads as 18000: write 18000000, or 18000"),
        ("0018.000", "0018.000 reads as 18: write 18000, or 18"),
        ("18,000", "18,000 is not in plain digits: write 18000, or 18"),
        ("1.250.000", "1.250.000 is not in plain digits: write 1250000"),
        ("1,250,000", "1,250,000 is not in plain digits: write 1250000"),
        ("18.000,00", "18.000,00 is not in plain digits: write 18000"),
        ("1,250,000.50", "1,250,000.50 is not in plain digits: write 1250000.5"),
        ("18,5", "18,5 is not in plain digits: write 18.5"),
        ("0,125", "0,125 is not in plain digits: write 0.125"),
    ],
)
def test_a_number_that_could_have_thousands_separators_is_refused(written: str, said: str) -> None:
    """In Indonesia `18.000` is eighteen thousand; read as 18 it is a price that nobody meant."""
    with pytest.raises(ValidationError) as refused:
        read(Money, written)
    assert refused.value.errors()[0]["msg"] == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2.000", "2.000 reads as 2: write 2000, or 2"),
        ("1.500", "1.500 is not in plain digits: write 1500"),
        ("1,500", "1,500 is not in plain digits: write 1500"),
    ],
)
def test_a_count_is_offered_as_whole_numbers_alone(written: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(Count, written)
    assert refused.value.errors()[0]["msg"] == said


@pytest.mark.parametrize("number", [Decimal("18.5"), Decimal("1.125"), Decimal("0.125")])
def test_a_fraction_is_read_as_it_is_written(number: Decimal) -> None:
    assert read(Money, format_amount(number)) == number


@pytest.mark.parametrize("written", ["-5", "-0.5", "-107.07"])
@pytest.mark.parametrize("kind", [Money, Count])
def test_a_number_below_zero_is_refused_as_such(kind: Any, written: str) -> None:
    with pytest.raises(ValidationError, match="must not be below zero"):
        read(kind, written)


@pytest.mark.parametrize(("written", "meant"), [("5", 5), ("0", 0), ("5.0", 5), ("010", 10)])
def test_a_count_is_a_whole_number(written: str, meant: int) -> None:
    assert read(Count, written) == meant
    assert type(read(Count, written)) is int


def test_a_broken_count_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be a whole number"):
        read(Count, "5.5")


@pytest.mark.parametrize("written", ["2026-12-31", "2024-02-29", "1970-01-01"])
def test_a_day_is_kept_as_written(written: str) -> None:
    assert read(Day, written) == written


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "2026-1-1",
        "20261231",
        "2026-12-31T00:00:00",
        "31-12-2026",
        "2026/12/31",
        "2026-W01-1",  # ISO's week date names a day too, but not one that anybody means
        "\uff12\uff10\uff12\uff16-12-31",
        # reads back as no date at all (dealpos-api.md §12), so it could never be reached
        "0001-01-01",
        "tomorrow!!",
        "",
        20261231,
        None,
        [],
    ],
)
def test_a_day_that_does_not_exist_or_is_not_in_the_form_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError, match="must be a date that exists, written YYYY-MM-DD"):
        read(Day, written)


@pytest.mark.parametrize(
    "written", ["007", "1e3", "NO", "12_30", "2026-12-31", "true", "A b/c.d", " A", "A "]
)
def test_a_code_never_changes(written: str) -> None:
    assert read(Code, written) == written


@pytest.mark.parametrize(
    "written",
    ["", " ", "\u00a0", "\tA", "A\n", "\nA", "A\nB", "A" * 201, "A\x1b[31mB", "A\tB", "A\x00B", 7,
     None, []],
)  # fmt: skip
def test_a_code_that_cannot_be_one_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        read(Code, written)


def test_a_code_may_have_two_hundred_characters() -> None:
    assert read(Code, "A" * 200) == "A" * 200


@pytest.mark.parametrize("written", ["Drinks", "Drinks/Coffee", "A/B/C/D", "Food & Co/Jajan 1"])
def test_a_category_is_names_between_slashes(written: str) -> None:
    assert read(CategoryPath, written) == written


@pytest.mark.parametrize(
    "written",
    ["", "/", "/Drinks", "Drinks/", "Drinks//Coffee", " Drinks", "Drinks/ Coffee", "A /B"],
)
def test_a_category_with_an_empty_or_padded_name_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="must be names separated by single slashes"):
        read(CategoryPath, written)


@pytest.mark.parametrize("written", [7, None, [], {}])
@pytest.mark.parametrize("kind", [Text, Code, CategoryPath])
def test_what_is_no_text_is_refused(kind: Any, written: Any) -> None:
    with pytest.raises(ValidationError):
        read(kind, written)


@pytest.mark.parametrize("written", ["", " padded ", "two\nlines", "007", "NO", "日本"])
def test_text_is_kept_as_written(written: str) -> None:
    assert read(Text, written) == written


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("false", False)])
def test_a_flag_is_true_or_false(written: str, meant: bool) -> None:
    assert read(Flag, written) is meant


@pytest.mark.parametrize("written", ["maybe", "2", "", "ja", [], {}])
def test_what_is_no_flag_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        read(Flag, written)
