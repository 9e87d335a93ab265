"""Removal: by name or by scope, retired or deleted, and what stands in its way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.dealpos.reading.stock import parse_stock
from dealpos_reconciler.sandbox import Choices, InjectedFault
from tests.support.shop import MakeShop, Shop

LIVE = {
    "categories": [{"Name": "Drinks/Old"}, {"Name": "Empty"}, {"Name": "Food"}],
    "products": [
        {
            "Code": "P1",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [{"Code": "V1", "UnitPrice": 1}, {"Code": "V2", "UnitPrice": 2}],
        },
        {
            "Code": "P2",
            "Name": "Set",
            "Category": "Drinks/Old",
            "Variants": [
                {
                    "Code": "SET",
                    "UnitPrice": 3,
                    "Type": "Composite",
                    "Components": [{"Code": "V2", "Qty": 1}],
                }
            ],
        },
        {"Code": "P3", "Name": "Air", "Category": "Food", "Variants": []},
    ],
    "coupons": [
        {"Code": "K1", "Type": "DiscountAmount", "Discount": 5, "Limit": 9, "CustomerCode": "D1"},
        {
            "Code": "K2",
            "Type": "DiscountAmount",
            "Discount": 5,
            "Limit": 9,
            "RequirementType": "Variant",
            "RequirementVariants": ["V1"],
        },
        {"Code": "K3", "Type": "DiscountAmount", "Discount": 5, "Limit": 9},
    ],
    "customers": [
        {"Code": "D1", "Name": "Ann", "Email": "ann@example.com"},
        {"Code": "D2", "Name": "Ben", "Email": "ben@example.com"},
        {"Code": "D3", "Name": "Cy", "Email": ""},
    ],
}


@pytest.fixture
def live(make_shop: MakeShop) -> Shop:
    return make_shop(LIVE)


def removes(shop: Shop, *entries: str) -> Shop:
    shop.write("removed:\n" + "".join(f"  - {entry}\n" for entry in entries), "removed.yaml")
    return shop


def delete(*addresses: str) -> list[str]:
    return [f"{{address: {address}, delete: true}}" for address in addresses]


def planned(plan: Any) -> dict[str, str]:
    return {str(change.address): change.action.value for change in plan.changes}


def withheld(plan: Any) -> dict[str, str]:
    return {str(address): why for address, why in plan.blocked}


def applied(shop: Shop) -> None:
    """Apply; all of it verified, at the quoted cost, and nothing is left to do."""
    plan = shop.plan()
    assert plan.unknown == ()
    cost = shop.cost(plan)
    report = shop.apply(plan)
    assert [(str(o.address), o.status, o.message) for o in report.outcomes if not o.verified] == []
    assert report.requests == cost.requests
    assert shop.plan().changes == ()


# --- retiring ---


@pytest.mark.parametrize(
    ("address", "kind", "code"),
    [
        ("product/P1", "products", "P1"),
        ("variant/V1", "variants", "V1"),
        ("category/Food", "categories", "Food"),
    ],
)
def test_an_address_retires(live: Shop, address: str, kind: str, code: str) -> None:
    before = live.show()
    removes(live, address)
    assert planned(live.plan()) == {address: "retire"}
    applied(live)
    assert live.item(kind, code)["Discontinued"] is True
    after = live.show()
    assert {k: len(v) for k, v in after.items()} == {k: len(v) for k, v in before.items()}


def test_what_is_retired_already_needs_nothing(live: Shop) -> None:
    removes(live, "product/P1")
    applied(live)
    assert live.plan().changes == ()


@pytest.mark.parametrize("address", ["coupon/K3", "customer/D2"])
def test_what_cannot_be_retired_is_withheld_with_the_way_out(live: Shop, address: str) -> None:
    plan = removes(live, address, "product/P1").plan()
    assert planned(plan) == {"product/P1": "retire"}
    assert "cannot be retired. Add `delete: true` to delete it" in withheld(plan)[address]


def test_what_is_gone_already_is_a_note(live: Shop) -> None:
    plan = removes(live, "product/NONE", *delete("coupon/NONE")).plan()
    assert (planned(plan), withheld(plan), plan.unknown) == ({}, {}, ())
    assert (
        "removed: coupon/NONE, product/NONE no longer exist in the shop; "
        "you can delete these entries"
    ) in " ".join(plan.notes)


@pytest.mark.parametrize("name", ["k1", "K\u200b1"])
def test_a_mistyped_name_is_not_called_gone(live: Shop, name: str) -> None:
    plan = removes(live, f"coupon/{name}").plan()
    assert plan.changes == ()
    assert "not removed: it is not in the shop. Did you mean coupon/K1?" in " ".join(plan.notes)
    assert "you can delete" not in " ".join(plan.notes)


# --- deleting ---


@pytest.mark.parametrize(
    ("address", "kind", "code"),
    [
        ("category/Empty", "categories", "Empty"),
        ("product/P3", "products", "P3"),
        ("variant/SET", "variants", "SET"),
        ("coupon/K1", "coupons", "K1"),
        ("customer/D2", "customers", "D2"),
    ],
)
def test_an_object_that_nothing_needs_is_deleted(
    live: Shop, address: str, kind: str, code: str
) -> None:
    removes(live, *delete(address))
    plan = live.plan()
    assert planned(plan) == {address: "delete"}
    (change,) = plan.changes
    assert change.after is None
    assert change.before
    assert change.source.file == "catalogue/removed.yaml"
    applied(live)
    assert live.item(kind, code) is None


def test_several_coupons_go_in_one_call(live: Shop) -> None:
    removes(live, *delete("coupon/K1", "coupon/K2", "coupon/K3"))
    applied(live)
    assert live.show()["coupons"] == []
    called = [path for method, path, _ in live.twin.calls if method == "DELETE"]
    assert called == ["/api/v3/PromotionCoupon/ListCode"]


def test_a_refused_list_is_deleted_one_by_one(make_shop: MakeShop) -> None:
    shop = make_shop(LIVE, choices=Choices(batch_max=1))
    removes(shop, *delete("coupon/K1", "coupon/K2"))
    report = shop.apply()
    assert [o.verified for o in report.outcomes] == [True, True]
    assert [row["Code"] for row in shop.show()["coupons"]] == ["K3"]


@pytest.mark.parametrize(
    ("address", "blocker"),
    [
        ("variant/V2", "still used by variant/SET"),
        ("variant/V1", "still used by coupon/K2"),
        ("customer/D1", "still used by coupon/K1"),
        ("category/Food", "still used by product/P3"),
        ("category/Drinks", "still used by category/Drinks/Old, product/P1"),
        ("product/P1", "still used by variant/V1, variant/V2"),
        ("customer/D3", "by `email`, and this one has none"),
    ],
)
def test_a_blocker_is_named_and_nothing_else_waits(live: Shop, address: str, blocker: str) -> None:
    plan = removes(live, *delete(address, "category/Empty")).plan()
    assert planned(plan) == {"category/Empty": "delete"}
    assert blocker in withheld(plan)[address]


def test_a_shared_email_names_nobody(make_shop: MakeShop) -> None:
    rows = [{"Code": c, "Name": c, "Email": e} for c, e in (("D1", "a@x"), ("D2", "A@x"))]
    shop = make_shop({"customers": rows})
    plan = removes(shop, *delete("customer/D1")).plan()
    assert "customer/D2 has the same" in withheld(plan)["customer/D1"]


def test_what_hangs_together_goes_together_in_order(live: Shop) -> None:
    removes(live, *delete("product/P1", "variant/V1", "variant/V2", "coupon/K2"))
    removes_more = delete("variant/SET", "product/P2", "category/Drinks/Old", "category/Drinks")
    live.write("removed:\n" + "".join(f"  - {e}\n" for e in removes_more), "more.yaml")
    assert set(planned(live.plan()).values()) == {"delete"}
    applied(live)
    assert [row["Name"] for row in live.show()["categories"]] == ["Empty", "Food"]


def test_what_stays_blocked_blocks_what_it_needs(live: Shop) -> None:
    live.write("coupons: [{code: K2, requires: {variants: [V1]}}]")
    plan = removes(live, *delete("variant/V1", "product/P1", "variant/V2")).plan()
    assert planned(plan) == {}
    assert set(withheld(plan)) == {"variant/V1", "product/P1", "variant/V2"}


def test_a_reference_that_a_change_drops_does_not_block(live: Shop) -> None:
    live.write("products: [{code: P2, variants: [{code: SET, components: {V1: {qty: 1}}}]}]")
    removes(live, *delete("variant/V2"))
    assert planned(live.plan()) == {"variant/SET": "update", "variant/V2": "delete"}
    applied(live)
    assert live.item("variants", "V2") is None
    assert live.item("variants", "V1") is not None


def test_a_sibling_is_not_brought_back_by_its_parents_update(live: Shop) -> None:
    live.write("products: [{code: P1, name: Other, variants: [{code: V1, description: x}]}]")
    removes(live, *delete("variant/SET", "variant/V2"))
    applied(live)
    assert live.item("variants", "V2") is None


@pytest.mark.parametrize(
    "forbidden", ["POST /PromotionCoupon/WithTotalCount", "GET /PromotionCoupon/ByCode"]
)
def test_what_cannot_be_looked_at_withholds(make_shop: MakeShop, forbidden: str) -> None:
    shop = make_shop(LIVE, choices=Choices(forbidden_operations=frozenset({forbidden})))
    plan = removes(shop, *delete("variant/SET")).plan()
    assert planned(plan) == {}
    assert "a coupon may depend on it, but could not be read" in withheld(plan)["variant/SET"]


def test_what_names_nothing_because_no_read_shows_it_withholds(make_shop: MakeShop) -> None:
    """dealpos-api.md §10: what a coupon requires is shown by code only."""
    unoffered = frozenset({"GET /PromotionCoupon/ByCode"})
    shop = make_shop(LIVE, choices=Choices(missing_operations=unoffered))
    plan = removes(shop, *delete("variant/V1")).plan()
    assert planned(plan) == {}
    assert "a coupon may depend on it, but could not be read" in withheld(plan)["variant/V1"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("address", ["coupon/K1", "category/Empty", "variant/SET"])
def test_a_lost_answer_is_settled(live: Shop, address: str, when: str) -> None:
    removes(live, *delete(address))
    plan = live.plan()
    live.twin.faults.add(InjectedFault("DELETE", "*", "500", when))
    report = live.apply(plan)
    assert [(o.status, o.verified) for o in report.outcomes] == [("applied", True)]
    assert live.plan().changes == ()


@pytest.mark.parametrize("missing", ["400", "404", "accept"])
def test_what_somebody_else_deleted_meanwhile_is_done(make_shop: MakeShop, missing: str) -> None:
    shop = make_shop(LIVE, choices=Choices(write_missing=missing))
    removes(shop, *delete("coupon/K1", "category/Empty"))
    plan = shop.plan()
    other = shop.client()
    other.call("category.delete", {"Name": "Empty"})
    other.call("coupon.delete", {"Code": "K1"})
    assert all(outcome.verified for outcome in shop.apply(plan).outcomes)


def test_a_refused_delete_fails_alone(make_shop: MakeShop) -> None:
    choices = Choices(forbidden_operations=frozenset({"DELETE /Category"}))
    shop = make_shop(LIVE, choices=choices)
    removes(shop, *delete("category/Empty", "product/P3"))
    report = shop.apply()
    outcomes = {str(o.address): o.status for o in report.outcomes}
    assert outcomes == {"category/Empty": "failed", "product/P3": "applied"}


# --- stock ---

INVENTORY = frozenset(
    f"{method} /Inventory{path}" for method in ("GET", "POST") for path in ("", "/Code")
)


def test_stock_on_hand_stands_in_the_way(live: Shop) -> None:
    live.twin.store.put(
        "variant",
        {**live.twin.store.get("variant", "SET").payload, "Stock": {"Bandung": 3, "Jakarta": 0}},
    )
    plan = removes(live, *delete("variant/SET", "product/P2")).plan()
    assert planned(plan) == {}
    assert "in stock (3 at Bandung). Clear the stock in DealPOS" in withheld(plan)["variant/SET"]
    assert "still used by variant/SET" in withheld(plan)["product/P2"]


@pytest.mark.parametrize(
    "choices",
    [
        {"missing_operations": INVENTORY},
        {"forbidden_operations": INVENTORY},
    ],
)
def test_stock_that_nobody_could_read_withholds(make_shop: MakeShop, choices: Any) -> None:
    shop = make_shop(LIVE, choices=Choices(**choices))
    plan = removes(shop, *delete("variant/SET", "coupon/K3")).plan()
    assert planned(plan) == {"coupon/K3": "delete"}
    assert "its stock could not be read" in withheld(plan)["variant/SET"]


def stocked(live: Shop, **counts: int) -> None:
    store = live.twin.store
    store.put("variant", {**store.get("variant", "SET").payload, "Stock": counts})


FORMS: list[dict[str, Any]] = [
    {"inventory_form": form, "inventory_key": key, "inventory_answer": answer}
    for form in ("map", "rows", "row_each", "number")
    for key, answer in (("I", "object"), ("Inventory", "array"), ("Inventories", "Data"))
]
NO_READ_BY_CODE = {"missing_operations": frozenset({"GET /Inventory/Code", "POST /Inventory/Code"})}


@pytest.mark.parametrize(
    "choices",
    [*FORMS, {"inventory_quantity": "Qty"}, NO_READ_BY_CODE],
    ids=lambda choices: "-".join(map(str, choices.values())) if len(choices) > 1 else min(choices),
)
def test_stock_is_understood_in_every_spelling(make_shop: MakeShop, choices: Any) -> None:
    shop = make_shop(LIVE, choices=Choices(**choices))
    removes(shop, *delete("variant/SET"))
    stocked(shop, Bandung=0, Jakarta=0)
    assert planned(shop.plan()) == {"variant/SET": "delete"}
    stocked(shop, Bandung=3, Jakarta=0)
    assert planned(shop.plan()) == {}
    assert "in stock (3 at " in withheld(shop.plan())["variant/SET"]


def test_a_variant_without_a_row_has_no_stock_where_the_whole_list_was_read(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(LIVE, choices=Choices(inventory_form="row_each"))
    removes(shop, *delete("variant/SET"))
    store = shop.twin.store
    store.put("variant", {**store.get("variant", "V1").payload, "Stock": {"Bandung": 3}})
    assert planned(shop.plan()) == {"variant/SET": "delete"}
    store.put("variant", {**store.get("variant", "SET").payload, "Discontinued": True})
    assert "its stock could not be read" in withheld(shop.plan())["variant/SET"]


@pytest.mark.parametrize(
    ("row", "stock"),
    [
        ({"I": {"Bandung": "3", "Jakarta": 0}}, {"Bandung": 3, "Jakarta": 0}),
        ({"I": {}}, {}),
        ({"I": []}, {}),
        ({"Inventory": [{"OutletName": "B", "Qty": 2}, {"Outlet": "B", "Qty": 1}]}, {"B": 3}),
        ({"Inventories": {"B": {"Quantity": 5}}}, {"B": 5}),
        ({"InStock": 4.5}, {"all outlets": Decimal("4.5")}),
        ({"Outlet": "B", "Quantity": -2}, {"B": -2}),
        ({"I": {"Stock": 0, "Bandung": 4}}, {"Stock": 0, "Bandung": 4}),
        ({"I": {"Outlet": "B", "OnHand": 0, "Available": 6}}, {"B": 6}),
    ],
)
def test_a_row_shows_stock(row: dict[str, Any], stock: dict[str, Any]) -> None:
    assert parse_stock({"Category": "A", "ID": 7, "Code": "V", **row}) == stock


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"I": None},
        {"I": "many"},
        {"I": True},
        {"I": [{"Outlet": "B"}]},
        {"I": {"B": [{"Outlet": "C", "Rack": 3}]}},
        {"ImageURL": "https://x", "ID": 7, "IsActive": True},
    ],
)
def test_a_row_that_leaves_doubt_shows_no_stock(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_stock(row)


def test_stock_is_asked_of_what_is_to_be_deleted_alone(live: Shop) -> None:
    removes(live, "variant/V1", *delete("coupon/K3", "variant/SET")).plan()
    asked = [path for _, path, _ in live.twin.calls if "Inventory" in path]
    assert len(asked) == 1


# --- scopes ---

DECLARED = """
categories: [{name: Drinks}]
products: [{code: P1, variants: [{code: V1}]}]
coupons: [{code: K1, limit: 9}]
"""


def test_a_scope_retires_what_the_files_do_not_declare(live: Shop) -> None:
    live.write(DECLARED)
    live.prune("[{kinds: [product, variant]}]")
    plan = live.plan()
    assert planned(plan) == {
        "product/P2": "retire",
        "product/P3": "retire",
        "variant/SET": "retire",
        "variant/V2": "retire",
    }
    assert plan.changes[0].source.file == "reconciler.yaml"
    assert {str(a) for a in plan.unmanaged} == {
        "category/Drinks/Old",
        "category/Empty",
        "category/Food",
        "coupon/K2",
        "coupon/K3",
    }
    applied(live)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ('{kinds: [product], categories: ["Drinks/**"]}', {"product/P2"}),
        ('{kinds: [product], categories: ["*"]}', {"product/P3"}),
        ('{kinds: [variant], categories: ["Drinks"]}', {"variant/V2"}),
        ('{kinds: [category], categories: ["F*"]}', {"category/Food"}),
        ('{kinds: [product, variant], codes: ["*2"]}', {"product/P2", "variant/V2"}),
        ('{kinds: [product], categories: ["Food"], codes: ["*2"]}', set()),
    ],
)
def test_globs_narrow_a_scope(live: Shop, scope: str, expected: set[str]) -> None:
    live.write(DECLARED)
    live.prune(f"[{scope}]")
    assert set(planned(live.plan())) == expected


def test_a_scope_deletes_where_it_says_so(live: Shop) -> None:
    live.write(DECLARED)
    live.prune('[{kinds: [coupon], codes: ["K*"], delete: true}]')
    assert planned(live.plan()) == {"coupon/K2": "delete", "coupon/K3": "delete"}
    applied(live)
    assert [row["Code"] for row in live.show()["coupons"]] == ["K1"]


def test_a_scope_leaves_what_declared_objects_need(live: Shop) -> None:
    live.write(
        """
        categories: [{name: Drinks/Old}]
        products: [{code: P2, variants: [{code: SET, components: {V2: {qty: 1}}}]}]
        """
    )
    live.prune("[{kinds: [category, product, variant], delete: true}]")
    plan = live.plan()
    assert "category/Drinks" not in {**planned(plan), **withheld(plan)}
    assert "variant/V2" not in {**planned(plan), **withheld(plan)}


RENAMED = "categories: [{name: Beverages, was: Drinks}]"


@pytest.mark.parametrize("declared", [False, True], ids=["undeclared", "declared"])
def test_a_scope_goes_by_the_names_that_a_rename_gives(live: Shop, declared: bool) -> None:
    """Objects that move along with a renamed category are not created again at the old place."""
    below = ", {name: Beverages/Old}" if declared else ""
    live.write(RENAMED.replace("]", f"{below}]") + "\nproducts: [{code: P1}]")
    live.prune('[{kinds: [category], categories: ["Beverages/*"]}, {kinds: [product]}]')
    retired = {} if declared else {"category/Beverages/Old": "retire"}
    assert planned(live.plan()) == {
        "category/Beverages": "update",
        **retired,
        "product/P2": "retire",
        "product/P3": "retire",
    }
    applied(live)
    names = {row["Name"] for row in live.show()["categories"]}
    assert names == {"Beverages", "Beverages/Old", "Empty", "Food"}


@pytest.mark.parametrize("deleted", [False, True], ids=["retired", "deleted"])
def test_what_moved_along_with_a_rename_is_removed_by_its_new_name(
    make_shop: MakeShop, deleted: bool
) -> None:
    shop = make_shop({"categories": [{"Name": "Drinks/Old"}]})
    shop.write(RENAMED)
    address = "category/Beverages/Old"
    removes(shop, *(delete(address) if deleted else [address]))
    assert planned(shop.plan())[address] == ("delete" if deleted else "retire")
    applied(shop)
    assert bool(shop.item("categories", "Beverages/Old")) is not deleted


def test_a_name_that_a_rename_gives_up_is_not_created_to_be_removed(live: Shop) -> None:
    live.write(RENAMED)
    plan = removes(live, "category/Drinks", "category/Drinks/Old").plan()
    assert planned(plan) == {"category/Beverages": "update"}
    said = " ".join(plan.notes)
    assert "category/Drinks: not removed: `was:` renames it to category/Beverages" in said
    assert "category/Drinks/Old: not removed: `was:` renames it to category/Beverages/Old" in said
    assert "you can delete" not in said


def test_what_is_inside_a_renamed_category_stands_in_the_way_of_deleting_it(live: Shop) -> None:
    live.write(RENAMED)
    plan = removes(live, *delete("category/Beverages/Old")).plan()
    assert planned(plan) == {"category/Beverages": "update"}
    assert "still used by product/P2" in withheld(plan)["category/Beverages/Old"]


def test_what_a_plan_puts_deep_below_a_category_stands_in_the_way_of_deleting_it(
    live: Shop,
) -> None:
    """Both cases: a file declares the path between the two, or no file does."""
    live.write("categories: [{name: Empty/New/Deep}]")
    plan = removes(live, *delete("category/Empty")).plan()
    assert planned(plan) == {"category/Empty/New/Deep": "create"}
    assert "still used by category/Empty/New/Deep" in withheld(plan)["category/Empty"]


def test_an_empty_catalogue_never_prunes(live: Shop) -> None:
    live.prune("[{kinds: [category, product, variant, coupon, customer], delete: true}]")
    plan = live.plan()
    assert (plan.changes, plan.blocked) == ((), ())
    assert "no product is pruned: the files declare none" in plan.notes


@pytest.mark.parametrize("operation", ["GET /Product", "POST /PromotionCoupon/WithTotalCount"])
def test_an_unreadable_shop_never_prunes(make_shop: MakeShop, operation: str) -> None:
    shop = make_shop(LIVE, choices=Choices(forbidden_operations=frozenset({operation})))
    shop.write(DECLARED)
    shop.prune("[{kinds: [product, variant, coupon], delete: true}]")
    kind = "product" if "Product" in operation else "coupon"
    plan = shop.plan()
    assert not [change for change in plan.changes if change.address.kind == kind]
    assert f"no {kind} is pruned: the API did not list all of them" in plan.notes


def test_the_actions_are_told_apart_in_the_summary(live: Shop) -> None:
    counts = removes(live, "product/P1", *delete("coupon/K3")).plan().counts()
    assert (counts["retire"], counts["delete"]) == (1, 1)
    assert Action.DELETE.verbs == ["delete"]


# --- a new code ---


def test_a_new_code_is_pointed_out_with_what_stays_behind(live: Shop) -> None:
    live.twin.store.put("variant", {**live.twin.store.get("variant", "V1").payload, "Model": "L"})
    live.write("products: [{code: P1, variants: [{code: V1-NEW, model: L, unit_price: 1}]}]")
    removes(live, *delete("variant/V1"))
    (note,) = [note for note in live.plan().notes if "with a new code" in note]
    assert note.startswith("variant/V1-NEW looks like variant/V1 with a new code. ")
    assert note.endswith("stock stay with variant/V1. Still refers to variant/V1: coupon/K2")


def test_a_new_code_of_what_nobody_removes_is_pointed_out_too(live: Shop) -> None:
    live.write("products: [{code: P9, name: Air, category: Food}]")
    (note,) = [note for note in live.plan().notes if "with a new code" in note]
    assert note.startswith("product/P9 looks like product/P3 with a new code")


@pytest.mark.parametrize(
    "entry",
    [
        "{code: P9, name: Water, category: Food}",
        "{code: P9, name: Air, category: Drinks}",
        "{code: P9, name: Kopi, category: Drinks, description: other}",
    ],
)
def test_what_differs_is_not_called_a_new_code(live: Shop, entry: str) -> None:
    live.write(f"products: [{entry}]")
    assert not [note for note in live.plan().notes if "with a new code" in note]


# --- what else must hold ---


def test_a_kind_that_was_only_looked_at_is_not_pruned(live: Shop) -> None:
    removes(live, *delete("variant/SET"))
    live.prune("[{kinds: [coupon], delete: true}]")
    assert planned(live.plan()) == {"variant/SET": "delete"}


def test_what_is_removed_is_not_called_unmanaged(live: Shop) -> None:
    live.write("coupons: [{code: K1, limit: 9}]")
    plan = removes(live, *delete("coupon/K3")).plan()
    assert [str(address) for address in plan.unmanaged] == ["coupon/K2"]


def test_what_is_still_there_is_not_called_deleted(
    live: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    removes(live, *delete("coupon/K3", "category/Empty"))
    plan = live.plan()
    monkeypatch.setattr(type(live.twin.store), "delete", lambda *given: None)
    for outcome in live.apply(plan).outcomes:
        assert (outcome.status, outcome.verified) == ("unverified", False)
        assert outcome.message == (
            "accepted by the API, not verified: reads still show it; "
            "reads may be behind, so plan again later"
        )


@pytest.mark.parametrize(
    "text",
    [
        "products: [{code: P1, name: Other}]",
        "products: [{code: P1, variants: [{code: V1, unit_price: 5, model: a}]}]",
    ],
)
def test_a_deletion_waits_for_the_update_that_names_it(live: Shop, text: str) -> None:
    payload = live.twin.store.get("variant", "V1").payload
    # Shown inside its product though it is discontinued: so the product hides none.
    live.twin.store.put("variant", {**payload, "Code": "V3", "Discontinued": True})
    more = text.replace("}]}]", "}, {code: V3, unit_price: 6, model: b}]}]")
    live.write(more)
    removes(live, *delete("variant/SET", "variant/V2"))
    steps = live.steps(live.plan())
    (update,) = [step for step in steps if step.kind == "product"]
    (deletion,) = [s for s in steps if "V2" in [address.name for address in s.addresses]]
    assert deletion.action is Action.DELETE
    assert update.id in deletion.waits


def test_a_limit_holds_for_deletions(make_shop: MakeShop) -> None:
    for limit in range(1, 9):
        shop = removes(make_shop(LIVE), *delete("coupon/K1", "coupon/K2", "customer/D2"))
        plan = shop.plan()
        client = shop.client()
        client.limits = Limits(limit)
        report = shop.apply(plan, client)
        assert client.requests <= limit
        assert report.complete == (limit >= shop.cost(plan).requests)
