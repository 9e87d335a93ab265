"""The action planned for each object, and the objects that a plan does not change."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action, FieldChange, digest
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.steps.readbacks import grow_listings
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

TERMS = {"type": "DiscountPercentage", "discount": 20, "limit": 100, "minimum_amount": 0}
# Declared, so that a replacement has all that the old one may have had.
WHOLE = {
    **TERMS,
    "maximum_discount": 5,
    "full_price_item_only": False,
    "reference_id": "R",
    "customer": "",
}
NEW = {
    "product": {"name": "Kopi", "category": "Drinks"},
    "variant": {"product": "1", "unit_price": 18000},
    "coupon": TERMS,
    "customer": {"name": "Sari"},
    "category": {},
}


@pytest.mark.parametrize("kind", sorted(NEW))
def test_what_is_declared_and_absent_is_created(world: World, kind: str) -> None:
    world.declare(f"{kind}/X", **NEW[kind])
    (change,) = world.plan().changes
    assert str(change.address) == f"{kind}/X"
    assert change.action is Action.CREATE
    assert change.reason == "declared, not in the shop"
    assert change.before is None
    assert change.after == world.objects[kind]["X"].value
    assert change.source == Source("catalogue/shop.yaml", 1, 5)
    assert {f.action for f in change.fields} <= {Action.CREATE}
    assert {f.path[0] for f in change.fields} == set(NEW[kind])


@pytest.mark.parametrize("kind", sorted(NEW))
def test_what_is_live_as_declared_is_unchanged(world: World, kind: str) -> None:
    world.both(f"{kind}/X", **NEW[kind])
    plan = world.plan()
    assert plan.empty
    assert plan.unchanged == 1


@pytest.mark.parametrize("kind", sorted(NEW))
def test_what_could_not_be_read_is_unknown_and_nothing_is_planned_for_it(
    world: World, kind: str
) -> None:
    world.declare(f"{kind}/X", **NEW[kind])
    world.unread(f"{kind}/X", "HTTP 403: no right")
    plan = world.plan()
    assert plan.empty
    assert [(str(a), why) for a, why in plan.unknown] == [(f"{kind}/X", "HTTP 403: no right")]
    assert plan.unchanged == 0


def test_an_update_is_live_overlaid_with_what_is_declared(world: World) -> None:
    world.have(
        "variant/V", product="1", unit_price=18000, weight=250, description="16 oz", name="Kopi"
    )
    world.declare("variant/V", product="1", unit_price=19000)
    change = world.change("variant/V")
    assert change.action is Action.UPDATE
    assert change.reason == "declared and live values differ"
    assert change.fields == (FieldChange(("unit_price",), 18000, 19000, Action.UPDATE),)
    assert change.before == world.live.objects["variant"]["V"].value
    assert change.after == {**change.before, "unit_price": 19000}


def test_an_update_keeps_what_a_declared_map_does_not_mention(world: World) -> None:
    world.have(
        "variant/V",
        outlet_prices={
            "Bandung": {"price": 1, "extra_cost": 900},
            "Solo": {"price": 2, "extra_cost": 800},
        },
        components={"MILK": {"qty": 1}},
    )
    world.declare("variant/V", outlet_prices={"Bandung": {"price": 5}, "Medan": {"price": 7}})
    after = world.change("variant/V").after
    assert after["outlet_prices"] == {
        "Bandung": {"price": 5, "extra_cost": 900},  # a member that no file mentions
        "Medan": {"price": 7},  # and Solo, which the map does not have, is gone
    }
    assert after["components"] == {"MILK": {"qty": 1}}


def test_an_empty_map_leaves_nothing(world: World) -> None:
    world.have("variant/V", outlet_prices={"Bandung": {"price": 1}})
    world.declare("variant/V", outlet_prices={})
    assert world.change("variant/V").after["outlet_prices"] == {}


def test_a_runtime_value_of_a_file_never_reaches_an_update(world: World) -> None:
    world.have("customer/C", name="Sari", loyalty_point=340)
    world.declare("customer/C", name="Sari Baru", loyalty_point=0)
    change = world.change("customer/C")
    assert [f.name for f in change.fields] == ["name"]
    assert change.after["loyalty_point"] == 340


def test_a_write_only_value_goes_along_with_an_update(world: World) -> None:
    world.have("variant/V", unit_price=1)
    world.declare("variant/V", unit_price=2, ratio=12)
    assert world.change("variant/V").after["ratio"] == 12


def test_a_plan_does_not_change_the_values_it_is_made_from(world: World) -> None:
    world.have("variant/V", outlet_prices={"Solo": {"price": 1, "extra_cost": 2}})
    world.declare("variant/V", outlet_prices={"Solo": {"price": 5}})
    after = world.change("variant/V").after
    after["outlet_prices"]["Solo"]["price"] = "spoilt"
    assert world.live.objects["variant"]["V"].value["outlet_prices"]["Solo"]["price"] == 1
    assert world.objects["variant"]["V"].value["outlet_prices"]["Solo"] == {"price": 5}


@pytest.mark.parametrize("kind", ["category", "product", "variant"])
def test_discontinuing_is_planned_as_retiring(world: World, kind: str) -> None:
    fields = {**NEW[kind], "discontinued": False}
    world.have(f"{kind}/X", **fields)
    world.declare(f"{kind}/X", **{**fields, "discontinued": True})
    assert world.change(f"{kind}/X").action is Action.RETIRE


def test_a_change_takes_the_most_severe_action_of_its_fields(world: World) -> None:
    world.have("product/1", name="Kopi", discontinued=False)
    world.declare("product/1", name="Kopi Susu", discontinued=True)
    change = world.change("product/1")
    assert change.action is Action.RETIRE
    assert [f.action for f in change.fields] == [Action.UPDATE, Action.RETIRE]


def test_actions_are_ranked_by_severity() -> None:
    ranked = sorted(Action, key=lambda action: action.severity)
    assert [action.value for action in ranked] == [
        "no-op", "create", "update", "replace", "retire", "delete",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "verbs"),
    [
        (Action.NOOP, ["no-op"]),
        (Action.CREATE, ["create"]),
        (Action.UPDATE, ["update"]),
        (Action.REPLACE, ["delete", "create"]),
        (Action.RETIRE, ["update"]),
        (Action.DELETE, ["delete"]),
    ],
)
def test_actions_have_the_words_of_terraform(action: Action, verbs: list[str]) -> None:
    assert action.verbs == verbs


def test_every_action_has_a_sign_of_its_own() -> None:
    assert len({action.symbol for action in Action}) == len(Action)


# --- coupons ------------------------------------------------------------------------------------


def replaced(world: World, live: dict[str, Any], declared: dict[str, Any]) -> Any:
    world.have("coupon/C", **{**TERMS, **live})
    world.declare("coupon/C", **{**WHOLE, **declared})
    return world.plan()


def told(plan: Any) -> list[str]:
    """Return the notes of the plan about the coupon."""
    return [note.removeprefix("coupon/C: ") for note in plan.notes if note.startswith("coupon/C:")]


def test_an_unused_coupon_is_replaced_as_declared_and_says_why(world: World) -> None:
    plan = replaced(world, {"balance": 100}, {"discount": 25})
    (change,) = plan.changes
    assert change.action is Action.REPLACE
    assert change.reason == ("must be replaced: DealPOS cannot update a coupon")
    assert change.after["limit"] == 100
    assert told(plan) == []


def test_a_partly_used_coupon_keeps_the_uses_that_are_left(world: World) -> None:
    plan = replaced(world, {"balance": 60}, {"discount": 25})
    (change,) = plan.changes
    assert change.after["limit"] == 60
    assert told(plan) == [
        "40 of 100 uses are used up, so the replacement starts with 60. The ledger or this folder "
        "remembers it; without either, declare `limit: 60` after the apply"
    ]


def test_a_raised_limit_is_shown_less_what_is_used(world: World) -> None:
    plan = replaced(world, {"balance": 60}, {"limit": 200})
    (change,) = plan.changes
    assert change.after["limit"] == 160
    assert [(f.name, f.before, f.after) for f in change.fields] == [("limit", 100, 160)]


def test_a_carried_over_limit_is_among_the_fields_that_are_shown(world: World) -> None:
    """Nothing is written that was not shown: the replacement's limit is not the declared one."""
    (change,) = replaced(world, {"balance": 60}, {"discount": 25}).changes
    assert ("limit", 100, 60) in [(f.name, f.before, f.after) for f in change.fields]


