"""Keys that look alike: what is folded, how it is shown, and what a plan says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import PruneScope
from dealpos_reconciler.core.model.look_alike import (
    describe_difference,
    escape_key,
    find_look_alikes,
    find_shortened,
    fold_key,
    is_shortened,
    spell_key,
)
from dealpos_reconciler.core.plan.removal import expand_removals
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

PAIRS = [
    ("0012", "12", "leading zeros"),
    ("00", "0", "leading zeros"),
    ("089686010015", "0089686010015", "leading zeros"),
    ("KOPI", "kopi", "letter case"),
    ("STRASSE", "straße", "letter case"),
    ("Cafe\u0301", "Caf\u00e9", "Unicode form"),
    ("\uff2bOPI", "KOPI", "Unicode form"),
    ("1003\u2013L", "1003-L", "Unicode form"),
    ("1003L\u200b", "1003L", "invisible characters"),
    ("10\u00ad03L", "1003L", "invisible characters"),
    ("\ufeff1003L", "1003L", "invisible characters"),
    ("1003L\u3164", "1003L", "invisible characters"),
    ("1003L ", "1003L", "white space"),
    ("\u00a01003L", "1003L", "white space"),
    ("Kopi  Susu", "Kopi Susu", "white space"),
    ("Top / Men", "Top/Men", "white space"),
    ("8.99887E+12", "8998870000000", "the form of the number"),
    ("8,99887e+12", "8998870000000", "the form of the number"),
    ("8998866100012.0", "8998866100012", "the form of the number"),
    ("1E5", "100000", "the form of the number"),
    ("\u041a\u041e\u0420I-A", "KOPI-A", "letters of another alphabet"),
    ("k\u043e\u0440i-\u0430", "kopi-a", "letters of another alphabet"),
    ("\u0432\u043a\u043c", "bkm", "letters of another alphabet"),
    ("\u039a\u039f\u03a1\u0399", "KOPI", "letters of another alphabet"),
    ("\u03bd-\u03b1", "v-a", "letters of another alphabet"),
    ("\u13da\u13a2-A", "ST-A", "letters of another alphabet"),
    ("\u1d0b\u1d0f\u1d18\u026a", "kopi", "letters of another alphabet"),
    ("\u0401-1", "\u00cb-1", "letters of another alphabet"),
    ("KOP\u0130", "KOPI", "letters of another alphabet"),
    ("kop\u0131", "kopi", "letters of another alphabet"),
    ("kopi\u0307", "kopi", "letters of another alphabet"),
    ("KOP\u0130", "kopi", "letters of another alphabet and letter case"),
    ("\u043a\u043e\u0440i", "KOPI", "letters of another alphabet and letter case"),
    ("\u041a\u041e\u0420I", "kop\u0131", "letters of another alphabet and letter case"),
    ("\u041f\u0418\u0412\u041e", "\u043f\u0438\u0432\u043e", "letter case"),
    ("\u0413\u041e\u0414", "\u0433\u043e\u0434", "letter case"),
    ("\U0001d40a\U0001d40e\U0001d40f\U0001d408", "KOPI", "Unicode form"),
    ("Ben\u2019s", "Ben's", "letters of another alphabet"),
    (" 0012", "12", "white space and leading zeros"),
    ("kopi\u200b", "KOPI", "invisible characters and letter case"),
]


@pytest.mark.parametrize(("one", "two", "difference"), PAIRS)
def test_keys_that_look_alike_have_one_fold(one: str, two: str, difference: str) -> None:
    assert describe_difference(one, two) == describe_difference(two, one) == difference
    assert find_look_alikes([one, "other", two]) == [sorted((one, two))]


@pytest.mark.parametrize(
    ("one", "two"),
    [("1.10", "1.1"), ("1003L", "1003-L"), ("1E5-L", "100000-L"), ("A1", "A01"), ("O", "0"),
     ("1e99", "1e98"), ("\u00e9", "e"), ("", "0"), ("N", "v"), ("\u0433\u043e\u0434", "God"),
     ("\u0e01\u0e33", "\u0e02\u0e33")],
)  # fmt: skip
def test_other_keys_are_told_apart(one: str, two: str) -> None:
    assert fold_key(one) != fold_key(two)
    assert find_look_alikes([one, two]) == []


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("1003L", "`1003L`"),
        ("Caf\u00e9", "`Caf\u00e9`"),
        ("\u0e01\u0e33", "`\u0e01\u0e33`"),
        ("1003L\u200b", '"1003L\\u200b"'),
        ("Cafe\u0301", '"Cafe\\u0301"'),
        ("1003L ", '"1003L "'),
        ("1003\u2013L", '"1003\\u2013L"'),
        ("\U000e0041A", '"\\U000e0041A"'),
        ("\x1bA", '"\\x1bA"'),
    ],
)
def test_a_key_is_shown_with_escapes_for_what_cannot_be_seen(key: str, shown: str) -> None:
    assert spell_key(key) == shown
    assert escape_key("1003L") == "1003L"


@pytest.mark.parametrize(
    ("key", "other", "shown"),
    [
        ("\u041a\u041e\u0420I", "KOPI", '"\\u041a\\u041e\\u0420I"'),
        ("\uff2bOPI", "KOPI", '"\\uff2bOPI"'),
        ("KOP\u0130", "kopi", '"KOP\\u0130"'),
        ("kop\u0131", "KOPI", '"kop\\u0131"'),
        ("kopi\u0307", "kopi", '"kopi\\u0307"'),
        ("KOPI", "\u041a\u041e\u0420I", "`KOPI`"),
        ("CAF\u00c9", "caf\u00e9", "`CAF\u00c9`"),
        ("\u041f\u0418\u0412\u041e", "\u043f\u0438\u0432\u043e", "`\u041f\u0418\u0412\u041e`"),
    ],
)
def test_beside_a_key_that_looks_alike_a_letter_of_another_alphabet_is_escaped(
    key: str, other: str, shown: str
) -> None:
    assert spell_key(key, other) == shown


def test_a_number_that_a_spreadsheet_shortened_is_found_in_full() -> None:
    known = ["8998866100012", "8998874000000", "8998875000000", "899886610001", "KOPI"]
    assert is_shortened("8.99887E+12")
    assert is_shortened("8,99887e+12")
    assert not is_shortened("1E5")
    assert list(find_shortened("8.99887E+12", known)) == known[:2]
    assert list(find_shortened("KOPI", known)) == []


def test_live_keys_that_look_alike_are_a_warning_for_each_pair(world: World) -> None:
    world.product("12", {"12": {}, "012": {}, "0012": {}, "A": {}})
    world.declare("variant/12", product="12")
    world.declare("variant/0012", product="12")
    plan = world.plan()
    assert [tuple(map(str, warning.addresses)) for warning in plan.look_alikes] == [
        ("variant/0012", "variant/012"),
        ("variant/012", "variant/12"),
    ]
    assert plan.look_alikes[1].message == "`012` and `12` differ only in leading zeros"
    assert plan.warnings == ()


def test_an_article_and_its_variant_of_one_code_are_one_warning(world: World) -> None:
    for code in ("0012", "12"):
        world.product(code, {code: {}})
        world.declare(f"product/{code}")
        world.declare(f"variant/{code}", product=code)
    (warning,) = world.plan().look_alikes
    assert warning.addresses == (Address("variant", "0012"), Address("variant", "12"))


def test_live_keys_that_no_file_declares_are_no_warning(world: World) -> None:
    world.have("coupon/KOPI")
    world.have("coupon/kopi")
    world.declare("coupon/TEH")
    world.have("coupon/TEH")
    assert world.plan().look_alikes == ()


def test_a_new_category_in_another_case_is_refused(world: World) -> None:
    world.declare("category/food")
    world.have("category/Food")
    (violation,) = world.judge("look-alike")
    assert violation.message == (
        "`food` differs only in letter case from `Food`, which is in the shop. "
        "Write it as the shop has it"
    )


def test_a_rename_that_only_changes_the_case_is_no_look_alike_of_itself(world: World) -> None:
    world.declare("category/Food", was="food")
    world.have("category/food")
    assert world.judge("look-alike") == []


def test_what_the_files_spell_otherwise_is_not_pruned(world: World) -> None:
    world.declare("coupon/kopi")
    world.declare("coupon/TEH")
    world.have("coupon/TEH")
    world.have("coupon/KOPI")
    world.have("coupon/OLD")
    world.live.complete.add("coupon")
    scope = PruneScope(("coupon",), Source("reconciler.yaml", 1, 1), delete=True)
    desired = replace(world.desired, prune=(scope,))
    removals = expand_removals(desired, world.fill(), KINDS).removals
    assert list(map(str, removals)) == ["coupon/OLD"]
