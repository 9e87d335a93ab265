"""Differences between files and shop: only of declared, comparable and returned fields."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action, FieldChange, new_fields
from dealpos_reconciler.core.diff.diff import compare_fields, keep_declared_members
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.kinds import KINDS

VARIANT, CATEGORY, COUPON = KINDS["variant"], KINDS["category"], KINDS["coupon"]


def differences(kind: Any, declared: Any, live: Any) -> dict[str, tuple[Any, Any]]:
    """Path to (before, after) of everything that differs."""
    return {c.name: (c.before, c.after) for c in compare_fields(kind, declared, live)}


def prices(declared: Any, live: Any) -> dict[str, tuple[Any, Any]]:
    return differences(VARIANT, {"outlet_prices": declared}, {"outlet_prices": live})


def test_equal_values_differ_in_nothing() -> None:
    value = {"unit_price": 18000, "taxable": True, "outlet_prices": {"A": {"price": 1}}}
    assert compare_fields(VARIANT, value, dict(value)) == ()


def test_a_scalar_that_differs_is_one_change() -> None:
    assert compare_fields(VARIANT, {"unit_price": 19000}, {"unit_price": 18000}) == (
        FieldChange(("unit_price",), 18000, 19000, Action.UPDATE),
    )


def test_fields_that_no_file_declares_are_ignored() -> None:
    live = {"unit_price": 18000, "weight": 5, "outlet_prices": {"A": {"price": 1}}}
    assert compare_fields(VARIANT, {"unit_price": 18000}, live) == ()


def test_fields_that_the_shop_did_not_show_are_not_compared() -> None:
    assert compare_fields(VARIANT, {"unit_price": 18000, "weight": 5}, {"unit_price": 18000}) == ()


@pytest.mark.parametrize(
    ("live", "declared"),
    [(18000, Decimal(18000)), (Decimal("107.07"), Decimal("107.070"))],
)
def test_the_same_amount_in_another_type_is_equal(live: Any, declared: Any) -> None:
    assert compare_fields(VARIANT, {"unit_price": declared}, {"unit_price": live}) == ()
    assert prices({"A": {"price": declared}}, {"A": {"price": live}}) == {}


def test_a_live_null_differs_from_a_declared_number() -> None:
    assert differences(VARIANT, {"unit_price": 5}, {"unit_price": None}) == {
        "unit_price": (None, 5)
    }


@pytest.mark.parametrize(
    ("declared", "live", "expected"),
    [
        pytest.param({}, {}, {}, id="none and none"),
        pytest.param(
            {},
            {"A": {"price": 5, "extra_cost": 1}},
            {"outlet_prices.A.price": (5, None), "outlet_prices.A.extra_cost": (1, None)},
            id="an empty map wants none",
        ),
        pytest.param(
            {"A": {"price": 5}},
            {"A": {"price": 5}, "B": {"price": 6}},
            {"outlet_prices.B.price": (6, None)},
            id="the map owns all its keys",
        ),
        pytest.param(
            {"A": {"price": 5}, "B": {"price": 6}},
            {"A": {"price": 5}},
            {"outlet_prices.B.price": (None, 6)},
            id="a new key",
        ),
        pytest.param(
            {"A": {"price": 5}},
            {"A": {"price": 5, "extra_cost": 900}},
            {},
            id="a member that is not declared is kept",
        ),
        pytest.param(
            {"A": {"price": 7}},
            {"A": {"price": 5, "extra_cost": 900}},
            {"outlet_prices.A.price": (5, 7)},
            id="one member changes",
        ),
        pytest.param(
            {"A": {"price": 5, "extra_cost": 0}},
            {"A": {"price": 5}},
            {"outlet_prices.A.extra_cost": (None, 0)},
            id="a member that the shop lacks",
        ),
        pytest.param(
            {"B": {"price": 6}, "A": {"price": 5}},
            {"A": {"price": 5}, "B": {"price": 6}},
            {},
            id="order is invisible",
        ),
        pytest.param(
            {"A": {"price": 5}, "C": {"price": 1}},
            {"A": {"price": 6}, "B": {"price": 2}},
            {
                "outlet_prices.A.price": (6, 5),
                "outlet_prices.B.price": (2, None),
                "outlet_prices.C.price": (None, 1),
            },
            id="all at once",
        ),
        pytest.param(
            {"A": {"price": 5}}, None, {"outlet_prices.A.price": (None, 5)}, id="live is null"
        ),
        pytest.param(
            {"A": {"price": 5}, "B": {"price": 6}},
            {},
            {"outlet_prices.A.price": (None, 5), "outlet_prices.B.price": (None, 6)},
            id="the first ones",
        ),
        pytest.param(
            {"A": {"price": 5}}, {"A": {}}, {"outlet_prices.A.price": (None, 5)}, id="live is bare"
        ),
        pytest.param({}, {"A": {}}, {"outlet_prices.A": ({}, None)}, id="a bare key goes"),
    ],
)
def test_a_keyed_map_is_compared_key_by_key(
    declared: Any, live: Any, expected: dict[str, tuple[Any, Any]]
) -> None:
    assert prices(declared, live) == expected


@pytest.mark.parametrize(
    "outlet", ["1", "2.5", "O'Hare", 'the "Mall"', "x[0]", "a.b", "Kafé", " ", "root['A']", "\\"]
)
def test_any_outlet_name_is_a_key(outlet: str) -> None:
    (change,) = compare_fields(
        VARIANT,
        {"outlet_prices": {outlet: {"price": 6}}},
        {"outlet_prices": {outlet: {"price": 5}}},
    )
    assert (change.path, change.before, change.after) == (("outlet_prices", outlet, "price"), 5, 6)
    removed = compare_fields(
        VARIANT, {"outlet_prices": {}}, {"outlet_prices": {outlet: {"price": 5}}}
    )
    assert [c.path for c in removed] == [("outlet_prices", outlet, "price")]


def test_components_are_a_keyed_map_too() -> None:
    declared = {"components": {"MILK": {"qty": 2}}}
    live = {"components": {"MILK": {"qty": 1}, "SUGAR": {"qty": 1}}}
    assert differences(VARIANT, declared, live) == {
        "components.MILK.qty": (1, 2),
        "components.SUGAR.qty": (1, None),
    }


def test_a_filled_map_is_named_by_its_entries_alone() -> None:
    components = {"MILK": {"qty": 2}, "SUGAR": {"qty": 1}}
    assert differences(VARIANT, {"components": components}, {"components": {}}) == {
        "components.MILK.qty": (None, 2),
        "components.SUGAR.qty": (None, 1),
    }
    wanted = {"requires": {"categories": ["Drinks"], "variants": ["A"]}}
    assert differences(COUPON, wanted, {"requires": {}}) == {
        "requires.categories": (None, ["Drinks"]),
        "requires.variants": (None, ["A"]),
    }


def test_a_list_is_one_value() -> None:
    declared = {"requires": {"variants": ["A", "C"]}}
    live = {"requires": {"variants": ["A", "B", "C"]}}
    assert differences(COUPON, declared, live) == {
        "requires.variants": (["A", "B", "C"], ["A", "C"])
    }


def test_another_requirement_is_the_one_away_and_the_other_there() -> None:
    declared = {"requires": {"categories": ["Drinks"]}}
    live = {"requires": {"variants": ["A"]}}
    assert differences(COUPON, declared, live) == {
        "requires.categories": (None, ["Drinks"]),
        "requires.variants": (["A"], None),
    }


@pytest.mark.parametrize(
    ("declared", "live", "action"),
    [(True, False, Action.RETIRE), (False, True, Action.UPDATE)],
)
@pytest.mark.parametrize("kind", ["category", "product", "variant"])
def test_discontinuing_is_retiring_and_the_way_back_is_an_update(
    kind: str, declared: bool, live: bool, action: Action
) -> None:
    (change,) = compare_fields(KINDS[kind], {"discontinued": declared}, {"discontinued": live})
    assert change.action is action


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("discount", 10, 20),
        ("limit", 10, 20),
        ("description", "a", "b"),
        ("expiry_date", "2026-01-01", "2027-01-01"),
        ("customer", "A", "B"),
        ("requires", {"variants": ["A"]}, {"variants": ["B"]}),
    ],
)
def test_any_change_of_a_coupon_is_a_replacement_with_its_reason(
    name: str, before: Any, after: Any
) -> None:
    (change,) = compare_fields(COUPON, {name: after}, {name: before})
    assert change.action is Action.REPLACE
    assert change.reason == "DealPOS cannot update a coupon"


def test_another_parent_is_a_replacement_with_its_reason() -> None:
    (change,) = compare_fields(VARIANT, {"product": "2"}, {"product": "1"})
    assert change.action is Action.REPLACE
    assert change.reason == "no documented way to move it to another parent"


UNSEEN = [
    (kind.name, name)
    for kind in KINDS.values()
    for name, field in kind.fields.items()
    if field.uncompared_reason or field.internal or field.identity
]


@pytest.mark.parametrize(("kind", "name"), UNSEEN)
def test_what_cannot_be_compared_never_differs(kind: str, name: str) -> None:
    assert compare_fields(KINDS[kind], {name: "after"}, {name: "before"}) == ()


def test_the_fields_that_cannot_be_compared_are_the_documented_ones() -> None:
    unread = {
        (kind.name, name)
        for kind in KINDS.values()
        for name, f in kind.fields.items()
        if f.uncompared_reason
    }
    assert unread == {
        ("category", "code"),
        ("coupon", "full_price_item_only"),
        ("coupon", "maximum_discount"),
        ("outlet", "negative_inventory"),
        ("outlet", "receipt"),
        ("coupon", "reference_id"),
        ("customer", "app_last_sign_in"),
        ("customer", "loyalty_point"),
        ("product", "extra_images_url"),
        ("product", "image_url"),
        ("variant", "expired_day_prepaid"),
        ("variant", "expired_month_prepaid"),
        ("variant", "parent_code"),
        ("variant", "point_prepaid"),
        ("variant", "ratio"),
    }


def test_a_new_object_is_every_declared_value_from_nothing() -> None:
    declared = {
        "code": "1003L",
        "unit_price": 18000,
        "outlet_prices": {"B": {"price": 2, "extra_cost": 0}},
        "components": {},
        "ratio": 12,
    }
    assert [(c.name, c.before, c.after, c.action) for c in new_fields(VARIANT, declared)] == [
        ("unit_price", None, 18000, Action.CREATE),
        ("outlet_prices.B.price", None, 2, Action.CREATE),
        ("outlet_prices.B.extra_cost", None, 0, Action.CREATE),
        ("components", None, {}, Action.CREATE),
        ("ratio", None, 12, Action.CREATE),
    ]
    assert new_fields(VARIANT, declared)[-1].reason == "the API never returns it"


def test_a_live_map_is_cut_to_the_declared_members_of_declared_keys() -> None:
    live = {"A": {"price": 1, "extra_cost": 2}, "B": {"price": 3, "extra_cost": 4}}
    assert keep_declared_members(live, {"A": {"price": 9}}) == {
        "A": {"price": 1},
        "B": {"price": 3, "extra_cost": 4},
    }


LAZY = """
import sys
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.kinds import KINDS
variant, coupon = KINDS["variant"], KINDS["coupon"]
prices = {"outlet_prices": {"A": {"price": 1}}, "unit_price": 5}
assert compare_fields(variant, {**prices, "unit_price": 6}, prices)
assert compare_fields(variant, {"outlet_prices": {}}, prices)
assert "deepdiff" not in sys.modules, "imported for maps of scalars"
assert compare_fields(coupon, {"requires": {"variants": ["A"]}}, {"requires": {"variants": []}})
assert "deepdiff" in sys.modules, "not imported for a list in a map"
"""


def test_deepdiff_is_imported_only_for_a_list_in_a_map() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAZY], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_live_object_is_compared_once_with_the_same_declaration() -> None:
    class Counted(dict[str, object]):
        looked_at = 0

        def items(self) -> Any:
            self.looked_at += 1
            return super().items()

    live = Observed({"code": "A", "name": "Kopi"})
    declared = Counted(code="A")
    assert [live.contains(declared) for _ in range(3)] == [True] * 3
    assert declared.looked_at == 1
    assert not live.contains({"code": "A", "name": "Teh"})
    assert not live.contains({"code": "A", "unit_price": 1})
    assert live.contains({"code": "A", "name": "Kopi"})
    assert live == Observed({"code": "A", "name": "Kopi"})
