"""A plan and a report for people and for programs."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from reconciler.cli.terminal import paint
from reconciler.core.diff.change import Action, digest
from reconciler.core.diff.change import fingerprint as fingerprint
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.live import ABSENT, Live, Observed
from reconciler.core.plan import build as planning
from reconciler.core.plan.plan import Plan
from reconciler.core.report import Outcome, Report
from reconciler.core.steps import order, usage
from reconciler.core.steps.usage import ApiUsage, Window
from reconciler.errors import Problem, SourceError, StoreError
from reconciler.kinds import KINDS
from reconciler.render.json import dumps, error_document
from reconciler.render.plan.json import plan_document
from reconciler.render.plan.text import render_plan
from reconciler.render.report import report_document, report_text
from reconciler.render.view import PlanView
from reconciler.render.words import amount, counted, duration, plain, written

Objects = dict[str, dict[str, Any]]

NO_COST = ApiUsage(0, 0, 0, 0, 0)


def make(
    desired: Objects,
    live: Objects | None = None,
    unread: dict[str, str] | None = None,
    renamed: dict[str, str] | None = None,
) -> Plan:
    """A plan; the first variable is what the files say, by address."""
    objects: dict[str, dict[str, Declared]] = {}
    state = Live(reads=4)
    state.read_errors = {Address(*a.split("/", 1)): why for a, why in (unread or {}).items()}
    for line, (address, fields) in enumerate(desired.items()):
        kind, name = address.split("/", 1)
        place = Source("catalogue/drinks.yaml", 14 + line, 9)
        value = {KINDS[kind].identity: name, **fields}
        objects.setdefault(kind, {})[name] = Declared(
            value, place, (renamed or {}).get(address, "")
        )
        if Address(kind, name) not in state.read_errors:
            state.put(Address(kind, name), ABSENT)
    for address, fields in (live or {}).items():
        kind, name = address.split("/", 1)
        state.put(Address(kind, name), Observed({KINDS[kind].identity: name, **fields}))
        state.complete.add(kind)
    plan, faults = planning.build_plan(
        Desired(objects), state, KINDS, "https://yourshop.dealpos.net"
    )
    assert not faults
    return plan


def priced(plan: Plan) -> ApiUsage:
    return usage.estimate(
        order.order_steps(plan, KINDS), KINDS, plan.reads, plan.listings, Window()
    )


def text_of(plan: Plan, brush: Any = None) -> str:
    return render_plan(plan, view(plan, **({"paint": brush} if brush else {})))


def view(plan: Plan, usage: ApiUsage | None = None, **terminal: Any) -> PlanView:
    return PlanView(kinds=KINDS, usage=usage or priced(plan), **terminal)


def document_of(plan: Plan) -> Any:
    """The document after a round trip through text, as a program sees it."""
    return json.loads(dumps(plan_document(plan, view(plan))))


TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}


def shop() -> Plan:
    """One of everything that a plan can hold."""
    return make(
        {
            "category/Drinks": {},
            "coupon/DISC20": {
                **TERMS,
                "type": "DiscountAmount",
                "discount": 25,
                "reference_id": "R",
            },
            "customer/DP-001": {"name": "Sari Baru"},
            "product/1003": {"name": "Kopi Susu", "discontinued": True},
            "variant/1003L": {
                "product": "1003",
                "unit_price": 19000,
                "description": "16 oz",
                "outlet_prices": {"Bandung": {"price": 21000}},
                "taxable": False,
            },
            "variant/1003S": {"product": "1003", "unit_price": 15000},
            "variant/1003X": {"product": "1003", "unit_price": 1250000, "components": {}},
            "variant/GONE": {"product": "1003"},
        },
        {
            "coupon/DISC20": {**TERMS, "type": "DiscountAmount", "balance": 60},
            "coupon/OLD10": {},
            "customer/DP-001": {"name": "Sari Lama", "group": "Gold", "id": "7"},
            "product/1003": {"name": "Kopi Susu", "discontinued": False, "brand": "House"},
            "variant/1003L": {
                "product": "1003",
                "unit_price": 18000,
                "description": "",
                "weight": 250,
                "taxable": True,
                "outlet_prices": {"Bandung": {"price": 9500}, "Solo": {"price": 1}},
            },
            "variant/1003S": {"product": "1003", "unit_price": 15000},
        },
        {"variant/GONE": "HTTP 500: no answer"},
    )


GOLDEN = """\
Store: https://yourshop.dealpos.net

