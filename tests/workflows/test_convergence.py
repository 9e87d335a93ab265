"""The coffee chain becomes as its files say, whatever the documentation left open.

Every choice of the sandbox, every value, alone; each generation of the documentation; and some
combinations that are hostile together. Each with good weather and in a seeded bad one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from dealpos_reconciler.sandbox import Choices, InjectedFault
from tests.support.deep import thinned
from tests.support.shop import ROOT, MakeShop

KOPI = ROOT / "examples" / "kopi-nusantara"
SEED = json.loads((KOPI / "sandbox.json").read_text(encoding="utf-8"))

# Values for the choices that are no list of words and no flag; those of no effect here are left
# out with the choice that they belong to.
VALUES: dict[str, list[Any]] = {
    "page_cap": [1, 2, 7, 100, None],
    "default_page_size": [1, 20],
    "batch_max": [100],
    "token_lifetime": [0.5],
    "customer_unique": [frozenset(), frozenset({"Code", "Email", "Mobile"})],
    "suspended_status": ["Off"],
    "missing_operations": [
        frozenset({"GET /Product/Detail", "GET /Customer/Detail"}),
        frozenset({"POST /Variant", "GET /Variant"}),
        frozenset({"POST /Variant/GetByListCode", "GET /Variant/GetByListCode"}),
    ],
    "forbidden_operations": [frozenset({"POST /Variant"})],
}

TOGETHER: list[dict[str, Any]] = [
    *(
        {"generation": generation, "post_alternatives": offered, "missing_status": status}
        for generation in "ABC"
        for offered, status in (("none", 405), ("own_path", 501), ("same_path", 404))
    ),
    {"generation": "A", "customer_paging": "required", "coupon_list_has_minimum": False},
    {"generation": "A", "page_cap": 7, "coupon_percentage_reads_as": "mixed"},
    {"generation": "B", "page_cap": 5, "page_over_cap": "ten", "post_alternatives": "none"},
    {"generation": "C", "page_cap": 20, "page_over_cap": "reject", "get_with_body": "ignore"},
    {"page_cap": 7, "page_number": "clamped", "page_total": "double", "list_order": "reverse"},
    {
        "lists_hide_discontinued": True,
        "not_found": "empty",
        "batch_missing": "reject",
        "variant_list_without_category": "empty",
        "product_list_envelope": "DataArray",
        "product_list_total": "TotalCount",
        "page_total": "page",
    },
    {
        "numbers_as_strings": True,
        "numbers_as_floats": True,
        "booleans_as_words": True,
        "nulls_omitted": True,
        "not_found": "400",
        "variant_default_name": "model",
    },
    {
        "put_omitted": "clear",
        "null_write": "clear",
        "product_put_variants": "replace",
        "empty_arrays_clear": False,
        "unknown_keys": "reject",
    },
    {"product_reads_hide_discontinued_variants": True, "product_put_variants": "replace"},
    {
        "product_reads_hide_discontinued_variants": True,
        "lists_hide_discontinued": True,
        "product_put_variants": "replace",
        "put_omitted": "clear",
    },
    {
        "product_list_rows": "lean",
        "variant_list_rows": "lean",
        "variant_batch_rows": "lean",
        "coupon_requirement_names": "objects",
        "coupon_requirement_rows": "strings",
    },
    {"tokens_live": "one", "token_lifetime": 0.5, "bare_get_with_content_type": "error"},
]

# What no tool can do by the facts: the choice and value, and the changes that stay open.
IMPOSSIBLE: dict[tuple[str, Any], tuple[set[str], str]] = {
    ("product_put_variants", "ignore"): (
        {"variant/1008G"},
        "dealpos-api.md §7: no other write carries the description of a variant",
    ),
    ("coupon_recreate", "reject"): (
        {"coupon/HEMAT15K"},
        "dealpos-api.md §10: no update; a code that cannot be used again cannot be replaced",
    ),
}
CASES_OF_LETTERS = ("upper", "lower")
ELSEWHERE = {("rewrite_text", how) for how in (*CASES_OF_LETTERS, "cut")} | {
    ("page_number", "endless"),
    *(("create_discontinued", how) for how in ("ignored", "ignored_on_add")),
}
"""Choices under which one apply does not converge: tests of their own say what must come of it."""


def alone() -> Iterator[dict[str, Any]]:
    """Every choice with every value that is not its default."""
    for name, hint in get_type_hints(Choices).items():
        values = VALUES.get(name, [])
        if get_origin(hint) is Literal:
            values = list(get_args(hint))
        elif hint is bool:
            values = [False, True]
        for value in values:
            if value != getattr(Choices(), name) and (name, value) not in ELSEWHERE:
                yield {name: value}


def words(choices: dict[str, Any]) -> str:
    shown = {n: "+".join(sorted(v)) if isinstance(v, frozenset) else v for n, v in choices.items()}
    return ",".join(f"{name}={value}" for name, value in shown.items()) or "default"


class Kopi:
    """The coffee chain's files beside a sandbox of its own."""

    def __init__(self, make_shop: MakeShop, choices: dict[str, Any]) -> None:
        self.shop = make_shop(SEED, choices=Choices(**choices))
        self.shop.twin.today = lambda: date(2026, 11, 21)
        self.shop.copy_files(KOPI)

    def apply(self) -> set[str]:
        """Plan and apply; gives what failed."""
        report = self.shop.apply(self.shop.plan())
        return {str(o.address) for o in report.outcomes if o.status != "applied"}

    def left(self) -> set[str]:
        """Return the objects that a plan would still change, blocks, or could not read."""
        plan = self.shop.plan()
        open_ = (*plan.unknown, *plan.blocked)
        return {str(c.address) for c in plan.changes} | {str(a) for a, _ in open_}