@pytest.mark.parametrize(
    ("live", "declared", "note"),
    [
        (
            {"balance": 0},
            {"discount": 25},
            "100 uses are used up and the limit is 100. Raise the limit above 100 to bring it back",
        ),
        (
            {"balance": 40},
            {"limit": 50},
            "60 uses are used up and the limit is 50. Raise the limit above 60 to bring it back",
        ),
        ({}, {"discount": 25}, "the API does not return how many uses are left"),
        ({"balance": None}, {"discount": 25}, "the API does not return how many uses are left"),
        (
            {"limit": None, "balance": 5},
            {"discount": 25},
            "the API does not return how many uses are left",
        ),
    ],
    ids=["spent", "limit below use", "balance unknown", "balance null", "limit null"],
)
def test_a_coupon_whose_rest_cannot_be_kept_is_not_replaced(
    world: World, live: dict[str, Any], declared: dict[str, Any], note: str
) -> None:
    plan = replaced(world, live, declared)
    assert plan.empty
    assert not plan.settled
    assert [reason for _, reason in plan.blocked] == [f"not replaced: {note}"]
    assert plan.unchanged == 0


def test_a_spent_coupon_comes_back_with_what_a_raised_limit_adds(world: World) -> None:
    (change,) = replaced(world, {"balance": 0}, {"limit": 130}).changes
    assert change.after["limit"] == 30


