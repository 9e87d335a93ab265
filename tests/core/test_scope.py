"""A part of the files: what is asked for, what it needs, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.plan.target import Scope, narrow_desired
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.kinds import KINDS

NOWHERE = Source("", 0, 0)
FILES = {
    "category/Drinks": {},
    "category/Drinks/Coffee": {},
    "category/Food": {},
    "product/1001": {"category": "Drinks/Coffee"},
    "product/1002": {"category": "Food"},
    "variant/1001L": {"product": "1001"},
    "variant/1001R": {"product": "1001"},
    "variant/SET": {"product": "1002", "components": {"1001L": {"qty": 1}}},
    "customer/DP-1": {},
    "coupon/DISC": {"customer": "DP-1", "requires": {"variants": ["1001R"]}},
}


@pytest.fixture
def files() -> Desired:
    objects: dict[str, dict[str, Declared]] = {}
    for address, value in FILES.items():
        kind, _, name = address.partition("/")
        identity = KINDS[kind].identity
        objects.setdefault(kind, {})[name] = Declared({identity: name, **value}, NOWHERE)
    return Desired(objects)


def picked(files: Desired, *targets: str, kinds: tuple[str, ...] = ()) -> tuple[set[str], str]:
    part, said = narrow_desired(files, Scope(targets, kinds), KINDS)
    return {str(address) for address, _ in part}, said


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("category/Food",), {"category/Food"}),
        (("category/Drinks/*",), {"category/Drinks/Coffee", "category/Drinks"}),
        (
            ("variant/1001L",),
            {"variant/1001L", "product/1001", "category/Drinks/Coffee", "category/Drinks"},
        ),
        (
            ("product/1001",),
            {
                "product/1001",
                "variant/1001L",
                "variant/1001R",
                "category/Drinks/Coffee",
                "category/Drinks",
            },
        ),
        (("*",), set(FILES)),
    ],
)
def test_a_target_goes_with_what_it_needs(
    files: Desired, targets: tuple[str, ...], expected: set[str]
) -> None:
    assert picked(files, *targets)[0] == expected


def test_what_is_needed_is_followed_to_its_end_and_said(files: Desired) -> None:
    found, said = picked(files, "coupon/DISC")
    assert found == {
        "coupon/DISC",
        "customer/DP-1",
        "variant/1001R",
        "product/1001",
        "category/Drinks/Coffee",
        "category/Drinks",
    }
    assert said.startswith("Partial plan: 1 of 10 objects (plus 5 they depend on: ")
    assert "customer/DP-1" in said


def test_kinds_narrow_targets(files: Desired) -> None:
    assert picked(files, kinds=("customer",))[0] == {"customer/DP-1"}
    found, said = picked(files, "*1001*", kinds=("product",))
    assert "product/1001" in found
    assert said.startswith("Partial plan: 1 of 10 objects")


def test_a_target_that_names_nothing_is_an_error_with_a_suggestion(files: Desired) -> None:
    with pytest.raises(UsageError) as raised:
        narrow_desired(files, Scope(("variant/1001L", "variant/1001M")), KINDS)
    assert "`variant/1001M`" in raised.value.message
    assert "variant/1001" in raised.value.hint


def test_a_target_of_none_of_the_kinds_is_an_error(files: Desired) -> None:
    with pytest.raises(UsageError, match="no target is of the kind coupon or product"):
        picked(files, "variant/*", kinds=("coupon", "product"))


def test_a_name_with_brackets_is_found_by_itself(files: Desired) -> None:
    odd = Address("customer", "A[1]")
    objects: Any = {"customer": {odd.name: Declared({"code": odd.name}, NOWHERE)}}
    assert narrow_desired(Desired(objects), Scope((str(odd),)), KINDS)[0].get(odd) is not None