CASES = [{}, *alone(), *TOGETHER]


def expected(choices: dict[str, Any]) -> set[str]:
    return set().union(*(IMPOSSIBLE.get(item, (set(), ""))[0] for item in choices.items()))


@pytest.mark.parametrize("choices", CASES, ids=words)
def test_it_converges(make_shop: MakeShop, choices: dict[str, Any]) -> None:
    kopi = Kopi(make_shop, choices)
    assert kopi.apply() == expected(choices)
    assert kopi.left() == expected(choices)


@pytest.mark.parametrize("how", CASES_OF_LETTERS)
def test_another_letter_case_converges_once_all_was_written(make_shop: MakeShop, how: str) -> None:
    """A product's update writes its other variants too, which then read otherwise than before."""
    kopi = Kopi(make_shop, {"rewrite_text": how})
    assert kopi.apply() == set()
    assert kopi.apply() == set()
    assert kopi.left() == set()


def test_a_shop_that_sells_at_once_is_found_out_by_the_first_new_object(
    make_shop: MakeShop,
) -> None:
    kopi = Kopi(make_shop, {"create_discontinued": "ignored"})
    assert kopi.apply() == {"variant/1002O", "variant/2007L", "variant/2007P"}
    assert kopi.apply() == set()
    assert kopi.left() == set()


KINDS = ("drop", "timeout", "500", "502", "503", "html", "truncated", "429")


@pytest.mark.parametrize("choices", thinned(CASES, 3), ids=words)
def test_it_converges_in_bad_weather(make_shop: MakeShop, choices: dict[str, Any]) -> None:
    kopi = Kopi(make_shop, choices)
    chance = random.Random(words(choices))
    for _ in range(3):
        kopi.shop.twin.faults.add(
            InjectedFault(
                "*",
                "/[!T]*",
                chance.choice(KINDS),
                chance.choice(["before", "after"]),
                nth=chance.randint(1, 40),
            )
        )
    kopi.apply()
    kopi.shop.twin.faults.clear()
    assert kopi.apply() <= expected(choices)
    assert kopi.left() == expected(choices)


@pytest.mark.parametrize(("choice", "open_"), IMPOSSIBLE.items(), ids=str)
def test_what_cannot_be_done_is_said(make_shop: MakeShop, choice: Any, open_: Any) -> None:
    kopi = Kopi(make_shop, dict([choice]))
    report = kopi.shop.apply(kopi.shop.plan())
    said = {str(o.address): o.message for o in report.outcomes if o.status != "applied"}
    assert said.keys() == open_[0]
    assert all(said.values())