Warning: coupon/DISC20: the API did not return `customer`, so the replacement is created \
without it. Declare `customer` to keep it.

+ create  ~ update  ± replace (delete, then create)  ○ retire (taken out of sale, kept in the shop)

+ category/Drinks  catalogue/drinks.yaml:14

± coupon/DISC20  catalogue/drinks.yaml:15
    (declared fields differ from live; the API has no update for a coupon)
    discount   20 → 25
    limit     100 → 60
    (3 unchanged fields hidden)

~ customer/DP-001  catalogue/drinks.yaml:16
    name  NAME_BEFORE → NAME_AFTER
    (1 unchanged field hidden)

○ product/1003  catalogue/drinks.yaml:17
    discontinued  false → true
    (2 unchanged fields hidden)

~ variant/1003L  catalogue/drinks.yaml:18
    unit_price                   18,000 → 19,000
    description                      "" → 16 oz
    outlet_prices.Bandung.price   9,500 → 21,000
    outlet_prices.Solo.price          1 → —
    taxable                        true → false
    money: Solo: price 1 → 19,000
    (2 unchanged fields hidden)

+ variant/1003X  catalogue/drinks.yaml:20
    product     1003
    unit_price  1,250,000
    components  none

Could not be read (1 object):
  ? variant/GONE: HTTP 500: no answer

In the shop and not in the files, left alone (1 object):
  coupon/OLD10

Notes:
  - coupon/DISC20: 40 of 100 uses are spent, so the replacement starts with 60. \
The ledger or this folder remembers it; without either, declare `limit: 60` after the apply
  - coupon `reference_id` is not compared (1 object): no read of a coupon returns it

Money: 1 dearer; largest rise +1,899,900.0 % (variant/1003L at Solo)
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
    assert cost == "Cost: 4 reads spent; 15 requests to apply in 1 window"
    assert shown + "\n" == expected
    assert last == (
        "Plan: 2 to create, 2 to update, 1 to replace, 1 to retire, 1 unchanged, 1 unknown; "
        f"{priced(plan).requests} requests, about {priced(plan).seconds} s"
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
        "Store: https://yourshop.dealpos.net\n\nPlan: no changes, 1 unchanged; 4 reads spent\n"
    )


def test_a_plan_without_changes_still_says_what_is_unknown() -> None:
    plan = make({"category/A": {}}, unread={"category/A": "HTTP 500"})
    assert text_of(plan).endswith("Plan: no changes, 0 unchanged, 1 unknown; 4 reads spent\n")


@pytest.mark.parametrize(
    ("spent", "closing"),
    [
        (
            ApiUsage(4, 1, 0, 1, 1),
            "Plan: 1 to create, 0 to update, 0 unchanged; 1 request, about 1 s",
        ),
        (
            ApiUsage(4, 1500, 300, 36, 6480),
            "Plan: 1 to create, 0 to update, 0 unchanged; 1,800 requests in 36 windows, "
            "about 108 min",
        ),
    ],
)
def test_the_closing_line_says_what_it_costs(spent: ApiUsage, closing: str) -> None:
    text = render_plan(plan := make({"category/A": {}}), view(plan, spent))
    assert text.splitlines()[-1] == closing


def test_large_numbers_of_objects_have_separators() -> None:
    plan = make({f"category/C{n}": {} for n in range(1200)})
    assert "Plan: 1,200 to create, 0 to update, 0 unchanged;" in text_of(plan)


@pytest.mark.parametrize(("count", "more"), [(10, ""), (11, "and 1 more"), (25, "and 15 more")])
def test_what_is_unmanaged_is_listed_up_to_ten(count: int, more: str) -> None:
    live: Objects = {f"category/C{n:02}": {} for n in range(count)}
    text = text_of(make({"category/A": {}}, live))
    assert f"left alone ({count} objects):" in text
    assert text.count("  category/C") == min(count, 10)
    assert (f"{more} (all of them with --format json)" in text) is bool(more)


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
○ product/1003  discontinued false → true  catalogue/drinks.yaml:17
~ variant/1003L  unit_price 18,000 → 19,000, description "" → 16 oz, \
outlet_prices.Bandung.price 9,500 → 21,000, and 2 more  catalogue/drinks.yaml:18
+ variant/1003X  3 fields  catalogue/drinks.yaml:20

Could not be read (1 object):
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


