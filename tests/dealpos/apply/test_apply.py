"""Carrying out a plan: order, lost answers, spellings, and a report of what really happened."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.dealpos.client import Client
from reconciler.dealpos.observer import ApplyObserver
from reconciler.dealpos.operations import OPERATIONS
from reconciler.errors import OutcomeUnknown, Stopped
from reconciler.sandbox import InjectedFault
from tests.support.shop import MakeShop, Shop

LOST = ["drop", "timeout", "500", "502", "503", "html", "truncated"]
WHEN = ["before", "after"]


def statuses(report: Any) -> dict[str, str]:
    return {str(outcome.address): outcome.status for outcome in report.outcomes}


def message(report: Any, address: str) -> str:
    return next(o.message for o in report.outcomes if str(o.address) == address)


def calls(shop: Shop, method: str, path: str) -> int:
    return sum((m, p) == (method, f"/api/v3{path}") for m, p, _ in shop.twin.calls)


def written(shop: Shop) -> list[str]:
    """The operations of the last client that write, in order."""
    verbs = ("create", "update", "add", "delete")
    return [name for name in shop.listener.operations if name.rpartition(".")[2] in verbs]


SMALL: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "A"}],
    "customers": [{"Code": "D1", "Name": "Ann", "Email": "ann@example.com"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "A",
            "Variants": [
                {"Code": "PA", "Model": "A", "UnitPrice": 100, "Weight": 7},
                {"Code": "PB", "Model": "B", "UnitPrice": 200, "Description": "b"},
            ],
        }
    ],
    "coupons": [
        {
            "Code": "C",
            "Type": "DiscountAmount",
            "Discount": 100,
            "Limit": 10,
            "Balance": 4,
            "Description": "old",
            "MinimumAmount": 500,
            "ExpiryDate": "2027-01-01",
        }
    ],
}


# --- order ---


def test_everything_is_written_after_what_it_refers_to(open_shop: MakeShop) -> None:
    shop = open_shop(
        {"outlets": [{"Name": "Bandung"}]},
        """
        coupons:
          - {code: C, type: DiscountAmount, discount: 5, limit: 1, customer: D,
             requires: {variants: [V]}}
        customers: [{code: D, name: Ann}]
        products:
          - code: P
            name: Tea
            category: Top/Sub
            variants:
              - {code: V, unit_price: 5, type: Composite, components: {Z: {qty: 1}}}
              - {code: W, unit_price: 5}
          - {code: Z, name: Bean, category: Top, variants: [{code: Z, unit_price: 1}]}
        categories: [{name: Top/Sub}, {name: Top}]
        """,
    )
    report = shop.apply()
    assert report.complete
    order = written(shop)
    assert order.index("coupon.create") > order.index("customer.create")
    assert order.index("coupon.create") > order.index("product.create")
    assert order.index("product.create") > max(
        place for place, name in enumerate(order) if name == "category.create"
    )
    assert order.index("variant.update") > max(
        place for place, name in enumerate(order) if name == "product.create"
    )
    assert [row["Name"] for row in shop.show()["categories"]] == ["Top", "Top/Sub"]


def test_a_failed_product_skips_its_coupon_and_not_its_sibling(open_shop: MakeShop) -> None:
    shop = open_shop(
        {"categories": [{"Name": "A"}]},
        """
        products:
          - {code: P1, name: One, category: A, variants: [{code: V1, unit_price: 5}]}
          - {code: P2, name: Two, category: A, variants: [{code: V2, unit_price: 5}]}
        coupons:
          - {code: C1, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [V1]}}
          - {code: C2, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [V2]}}
        """,
    )
    shop.twin.faults.add(InjectedFault("POST", "/Product", "500", times=2))
    report = shop.apply()
    assert statuses(report) == {
        "product/P1": "failed",
        "variant/V1": "failed",
        "product/P2": "applied",
        "variant/V2": "applied",
        "coupon/C1": "skipped",
        "coupon/C2": "applied",
    }
    assert "product/P1" in message(report, "coupon/C1")
    assert shop.item("coupons", "C1") is None
    assert shop.apply().complete


def test_what_a_create_cannot_carry_and_fails_is_done_in_part(open_shop: MakeShop) -> None:
    shop = open_shop(
        SMALL,
        """
        products:
          - code: N
            name: New
            category: A
            variants: [{code: NV, unit_price: 5, weight: 3}]
        """,
    )
    shop.twin.faults.add(InjectedFault("PUT", "/Variant", "500", times=2))
    report = shop.apply()
    assert statuses(report) == {"product/N": "applied", "variant/NV": "failed"}
    assert message(report, "variant/NV").startswith("partly applied: ")
    assert shop.apply().complete


# --- lost answers ---

CREATES = {
    "category": ("categories: [{name: New, code: N}]", "POST", "/Category"),
    "product": (
        "products: [{code: N, name: N, category: A, variants: [{code: NV, unit_price: 5}]}]",
        "POST",
        "/Product",
    ),
    "variant": (
        "products: [{code: P, name: Tea, category: A, variants: [{code: NV, unit_price: 5}]}]",
        "POST",
        "/Variant/Add",
    ),
    "coupon": (
        "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 1}]",
        "POST",
        "/PromotionCoupon",
    ),
    "customer": ("customers: [{code: N, name: New}]", "POST", "/Customer"),
}
UPDATES = {
    "category": ("categories: [{name: A, discontinued: true}]", "PUT", "/Category"),
    "product": ("products: [{code: P, name: Coffee, category: A}]", "PUT", "/Product"),
    "variant": (
        "products: [{code: P, name: Tea, category: A, variants: [{code: PA, unit_price: 150}]}]",
        "PUT",
        "/Variant",
    ),
    "customer": ("customers: [{code: D1, name: Anna}]", "PUT", "/Customer/ByCode"),
}


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("what", CREATES)
def test_a_create_whose_answer_is_lost_happens_once(
    open_shop: MakeShop, what: str, kind: Any, when: Any
) -> None:
    text, method, path = CREATES[what]
    shop = open_shop(SMALL, text)
    before = shop.show()
    shop.twin.faults.add(InjectedFault(method, path, kind, when))
    report = shop.apply()
    assert report.complete
    assert calls(shop, method, path) == (1 if when == "after" else 2)
    after = shop.show()
    made = {
        name: len(after[name]) - len(before[name])
        for name in ("categories", "products", "coupons", "customers")
    }
    assert sum(made.values()) == (0 if what == "variant" else 1)
    assert shop.plan().empty


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("what", UPDATES)
def test_an_update_whose_answer_is_lost_is_looked_up(
    open_shop: MakeShop, what: str, kind: Any, when: Any
) -> None:
    text, method, path = UPDATES[what]
    shop = open_shop(SMALL, text)
    shop.twin.faults.add(InjectedFault(method, path, kind, when))
    assert shop.apply().complete
    assert calls(shop, method, path) == (1 if when == "after" else 2)
    assert shop.plan().empty


REPLACED = """
    coupons:
      - {code: C, type: DiscountAmount, discount: 200, limit: 10}
