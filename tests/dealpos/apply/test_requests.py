"""An apply sends the requests that its plan quoted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.errors import OutcomeUnknown
from tests.support.applied import (
    CREATES,
    MANY_CHANGES,
    REPLACED,
    SMALL,
    TYPED,
    UPDATES,
    WITH_VARIANT,
    written,
)
from tests.support.shop import MakeShop

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

    def call(self: Client, name: str, parameters: Any = None, **how: bool) -> Any:
        if OPERATIONS[name].routes[0].path == path and not OPERATIONS[name].reads:
            answered.append(name)
            if len(answered) == 1:
                raise OutcomeUnknown(name, "the answer was lost")
            if len(answered) == 2:
                real(twin, name, parameters)
        return real(self, name, parameters, **how)

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


FORBIDDEN = {
    "categories": (
        "categories: [{name: X}, {name: Y}, {name: Z}]",
        {"POST /Category"},
    ),
    "customers": (SHOPS["customers"], {"POST /Customer"}),
    "coupons": (
        "coupons:\n"
        + "".join(
            f"  - {{code: D{n}, type: DiscountAmount, discount: 5, limit: 1}}\n" for n in range(3)
        ),
        {"POST /PromotionCoupon"},
    ),
    "deletions": (
        "removed:\n" + "".join(f"  - {{address: coupon/E{n}, delete: true}}\n" for n in range(3)),
        {"DELETE /PromotionCoupon/ListCode", "DELETE /PromotionCoupon"},
    ),
    "updates": (
        "products: [{code: P, name: Tea, category: A, variants: [{code: PA, unit_price: 3}]},"
        " {code: Q, name: New, category: A, variants: [{code: QA, unit_price: 3, weight: 5}]}]",
        {"PUT /Variant"},
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_write_that_may_not_be_called_is_sent_once(open_shop: MakeShop, name: str) -> None:
    text, forbidden = FORBIDDEN[name]
    more = [{**SMALL["coupons"][0], "Code": f"E{n}"} for n in range(3)]
    shop = open_shop(
        {**SMALL, "coupons": [*SMALL["coupons"], *more]},
        text,
        forbidden_operations=frozenset(forbidden),
    )
    report = shop.apply()
    refused = [f"{m} {p}".replace("/api/v3", "") for m, p, s in shop.twin.calls if s == 403]
    assert sorted(refused) == sorted(forbidden)
    assert not report.complete
    assert report.counts()["failed"]
    reasons = [outcome.message for outcome in report.outcomes if outcome.status == "skipped"]
    assert all("permission denied: the API client needs " in reason for reason in reasons)
