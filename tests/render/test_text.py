"""A plan for a terminal: exact texts, colours, and text that steers nothing."""

from __future__ import annotations

import re

import pytest

from dealpos_reconciler.cli.terminal import paint
from dealpos_reconciler.core.diff.change import Action, fingerprint
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.report import Outcome, Report
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.report import report_text
from dealpos_reconciler.render.view import ReportView
from dealpos_reconciler.render.words import plain
from tests.support.planned import (
    HOSTILE_TEXT,
    NO_COST,
    TERMS,
    Objects,
    document_of,
    make,
    shop,
    steers,
    text_of,
    view,
)

GOLDEN = """\
Store: https://yourshop.dealpos.net

Warning: coupon/DISC20: the API did not return `customer`, so the replacement is created \
without it. Declare `customer` to keep it.

+ create  ~ update  ± replace (delete, then create)  ○ retire (taken out of sale, kept in the shop)

+ category/Drinks  catalogue/drinks.yaml:14

± coupon/DISC20  catalogue/drinks.yaml:15
    (must be replaced: DealPOS cannot update a coupon)
    discount   20 → 25
    limit     100 → 60
    (3 unchanged fields hidden)

~ customer/DP-001  catalogue/drinks.yaml:16
    name  NAME_BEFORE → NAME_AFTER
    (1 unchanged field hidden)

○ product/1003 "Kopi Susu"  catalogue/drinks.yaml:17
    discontinued  false → true
    (2 unchanged fields hidden)

~ variant/1003L "Kopi Susu"  catalogue/drinks.yaml:18
    unit_price                   18,000 → 19,000
    description                  "" → "16 oz"
    outlet_prices.Bandung.price   9,500 → 21,000
    outlet_prices.Solo.price          1 → —
    taxable                        true → false
    price impact: Solo: price 1 → 19,000
    (2 unchanged fields hidden)

+ variant/1003X "Kopi Susu"  catalogue/drinks.yaml:20
    product     "1003"
    unit_price  1,250,000
    components  none

Unknown (could not be read; nothing is planned): 1 object
  ? variant/GONE "Kopi Susu": HTTP 500: no answer

Unmanaged (in the shop, not in your files; not changed): 1 object
  coupon/OLD10

Notes:
  • coupon/DISC20: 40 of 100 uses are used up, so the replacement starts with 60. \
The ledger or this folder remembers it; without either, declare `limit: 60` after the apply
  • coupon `reference_id` cannot be checked for drift (1 object): the API never returns it

Price impact: 1 increase. Largest increase +1,899,900.0 % (variant/1003L "Kopi Susu" at Solo)
"""


def test_a_plan_reads_as_pinned() -> None:
    """Legend, one block an object with aligned values and its line, what is left alone, notes."""
    plan = shop()
    address = Address("customer", "DP-001")
    expected = GOLDEN.replace("NAME_BEFORE", fingerprint(address, "Sari Lama")).replace(
        "NAME_AFTER", fingerprint(address, "Sari Baru")
    )
    shown, _, last = text_of(plan).rstrip("\n").rpartition("\n")
    shown, _, cost = shown.rpartition("\n")
    assert cost == (
        "API usage: 4 requests used by this plan; "
        "apply needs 15 requests (1 rate-limit window, about 8 s)"
    )
    assert shown + "\n" == expected
    assert last == (
        "Plan: 2 to create, 2 to update, 1 to replace, 1 to retire. 1 unchanged, 1 unknown."
    )


def test_without_paint_there_is_no_colour() -> None:
    assert "\x1b" not in text_of(shop())


def test_colour_only_says_again_what_the_text_says() -> None:
    painted = text_of(shop(), paint)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == text_of(shop())