def test_a_coupon_keeps_what_no_file_mentions_when_it_is_replaced(world: World) -> None:
    plan = replaced(
        world, {"balance": 100, "expiry_date": "2026-12-31", "description": "x"}, {"discount": 25}
    )
    after = plan.changes[0].after
    assert after["expiry_date"] == "2026-12-31"
    assert after["description"] == "x"


def test_a_coupon_whose_minimum_the_shop_does_not_show_is_not_replaced_without_one(
    world: World,
) -> None:
    """The older list has no minimum (API §10): sending none would make the coupon wider."""
    terms = {"type": "DiscountAmount", "discount": 20, "limit": 100}
    world.have("coupon/C", **terms, balance=100)
    world.declare("coupon/C", **{**terms, "discount": 25})
    plan = world.plan()
    assert plan.empty
    assert "the API did not return `minimum_amount`. Declare it (0 for none)" in plan.blocked[0][1]
    world.declare("coupon/C", **{**terms, "discount": 25, "minimum_amount": 0})
    assert len(world.plan().changes) == 1


def test_a_replacement_warns_of_one_field_by_name(world: World) -> None:
    world.both("customer/D", name="Ani")
    terms = {**TERMS, "type": "DiscountAmount", "customer": "D"}
    world.have("coupon/C", **terms, balance=100)
    world.declare("coupon/C", **{**terms, "discount": 25})
    assert [warning.message for warning in world.plan().warnings] == [
        "the API did not return `reference_id`, so the replacement is created without it. "
        "Declare `reference_id` to keep it."
    ]


