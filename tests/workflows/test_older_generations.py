"""Shops of the older API generations: what their reads of one object take, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.findings import describe
from tests.support.applied import calls
from tests.support.shop import MakeShop, Shop

FILES = """
    categories: [{name: Drinks}]
    products:
      - code: P1
        name: Kopi
        category: Drinks
        brand: ""
        variants:
          - {code: V1, model: L, unit_price: 18000, unit_cost: 9000}
          - {code: V2, model: S, unit_price: 15000, unit_cost: 9000}
    coupons:
      - {code: C1, type: DiscountAmount, discount: 500, limit: 9, customer: DP-1, requires: {variants: [V1]}}
      - {code: C2, type: DiscountPercentage, discount: 5, limit: 9}
    customers:
      - {code: DP-1, name: Ani, email: ani@example.com, mobile: "08123", group: Gold}
"""  # noqa: E501
SEED: dict[str, Any] = {
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P0",
            "Name": "Teh",
            "Category": "Drinks",
            "Variants": [{"Code": "V0", "Model": "L", "UnitPrice": 9000}],
        }
    ],
    "coupons": [{"Code": "C0", "Type": "DiscountAmount", "Discount": 500, "Limit": 9}],
    "customers": [
        {"Code": "DP-0", "Name": "Budi", "Email": "budi@example.com", "Group": "Silver"},
    ],
}


def unread(shop: Shop) -> dict[str, str]:
    return {str(address): reason for address, reason in shop.plan().unknown}


@pytest.mark.parametrize("not_found", ["404", "400", "empty", "null"])
@pytest.mark.parametrize("named_reads", ["query", "body", "both"])
@pytest.mark.parametrize("generation", "ABC")
@pytest.mark.parametrize("seed", [{}, SEED], ids=["empty", "young"])
def test_a_young_shop_creates_coupons_variants_and_customers(
    open_shop: MakeShop, seed: dict[str, Any], generation: str, named_reads: str, not_found: str
) -> None:
    choices = {"generation": generation, "named_reads": named_reads, "not_found": not_found}
    shop = open_shop(seed, FILES, **choices)
    report = shop.apply()
    assert {o.status for o in report.outcomes} == {"applied"}
    assert [str(o.address) for o in report.outcomes if not o.verified] == []
    assert shop.plan().settled
    assert unread(shop) == {}


def test_the_place_of_the_key_is_looked_for_once_in_a_run(open_shop: MakeShop) -> None:
    shop = open_shop(SEED, FILES, generation="A", named_reads="body")
    shop.apply()
    del shop.twin.calls[:]
    assert shop.plan().settled
    refused = [call for call in shop.twin.calls if call[1].endswith("ByCode") and call[2] != 200]
    assert len(refused) == 1


def test_a_place_that_answers_nothing_is_no_proof_that_an_object_is_absent(
    open_shop: MakeShop,
) -> None:
    """The query says "not found" of everything: the expired coupon has this code."""
    hidden = {**SEED["coupons"][0], "Code": "OLD", "ExpiryDate": "2020-01-01"}
    seed = {**SEED, "coupons": [*SEED["coupons"], hidden]}
    text = "coupons: [{code: OLD, type: DiscountAmount, discount: 500, limit: 9}]"
    shop = open_shop(seed, text, generation="A", named_reads="body")
    assert [change.action.value for change in shop.plan().changes] != ["create"]


@pytest.mark.parametrize("shape", ["object", "array"])
@pytest.mark.parametrize("generation", "AB")
def test_customers_are_read_by_their_email(
    open_shop: MakeShop, generation: str, shape: str
) -> None:
    text = """
        customers:
          - {code: DP-0, name: Budi, group: Silver}
          - {code: DP-1, name: Ani, email: ani@example.com}
          - {code: DP-2, name: Citra}
          - {code: DP-3, name: Dewi, email: budi@example.com}
    """
    choices = {"generation": generation, "customer_email_shape": shape}
    shop = open_shop(SEED, text, **choices)
    plan = shop.plan()
    assert [str(change.address) for change in plan.changes] == ["customer/DP-1"]
    assert unread(shop) == {
        "customer/DP-2": "this shop finds a customer by email only: declare its email",
        "customer/DP-3": "the shop has a customer with this email and the code `DP-0`",
    }
    assert [note for note in plan.notes if "treated as new" in note] == [
        "`customer/DP-1`: treated as new. Neither the customer list nor a read by email shows "
        "them, and this shop has no endpoint that reads a customer by code"
    ]
    assert "ani@example.com" not in repr(plan.notes) + repr(plan.unknown)


def test_the_gender_of_a_deprecated_read_is_no_drift(open_shop: MakeShop) -> None:
    """The read prints a boolean, whatever was written (dealpos-api.md §9)."""
    seed = {"customers": [{**SEED["customers"][0], "Gender": "Female"}]}
    text = "customers: [{code: DP-0, gender: Female, group: Silver}]"
    plan = open_shop(seed, text, generation="A").plan()
    assert plan.changes == ()
    assert plan.blocked == ()


@pytest.mark.parametrize("generation", "AB")
def test_drift_that_cannot_be_mended_is_reported_all_the_same(
    open_shop: MakeShop, generation: str
) -> None:
    shop = open_shop(SEED, "customers: [{code: DP-0, group: Gold}]", generation=generation)
    plan = shop.plan()
    assert plan.changes == ()
    (found,) = audit_plan(plan).of("blocked")
    assert describe(found, KINDS, plan.labels)[0] == 'group: live "Silver", declared "Gold"'
    assert (found.reason or "").startswith("not updated: the update could clear")
    assert not audit_plan(plan).clean
    shop.apply()
    assert calls(shop, "PUT", "/Customer/ByCode") == 0


@pytest.mark.parametrize(
    ("text", "missing", "address", "drift"),
    [
        (
            "products: [{code: P0, variants: [{code: V0, unit_price: 110}]}]",
            {"GET /Variant/Code", "GET /Variant/Detail"},
            "variant/V0",
            "unit_price: live 9,000, declared 110",
        ),
        (
            "products: [{code: P0, name: Kopi}]",
            {"GET /Product/Detail"},
            "product/P0",
            'name: live "Teh", declared "Kopi"',
        ),
    ],
)
def test_drift_is_reported_where_an_update_would_overwrite_what_is_not_read(
    open_shop: MakeShop, text: str, missing: set[str], address: str, drift: str
) -> None:
    lean = {f"{what}_rows": "lean" for what in ("variant_list", "variant_batch", "product_list")}
    shop = open_shop(SEED, text, missing_operations=frozenset(missing), **lean)
    plan = shop.plan()
    assert plan.unknown == ()
    found = {str(each.address): each for each in audit_plan(plan).of("blocked")}
    assert drift in describe(found[address], KINDS, plan.labels)
    assert "which an update would overwrite" in (found[address].reason or "")