"""


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", ""), ("GET", "/ByCode")])
def test_a_replacement_survives_a_lost_answer_with_its_balance(
    open_shop: MakeShop, method: str, path: str, kind: Any, when: Any
) -> None:
    shop = open_shop(SMALL, REPLACED)
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault(method, f"/PromotionCoupon{path}", kind, when))
    report = shop.apply(plan)
    coupon = shop.item("coupons", "C")
    assert (coupon["Limit"], coupon["Balance"]) == (4, 4)
    if (method, kind) != ("GET", "html"):  # that read is not repeated, so nothing is proven
        assert statuses(report) == {"coupon/C": "applied"}
        assert coupon["Discount"] == 200


@pytest.mark.parametrize("when", WHEN)
def test_a_create_that_cannot_be_looked_up_is_not_sent_again(
    open_shop: MakeShop, when: Any
) -> None:
    """Lost, and the look-up is unreadable: nobody knows, so nothing more is written."""
    shop = open_shop(SMALL, CREATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/Customer", "drop", when))
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", "html", times=100))
    shop.twin.faults.add(InjectedFault("*", "/Customer/p", "html", times=100))
    report = shop.apply(plan)
    assert statuses(report) == {"customer/N": "failed"}
    assert calls(shop, "POST", "/Customer") == 1


def test_a_coupon_that_cannot_be_read_back_is_not_taken_away(open_shop: MakeShop) -> None:
    """Unread is not absent: a good coupon must not be deleted because a proxy hiccuped."""
    shop = open_shop(SMALL, CREATES["coupon"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("GET", "/PromotionCoupon/ByCode", "html", times=100))
    report = shop.apply(plan)
    assert calls(shop, "DELETE", "/PromotionCoupon") == 0
    assert shop.item("coupons", "N") is not None
    assert not report.complete


def test_a_lost_answer_during_a_stop_is_not_called_skipped(open_shop: MakeShop) -> None:
    """The create was sent; Ctrl-C while its look-up waits must not say that it was not."""
    shop = open_shop(SMALL, CREATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("POST", "/Customer", "drop", "after"))
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", "500", times=2))
    client = shop.client()

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    client.observer.sleep = stop  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert shop.item("customers", "N") is not None
    assert statuses(report) != {"customer/N": "skipped"}


def test_a_repeated_delete_counts_what_is_gone_as_deleted(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED, write_missing="404")
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon", "drop", "after"))
    assert shop.apply().complete


@pytest.mark.parametrize("kind", LOST)
def test_failed_verification_says_accepted_but_not_verified(open_shop: MakeShop, kind: Any) -> None:
    shop = open_shop(SMALL, UPDATES["customer"][0])
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("GET", "/Customer/Detail", kind, times=100))
    report = shop.apply(plan)
    assert statuses(report) == {"customer/D1": "applied"}
    assert report.verified == 0
    assert "accepted by the API, not verified" in message(report, "customer/D1")


def test_a_token_that_ends_in_the_middle_is_renewed_once(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, UPDATES["variant"][0])
    client = shop.client()
    plan = shop.plan()
    client = shop.client()
    client.call("category.list")
    shop.twin.revoke_tokens()
    assert shop.apply(plan, client).complete
    assert shop.listener.operations.count("token") == 2


def test_credentials_that_are_refused_end_the_run(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, "customers: [{code: D1, name: Anna}, {code: D2, name: Bob}]")
    plan = shop.plan()
    shop.twin.client_secret = "changed"
    report = shop.apply(plan)
    assert "no further request was sent" in report.stopped
    assert statuses(report) == {"customer/D1": "failed", "customer/D2": "skipped"}


# --- coupons: requirements, balances ---

WITH_VARIANT = """
    coupons:
      - {code: N, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [PA, PB]}}