@pytest.mark.parametrize(
    ("type_", "lost"),
    [
        (
            "DiscountPercentage",
            "`maximum_discount`, `full_price_item_only`, `reference_id` and `customer`",
        ),
        ("DiscountAmount", "`reference_id` and `customer`"),
    ],
)
@pytest.mark.parametrize("balance", [100, 60])
def test_a_replacement_warns_of_fields_that_it_may_lose(
    world: World, type_: str, lost: str, balance: int
) -> None:
    terms = {**TERMS, "type": type_}
    world.have("coupon/C", **terms, balance=balance)
    world.declare("coupon/C", **{**terms, "discount": 25})
    plan = world.plan()
    assert plan.warnings == (
        (
            (Address("coupon", "C"),),
            f"the API did not return {lost}, so the replacement is created without them. "
            "Declare those that the coupon should keep.",
        ),
    )
    assert ["uses are used up" in note for note in told(plan)] == [True] * (balance == 60)


# --- faults, notes, counts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("product", ["name", "category"]),
        ("variant", ["unit_price"]),
        ("coupon", ["type", "discount", "limit"]),
        ("customer", ["name"]),
        ("category", []),
    ],
)
def test_a_new_object_needs_what_creating_it_needs(
    world: World, kind: str, missing: list[str]
) -> None:
    world.declare(f"{kind}/X")
    _, faults = world.build()
    assert [f.message for f in faults] == [f"{kind}/X is new and has no `{m}`" for m in missing]
    assert [f.hint for f in faults] == [
        f"declare `{m}`; it is required to create a {kind}" for m in missing
    ]


@pytest.mark.parametrize("kind", sorted(NEW))
def test_a_live_object_may_leave_out_what_only_creating_it_needs(world: World, kind: str) -> None:
    world.have(f"{kind}/X", **NEW[kind])
    world.declare(f"{kind}/X")
    assert world.plan().unchanged == 1


def test_a_variant_is_not_moved_to_another_product(world: World) -> None:
    world.have("variant/V", product="1", unit_price=5)
    world.declare("variant/V", product="2", unit_price=6)
    plan = world.plan()
    assert plan.empty
    ((address, reason),) = plan.blocked
    assert str(address) == "variant/V"
    assert reason == (
        "it belongs to product/1 in the shop: no documented way to move it to another parent. "
        "Move its entry in the file there, after `reconciler adopt product/1`"
    )


def test_a_category_below_an_undeclared_one_is_noted(world: World) -> None:
    world.declare("category/Drinks/Coffee")
    assert world.plan().notes == (
        "category/Drinks/Coffee: also creates category/Drinks, which no file declares",
    )


@pytest.mark.parametrize("parent", ["declared", "live"])
def test_a_category_below_a_known_one_is_not_noted(world: World, parent: str) -> None:
    world.declare("category/Drinks/Coffee")
    if parent == "live":
        world.have("category/Drinks")
    else:
        world.declare("category/Drinks")
    assert world.plan().notes == ()


def test_a_field_that_cannot_be_compared_is_noted_once_with_its_count(world: World) -> None:
    for code in ("V", "W"):
        world.declare(f"variant/{code}", unit_price=5, ratio=12)
        world.have(f"variant/{code}", unit_price=5)
    world.declare("variant/X", unit_price=5, parent_code="V")
    world.have("variant/X", unit_price=5)
    assert world.plan().notes == (
        "variant `parent_code` cannot be checked for drift (1 object): the API never returns it",
        "variant `ratio` cannot be checked for drift (2 objects): the API never returns it",
    )


def test_a_field_that_this_shop_does_not_show_is_noted(world: World) -> None:
    world.have("variant/V", unit_price=5)
    world.declare("variant/V", unit_price=5, weight=250)
    assert world.plan().notes == (
        "variant `weight` cannot be checked for drift (1 object): "
        "the API does not return it for this shop",
    )


def test_what_was_said_while_reading_is_noted(world: World) -> None:
    world.live.notes.append("the listing ended early")
    assert world.plan().notes == ("the listing ended early",)


