"""Objects that were applied once and are gone from the shop are not new: people decide."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.support.applied import statuses
from tests.support.shop import MakeShop, Shop

SEED = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "A"}],
    "products": [{"Code": "Z", "Name": "Z", "Category": "A"}],
}
TEXT = """
    outlets: [{name: Kemang}]
    categories: [{name: Drinks}]
    products: [{code: P, name: Tea, category: A, variants: [{code: PA, unit_price: 5}]}]
    customers: [{code: D, name: Ann, email: ann@x.example}]
    coupons: [{code: C, type: DiscountAmount, discount: 5, limit: 3}]
"""
ADDRESSES = [
    "outlet/Kemang",
    "category/Drinks",
    "product/P",
    "variant/PA",
    "customer/D",
    "coupon/C",
]


def applied(open_shop: MakeShop, ledger: str) -> Shop:
    shop = open_shop(copy.deepcopy(SEED), TEXT)
    shop.configure(f"ledger: {ledger}\n")
    assert shop.apply().complete
    assert shop.plan().settled
    return shop


def remove(shop: Shop, address: str) -> None:
    kind, _, name = address.partition("/")
    shop.twin.store.delete(kind, name)
    if kind == "product":
        shop.twin.store.delete("variant", "PA")


def created(shop: Shop) -> list[str]:
    return [str(change.address) for change in shop.plan().changes]


@pytest.mark.parametrize("ledger", ["none", "file"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_deleted_object_is_not_created_again(
    open_shop: MakeShop, address: str, ledger: str
) -> None:
    shop = applied(open_shop, ledger)
    remove(shop, address)
    assert address not in created(shop)
    assert "restore" in dict((str(a), why) for a, why in shop.plan().blocked)[address]
    shop.apply()
    assert address not in created(shop)
    shop.write(TEXT + "    allow: [{rule: restore, reason: x, until: 2027-01-01}]\n")
    assert address in created(shop)
    assert statuses(shop.apply())[address] == "applied"


@pytest.mark.parametrize("ledger", ["none", "file"])
@pytest.mark.parametrize("kind", ["category", "outlet"])
def test_an_object_that_was_renamed_by_hand_is_not_created_beside_it(
    open_shop: MakeShop, kind: str, ledger: str
) -> None:
    shop = applied(open_shop, ledger)
    name = {"category": "Drinks", "outlet": "Kemang"}[kind]
    row = shop.twin.store.get(kind, name)
    shop.twin.store.put(kind, {**row.payload, "Name": "Other"}, was=name)
    assert shop.plan().changes == ()
    ((address, why),) = shop.plan().blocked
    assert str(address) == f"{kind}/{name}"
    assert "`Other`" in why


def test_what_the_files_deleted_is_new_when_they_declare_it_again(open_shop: MakeShop) -> None:
    shop = applied(open_shop, "none")
    kept = TEXT.replace("categories: [{name: Drinks}]", "")
    shop.write(kept + "    removed: [{address: category/Drinks, delete: true}]\n")
    assert statuses(shop.apply()) == {"category/Drinks": "applied"}
    shop.write(TEXT)
    assert created(shop) == ["category/Drinks"]


@pytest.mark.parametrize("damage", ["[]", '{"sandbox": {"applied": 5}}', '{"sandbox": 1}', "{"])
def test_a_damaged_note_counts_as_none(open_shop: MakeShop, damage: str) -> None:
    shop = applied(open_shop, "none")
    (shop.state.path / "objects.json").write_text(damage)
    remove(shop, "category/Drinks")
    assert created(shop) == ["category/Drinks"]


def test_a_fresh_clone_without_a_ledger_knows_nothing(open_shop: MakeShop, tmp_path: Path) -> None:
    shop = applied(open_shop, "none")
    for file in shop.state.path.iterdir():
        file.unlink()
    remove(shop, "category/Drinks")
    assert created(shop) == ["category/Drinks"]
