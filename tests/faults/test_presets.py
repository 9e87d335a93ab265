"""Values that the shop sets itself: learned from one new object, and never trusted unseen."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.sandbox import Choices
from tests.support.shop import MakeShop, Shop
from tests.support.storm import Killed, Weather

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P1",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [{"Code": "P1A", "UnitPrice": 100}],
        }
    ],
}
PLAIN = "type: Standard, taxable: true"
FILES = f"""
    products:
      - code: P1
        name: Kopi
        category: Drinks
        variants:
          - {{code: P1B, unit_price: 200, {PLAIN}}}
          - {{code: P1C, unit_price: 300, {PLAIN}}}
          - {{code: P1D, unit_price: 400, {PLAIN}, outlet_prices: {{Bandung: {{price: 450}}}}}}
          - {{code: P1E, unit_price: 500, {PLAIN}}}
      - code: N1
        name: Paket
        category: Drinks
        variants:
          - {{code: N1A, unit_price: 600, {PLAIN}}}
          - {{code: N1B, unit_price: 700, {PLAIN}, outlet_prices: {{}}, components: {{}}}}
"""
NEW = {"P1B", "P1C", "P1D", "P1E", "N1A", "N1B"}
SHOPS = {
    "as declared": {},
    "without tax": {"new_variant_taxable": False},
    "at once": {"create_discontinued": "ignored"},
    "lean": {"variant_batch_rows": "lean", "variant_list_rows": "lean"},
}


def variants(shop: Shop) -> dict[str, Any]:
    rows = [each for product in shop.show()["products"] for each in product["Variants"]]
    return {row["Code"]: row for row in rows if row["Code"] in NEW}


def on_sale_and_wrong(shop: Shop) -> list[str]:
    """Return the variants that are on sale otherwise than the files declare them."""
    found = []
    for code, row in variants(shop).items():
        prices = [each["Price"] for each in row["OutletPrice"]]
        right = row["Taxable"] and row["Type"] == "Standard"
        right = right and prices == ([450] if code == "P1D" else [])
        if not right and not row["Discontinued"]:
            found.append(code)
    return found


@pytest.mark.parametrize("choices", SHOPS.values(), ids=SHOPS)
def test_a_run_that_is_killed_anywhere_sells_nothing_that_is_not_as_declared(
    make_shop: MakeShop, choices: dict[str, Any]
) -> None:
    for kill in range(1, 40):
        shop = make_shop(SEED, choices=Choices(**choices))
        shop.write(FILES)
        made, left = shop.make(), [kill]

        def request(left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise Killed

        client = shop.client()
        client._http._transport = Weather(client._http._transport, lambda: None, request)
        with contextlib.suppress(Killed):
            shop.apply(made.plan, client)
        # A shop that sells at once sells one incomplete variant, until its update.
        assert len(on_sale_and_wrong(shop)) <= ("create_discontinued" in choices)
        if left[0] > 0:
            break
        for _ in range(3):
            plan = shop.plan()
            if plan.changes and not [v for v in plan.violations if v.allowed is None]:
                shop.apply(plan)
        if "create_discontinued" not in choices:
            assert shop.plan().changes == ()
            assert {code for code, row in variants(shop).items() if row["Discontinued"]} == set()
            assert not shop.journal.content.sold_at_once
            assert shop.journal.births == frozenset()
    else:
        pytest.fail("the apply did not end")


def test_reads_that_are_behind_do_not_put_what_was_not_seen_on_sale(make_shop: MakeShop) -> None:
    shop = make_shop(SEED, choices=Choices(read_lag_reads=1, new_variant_taxable=False))
    shop.write(FILES)
    assert shop.apply(shop.plan()).complete
    assert on_sale_and_wrong(shop) == []


def test_what_was_learned_saves_the_updates_of_the_next_run(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.write(FILES)
    client = shop.client()
    assert shop.apply(shop.plan(client), client).complete
    known = client.routes.tenant.presets
    assert known.keys() == {"variant.add", "product.create"}
    assert (known["variant.add"]["type"], known["variant.add"]["taxable"]) == ("Standard", True)
    assert "type" not in known["product.create"]
    more = FILES + "".join(
        f"          - {{code: N1{n}, unit_price: 9, {PLAIN}, weight: 0}}\n" for n in range(20)
    )
    shop.write(more)
    client.requests = 0
    plan = shop.plan(client)
    assert [note for note in plan.notes if "expected to set" in note] == []
    assert shop.made.usage.requests == 2
    report = shop.apply(plan, client)
    assert report.complete
    assert report.requests == 2


def test_a_value_that_no_shop_sets_itself_is_written(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.write(FILES.replace("type: Standard,", "type: Standard, weight: 250,"))
    plan = shop.plan()
    assert [step for step in shop.made.steps if step.relied] == []
    assert shop.apply(plan).complete


def test_a_shop_that_sets_other_values_by_now_is_corrected_and_remembered(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(SEED, choices=Choices(new_variant_taxable=False))
    shop.write(FILES)
    client = shop.client()
    presets = {"type": "Standard", "taxable": True}
    client.routes.tenant.presets = {"variant.add": dict(presets)}
    client.routes.tenant.safe_births = ["variant.add", "product.create"]
    report = shop.apply(shop.plan(client), client)
    assert report.complete
    assert on_sale_and_wrong(shop) == []
    assert "variant.add" not in client.routes.tenant.presets
    assert shop.plan().changes == ()


def test_a_run_with_as_many_requests_as_are_quoted_is_finished(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.write(FILES)
    plan = shop.plan()
    quoted = shop.made.usage.requests
    client = shop.client()
    client.limits = Limits(requests=quoted)
    report = shop.apply(plan, client)
    assert report.complete
    assert report.requests == quoted