@pytest.mark.parametrize("complete", [True, False])
def test_what_is_live_and_not_declared_is_unmanaged_where_a_listing_was_read_to_its_end(
    world: World, complete: bool
) -> None:
    world.both("category/Drinks")
    world.have("category/Food")
    world.have("category/Art")
    if complete:
        world.live.complete.add("category")
    expected = ["category/Art", "category/Food"] if complete else []
    plan = world.plan()
    assert [str(a) for a in plan.unmanaged] == expected
    assert plan.empty


def test_a_kind_that_no_file_declares_has_nothing_unmanaged(world: World) -> None:
    world.have("coupon/C")
    world.live.complete.add("coupon")
    world.objects["coupon"] = {}
    assert world.plan().unmanaged == ()


def test_a_variant_of_an_unmanaged_product_is_unmanaged_too(world: World) -> None:
    world.both("product/1", name="Kopi")
    world.both("variant/V", product="1")
    # Only the product's row shows its variant: nobody asked for that.
    world.have("product/2", children={"W": {"code": "W", "unit_price": 1}})
    world.live.complete.add("product")
    assert [str(a) for a in world.plan().unmanaged] == ["product/2", "variant/W"]


def test_objects_are_counted_by_what_happens_to_them(world: World) -> None:
    world.declare("category/New")
    world.have("category/Old", discontinued=False)
    world.declare("category/Old", discontinued=True)
    world.have("category/Stray")
    world.live.complete.add("category")
    world.have("variant/V", unit_price=1)
    world.declare("variant/V", unit_price=2)
    world.both("variant/W", unit_price=2)
    world.have("coupon/C", **TERMS, balance=100)
    world.declare("coupon/C", **{**TERMS, "discount": 5})
    world.declare("customer/K", name="Sari")
    world.unread("customer/K", "HTTP 500")
    assert world.plan().counts() == {
        "create": 1,
        "update": 1,
        "replace": 1,
        "retire": 1,
        "delete": 0,
        "unchanged": 1,
        "unmanaged": 1,
        "orphaned": 0,
        "blocked": 0,
        "unknown": 1,
    }


def test_a_plan_says_what_it_has_cost_to_make(world: World) -> None:
    world.live.reads = 7
    world.live.listings = {"product": ListingStats(7, 3), "category": ListingStats(2)}
    world.declare("product/1", **NEW["product"])
    world.declare("variant/V", **NEW["variant"])
    plan = world.plan()
    assert (plan.reads, plan.store) == (7, "https://shop.example")
    assert plan.listings == {"product": ListingStats(7, 3), "category": ListingStats(2)}
    # Reading back meets what the plan adds.
    assert grow_listings(plan.listings, plan.changes)["product"] == ListingStats(8, 3)


# --- basis --------------------------------------------------------------------------------------


def basis(new_world: Callable[[], World], live: dict[str, Any], declared: dict[str, Any]) -> str:
    shop = new_world()
    shop.have("variant/V", **live)
    shop.declare("variant/V", **declared)
    return str(shop.change("variant/V").basis)


def test_a_basis_is_stable(new_world: Callable[[], World]) -> None:
    """Saved plans are compared by it, so it is pinned."""
    live = {"unit_price": 18000, "outlet_prices": {"A": {"price": 1}, "B": {"price": 2}}}
    declared = {"unit_price": 19000, "outlet_prices": {}}
    assert basis(new_world, live, declared) == "585f98d34ff94f75"
    assert basis(new_world, dict(reversed(live.items())), declared) == "585f98d34ff94f75"


@pytest.mark.parametrize(
    ("live", "same"),
    [
        ({"unit_price": 18000, "weight": 9}, True),  # what the change does not touch may move
        ({"unit_price": 18001, "weight": 5}, False),
        ({"unit_price": Decimal("18000.5"), "weight": 5}, False),
    ],
)
def test_a_basis_holds_what_the_change_rests_on(
    new_world: Callable[[], World], live: dict[str, Any], same: bool
) -> None:
    first = basis(new_world, {"unit_price": 18000, "weight": 5}, {"unit_price": 19000})
    assert (basis(new_world, live, {"unit_price": 19000}) == first) is same