# --- values -------------------------------------------------------------------------------------

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
        (["a", "b"], "a, b"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (18000, "18,000"),
        (1250000, "1,250,000"),
        (Decimal("1107.07"), "1,107.07"),
        ("18000", "18000"),
        ("two\nlines", "two\\x0alines"),
    ],
)
def test_a_value_is_written_for_people(value: Any, text: str) -> None:
    assert written(SOMEBODY, SPEC, value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "—"), ("", '""')])
def test_a_private_value_that_is_not_there_needs_no_fingerprint(value: Any, text: str) -> None:
    assert written(SOMEBODY, SECRETIVE, value) == text


def test_a_fingerprint_tells_a_change_and_nothing_else() -> None:
    mark = fingerprint(SOMEBODY, "Sari")
    assert re.fullmatch(r"#[0-9a-f]{4}", mark)
    assert written(SOMEBODY, SECRETIVE, "Sari") == mark == fingerprint(SOMEBODY, "Sari")
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
    assert [counted(n, "read") for n in (0, 1, 2, 1000)] == [
        "0 reads",
        "1 read",
        "2 reads",
        "1,000 reads",
    ]


# --- hostile text -------------------------------------------------------------------------------

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[1;1H",
    "a\nPlan: no changes",
    "a\rb",
    "a\tb",
    "a\x00b",
    "a\x08\x08b",
    "\u202egnp.exe",
    "a\u2066b\u2069",
    "a\u200fb",
    "a\u2028b",
    "a\x9b31mb",
    "a\x85b",
    "\ufeffa",
    "a\u200bb",
]


def steers(text: str) -> list[str]:
    """Characters that could steer a terminal or reorder a line."""
    return [c for c in text if c != "\n" and (not c.isprintable() or c in "\u200e\u200f\u202e")]


@pytest.mark.parametrize("name", HOSTILE)
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
    assert not steers(report_text(report))
    assert len(report_text(report).splitlines()) == 4
    assert text.count("\nPlan:") == 1


@pytest.mark.parametrize("text", ["Kopi Susu", "café", "日本茶", "naïve — 20 %", "العربية", "🙂"])
def test_ordinary_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("name", HOSTILE)
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


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_survives_json_unchanged(name: str) -> None:
    document = document_of(make({"variant/V": {"unit_price": 1, "model": name}}))
    assert document["resource_changes"][0]["change"]["after"]["model"] == name


# --- JSON ---------------------------------------------------------------------------------------


def test_the_plan_document_has_the_keys_of_the_contract() -> None:
    document = document_of(shop())
    assert {key: type(value) for key, value in document.items()} == {
        "format_version": str,
        "store": str,
        "folder": str,
        "commit": type(None),
        "resource_changes": list,
        "unmanaged": list,
        "unknown": list,
        "notes": list,
        "violations": list,
        "summary": dict,
        "money": dict,
        "cost": dict,
    }
    assert document["format_version"] == "1.0"
    assert document["store"] == "https://yourshop.dealpos.net"
    assert document["unmanaged"] == ["coupon/OLD10"]
    assert document["unknown"] == [{"address": "variant/GONE", "reason": "HTTP 500: no answer"}]
    assert document["violations"] == []
    assert all(isinstance(note, str) for note in document["notes"])


def test_every_change_has_the_keys_of_the_contract() -> None:
    for entry in document_of(shop())["resource_changes"]:
        assert set(entry) - {"carried", "previous_address"} == {
            "address",
            "type",
            "name",
            "action",
            "action_reason",
            "change",
            "fields",
            "money",
            "source",
            "basis",
        }
        assert entry["address"] == f"{entry['type']}/{entry['name']}"
        assert set(entry["change"]) == {"actions", "before", "after"}
        assert set(entry["source"]) == {"file", "line", "column"}
        for field in entry["fields"]:
            assert set(field) == {"path", "before", "after", "reason"}
            assert field["reason"] is None or field["reason"]
        assert isinstance(entry["basis"], str)
        assert entry["basis"]


