"""Codes of a batch: derived, apart from each other, and looked up as a cashier types them."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from dealpos_reconciler.core.provider.batch_codes import (
    ALPHABET,
    batch_counter,
    derive_codes,
    fold_code,
    key_check,
)
from dealpos_reconciler.core.provider.terms import CodeBatch
from dealpos_reconciler.core.provider.vocabulary import MAX_LENGTH, MIN_LENGTH

KEY = b"k" * 32
BATCH = CodeBatch(2_000, 10, "VK")
GOLDEN = [
    "VKAREGCW31BG",
    "VKYSE6XK8A8P",
    "VK26HKAN7PKF",
    "VK718A8XB1MV",
    "VK1AHKY1RBWM",
    "VK998XVPEG72",
]


def test_the_codes_of_a_batch_never_change() -> None:
    """Printed codes must open their coupon in every later version."""
    first = list(derive_codes(KEY, "VISIT-2027", replace(BATCH, count=6)))
    assert first == GOLDEN
    assert list(derive_codes(KEY, "visit-2027 ", replace(BATCH, count=3))) == GOLDEN[:3]


@pytest.mark.parametrize("length", range(MIN_LENGTH, MAX_LENGTH + 1))
def test_a_code_has_the_prefix_and_the_length(length: int) -> None:
    codes = list(derive_codes(KEY, "VISIT", CodeBatch(300, length, "VK")))
    assert {len(code) for code in codes} == {2 + length}
    assert {code[:2] for code in codes} == {"VK"}
    assert set("".join(code[2:] for code in codes)) == set(ALPHABET)


def test_another_key_or_name_changes_every_code() -> None:
    codes = set(derive_codes(KEY, "VISIT", BATCH))
    assert len(codes) == BATCH.count
    assert codes.isdisjoint(derive_codes(b"j" * 32, "VISIT", BATCH))
    assert codes.isdisjoint(derive_codes(KEY, "VISIT2", BATCH))
    assert key_check(KEY) != key_check(b"j" * 32)


@pytest.mark.parametrize("length", [10, 11])
def test_one_wrong_character_never_makes_another_code(length: int) -> None:
    """Every wrong character gives a text whose last character is not that of any code."""
    for code in derive_codes(KEY, "VISIT", CodeBatch(20, length)):
        for place in range(length):
            wrong = {code[:place] + sign + code[place + 1 :] for sign in ALPHABET} - {code}
            assert not any(_checks(text) for text in wrong)


@pytest.mark.parametrize("length", [10, 11])
def test_two_exchanged_neighbours_are_found(length: int) -> None:
    """All but the first and the last character of the alphabet side by side."""
    for code in derive_codes(KEY, "VISIT", CodeBatch(50, length)):
        for place, (first, second) in enumerate(pairwise(code)):
            if first != second and {first, second} != {ALPHABET[0], ALPHABET[-1]}:
                assert not _checks(code[:place] + second + first + code[place + 2 :])


def _checks(text: str) -> bool:
    """Return whether the last character is right: Luhn's formula, from its definition."""
    total = 0
    for place, sign in enumerate(text):
        value = ALPHABET.index(sign) * (1 + place % 2)
        total += value // 32 + value % 32
    return total % 32 == 0


def test_equal_codes_of_one_batch_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the first digests are made equal, and each index still has a code of its own."""
    from dealpos_reconciler.core.provider import batch_codes

    real = batch_codes._numbers

    def numbers(key: bytes, seed: bytes, count: int) -> object:
        found = list(real(key, seed, count))
        return iter([found[0]] * 3 + found[3:]) if count > 3 else iter(found)

    monkeypatch.setattr(batch_codes, "_numbers", numbers)
    codes = list(derive_codes(KEY, "VISIT", replace(BATCH, count=50)))
    assert len(set(codes)) == 50
    assert all(_checks(code[2:]) for code in codes)


def test_a_code_is_found_as_it_is_typed() -> None:
    assert fold_code(" vkO1l-23 I5 ") == fold_code("VK01123 15")


def test_a_counter_names_the_batch_and_the_index_alone() -> None:
    assert batch_counter("VISIT-2027", 17) == "visit-2027/17"


def test_a_hundred_thousand_codes_take_well_under_a_second() -> None:
    begun = time.process_time()
    codes = list(derive_codes(KEY, "VISIT", CodeBatch(100_000, 8)))
    assert time.process_time() - begun < 1
    assert len(set(codes)) == 100_000
