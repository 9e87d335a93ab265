"""Values, numbers and names as people read them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import fingerprint
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.words import (
    amount,
    duration,
    format_value,
    plain,
    plural,
    with_labels,
)

SPEC = KINDS["variant"].fields["unit_price"]
SECRETIVE = KINDS["customer"].fields["name"]
SOMEBODY = Address("customer", "DP-001")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        ("", '""'),
        ({}, "none"),
        ([], "none"),
        (["a", "b"], '"a", "b"'),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (18000, "18,000"),
        (1250000, "1,250,000"),
        (Decimal("1107.07"), "1,107.07"),
        ("18000", '"18000"'),
        ('16"', '"16\\""'),
        (" a  b ", '"␣a␣␣b␣"'),
        ("two\nlines", '"two\\nlines"'),
    ],
)
def test_a_value_is_written_for_people(value: Any, text: str) -> None:
    assert format_value(SOMEBODY, SPEC, value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "—"), ("", '""')])
def test_a_private_value_that_is_not_there_needs_no_fingerprint(value: Any, text: str) -> None:
    assert format_value(SOMEBODY, SECRETIVE, value) == text


def test_a_fingerprint_tells_a_change_and_nothing_else() -> None:
    mark = fingerprint(SOMEBODY, "Sari")
    assert re.fullmatch(r"#[0-9a-f]{4}", mark)
    assert format_value(SOMEBODY, SECRETIVE, "Sari") == mark == fingerprint(SOMEBODY, "Sari")
    assert mark != fingerprint(SOMEBODY, "Sara")
    assert mark != fingerprint(Address("customer", "DP-002"), "Sari")


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (amount, 999, "999"),
        (amount, 1000, "1,000"),
        (amount, Decimal("1234.5"), "1,234.5"),
        (duration, 0, "about 0 s"),
        (duration, 89, "about 89 s"),
        (duration, 90, "about 2 min"),
        (duration, 3600, "about 60 min"),
    ],
)
def test_numbers_and_times_are_written_for_people(function: Any, value: Any, text: str) -> None:
    assert function(value) == text


def test_nouns_agree_with_their_number() -> None:
    assert [plural(n, "read") for n in (0, 1, 2, 1000)] == [
        "0 reads",
        "1 read",
        "2 reads",
        "1,000 reads",
    ]


@pytest.mark.parametrize("text", ["Kopi Susu", "café", "日本茶", "naïve — 20 %", "العربية", "🙂"])
def test_ordinary_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_a_name_stands_beside_each_address_of_a_sentence_and_in_no_command() -> None:
    labels = {Address("variant", "1005L"): "Cappuccino, Large"}
    told = with_labels("variant/1005L is live. Run `reconciler adopt variant/1005L`", labels)
    assert told == 'variant/1005L "Cappuccino, Large" is live. Run `reconciler adopt variant/1005L`'


LABELS = {
    Address("variant", "1005L"): "Cappuccino, Large",
    Address("variant", "10"): "Tea",
    Address("variant", "Es Teh"): 'Es "Teh"',
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("variant/1005L", 'variant/1005L "Cappuccino, Large"'),
        ("with variant/1005L, it", 'with variant/1005L "Cappuccino, Large", it'),
        ("(variant/1005L)", '(variant/1005L "Cappuccino, Large")'),
        ("variant/Es Teh is", 'variant/Es Teh "Es \\"Teh\\"" is'),
        ("variant/1005L and variant/10", 'variant/1005L "Cappuccino, Large" and variant/10 "Tea"'),
        ("variant/1005", "variant/1005"),
        ("variant/10-X", "variant/10-X"),
        ("product/10, n/a", "product/10, n/a"),
        ("catalogue/variant/10", "catalogue/variant/10"),
    ],
)
def test_a_sentence_names_the_objects_beside_their_addresses(text: str, shown: str) -> None:
    assert with_labels(text, LABELS) == shown