"""
WITH_CATEGORY = """
    coupons:
      - {code: N, type: DiscountPercentage, discount: 5, limit: 1, requires: {categories: [A]}}
"""


@pytest.mark.parametrize("spelling", ["codes", "objects"])
@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_a_requirement_arrives_in_whichever_spelling_the_shop_takes(
    open_shop: MakeShop, text: str, spelling: str
) -> None:
    shop = open_shop(SMALL, text, coupon_requirement_names=spelling)
    assert shop.apply().complete
    coupon = shop.item("coupons", "N")
    assert coupon["RequirementVariants"] or coupon["RequirementCategories"]
    assert shop.plan().empty


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_a_coupon_that_would_be_wider_than_declared_does_not_stay(
    open_shop: MakeShop, text: str, spelling: str
) -> None:
    shop = open_shop(SMALL, text, coupon_requirement_names=spelling)
    report = shop.apply()
    assert statuses(report) == {"coupon/N": "failed"}
    assert shop.item("coupons", "N") is None
    word = "deleted again" if spelling == "ignored" else "HTTP 400"
    assert word in message(report, "coupon/N")


@pytest.mark.parametrize("text", [WITH_VARIANT, WITH_CATEGORY], ids=["variants", "categories"])
def test_no_spelling_of_a_requirement_leaves_the_requirement_out(
    open_shop: MakeShop, text: str
) -> None:
    shop = open_shop(SMALL, text)
    (step,) = shop.steps(shop.plan())
    (request,) = step.requests
    bodies = [request.body, *request.spellings]
    assert len(bodies) == 2
    assert all(body.get("RequirementType") for body in bodies)


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
def test_a_replaced_coupon_is_put_back_with_its_balance(open_shop: MakeShop, spelling: str) -> None:
    shop = open_shop(
        SMALL,
        """
        coupons:
          - {code: C, type: DiscountAmount, discount: 100, limit: 10, requires: {variants: [PA]}}
        """,
        coupon_requirement_names=spelling,
    )
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "the old one was restored" in message(report, "coupon/C")
    coupon = shop.item("coupons", "C")
    kept = {name: coupon[name] for name in ("Discount", "Balance", "Description", "MinimumAmount")}
    assert kept == {"Discount": 100, "Balance": 4, "Description": "old", "MinimumAmount": 500}


def test_an_old_coupon_is_not_put_back_without_its_requirement(open_shop: MakeShop) -> None:
    """A shop that drops requirements would give everybody what a few could use."""
    seed = copy.deepcopy(SMALL)
    seed["coupons"][0] |= {"RequirementType": "Variant", "RequirementVariants": ["PB"]}
    text = "{code: C, discount: 200, limit: 10, requires: {variants: [PA]}}"
    shop = open_shop(seed, f"coupons: [{text}]", coupon_requirement_names="ignored")
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "the old one is deleted and could not be restored" in message(report, "coupon/C")
    assert shop.item("coupons", "C") is None


def test_a_deletion_that_is_refused_says_what_the_shop_answered(open_shop: MakeShop) -> None:
    """Of several deletions in one call each is then tried alone."""
    shop = open_shop(
        {**SMALL, "coupons": [{**SMALL["coupons"][0], "Code": code} for code in ("A", "B")]},
        "removed: [{address: coupon/A, delete: true}, {address: coupon/B, delete: true}]",
    )
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon/ListCode", "500", times=9))
    shop.twin.faults.add(InjectedFault("DELETE", "/PromotionCoupon", "500", times=9))
    report = shop.apply()
    assert set(statuses(report).values()) == {"failed"}
    assert all("HTTP 500: Planned fault." in outcome.message for outcome in report.outcomes)


@pytest.mark.parametrize("spelling", ["ignored", "reject"])
def test_a_coupon_is_not_deleted_where_a_new_one_has_shown_that_it_would_be_lost(
    open_shop: MakeShop, live: dict[str, Any], spelling: str
) -> None:
    text = """
    products: [{code: N, name: N, category: Drinks, variants: [{code: NA, unit_price: 1}]}]
    coupons:
      - {code: NEEDS, type: DiscountAmount, discount: 6000, limit: 10}
      - {code: NEW, type: DiscountAmount, discount: 5, limit: 1, requires: {variants: [NA]}}
    """
    shop = open_shop(live, text, coupon_requirement_names=spelling)
    before = shop.item("coupons", "NEEDS")
    report = shop.apply()
    assert statuses(report)["coupon/NEW"] == "failed"
    assert statuses(report)["coupon/NEEDS"] == "skipped"
    assert shop.item("coupons", "NEEDS") == before


@pytest.mark.parametrize("spelling", ["codes", "objects"])
def test_a_replacement_keeps_a_requirement_that_no_file_mentions(
    open_shop: MakeShop, live: dict[str, Any], spelling: str
) -> None:
    text = "coupons: [{code: NEEDS, type: DiscountAmount, discount: 6000, limit: 10}]"
    shop = open_shop(live, text, coupon_requirement_names=spelling)
    before = shop.item("coupons", "NEEDS")
    assert shop.apply().complete
    after = shop.item("coupons", "NEEDS")
    assert after["Discount"] == 6000
    assert after["RequirementVariants"] == before["RequirementVariants"]


def test_a_partly_used_coupon_keeps_the_rest_when_it_is_replaced(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    plan = shop.plan()
    assert any("6 of 10 uses are spent" in note for note in plan.notes)
    assert shop.apply(plan).complete
    coupon = shop.item("coupons", "C")
    kept = {name: coupon[name] for name in ("Limit", "Balance", "Description", "MinimumAmount")}
    assert kept == {"Limit": 4, "Balance": 4, "Description": "old", "MinimumAmount": 500}
    assert coupon["ExpiryDate"] == "2027-01-01"


def test_the_next_apply_does_not_give_the_uses_back(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.apply()
    assert shop.plan().empty
    shop.apply()
    assert shop.item("coupons", "C")["Balance"] == 4


def test_a_second_replacement_counts_what_was_spent_before_the_first(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.apply()
    shop.write(REPLACED.replace("discount: 200", "discount: 300"))
    assert shop.apply().complete
    coupon = shop.item("coupons", "C")
    assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (300, 4, 4)


def test_a_raised_limit_is_no_longer_what_was_carried_over(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.apply()
    shop.write(REPLACED.replace("limit: 10", "limit: 20"))
    (change,) = shop.plan().changes
    assert ("limit", 4, 20) in [(f.name, f.before, f.after) for f in change.fields]


def test_a_coupon_with_more_uses_than_the_new_limit_is_left_alone(open_shop: MakeShop) -> None:
    text = "coupons: [{code: C, type: DiscountAmount, discount: 100, limit: 6}]"
    shop = open_shop(SMALL, text)
    before = shop.show()
    plan = shop.plan()
    assert plan.empty
    assert [str(address) for address, _ in plan.blocked] == ["coupon/C"]
    assert "not replaced" in plan.blocked[0][1]
    shop.apply(plan)
    assert shop.show() == before


def test_the_replacement_of_an_unused_coupon_has_the_declared_limit(open_shop: MakeShop) -> None:
    seed = {"coupons": [{"Code": "C", "Type": "DiscountAmount", "Discount": 1, "Limit": 5}]}
    text = "coupons: [{code: C, type: DiscountAmount, discount: 1, limit: 9}]"
    shop = open_shop(seed, text)
    assert shop.apply().complete
    assert shop.item("coupons", "C")["Balance"] == 9
    assert shop.plan().empty


def test_a_shop_that_takes_no_code_twice_is_reported(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED, coupon_recreate="reject")
    report = shop.apply()
    assert statuses(report) == {"coupon/C": "failed"}
    assert "deleted and could not be restored" in message(report, "coupon/C")


# --- what the documentation leaves open about writes ---

TYPED = """
    products:
      - code: N
        name: New
        category: A
        variants:
          - {code: NV, type: NonInventory, unit_price: 5}
          - {code: NW, type: Composite, unit_price: 5, components: {PA: {qty: 2}}}
