"""Removals that an earlier run has carried out: they are remembered, and cost no request."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dealpos_reconciler.core.audit import audit_plan
from tests.support.shop import MakeShop, Shop

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}, {"Name": "Empty"}],
    "customers": [{"Code": f"D{n}", "Name": "x", "Email": f"d{n}@example.com"} for n in range(2)],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "Drinks",
            "Variants": [{"Code": f"P{n}", "Model": f"M{n}", "UnitPrice": 100} for n in range(3)],
        },
        {"Code": "Q", "Name": "Old", "Category": "Drinks", "Variants": []},
    ],
    "coupons": [
        {"Code": f"O{n}", "Type": "DiscountAmount", "Discount": 5, "Limit": 10} for n in range(2)
    ],
}
REMOVED = ["category/Empty", "customer/D1", "product/Q", "variant/P2", "coupon/O1"]


def removing(*addresses: str) -> str:
    entries = ", ".join(f"{{address: {address}, delete: true}}" for address in addresses)
    return f"removed: [{entries}]\n"


@pytest.fixture(params=["none", "file"])
def shop(make_shop: MakeShop, request: pytest.FixtureRequest, monkeypatch: Any) -> Shop:
    """Open a shop that has been rid of five objects, with a ledger or without."""
    monkeypatch.setenv("RECONCILER_LEDGER_KEY", "0123456789abcdef0123456789abcdef")
    made = make_shop(copy.deepcopy(SEED))
    made.rows = {a: made.twin.store.get(*a.split("/")).payload for a in REMOVED}  # type: ignore[attr-defined]
    made.configure(f"ledger: {request.param}\n")
    made.write(removing(*REMOVED))
    report = made.apply()
    assert report.complete, [(o.address, o.message) for o in report.outcomes]
    assert report.verified == 5
    return made


def forget_writes(shop: Shop) -> None:
    """Let the ten minutes pass in which lists are not believed."""
    shop.state.save_section("written.json", "sandbox", {})


def put_back(shop: Shop, address: str, **values: Any) -> None:
    kind = address.partition("/")[0]
    shop.twin.store.put(kind, {**shop.rows[address], **values})  # type: ignore[attr-defined]


def test_the_next_plan_asks_for_none_of_them(shop: Shop) -> None:
    forget_writes(shop)
    plan = shop.plan()
    assert plan.empty
    assert set(shop.listener.operations) <= {"token"}
    assert any("no longer exist in the shop" in note for note in plan.notes)


def test_a_plan_that_lists_a_kind_sees_an_object_that_is_there_again(shop: Shop) -> None:
    forget_writes(shop)
    files = {
        "categories": "[{name: Drinks}]",
        "customers": "[{code: D0}]",
        "products": "[{code: P, variants: [{code: P0, unit_price: 100}]}]",
        "coupons": "[{code: O0, type: DiscountAmount, discount: 5, limit: 10}]",
    }
    text = "".join(f"{name}: {objects}\n" for name, objects in files.items())
    shop.write(text + removing(*REMOVED))
    assert shop.plan().empty
    seen = [address for address in REMOVED if address != "customer/D1"]
    for address in seen:
        put_back(shop, address)
    plan = shop.plan()
    assert sorted(str(change.address) for change in plan.changes) == sorted(seen)
    assert shop.apply(plan).complete
    assert shop.plan().empty


@pytest.mark.parametrize("address", REMOVED)
def test_an_audit_sees_an_object_that_is_there_again(shop: Shop, address: str) -> None:
    forget_writes(shop)
    assert audit_plan(shop.make(audit=True).plan).clean
    put_back(shop, address)
    found = audit_plan(shop.make(audit=True).plan)
    assert not found.clean
    if not shop.made.ledger.backend:
        # What was seen is known to be there, whatever the lists show.
        assert address in [str(change.address) for change in shop.plan().changes]


def test_an_entry_that_leaves_the_files_is_forgotten(shop: Shop) -> None:
    forget_writes(shop)
    shop.write(removing("coupon/O1"))
    assert shop.apply().complete
    shop.write(removing(*REMOVED))
    shop.plan()
    asked = {name.partition(".")[0] for name in shop.listener.operations}
    assert {"customer", "product", "category"} <= asked
    assert "coupon" not in asked


def test_a_deletion_that_was_not_verified_is_not_remembered(make_shop: MakeShop) -> None:
    from dealpos_reconciler.sandbox import Choices

    shop = make_shop(
        copy.deepcopy(SEED), choices=Choices(list_lag_seconds=3000, read_lag_seconds=3000)
    )
    shop.write(removing("coupon/O1"))
    assert shop.apply().counts()["unverified"] == 1
    forget_writes(shop)
    shop.plan()
    assert any(name.startswith("coupon") for name in shop.listener.operations)


def test_another_folder_looks_for_them(make_shop: MakeShop, shop: Shop) -> None:
    other = make_shop(copy.deepcopy(SEED))
    other.write(removing(*REMOVED))
    assert len(other.plan().changes) == 5


def test_a_damaged_note_is_no_note(shop: Shop) -> None:
    forget_writes(shop)
    if shop.made.ledger.backend is None:
        shop.state.save_section("objects.json", "sandbox", {"deleted": [5, "x", {}]})
        assert shop.plan().empty
        assert "coupon.list" in shop.listener.operations


def test_a_declared_reference_is_still_looked_up(shop: Shop) -> None:
    """A deleted variant that a new coupon requires must not be taken for absent unread."""
    forget_writes(shop)
    put_back(shop, "variant/P2")
    requires = "{variants: [P2]}"
    coupon = f"{{code: NEW, type: DiscountAmount, discount: 5, limit: 1, requires: {requires}}}"
    shop.write(f"coupons: [{coupon}]\n" + removing(*REMOVED))
    plan = shop.plan()
    assert "variant/P2" in [str(address) for address, _ in plan.blocked]
