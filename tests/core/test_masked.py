"""Numbers under a mask: they count as they are, and what is calculated from them is hidden."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.model.masked import (
    SecretNumber,
    SecretText,
    is_masked,
    path_above,
    reveal_all,
)

SIDES = (7, Decimal("2.5"), SecretNumber(3, "(a)"))
HIDDEN = (SecretNumber(12, "(b)"), SecretNumber(Decimal("18.5"), "(b)"))


@pytest.mark.parametrize("other", SIDES, ids=str)
@pytest.mark.parametrize("hidden", HIDDEN, ids=reveal_all)
@pytest.mark.parametrize(
    "calculate",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod],
)
def test_calculations_are_hidden_and_right(
    calculate: Callable[[Any, Any], Any], hidden: SecretNumber, other: Any
) -> None:
    for pair in ((hidden, other), (other, hidden)):
        made, plain = calculate(*pair), calculate(*map(Decimal, pair))
        assert is_masked(made)
        assert made == plain
        assert f"{made:,}" == str(made) == "(hidden)"


def test_whole_numbers_stay_whole() -> None:
    assert type(reveal_all(SecretNumber(10, "(a)") - 3)) is int
    assert type(reveal_all(SecretNumber(Decimal("2.5"), "(a)") * 2)) is Decimal


@pytest.mark.parametrize("number", HIDDEN, ids=reveal_all)
def test_copies_keep_the_mask(number: SecretNumber) -> None:
    for twin in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (twin, str(twin), reveal_all(twin)) == (number, "(b)", reveal_all(number))


@pytest.mark.parametrize(
    ("path", "mask", "above"),
    [
        ("Secret/Coffee", "(from X)/Coffee", "(from X)"),
        ("Drinks/Secret", "Drinks/(from X)", "Drinks"),
        ("Secret/Coffee", "(from X)", "(hidden)"),
        ("A/Secret/Cold/Iced", "A/(from X)/Iced", "A/(from X)"),
    ],
)
def test_the_path_above_a_masked_one_shows_no_value(path: str, mask: str, above: str) -> None:
    assert str(path_above(SecretText(path, mask))) == above