"""


@pytest.mark.parametrize("form", ["any", "object", "string"])
def test_a_type_arrives_in_whichever_form_the_shop_takes(open_shop: MakeShop, form: str) -> None:
    shop = open_shop(SMALL, TYPED, create_type_form=form)
    assert shop.apply().complete
    assert shop.item("variants", "NW")["Type"] == "Composite"
    assert shop.item("variants", "NV")["Type"] == "NonInventory"
    assert shop.plan().empty
    assert len(shop.show()["products"]) == 2


def test_a_type_that_a_create_ignores_is_reported_and_arrives_with_the_next(
    open_shop: MakeShop,
) -> None:
    shop = open_shop(SMALL, TYPED, create_type_form="ignore")
    report = shop.apply()
    assert statuses(report)["variant/NW"] == "applied"  # its components need its own update
    if not report.complete:
        assert statuses(report)["variant/NV"] == "failed"
        assert '`type` was sent as "NonInventory"' in message(report, "variant/NV")
        assert shop.apply().complete
    assert shop.item("variants", "NV")["Type"] == "NonInventory"
    assert shop.plan().empty


MANY_CHANGES = """
    products:
      - code: P
        name: Coffee
        category: A
        variants:
          - {code: PA, unit_price: 150, unit_cost: 3}
          - {code: PB, unit_price: 250}
          - {code: PC, unit_price: 350, model: C}