def test_paint_is_told_the_style_of_every_action() -> None:
    styles: dict[str, set[str]] = {}

    def brush(style: str, text: str) -> str:
        styles.setdefault(style, set()).add(text)
        return text

    assert text_of(shop(), brush) == text_of(shop())
    signs = {style: texts & set("+~±○-") for style, texts in styles.items()}
    assert {s: t for s, t in signs.items() if t} == {
        "green": {"+"}, "yellow": {"~"}, "magenta": {"±"}, "cyan": {"○"},
    }  # fmt: skip


def test_the_legend_names_only_what_is_used() -> None:
    assert "+ create\n" in text_of(make({"category/A": {}}))
    assert "update" not in text_of(make({"category/A": {}})).partition("Plan:")[0]


def test_a_plan_without_changes_is_its_target_and_one_line() -> None:
    plan = make({"category/A": {"discontinued": False}}, {"category/A": {"discontinued": False}})
    assert text_of(plan) == (
        "Store: https://yourshop.dealpos.net\n\n"
        "API usage: 4 requests used by this plan\n"
        "Plan: no changes. 1 unchanged.\n"
    )


def test_a_plan_without_changes_still_says_what_is_unknown() -> None:
    plan = make({"category/A": {}}, unread={"category/A": "HTTP 500"})
    assert text_of(plan).endswith("Plan: no changes. 0 unchanged, 1 unknown.\n")


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        (ApiUsage(4, 1, 0, 1, 1), "apply needs 1 request (1 rate-limit window, about 1 s)"),
        (
            ApiUsage(4, 1500, 300, 36, 6480),
            "apply needs 1,800 requests (36 rate-limit windows, about 108 min)",
        ),
    ],
)
def test_the_line_before_the_last_says_the_api_usage(usage: ApiUsage, line: str) -> None:
    text = render_plan(plan := make({"category/A": {}}), view(plan, usage))
    assert text.splitlines()[-2] == f"API usage: 4 requests used by this plan; {line}"
    assert text.splitlines()[-1] == "Plan: 1 to create, 0 to update. 0 unchanged."


def test_large_numbers_of_objects_have_separators() -> None:
    plan = make({f"category/C{n}": {} for n in range(1200)})
    assert "Plan: 1,200 to create, 0 to update. 0 unchanged." in text_of(plan)


@pytest.mark.parametrize(("count", "more"), [(10, ""), (11, "and 1 more"), (25, "and 15 more")])
def test_what_is_unmanaged_is_listed_up_to_ten(count: int, more: str) -> None:
    live: Objects = {f"category/C{n:02}": {} for n in range(count)}
    text = text_of(make({"category/A": {}}, live))
    assert f"not changed): {count} objects\n" in text
    assert text.count("  category/C") == min(count, 10)
    assert (f"{more} (--format json lists all)" in text) is bool(more)


@pytest.mark.parametrize(
    ("desired", "live", "renamed"),
    [
        ({"customer/K": {"name": "B"}}, {"customer/K": {"name": "A", "id": "7", "group": "G"}}, {}),
        (
            {"coupon/C": {**TERMS, "discount": 5}},
            {"coupon/C": {**TERMS, "balance": 100, "description": "x"}},
            {},
        ),
        (
            {"category/B": {}},
            {"category/A": {"discontinued": False}},
            {"category/B": "A"},
        ),
        (
            {"variant/V": {"unit_price": 2}},
            {"variant/V": {"unit_price": 1, "weight": 1, "product": "1"}},
            {},
        ),
    ],
    ids=["customer", "coupon", "renamed category", "variant"],
)
def test_the_hidden_fields_are_those_that_json_shows_and_text_does_not(
    desired: Objects, live: Objects, renamed: dict[str, str]
) -> None:
    plan = make(desired, live, renamed=renamed)
    (change,) = plan.changes
    kind = KINDS[change.address.kind]
    (entry,) = document_of(plan)["resource_changes"]
    named = {field["path"].partition(".")[0] for field in entry["fields"]}
    hidden = set(entry["change"]["after"]) - named - {kind.identity}
    noun = "field" if len(hidden) == 1 else "fields"
    assert f"({len(hidden)} unchanged {noun} hidden)" in text_of(plan)