def test_the_basis_of_a_create_is_absence(world: World) -> None:
    world.declare("category/A")
    assert world.change("category/A").basis == "absent"


def test_a_digest_is_of_content_not_of_order() -> None:
    def of(value: dict[str, Any], *names: str) -> str:
        return digest(KINDS["variant"], Address("variant", "V"), value, names)

    assert of({"weight": 1, "model": "L"}) == of({"model": "L", "weight": 1})
    assert of({"weight": 1}) != of({"weight": 2})
    assert of({"weight": 1, "ratio": 2}, "weight") == of({"weight": 1, "ratio": 3}, "weight")
    assert of({"weight": 1}, "weight", "ratio") != of({}, "weight", "ratio")


def test_a_child_that_repeats_its_parents_name_moves_with_it(world: World) -> None:
    """The display name of a variant is the product's name unless a file says otherwise."""
    world.product(
        "1",
        {"V": {"name": "Kopi", "unit_price": 1}, "W": {"name": "Own", "unit_price": 1}},
        name="Kopi",
    )
    world.declare("product/1", name="Kopi Susu")
    for code in ("V", "W"):
        world.declare(f"variant/{code}", product="1", unit_price=2)
    assert world.change("variant/V").after["name"] == "Kopi Susu"
    assert world.change("variant/V").unproven == {"name"}  # undocumented, so not held against it
    assert world.change("variant/W").after["name"] == "Own"
    assert world.change("variant/W").unproven == set()


def test_a_plan_is_the_same_whatever_the_order_of_the_files(new_world: Callable[[], World]) -> None:
    def shop(turned: bool) -> Any:
        made = new_world()
        names = ["category/A", "category/A/B", "product/1", "variant/V", "coupon/C", "customer/K"]
        for name in reversed(names) if turned else names:
            made.declare(name, **NEW[name.partition("/")[0]])
        return [(c.address, c.action, c.fields, c.after) for c in made.plan().changes]

    assert shop(turned=True) == shop(turned=False)


# --- names of objects ---------------------------------------------------------------------------


def test_a_variant_is_called_by_product_and_model(world: World) -> None:
    world.both("product/1", name="Cappuccino", category="Drinks")
    world.both("variant/V", product="1", model="Large", unit_price=5)
    world.product("2", {"N": {"model": "Small", "unit_price": 5}}, name="Tea", category="Drinks")
    world.live.objects["variant"].pop("N")
    labels = world.plan().labels
    assert labels[Address("product", "1")] == "Cappuccino"
    assert labels[Address("variant", "V")] == "Cappuccino, Large"
    assert labels[Address("variant", "N")] == "Tea, Small"
    assert set(labels) == {
        Address("product", "1"),
        Address("product", "2"),
        Address("variant", "V"),
        Address("variant", "N"),
    }


def test_the_declared_name_comes_before_the_live_one(world: World) -> None:
    world.have("product/1", name="Kopi", category="Drinks")
    world.declare("product/1", name="Kopi Susu", category="Drinks")
    world.both("variant/V", product="1", unit_price=5)
    assert world.plan().labels[Address("variant", "V")] == "Kopi Susu"


def test_private_data_is_no_label(world: World) -> None:
    world.both("customer/D", name="Ani", code="D")
    world.both("category/Drinks")
    labels = world.plan().labels
    assert labels.get(Address("customer", "D")) is None
    assert labels.get(Address("category", "Drinks")) is None
    assert labels.get(Address("variant", "nobody")) is None


@pytest.mark.parametrize(
    ("length", "label"), [(60, "K" * 60), (61, "K" * 60 + "…"), (200, "K" * 60 + "…")]
)
def test_a_label_is_cut_after_sixty_characters(world: World, length: int, label: str) -> None:
    world.both("product/1", name="K" * length, category="Drinks")
    assert world.plan().labels[Address("product", "1")] == label