"""


@pytest.mark.parametrize("omitted", ["keep", "clear"])
@pytest.mark.parametrize("carried", ["merge", "replace"])
def test_an_update_loses_nothing_that_no_file_mentions(
    open_shop: MakeShop, carried: str, omitted: str
) -> None:
    shop = open_shop(SMALL, MANY_CHANGES, product_put_variants=carried, put_omitted=omitted)
    assert shop.apply().complete
    assert shop.item("variants", "PA")["Weight"] == 7
    assert shop.item("variants", "PB")["Description"] == "b"
    assert shop.item("variants", "PB")["Model"] == "B"
    assert shop.item("variants", "PC")["UnitPrice"] == 350
    assert shop.plan().empty


def test_prices_arrive_where_a_product_update_ignores_its_variants(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, MANY_CHANGES, product_put_variants="ignore")
    report = shop.apply()
    assert report.complete
    prices = {code: shop.item("variants", code)["UnitPrice"] for code in ("PA", "PB", "PC")}
    assert prices == {"PA": 150, "PB": 250, "PC": 350}
    assert shop.plan().empty


# What reads may leave out, and what a write then must not clear.
LEAN = [
    {},
    {"put_omitted": "clear"},
    {"product_list_rows": "lean", "put_omitted": "clear"},
    {"variant_batch_rows": "lean"},
    {"variant_batch_rows": "lean", "put_omitted": "clear"},
    {"nulls_omitted": True, "put_omitted": "clear"},
    {"coupon_list_has_minimum": False},
    {"numbers_as_strings": True, "booleans_as_words": True, "put_omitted": "clear"},
    {"coupon_requirement_names": "objects", "coupon_requirement_rows": "strings"},
]
# (collection, code, the file, the one thing that it changes)
TOUCHED = {
    "product": ("products", "1003", "products: [{code: '1003', name: Kopi}]", {"Name": "Kopi"}),
    "variant-with-outlet-prices": (
        "variants",
        "1003L",
        """
        products:
          - {code: "1003", variants: [{code: 1003L, unit_price: 1}]}
        """,
        {"UnitPrice": 1},
    ),
    "variant-with-components": (
        "variants",
        "1004P",
        """
        products:
          - {code: "1004", variants: [{code: 1004P, weight: 2}]}
        """,
        {"Weight": 2},
    ),
    "customer": (
        "customers",
        "DP-001",
        "customers: [{code: DP-001, group: Silver}]",
        {"Group": "Silver"},
    ),
    "customer-by-name": (
        "customers",
        "DP-001",
        "customers: [{code: DP-001, name: Ayu}]",
        {"Name": "Ayu"},
    ),
    "coupon": (
        "coupons",
        "DISC20",
        "coupons: [{code: DISC20, discount: 25}]",
        {"Discount": 25, "Limit": 60},
    ),
    "coupon-with-variants": (
        "coupons",
        "NEEDS",
        "coupons: [{code: NEEDS, discount: 6000}]",
        {"Discount": 6000},
    ),
    "coupon-with-category": (
        "coupons",
        "CATS",
        "coupons: [{code: CATS, discount: 6}]",
        {"Discount": 6},
    ),
}


def settled(item: dict[str, Any]) -> dict[str, Any]:
    """An object without what was never set, which some writes store as an empty text."""
    return {key: value for key, value in item.items() if value not in ("", None, [])}


@pytest.mark.parametrize("choices", LEAN, ids=lambda c: ",".join(c) or "default")
@pytest.mark.parametrize("what", TOUCHED)
def test_what_no_file_mentions_keeps_its_live_value(
    open_shop: MakeShop, live: dict[str, Any], what: str, choices: Any
) -> None:
    collection, code, text, changed = TOUCHED[what]
    shop = open_shop(live, text, **choices)
    before = shop.item(collection, code)
    others = shop.show()
    report = shop.apply()
    assert {o.status for o in report.outcomes} <= {"applied", "failed", "skipped"}
    after = shop.item(collection, code)
    if collection == "products":
        assert after.pop("Variants") == before.pop("Variants")
    if collection == "customers":
        after.pop("JoinDate"), before.pop("JoinDate", None)
    unchanged = settled(before) == settled(after)
    assert settled(after) == settled({**before, **changed}) or unchanged
    rest = {name: [r for r in rows if r.get("Code") != code] for name, rows in others.items()}
    if collection != "variants":
        now = {
            name: [r for r in rows if r.get("Code") != code] for name, rows in shop.show().items()
        }
        assert now == rest
    assert report.complete


def test_a_customer_read_from_the_list_keeps_what_the_list_does_not_show(
    open_shop: MakeShop,
) -> None:
    people = [
        {"Code": f"C{i:02}", "Name": "N", "Email": f"{i}@e.com", "City": "Bandung"}
        for i in range(13)
    ]
    names = [f"  - {{code: C{i:02}, name: {'M' if i == 3 else 'N'}}}\n" for i in range(13)]
    shop = open_shop({"customers": people}, "customers:\n" + "".join(names), put_omitted="clear")
    assert shop.apply().complete
    assert shop.item("customers", "C03")["Name"] == "M"
    assert shop.item("customers", "C03")["City"] == "Bandung"


def test_outlet_prices_that_a_listing_does_not_show_are_not_cleared(open_shop: MakeShop) -> None:
    price = [{"Outlet": "B", "Price": 5, "ExtraCost": 0}]
    products = [
        {
            "Code": f"P{i:03}",
            "Name": "N",
            "Category": "A",
            "Variants": [{"Code": f"V{i:03}", "UnitPrice": 100, "OutletPrice": price}],
        }
        for i in range(250)
    ]
    seed = {"outlets": [{"Name": "B"}], "categories": [{"Name": "A"}], "products": products}
    line = "  - {code: P%03d, variants: [{code: V%03d, unit_price: %d}]}\n"
    text = "products:\n" + "".join(line % (i, i, 1 if i == 7 else 100) for i in range(250))
    shop = open_shop(seed, text, variant_list_rows="lean")
    assert shop.apply().complete
    assert shop.item("variants", "V007")["UnitPrice"] == 1
    assert shop.item("variants", "V007")["OutletPrice"] == price


def test_a_replacement_warns_of_write_only_fields_that_it_may_lose(open_shop: MakeShop) -> None:
    """Cap, full-price flag and reference are never read: a replacement may drop the live ones."""
    coupon = {"Code": "X", "Type": "DiscountPercentage", "Discount": 5, "Limit": 5}
    shop = open_shop(
        {"coupons": [{**coupon, "MaximumDiscount": 100}]}, "coupons: [{code: X, discount: 6}]"
    )
    plan = shop.plan()
    assert any("`maximum_discount`" in warning.message for warning in plan.warnings)


@pytest.mark.parametrize("before", ["", "b"])
@pytest.mark.parametrize("rows", ["full", "lean"])
def test_a_description_that_only_a_product_update_carries_arrives(
    open_shop: MakeShop, rows: str, before: str
) -> None:
    text = "products: [{code: P, variants: [{code: PB, description: new}]}]"
    seed = copy.deepcopy(SMALL)
    seed["products"][0]["Variants"][1]["Description"] = before
    shop = open_shop(seed, text, product_list_rows=rows)
    report = shop.apply()
    assert [o for o in report.outcomes if not o.verified] == []
    assert shop.item("variants", "PB")["Description"] == "new"
    assert shop.item("variants", "PA")["Weight"] == 7


@pytest.mark.parametrize("rows", ["full", "lean"])
@pytest.mark.parametrize("count", [1, 5])
def test_what_is_retired_is_verified_though_lists_hide_it(
    open_shop: MakeShop, count: int, rows: str
) -> None:
    products = [{"Code": f"P{i}", "Name": "N", "Category": "A"} for i in range(8)]
    text = "products:\n" + "".join(
        f"  - {{code: P{i}, discontinued: true}}\n" for i in range(count)
    )
    shop = open_shop(
        {"categories": [{"Name": "A"}], "products": products},
        text,
        lists_hide_discontinued=True,
        product_list_rows=rows,
    )
    assert [o for o in shop.apply().outcomes if not o.verified] == []
    assert shop.plan().empty


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("products: [{code: P, name: Coffee}]", "GET /Product/Detail"),
        ("products: [{code: N, name: N, category: A}]", "GET /Product/Detail"),
        ("customers: [{code: D1, name: Anna}]", "GET /Customer/Detail"),
        ("customers: [{code: N, name: Anna}]", "GET /Customer/Detail"),
        (
            "products: [{code: P, variants: [{code: PA, unit_price: 1}]}]",
            "POST /Variant/GetByListCode",
        ),
    ],
)
def test_a_write_is_verified_where_the_tenant_lacks_the_usual_read(
    open_shop: MakeShop, text: str, missing: str
) -> None:
    shop = open_shop(SMALL, text, missing_operations=frozenset({missing}))
    assert shop.apply().complete


def test_empty_lists_that_do_not_clear_are_reported(
    open_shop: MakeShop, live: dict[str, Any]
) -> None:
    text = """
        products:
          - {code: "1003", name: Kopi Susu, category: Drinks/Coffee,
             variants: [{code: 1003L, outlet_prices: {}}]}
    """
    shop = open_shop(live, text, empty_arrays_clear=False)
    report = shop.apply()
    assert statuses(report) == {"variant/1003L": "failed"}
    assert report.verified == 0
    assert "outlet_prices.Bandung" in message(report, "variant/1003L")


def test_empty_lists_that_clear_are_verified(open_shop: MakeShop, live: dict[str, Any]) -> None:
    text = """
        products:
          - {code: "1003", name: Kopi Susu, category: Drinks/Coffee,
             variants: [{code: 1003L, outlet_prices: {}}]}
          - {code: "1004", name: Paket, category: Drinks,
             variants: [{code: 1004P, components: {}}]}
    """
    shop = open_shop(live, text)
    assert shop.apply().complete
    assert shop.item("variants", "1003L")["OutletPrice"] == []
    assert shop.item("variants", "1004P")["Components"] == []


LONG = "Longer than twelve"
REWRITTEN = {
    "product/P": "products: [{code: P, name: Coffee, category: A}]",
    "variant/PA": """
        products:
          - {code: P, name: Tea, category: A, variants: [{code: PA, model: Large}]}
    """,
    "customer/D1": "customers: [{code: D1, city: Bandung}]",
    "coupon/N": "coupons: [{code: N, type: DiscountAmount, discount: 5, limit: 1, description: x}]",
    "coupon/C": """
        coupons: [{code: C, type: DiscountAmount, discount: 5, limit: 10, description: new}]
    """,
}


@pytest.mark.parametrize("address", REWRITTEN)
def test_text_that_the_shop_cuts_is_no_success(open_shop: MakeShop, address: str) -> None:
    text = REWRITTEN[address].replace("Coffee", LONG).replace("Large", LONG)
    text = text.replace("Bandung", LONG).replace("description: x", f"description: {LONG}")
    shop = open_shop(SMALL, text.replace("new", LONG), rewrite_text="cut")
    report = shop.apply()
    assert statuses(report) == {address: "failed"}
    assert report.verified == 0


# --- customer data ---


@pytest.mark.parametrize("new", [True, False])
def test_customer_data_in_a_server_message_is_not_repeated(open_shop: MakeShop, new: bool) -> None:
    seed = {
        "customers": [
            {"Code": "D1", "Name": "Ann", "Email": "taken@example.com"},
            *([] if new else [{"Code": "D2", "Name": "Bob", "Email": "bob@example.com"}]),
        ]
    }
    shop = open_shop(seed, "customers: [{code: D2, name: Bob, email: taken@example.com}]")
    report = shop.apply()
    said = message(report, "customer/D2")
    assert "belongs to another customer" in said
    assert "taken@example.com" not in said


def test_customer_data_that_reads_back_otherwise_is_not_shown(open_shop: MakeShop) -> None:
    shop = open_shop({}, "customers: [{code: D2, name: Budi Santoso Jaya}]", rewrite_text="cut")
    said = message(shop.apply(), "customer/D2")
    assert "`name`" in said
    assert "budi" not in said.lower()


# --- stopping ---


class Stopper(ApplyObserver):
    """Stops the run before the given step."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.units: list[bool] = []
        self.steps: list[tuple[int, int, str]] = []

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0

    def atomic(self, inside: bool) -> None:
        self.units.append(inside)

    def step(self, done: int, total: int, doing: str) -> None:
        self.steps.append((done, total, doing))


