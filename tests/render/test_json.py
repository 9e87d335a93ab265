"""The JSON document of a plan."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from dealpos_reconciler.core.diff.change import digest, fingerprint
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.json import dumps, iterate_text
from tests.support.planned import (
    HOSTILE_TEXT,
    NO_COST,
    document_of,
    make,
    shop,
    text_of,
    view,
)


def test_the_plan_document_has_the_keys_of_the_contract() -> None:
    document = document_of(shop())
    assert {key: type(value) for key, value in document.items()} == {
        "format_version": str,
        "created_at": str,
        "store": str,
        "folder": str,
        "commit": type(None),
        "warnings": list,
        "resource_changes": list,
        "unmanaged": list,
        "orphaned": list,
        "unknown": list,
        "blocked": list,
        "stale": list,
        "notes": list,
        "violations": list,
        "summary": dict,
        "money": dict,
        "interruptions": dict,
        "api_usage": dict,
    }
    assert document["format_version"] == "2.0"
    assert document["store"] == "https://yourshop.dealpos.net"
    assert document["unmanaged"] == [{"address": "coupon/OLD10", "label": None}]
    assert document["unknown"] == [
        {"address": "variant/GONE", "label": "Kopi Susu", "reason": "HTTP 500: no answer"}
    ]
    assert document["violations"] == []
    assert all(isinstance(note, str) for note in document["notes"])


def test_every_change_has_the_keys_of_the_contract() -> None:
    for entry in document_of(shop())["resource_changes"]:
        assert set(entry) - {"carried", "previous_address"} == {
            "address",
            "label",
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
        "label": None,
        "type": "variant",
        "name": "1003L",
        "action": "update",
        "action_reason": "declared and live values differ",
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
        "orphaned": 0,
        "blocked": 0,
        "unknown": 1,
    }
    assert "variant/1003S" not in [e["address"] for e in document["resource_changes"]]


def test_the_api_usage_is_in_whole_numbers() -> None:
    spent = ApiUsage(4, 3, 2, 1, 3)
    document = json.loads(dumps(plan_document(shop(), view(shop(), spent))))
    assert document["api_usage"] == {
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
    assert fields["coupon/DISC20"][0] == "DealPOS cannot update a coupon"
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


@pytest.mark.parametrize("name", HOSTILE_TEXT)
def test_hostile_text_survives_json_unchanged(name: str) -> None:
    document = document_of(make({"variant/V": {"unit_price": 1, "model": name}}))
    assert document["resource_changes"][0]["change"]["after"]["model"] == name


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "x",
        [1, {}],
        {"none": [], "nested": [[], {}, {"pair": (1, 2)}], "deep": {"a": {"b": [None, True]}}},
        {"numbers": [0, -1, 2.5, Decimal("107.07")], 'text "é\\': "\u2028\n\x1b\ud800"},
    ],
)
def test_the_text_is_that_of_the_standard_library(document: object) -> None:
    assert dumps(document) == json.dumps(document, indent=2, ensure_ascii=False, default=float)


def test_a_large_document_is_printed_change_by_change() -> None:
    changes = [{"address": f"variant/{n}", "fields": ["x" * 50] * 10} for n in range(100)]
    parts = list(iterate_text({"resource_changes": changes, "notes": []}))
    assert max(map(len, parts)) < sum(map(len, parts)) / 50