COMPACT = """\
Store: https://yourshop.dealpos.net

Warning: coupon/DISC20: the API did not return `customer`, so the replacement is created \
without it. Declare `customer` to keep it.

+ create  ~ update  ± replace (delete, then create)  ○ retire (taken out of sale, kept in the shop)

+ category/Drinks  catalogue/drinks.yaml:14
± coupon/DISC20  discount 20 → 25, limit 100 → 60  catalogue/drinks.yaml:15
~ customer/DP-001  name NAME_BEFORE → NAME_AFTER  catalogue/drinks.yaml:16
○ product/1003 "Kopi Susu"  discontinued false → true  catalogue/drinks.yaml:17
~ variant/1003L "Kopi Susu"  unit_price 18,000 → 19,000, description "" → "16 oz", \
outlet_prices.Bandung.price 9,500 → 21,000, and 2 more  catalogue/drinks.yaml:18
+ variant/1003X "Kopi Susu"  3 fields  catalogue/drinks.yaml:20

Unknown (could not be read; nothing is planned): 1 object
"""


def test_a_compact_plan_is_one_line_a_change_and_the_rest_in_full() -> None:
    plan = shop()
    address = Address("customer", "DP-001")
    expected = COMPACT.replace("NAME_BEFORE", fingerprint(address, "Sari Lama")).replace(
        "NAME_AFTER", fingerprint(address, "Sari Baru")
    )
    text = render_plan(plan, view(plan, compact=True))
    assert text.startswith(expected)
    aside = expected.splitlines()[-1]
    assert text.partition(aside)[2] == text_of(plan).partition(aside)[2]
    painted = render_plan(plan, view(plan, paint=paint, compact=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == text


def test_a_compact_line_says_what_falls_below_cost() -> None:
    plan = make({"variant/V": {"unit_price": 4}}, {"variant/V": {"unit_price": 9, "unit_cost": 5}})
    text = render_plan(plan, view(plan, NO_COST, compact=True))
    assert "~ variant/V  unit_price 9 → 4, below cost  catalogue/drinks.yaml:14\n" in text


def test_the_cost_line_names_the_time_where_it_is_given() -> None:
    plan = shop()
    text = render_plan(plan, view(plan, finish="14:32"))
    assert ", finished at about 14:32 if started now\nPlan: " in text


@pytest.mark.parametrize("name", HOSTILE_TEXT)
def test_text_from_files_and_shop_cannot_steer_a_terminal(name: str) -> None:
    assert not steers(plain(name))
    assert "\n" not in plain(name)
    plan = make(
        {
            f"variant/{name}": {"product": name, "unit_price": 1, "model": name},
            "variant/W": {"outlet_prices": {name: {"price": 1}}, "description": name},
            f"category/{name}": {},
            f"coupon/{name}": {},
        },
        {"variant/W": {"outlet_prices": {}, "description": "x"}, f"category/X{name}": {}},
        {f"coupon/{name}": name},
    )
    text = text_of(plan)
    assert not steers(text)
    report = Report(
        "https://shop", (Outcome(Address("variant", name), Action.CREATE, "failed", name),), 1, name
    )
    assert not steers(report_text(report, ReportView()))
    assert len(report_text(report, ReportView()).splitlines()) == 4
    assert text.count("\nPlan:") == 1


@pytest.mark.parametrize("name", HOSTILE_TEXT)
def test_a_compact_plan_is_steered_by_nothing_either(name: str) -> None:
    plan = make(
        {
            f"variant/{name}": {"unit_price": 1},
            "variant/W": {"outlet_prices": {name: {"price": 1}}},
        },
        {"variant/W": {"outlet_prices": {}, "unit_price": 9, "unit_cost": 5}},
    )
    text = render_plan(plan, view(plan, NO_COST, compact=True))
    assert not steers(text)
    assert len(text.splitlines()) == 10