THREE = "customers: [{code: N1, name: One}, {code: N2, name: Two}, {code: N3, name: Three}]"


def run(shop: Shop, plan: Any, progress: ApplyObserver) -> Any:
    return shop.apply(plan, observer=progress)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_stop_skips_the_rest_and_says_so(open_shop: MakeShop, after: int) -> None:
    shop = open_shop({}, THREE)
    report = run(shop, shop.plan(), Stopper(after))
    assert [o.status for o in report.outcomes] == ["applied"] * after + ["skipped"] * (3 - after)
    assert len(shop.show()["customers"]) == after
    assert bool(report.stopped) is (after < 3)
    assert report.complete is (after == 3)
    for outcome in report.outcomes[after:]:
        assert "Ctrl-C" in outcome.message


def test_after_a_stop_the_next_apply_finishes(open_shop: MakeShop) -> None:
    shop = open_shop({}, THREE)
    run(shop, shop.plan(), Stopper(1))
    assert shop.apply().complete
    assert len(shop.show()["customers"]) == 3
    assert calls(shop, "POST", "/Customer") == 3


def test_a_stop_waits_for_the_second_half_of_a_replacement(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.write("customers: [{code: N1, name: One}]", "other.yaml")
    progress = Stopper(2)  # a replacement comes last
    report = run(shop, shop.plan(), progress)
    assert statuses(report) == {"coupon/C": "applied", "customer/N1": "applied"}
    assert shop.item("coupons", "C")["Discount"] == 200
    assert progress.units == [True, False]


def test_a_stop_in_the_wait_for_the_window_skips_what_was_not_sent(open_shop: MakeShop) -> None:
    shop = open_shop({}, THREE)
    plan = shop.plan()
    client = shop.client()
    client.window.limit = client.window.remaining = 2

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    client.observer.sleep = stop  # type: ignore[method-assign]
    report = shop.apply(plan, client)
    assert [o.status for o in report.outcomes] == ["applied", "skipped", "skipped"]
    assert len(shop.show()["customers"]) == 1


def test_progress_counts_to_the_number_of_writes(open_shop: MakeShop) -> None:
    shop = open_shop(SMALL, REPLACED)
    shop.write("customers: [{code: N1, name: One}]", "other.yaml")
    plan = shop.plan()
    progress = Stopper(99)
    run(shop, plan, progress)
    assert {total for _, total, _ in progress.steps} == {shop.cost(plan).writes}
    assert progress.steps[-1][0] == shop.cost(plan).writes


# --- what it costs ---

SHOPS = {
    "nothing": "",
    **{f"create-{name}": text for name, (text, _, _) in CREATES.items()},
    **{f"update-{name}": text for name, (text, _, _) in UPDATES.items()},
    "replace": REPLACED,
    "requirement": WITH_VARIANT,
    "types": TYPED,
    "family": MANY_CHANGES,
    "retire": """
        products:
          - {code: P, name: Tea, category: A, discontinued: true,
             variants: [{code: PA, discontinued: true}, {code: PB, discontinued: true}]}
    """,
    "rename": "categories: [{name: B, was: A}]",
    "rename-and-discontinue": "categories: [{name: B, was: A, discontinued: true}]",
    "product-name-and-one-price": """
        products: [{code: P, name: Coffee, category: A, variants: [{code: PA, unit_price: 1}]}]
    """,
    "product-name-and-one-description": """
        products: [{code: P, name: Coffee, category: A, variants: [{code: PA, description: x}]}]
    """,
    "outlet-prices": """
        products:
          - code: P
            name: Tea
            category: A
            variants:
              - {code: PA, outlet_prices: {Bandung: {price: 5}}, unit_price: 101}
              - {code: PB, outlet_prices: {Bandung: {price: 5}}, description: new}
    """,
    "moved": "products: [{code: P, name: Tea, category: B}]\ncategories: [{name: B}]",
    "customers": "customers:\n" + "".join(f"  - {{code: N{i}, name: N}}\n" for i in range(12)),
    "write-only": """
        products:
          - {code: P, name: Tea, category: A, variants: [{code: PC, unit_price: 1, ratio: 4}]}
    """,
}


@pytest.mark.parametrize("name", SHOPS)
def test_the_requests_sent_are_the_requests_quoted(open_shop: MakeShop, name: str) -> None:
    shop = open_shop(SMALL, SHOPS[name])
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.complete
    assert report.requests == shop.cost(plan).requests
    assert len(written(shop)) == shop.cost(plan).writes


@pytest.mark.parametrize("example", ["kopi-nusantara", "quickstart"])
def test_the_examples_cost_what_is_quoted(make_shop: MakeShop, root: Path, example: str) -> None:
    shop = make_shop({"outlets": [{"Name": name} for name in outlets(root, example)]})
    shop.copy_files(root / "examples" / example)
    plan = shop.plan()
    assert not plan.empty
    report = shop.apply(plan)
    assert [o for o in report.outcomes if not o.verified] == []
    assert report.requests == shop.cost(plan).requests
    assert shop.plan().empty


def outlets(root: Path, example: str) -> set[str]:
    """The outlets of the example's own seed, or none."""
    seed = root / "examples" / example / "sandbox.json"
    if not seed.exists():
        return set()
    import json

    return {row["Name"] for row in json.loads(seed.read_text(encoding="utf-8")).get("outlets", ())}


def test_a_full_window_is_waited_for_and_not_exceeded(make_shop: MakeShop) -> None:
    shop = make_shop({}, limit=10, window=60.0)
    shop.write("customers:\n" + "".join(f"  - {{code: N{i:02}, name: N}}\n" for i in range(12)))
    plan = shop.plan()
    report = shop.apply(plan)
    assert report.complete
    assert 429 not in [status for _, _, status in shop.twin.calls]
    assert shop.listener.waits
    assert sandbox.show(shop.database)["customers"]


@pytest.mark.parametrize("what", CREATES)
def test_a_create_that_a_slow_shop_carries_out_after_the_look_up_is_no_failure(
    open_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Lost, not there yet, sent again, and refused because the first has arrived meanwhile."""
    text, _, path = CREATES[what]
    shop = open_shop(SMALL, text)
    plan, twin, answered = shop.plan(), shop.client(), []
    real = Client.call

    def call(self: Client, name: str, parameters: Any = None) -> Any:
        if OPERATIONS[name].routes[0].path == path and not OPERATIONS[name].reads:
            answered.append(name)
            if len(answered) == 1:
                raise OutcomeUnknown(name, "the answer was lost")
            if len(answered) == 2:
                real(twin, name, parameters)
        return real(self, name, parameters)

    monkeypatch.setattr(Client, "call", call)
    assert shop.apply(plan).complete
    assert len(answered) == 2
    assert shop.plan().empty


def test_a_coupon_on_a_page_that_was_just_full_is_verified(open_shop: MakeShop) -> None:
    """The coupons fill the only page that there was; the new one stands on a second."""
    old = [{**SMALL["coupons"][0], "Code": f"A{number:02}"} for number in range(2)]
    text = """
        coupons:
          - {code: A00, type: DiscountAmount, discount: 100, limit: 10}
          - {code: N, type: DiscountAmount, discount: 5, limit: 1, minimum_amount: 7}
    """
    shop = open_shop({"coupons": old}, text, page_cap=2)
    assert shop.apply().complete