def test_an_update_is_documented_as_the_design_shows_it() -> None:
    plan = make({"variant/1003L": {"unit_price": 19000}}, {"variant/1003L": {"unit_price": 18000}})
    (entry,) = document_of(plan)["resource_changes"]
    entry.pop("basis")
    assert entry == {
        "address": "variant/1003L",
        "type": "variant",
        "name": "1003L",
        "action": "update",
        "action_reason": "declared fields differ from live",
        "change": {
            "actions": ["update"],
            "before": {"code": "1003L", "unit_price": 18000},
            "after": {"code": "1003L", "unit_price": 19000},
        },
        "fields": [{"path": "unit_price", "before": 18000, "after": 19000, "reason": None}],
        "money": [
            {
                "outlet": None,
                "price": {"before": 18000, "after": 19000},
                "cost": {"before": None, "after": None},
                "margin": {"before": None, "after": None},
                "falls_below_cost": False,
            }
        ],
        "source": {"file": "catalogue/drinks.yaml", "line": 14, "column": 9},
    }


def test_actions_are_terraforms_words() -> None:
    entries = {e["address"]: e for e in document_of(shop())["resource_changes"]}
    assert {a: (e["action"], e["change"]["actions"]) for a, e in entries.items()} == {
        "category/Drinks": ("create", ["create"]),
        "coupon/DISC20": ("replace", ["delete", "create"]),
        "customer/DP-001": ("update", ["update"]),
        "product/1003": ("retire", ["update"]),
        "variant/1003L": ("update", ["update"]),
        "variant/1003X": ("create", ["create"]),
    }
    assert entries["category/Drinks"]["change"]["before"] is None
    assert entries["category/Drinks"]["change"]["after"] == {"name": "Drinks"}


def test_the_summary_counts_and_lists_nothing_that_is_unchanged() -> None:
    document = document_of(shop())
    assert document["summary"] == {
        "create": 2,
        "update": 2,
        "replace": 1,
        "retire": 1,
        "delete": 0,
        "unchanged": 1,
        "unmanaged": 1,
        "unknown": 1,
    }
    assert "variant/1003S" not in [e["address"] for e in document["resource_changes"]]


def test_the_cost_is_told_in_whole_numbers() -> None:
    spent = ApiUsage(4, 3, 2, 1, 3)
    document = json.loads(dumps(plan_document(shop(), view(shop(), spent))))
    assert document["cost"] == {
        "reads": 4, "writes": 3, "verification": 2, "requests": 5, "windows": 1, "seconds": 3,
    }  # fmt: skip


def test_exact_numbers_stay_numbers() -> None:
    plan = make(
        {"variant/V": {"unit_price": Decimal("107.07")}}, {"variant/V": {"unit_price": 18000}}
    )
    text = dumps(plan_document(plan, view(plan, NO_COST)))
    assert '"after": 107.07' in text
    assert '"before": 18000,' in text


def test_what_the_tool_keeps_to_itself_is_not_in_the_document() -> None:
    entries = {e["address"]: e["change"] for e in document_of(shop())["resource_changes"]}
    assert "balance" not in entries["coupon/DISC20"]["before"]
    assert "id" not in entries["customer/DP-001"]["after"]


def test_a_reason_stands_with_its_field() -> None:
    fields = {
        e["address"]: [f["reason"] for f in e["fields"]]
        for e in document_of(shop())["resource_changes"]
    }
    assert fields["coupon/DISC20"][0] == "the API has no update for a coupon"
    assert fields["variant/1003L"] == [None] * 5


PRIVATE = {
    name: ("1987-06-05" if name == "birthday" else f"private-{name}")
    for name, field in KINDS["customer"].fields.items()
    if field.private
}


@pytest.mark.parametrize("action", ["create", "update"])
def test_customer_data_is_shown_as_fingerprints_only(action: str) -> None:
    assert len(PRIVATE) > 10
    live = {"customer/K": {name: f"old-{value}" for name, value in PRIVATE.items()}}
    plan = make({"customer/K": PRIVATE}, live if action == "update" else None)
    (change,) = plan.changes
    assert {f.path[0] for f in change.fields} == set(PRIVATE)
    document = dumps(plan_document(plan, view(plan)))
    for shown in (text_of(plan), document):
        assert "private-" not in shown
        assert "1987" not in shown
        for value in PRIVATE.values():
            assert fingerprint(Address("customer", "K"), value) in shown


def test_a_customers_basis_does_not_let_a_phone_number_be_found() -> None:
    """The plan is posted in pull requests; a phone number has too few digits to hide in a digest.

    Whoever tries all numbers must not be able to tell which of them is the right one.
    """
    plan = make(
        {"customer/K": {"mobile": "08123456789"}}, {"customer/K": {"mobile": "08120000042"}}
    )
    (entry,) = document_of(plan)["resource_changes"]

    def basis(mobile: str) -> str:
        address = Address("customer", "K")
        return digest(KINDS["customer"], address, {"mobile": mobile}, ["mobile"])

    assert entry["basis"] == basis("08120000042")
    # So many others have the same basis that it tells nobody which one it was.
    same = sum(basis(f"0812{number:07}") == entry["basis"] for number in range(300_000))
    assert same > 1


