"""Rows that cannot be read make their object unknown, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.errors import OutcomeUnknown
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.shop import MakeShop


def test_an_object_that_is_not_understood_is_unknown_and_others_are_read(
    open_shop: MakeShop,
) -> None:
    people = [
        {"Code": "BAD", "Name": "Ann", "Email": "a@example.com", "Birthday": "19900504"},
        {"Code": "GOOD", "Name": "Bob", "Email": "b@example.com"},
    ]
    text = "customers: [{code: BAD, name: Ann}, {code: GOOD, name: Bob}]"
    plan = open_shop({"customers": people}, text).plan()
    assert [str(address) for address, _ in plan.unknown] == ["customer/BAD"]
    assert plan.unchanged == 1


def test_an_object_that_is_not_understood_gives_no_customer_data_away(open_shop: MakeShop) -> None:
    people = [{"Code": "BAD", "Name": "Ann", "Email": "a@example.com", "Birthday": "19900504"}]
    plan = open_shop({"customers": people}, "customers: [{code: BAD, name: Ann}]").plan()
    assert "19900504" not in str(plan.unknown)


@pytest.mark.parametrize("kind", ["html", "truncated", "500", "drop", "timeout"])
def test_a_read_that_keeps_failing_is_never_taken_for_an_empty_shop(
    same: MakeShop, kind: Any
) -> None:
    shop = same()
    shop.twin.faults.add(InjectedFault("*", "/Product*", kind, times=100))
    try:
        plan = shop.plan()
    except OutcomeUnknown:
        return
    assert plan.changes == ()
    assert "product/1003" in [str(address) for address, _ in plan.unknown]


@pytest.mark.parametrize("kind", ["truncated", "500", "502", "503", "drop", "timeout"])
def test_a_read_whose_answer_is_lost_once_is_repeated(same: MakeShop, kind: Any) -> None:
    shop = same()
    shop.twin.faults.add(InjectedFault("*", "/[!T]*", kind, nth=3))
    assert shop.plan().changes == ()
