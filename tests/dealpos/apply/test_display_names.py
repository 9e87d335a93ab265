"""A display name that reads may not show is not overwritten by an update of something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.applied import message, statuses, written
from tests.support.shop import MakeShop, Shop

SHOP: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "products": [
        {
            "Code": "P",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [
                {"Code": "PA", "Model": "Large", "Name": "Kopi Gede", "UnitPrice": 100},
                {"Code": "PB", "Model": "Small", "Name": "Kopi Kecil", "UnitPrice": 90},
            ],
        }
    ],
}
PRICE = "{code: PA, unit_price: 110}"
OTHERS = [
    "{code: PA, weight: 5}",
    "{code: PA, unit_price: 110, outlet_prices: {Bandung: {price: 120}}}",
    "{code: PA, discontinued: true}",
]


def opened(open_shop: MakeShop, variant: str, **choices: Any) -> Shop:
    text = f"products: [{{code: P, variants: [{variant}]}}]"
    return open_shop(SHOP, text, **{"variant_name_reads_as": "product", **choices})


def names(shop: Shop) -> list[str]:
    return [shop.item("variants", code)["Name"] for code in ("PA", "PB")]


@pytest.mark.parametrize("omitted", ["keep", "clear"])
def test_a_price_is_written_by_a_product_whose_variants_are_all_known(
    open_shop: MakeShop, omitted: str
) -> None:
    shop = opened(open_shop, PRICE, put_omitted=omitted)
    store = shop.twin.store
    store.put("variant", {**store.get("variant", "PB").payload, "Discontinued": True})
    assert shop.apply().complete
    assert written(shop) == ["product.update"]
    assert names(shop) == ["Kopi Gede", "Kopi Kecil"]
    assert shop.plan().settled


@pytest.mark.parametrize("variant", [PRICE, *OTHERS])
@pytest.mark.parametrize("children", ["merge", "replace", "ignore"])
def test_no_update_sends_back_a_name_that_may_be_the_products(
    open_shop: MakeShop, variant: str, children: str
) -> None:
    shop = opened(open_shop, variant, product_put_variants=children)
    assert shop.apply().complete
    assert names(shop) == ["Kopi Gede", "Kopi Kecil"]
    assert shop.plan().settled


def test_a_declared_name_is_written(open_shop: MakeShop) -> None:
    shop = opened(open_shop, "{code: PA, name: Kopi Jumbo, weight: 5}")
    report = shop.apply()
    assert statuses(report) == {"variant/PA": "unverified"}
    assert "`name` was sent as" in message(report, "variant/PA")
    assert names(shop) == ["Kopi Jumbo", "Kopi Kecil"]


@pytest.mark.parametrize("variant", [PRICE, *OTHERS])
@pytest.mark.parametrize("omitted", ["keep", "clear"])
def test_a_shop_that_shows_names_of_their_own_gets_them_back(
    open_shop: MakeShop, variant: str, omitted: str
) -> None:
    shop = opened(open_shop, variant, variant_name_reads_as="own", put_omitted=omitted)
    assert shop.apply().complete
    assert names(shop) == ["Kopi Gede", "Kopi Kecil"]


@pytest.mark.parametrize("variant", [PRICE, *OTHERS])
def test_a_name_that_an_update_has_cleared_is_written_again(
    open_shop: MakeShop, variant: str
) -> None:
    data = {**SHOP, "products": [{**SHOP["products"][0], "Variants": [
        {key: value for key, value in row.items() if key != "Name"}
        for row in SHOP["products"][0]["Variants"]
    ]}]}  # fmt: skip
    text = f"products: [{{code: P, variants: [{variant}]}}]"
    shop = open_shop(data, text, put_omitted="clear")
    assert shop.apply().complete
    assert names(shop) == ["Kopi", "Kopi"]


@pytest.mark.parametrize("variant", OTHERS)
@pytest.mark.parametrize("children", ["merge", "replace", "ignore"])
def test_a_renamed_product_does_not_give_its_name_to_its_variants(
    open_shop: MakeShop, variant: str, children: str
) -> None:
    shop = opened(open_shop, variant, product_put_variants=children)
    shop.write(f"products: [{{code: P, name: Kopi Kita, variants: [{variant}]}}]")
    assert shop.apply().complete
    assert names(shop) == ["Kopi Gede", "Kopi Kecil"]
    assert shop.plan().settled


@pytest.mark.parametrize("variant", OTHERS)
@pytest.mark.parametrize("omitted", ["keep", "clear"])
def test_a_renamed_product_leaves_no_variant_without_a_name(
    open_shop: MakeShop, variant: str, omitted: str
) -> None:
    rows = [{**row, "Name": "Kopi"} for row in SHOP["products"][0]["Variants"]]
    data = {**SHOP, "products": [{**SHOP["products"][0], "Variants": rows}]}
    text = f"products: [{{code: P, name: Kopi Kita, variants: [{variant}]}}]"
    shop = open_shop(data, text, put_omitted=omitted)
    assert shop.apply().complete
    assert names(shop)[0] in ("Kopi", "Kopi Kita")
    assert shop.plan().settled