def test_equal_plans_are_equal_text() -> None:
    assert dumps(document_of(shop())) == dumps(document_of(shop()))


def test_json_is_readable_in_any_language() -> None:
    text = dumps(plan_document(plan := make({"category/日本茶": {}}), view(plan, NO_COST)))
    assert "日本茶" in text


# --- reports and errors -------------------------------------------------------------------------

REPORT = Report(
    "https://yourshop.dealpos.net",
    (
        Outcome(Address("category", "Drinks"), Action.CREATE, "applied", verified=True),
        Outcome(Address("product", "1"), Action.UPDATE, "applied", "accepted by the API"),
        Outcome(Address("variant", "V"), Action.UPDATE, "failed", "HTTP 400: no"),
        Outcome(Address("coupon", "C"), Action.REPLACE, "stale", "it moved"),
        Outcome(Address("customer", "K"), Action.CREATE, "skipped", "interrupted by Ctrl-C"),
    ),
    1200,
    "interrupted by Ctrl-C",
)


def test_a_report_reads_as_pinned() -> None:
    assert (
        report_text(REPORT)
        == """\
✓ category/Drinks create applied
✓ product/1 update applied: accepted by the API
✗ variant/V update failed: HTTP 400: no
! coupon/C replace stale: it moved
- customer/K create skipped: interrupted by Ctrl-C

Ended early: interrupted by Ctrl-C
Applied: 2 applied (1 verified), 1 failed, 1 stale, 1 skipped; 1,200 requests
"""
    )


def test_a_report_without_trouble_says_only_what_was_applied() -> None:
    done = Report("s", (Outcome(Address("category", "A"), Action.CREATE, "applied", "", True),), 1)
    assert report_text(done) == (
        "✓ category/A create applied\n\nApplied: 1 applied (1 verified); 1 request\n"
    )


def test_the_cost_line_names_the_time_where_it_is_given() -> None:
    plan = shop()
    text = render_plan(plan, view(plan, finish="14:32"))
    assert ", done about 14:32 if applied now\nPlan: " in text


def test_a_report_that_ended_early_names_the_way_on() -> None:
    text = report_text(REPORT, going_on="reconciler apply shop --max-requests 9")
    assert "Ended early: " in text
    assert "\nTo go on: reconciler apply shop --max-requests 9\nApplied: " in text
    document = report_document(REPORT, "reconciler apply shop")
    assert document["stopped"] == REPORT.stopped
    assert document["going_on"] == "reconciler apply shop"


def test_the_report_document_has_the_keys_of_the_contract() -> None:
    document = json.loads(dumps(report_document(REPORT)))
    assert document == {
        "store": "https://yourshop.dealpos.net",
        "outcomes": [
            {"address": "category/Drinks", "action": "create", "status": "applied", "message": ""},
            {
                "address": "product/1",
                "action": "update",
                "status": "applied",
                "message": "accepted by the API",
            },
            {
                "address": "variant/V",
                "action": "update",
                "status": "failed",
                "message": "HTTP 400: no",
            },
            {"address": "coupon/C", "action": "replace", "status": "stale", "message": "it moved"},
            {
                "address": "customer/K",
                "action": "create",
                "status": "skipped",
                "message": "interrupted by Ctrl-C",
            },
        ],
        "summary": {"applied": 2, "failed": 1, "stale": 1, "skipped": 1},
        "requests": 1200,
        "verified": 1,
    }


def test_an_error_document_names_every_problem() -> None:
    error = SourceError([Problem("b.yaml", 2, 3, "later"), Problem("a.yaml", 1, 1, "first", "do")])
    assert error_document(error) == {
        "error": "2 problems in the files",
        "hint": None,
        "problems": [
            {"file": "a.yaml", "line": 1, "column": 1, "message": "first", "hint": "do"},
            {"file": "b.yaml", "line": 2, "column": 3, "message": "later", "hint": None},
        ],
    }
    assert error_document(StoreError("none", hint="set it")) == {
        "error": "none",
        "hint": "set it",
        "problems": [],
    }
