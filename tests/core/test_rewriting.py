"""Rewrites of a value by a server: the equivalent ones and the others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.diff import differs_in_whitespace_only, is_equivalent_rewrite
from dealpos_reconciler.kinds import KINDS

TEXTS = {
    "trimmed": (" Kopi ", "Kopi"),
    "collapsed": ("Kopi  Susu\tdan\n gula", "Kopi Susu dan gula"),
    "upper": ("Kopi", "KOPI"),
    "upper, longer": ("Straße", "STRASSE"),
    "lower": ("KOPI", "kopi"),
    "dotless": ("\u0131s\u0131", "ISI"),
    "composed": ("e\u0301", "\u00e9"),
    "compatible": ("\ufb01sh ²", "fish 2"),
    "several": (" kopi  SUSU", "Kopi Susu"),
    "only white space": ("  ", ""),
}


@pytest.mark.parametrize(("written", "kept"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("kind", ["product", "variant", "customer"])
def test_the_same_words_are_harmless(kind: str, written: str, kept: str) -> None:
    assert is_equivalent_rewrite(KINDS[kind], ("name",), written, kept, "old")


OTHERS = {
    "cut": ("Kopi Susu", "Kopi"),
    "empty": ("Kopi", ""),
    "other": ("Kopi", "Teh"),
    "joined": ("Kopi Susu", "KopiSusu"),
    "accent lost": ("Café", "Cafe"),
    "a number": ("1", 1),
    "nothing": ("Kopi", None),
}


@pytest.mark.parametrize(("written", "kept"), OTHERS.values(), ids=OTHERS)
def test_other_words_are_not(written: str, kept: Any) -> None:
    assert not is_equivalent_rewrite(KINDS["product"], ("name",), written, kept, "old")


@pytest.mark.parametrize(
    ("written", "kept", "same"),
    [
        ("1000.5", "1001", True),
        ("1000.5", "1000", True),
        ("1000.01", "1001", True),
        ("0.5", "0", True),
        ("1000.5", "1002", False),
        ("1000.5", "999", False),
        ("1000", "1001", False),  # a whole amount needs no rounding
        ("1000", "950", False),  # five per cent lower
        ("1000.55", "1000.5", False),  # cents are kept here, and these are others
        ("1000.5", "0", False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "path"),
    [("variant", ("unit_price",)), ("variant", ("outlet_prices", "Bandung", "price"))],
)
def test_an_amount_may_be_rounded_to_a_whole_unit(
    kind: str, path: tuple[str, ...], written: str, kept: str, same: bool
) -> None:
    assert is_equivalent_rewrite(KINDS[kind], path, Decimal(written), Decimal(kept), 1) is same


@pytest.mark.parametrize(
    ("path", "written", "kept"),
    [
        (("discount",), Decimal("19.5"), 20),
        (("minimum_amount",), Decimal("99999.5"), 99999),
        (("type",), "DiscountAmount", "discountamount"),
        (("customer",), "DP-001", "dp-001"),
        (("requires",), {"variants": ["A"]}, {"variants": ["a"]}),
        (("limit",), 100, 99),
    ],
)
def test_nothing_about_who_may_use_a_coupon_is_harmless(
    path: tuple[str, ...], written: Any, kept: Any
) -> None:
    assert not is_equivalent_rewrite(KINDS["coupon"], path, written, kept, None)
    assert not differs_in_whitespace_only(KINDS["coupon"], path, written, kept)


@pytest.mark.parametrize(
    ("kind", "path", "written", "kept"),
    [
        ("product", ("category",), "Drinks", "DRINKS"),
        ("variant", ("type",), "Standard", "STANDARD"),
        ("variant", ("taxable",), True, False),
        ("variant", ("discontinued",), False, True),
        ("customer", ("birthday",), "1990-05-04", "1990-04-05"),
        ("variant", ("outlet_prices", "Bandung"), {"price": 5}, None),
    ],
)
def test_names_of_others_words_of_a_list_dates_and_flags_are_kept_as_they_are(
    kind: str, path: tuple[str, ...], written: Any, kept: Any
) -> None:
    assert not is_equivalent_rewrite(KINDS[kind], path, written, kept, None)


@pytest.mark.parametrize(
    ("kept", "before", "same"),
    [
        ("https://cdn.example/42.jpeg", "", True),
        ("//cdn.example/42.jpeg", "", True),
        ("https://cdn.example/42.jpeg", "https://cdn.example/42.jpeg", False),  # not written
        ("https://me.example/other.jpg", "", False),  # the same host
        ("cdn/42.jpeg", "", False),
        ("http://[", "", False),
    ],
)
def test_an_image_may_move_to_another_host(kept: str, before: str, same: bool) -> None:
    written = "https://me.example/face.jpg"
    assert is_equivalent_rewrite(KINDS["customer"], ("image_url",), written, kept, before) is same


@pytest.mark.parametrize(
    ("declared", "live", "equal"),
    [
        (" Kopi ", "Kopi", True),
        ("Kopi  Susu", "Kopi Susu", True),
        (" Kopi  Susu ", "Kopi  Susu", True),
        (" Kopi  Susu ", " Kopi Susu ", True),
        ("one\r\ntwo ", "one\ntwo", True),
        ("e\u0301", "\u00e9", True),
        ("\u00e9", "e\u0301", True),
        ("Kopi", " Kopi ", False),  # writing it mends the shop
        ("Kopi Susu", "Kopi  Susu", False),
        ("one\ntwo", "one two", False),  # a line break is seen
        ("Kopi Susu", "kopi susu", False),  # so is a capital
        ("Kopi", "", False),
    ],
)
def test_white_space_that_nobody_sees_is_no_difference(
    declared: str, live: str, equal: bool
) -> None:
    assert differs_in_whitespace_only(KINDS["product"], ("name",), declared, live) is equal
