"""Destructive attempts that did not end as written are remembered, and not made again."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from tests.support.applied import SMALL, calls, message, statuses
from tests.support.shop import MakeShop, Shop

COUPON = Address("coupon", "C")
TERMS = "type: DiscountAmount, limit: 10, minimum_amount: 500"
LONG = f"coupons: [{{code: C, {TERMS}, discount: 100, description: Weekend at the beach}}]"
NEEDS = f"coupons: [{{code: C, {TERMS}, discount: 100, requires: {{variants: [PA]}}}}]"
WIDER = (
    "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 9, requires: {variants: [PA]}}]"
)


def opened(open_shop: MakeShop, text: str, **choices: Any) -> Shop:
    return open_shop(copy.deepcopy(SMALL), text, **choices)


def reason(shop: Shop, address: str) -> str:
    return dict((str(a), why) for a, why in shop.plan().blocked)[address]


def deletions(shop: Shop) -> int:
    return calls(shop, "DELETE", "/PromotionCoupon")


@pytest.mark.parametrize(
    ("text", "choices", "why"),
    [
        (LONG, {"rewrite_text": "cut"}, "reads back as"),
        (NEEDS, {"coupon_requirement_names": "ignored"}, "it was deleted again; the old one"),
        (NEEDS, {"coupon_requirement_names": "reject"}, "HTTP 400"),
    ],
)
def test_a_replacement_that_the_shop_does_not_store_is_not_tried_again(
    open_shop: MakeShop, text: str, choices: dict[str, Any], why: str
) -> None:
    shop = opened(open_shop, text, **choices)
    assert statuses(shop.apply()) == {"coupon/C": "failed"}
    coupon, sent = shop.item("coupons", "C"), deletions(shop)
    assert coupon["Balance"] == 4
    for _ in range(2):
        plan = shop.plan()
        assert plan.changes == ()
        assert why in reason(shop, "coupon/C")
        assert reason(shop, "coupon/C").startswith("not tried again: ")
        assert ".. " not in reason(shop, "coupon/C")
        shop.apply(plan)
    assert shop.item("coupons", "C") == coupon
    assert deletions(shop) == sent


def test_a_changed_file_is_tried_and_keeps_the_uses(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    shop.write(LONG.replace("Weekend at the beach", "Weekend"))
    assert shop.apply().complete
    coupon = shop.item("coupons", "C")
    assert (coupon["Balance"], coupon["Description"]) == (4, "Weekend")
    assert shop.plan().settled
    assert shop.journal.content.attempts == {}


def test_a_changed_limit_is_tried(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    shop.write(LONG.replace("limit: 10", "limit: 20"))
    assert [change.address for change in shop.plan().changes] == [COUPON]


def test_a_coupon_that_changed_in_the_shop_is_tried(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, "Discount": 50})
    assert [change.address for change in shop.plan().changes] == [COUPON]


def test_uses_at_the_till_are_no_change_of_the_shop(open_shop: MakeShop) -> None:
    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, "Balance": 3})
    assert shop.plan().changes == ()


def test_a_new_coupon_that_would_be_wider_is_not_created_for_ever(open_shop: MakeShop) -> None:
    shop = opened(open_shop, WIDER, coupon_requirement_names="ignored")
    assert statuses(shop.apply()) == {"coupon/N": "failed"}
    assert shop.plan().changes == ()
    assert "it was deleted again" in reason(shop, "coupon/N")


def test_a_replacement_that_no_read_shows_is_not_sent_twice(open_shop: MakeShop) -> None:
    text = f"coupons: [{{code: C, {TERMS}, discount: 70}}]"
    shop = opened(open_shop, text, read_lag_seconds=3000, list_lag_seconds=3000)
    assert statuses(shop.apply()) == {"coupon/C": "unverified"}
    assert shop.plan().changes == ()
    assert "reads back as 100" in reason(shop, "coupon/C")
    shop.clock.now += 3000
    assert shop.plan().settled
    assert shop.item("coupons", "C")["Balance"] == 4


def test_a_saved_plan_is_not_carried_out_twice(open_shop: MakeShop) -> None:
    from dealpos_reconciler.workflows import plan_file
    from dealpos_reconciler.workflows.approved_plan import recheck_plan
    from tests.support.story import saved_document

    shop = opened(open_shop, NEEDS, coupon_requirement_names="ignored")
    file = shop.folder / "plan.json"
    plan = shop.plan()
    plan_file.write_plan(file, saved_document(shop, plan))
    shop.apply(plan)
    sent = deletions(shop)
    again = recheck_plan(shop.open(shop.client()), plan_file.read_plan(file))
    shop.made = again
    report = shop.apply(again.plan)
    assert statuses(report) == {"coupon/C": "stale"}
    assert "not tried again" in message(report, "coupon/C")
    assert deletions(shop) == sent


# --- creations that the shop refuses, and of which no read tells ----------------------------------

TAKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "category/New": (
        {"categories": [{"Name": "A"}, {"Name": "New"}]},
        "categories: [{name: New}]",
        "categories: [{name: New, code: N}]",
    ),
    "outlet/New": (
        {"outlets": [{"Name": "Bandung"}, {"Name": "New"}]},
        "outlets: [{name: New}]",
        "outlets: [{name: New, code: N}]",
    ),
    "product/N": (
        {"products": [*SMALL["products"], {"Code": "N", "Name": "Old", "Category": "A"}]},
        "products: [{code: N, name: N, category: A}]",
        "products: [{code: N, name: M, category: A}]",
    ),
    "variant/N": (
        {"products": [*SMALL["products"], {"Code": "Q", "Name": "Q", "Category": "A",
         "Variants": [{"Code": "N", "Model": "N", "UnitPrice": 1}]}]},
        "products: [{code: P, variants: [{code: N, unit_price: 5}]}]",
        "products: [{code: P, variants: [{code: N, unit_price: 6}]}]",
    ),
    "customer/N": (
        {"customers": [*SMALL["customers"], {"Code": "N", "Name": "Old", "Email": "o@x.example"}]},
        "customers: [{code: N, name: New}]",
        "customers: [{code: N, name: Newer}]",
    ),
    "coupon/N": (
        {"coupons": [*SMALL["coupons"], {**SMALL["coupons"][0], "Code": "N"}]},
        "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 1}]",
        "coupons: [{code: N, type: DiscountAmount, discount: 6, limit: 1}]",
    ),
}  # fmt: skip


def taken(open_shop: MakeShop, address: str) -> Shop:
    rows, text, _ = TAKEN[address]
    hidden = frozenset({address.partition("/")[2]})
    return open_shop(copy.deepcopy({**SMALL, **rows}), text, hidden_keys=hidden)


@pytest.mark.parametrize("address", TAKEN)
def test_a_creation_that_the_shop_refuses_is_not_tried_for_ever(
    open_shop: MakeShop, address: str
) -> None:
    shop = taken(open_shop, address)
    assert statuses(shop.apply()) == {address: "failed"}
    for _ in range(2):
        sent = len(shop.twin.calls)
        plan = shop.plan()
        assert plan.changes == ()
        assert reason(shop, address).startswith("not tried again: ")
        assert "HTTP 400" in reason(shop, address)
        shop.apply(plan)
        assert {m for m, p, _ in shop.twin.calls[sent:] if p.endswith("/Add")} == set()


@pytest.mark.parametrize("address", TAKEN)
def test_a_refused_creation_is_tried_when_the_file_or_the_shop_changes(
    open_shop: MakeShop, address: str
) -> None:
    shop = taken(open_shop, address)
    shop.apply()
    _, text, changed = TAKEN[address]
    shop.write(changed)
    assert [str(change.address) for change in shop.plan().changes] == [address]
    shop.write(text)
    assert shop.plan().changes == ()
    shop.twin.choices = shop.twin.choices.with_changes(hidden_keys=frozenset())
    assert "not tried again" not in str(shop.plan().blocked)


def test_what_needs_a_refused_object_waits_for_it(open_shop: MakeShop) -> None:
    """A product creates its category by itself: the refusal would be sent in another way."""
    shop = taken(open_shop, "category/New")
    shop.write("""
        categories: [{name: New}]
        products: [{code: N, name: N, category: New, variants: [{code: NV, unit_price: 5}]}]
    """)
    shop.apply()
    plan = shop.plan()
    assert plan.changes == ()
    assert dict((str(a), why) for a, why in plan.blocked)["product/N"] == "category/New is blocked"


def test_one_request_that_is_refused_blames_none_of_its_objects_alone(open_shop: MakeShop) -> None:
    shop = taken(open_shop, "variant/N")
    both = "products: [{code: P, variants: [{code: N, unit_price: 5}, {code: M, unit_price: 5}]}]"
    shop.write(both)
    assert set(statuses(shop.apply()).values()) == {"failed"}
    assert shop.plan().changes == ()
    assert "variant/N" in reason(shop, "variant/M")
    shop.write(both.replace("{code: N, unit_price: 5}, ", ""))
    assert statuses(shop.apply()) == {"variant/M": "applied"}
    assert shop.journal.content.attempts.keys() == {Address("variant", "N")}


def test_a_new_object_that_no_read_shows_is_not_created_every_night(open_shop: MakeShop) -> None:
    hidden = {"hidden_keys": frozenset({"N"}), "duplicate_create": "double"}
    shop = opened(open_shop, "customers: [{code: N, name: New}]", **hidden)
    assert statuses(shop.apply()) == {"customer/N": "unverified"}
    assert shop.plan().changes == ()
    assert "does not read back" in reason(shop, "customer/N")


def test_a_target_that_is_named_is_tried_again(open_shop: MakeShop) -> None:
    """The reason may lie elsewhere, such as another customer with the same address."""
    from dealpos_reconciler.core.plan.target import Scope

    shop = taken(open_shop, "customer/N")
    shop.apply()
    assert "--target customer/N" in reason(shop, "customer/N")
    shop.twin.choices = shop.twin.choices.with_changes(hidden_keys=frozenset())
    shop.twin.store.delete("customer", "N")
    assert shop.plan().changes == ()
    made = shop.make(scope=Scope(("customer/N",)))
    assert shop.apply(made.plan).complete
    assert shop.plan().settled
    assert shop.journal.content.attempts == {}


@pytest.mark.parametrize("address", TAKEN)
def test_a_permission_that_is_missing_may_be_granted(open_shop: MakeShop, address: str) -> None:
    paths = {"variant": "/Variant/Add", "coupon": "/PromotionCoupon"}
    kind = address.partition("/")[0]
    path = paths.get(kind, f"/{kind.capitalize()}")
    shop = opened(open_shop, TAKEN[address][1], forbidden_operations=frozenset({f"POST {path}"}))
    assert statuses(shop.apply()) == {address: "failed"}
    shop.twin.choices = shop.twin.choices.with_changes(forbidden_operations=frozenset())
    assert shop.apply().complete


def test_a_live_coupon_is_not_deleted_again_because_it_is_named(open_shop: MakeShop) -> None:
    from dealpos_reconciler.core.plan.target import Scope

    shop = opened(open_shop, LONG, rewrite_text="cut")
    shop.apply()
    assert shop.make(scope=Scope(("coupon/C",))).plan.changes == ()


# --- writes that the shop does not take -----------------------------------------------------------

IGNORED = {
    "product/P": "products: [{code: P, brand: New}]",
    "variant/PA": "products: [{code: P, variants: [{code: PA, weight: 9}]}]",
    "category/A": "categories: [{name: A, discontinued: true}]",
    "customer/D1": "customers: [{code: D1, city: Bandung}]",
    "outlet/Bandung": "outlets: [{name: Bandung, code: BDG}]",
}


@pytest.mark.parametrize("address", IGNORED)
def test_a_write_that_no_read_ever_shows_is_not_sent_every_night(
    open_shop: MakeShop, address: str
) -> None:
    shop = opened(open_shop, IGNORED[address], read_lag_seconds=3000, list_lag_seconds=3000)
    assert statuses(shop.apply()) == {address: "unverified"}
    assert shop.plan().changes == ()
    assert reason(shop, address).startswith("not tried again: ")
    shop.clock.now += 3000
    assert shop.plan().settled
    assert shop.journal.content.attempts == {}


def test_a_hand_that_undoes_a_write_after_all_is_drift(open_shop: MakeShop) -> None:
    """Reads were late once: what was remembered then is over when they have caught up."""
    shop = opened(open_shop, IGNORED["product/P"], read_lag_seconds=3000, list_lag_seconds=3000)
    shop.apply()
    shop.clock.now += 3000
    assert shop.plan().settled
    store = shop.twin.store
    store.put("product", {**store.get("product", "P").payload, "Brand": ""})
    shop.clock.now += 6000
    assert [str(change.address) for change in shop.plan().changes] == ["product/P"]
