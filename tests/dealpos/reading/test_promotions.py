"""Promotion events and pricebooks that keep a price which the plan changes."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.dealpos import promotions
from dealpos_reconciler.kinds import KINDS
from tests.support.shop import MakeShop, Shop

EVENT = {
    "Name": "Ramadan",
    "StartDate": "2026-05-20",
    "ExpirationDate": "2026-06-10",
    "Outlet": ["Bandung"],
    "UnitPrice": 15000,
    "Variants": ["1003L"],
}
ASKED = "guardrails: {hidden-price: {events: true}}\n"


def priced(open_shop: MakeShop, live: Any, files: str, settings: str, **choices: Any) -> Shop:
    """Return a shop whose files raise the base price and the price in Bandung."""
    shop = open_shop(live, files.replace("18000", "18500").replace("19000", "19500"), **choices)
    shop.twin.today = lambda: date(2026, 6, 1)
    shop.configure(settings)
    return shop


def events_in(plan: Plan) -> list[str]:
    """Return what the guardrail says of promotion events and pricebooks."""
    said = (violation.message for violation in plan.violations)
    return [text for text in said if "sold at another price" in text]


def asked_for_events(shop: Shop) -> list[str]:
    return [path for _, path, _ in shop.twin.calls if "/PromotionEvent" in path]


def test_events_are_not_read_unless_asked_for(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    shop = priced(open_shop, {**live, "promotions": [EVENT]}, files, "")
    assert events_in(shop.plan()) == []
    assert asked_for_events(shop) == []


@pytest.mark.parametrize("answer", ["running", "all"])
def test_a_running_event_that_hides_a_price_is_named(
    open_shop: MakeShop, live: dict[str, Any], files: str, answer: str
) -> None:
    over = {**EVENT, "Name": "Lunar", "ExpirationDate": "2026-05-31"}
    seed = {**live, "promotions": [EVENT, over]}
    shop = priced(open_shop, seed, files, ASKED, promotion_events=answer)
    plan = shop.plan()
    assert events_in(plan) == [
        "the price changes from 18,000 to 18,500, but it is sold at another price by "
        'promotion event "Ramadan" (15,000 until 2026-06-10 at Bandung)'
    ]
    assert asked_for_events(shop) == [
        "/api/v3/PromotionEvent",
        "/api/v3/PromotionEvent/GetByVariantCode",
    ]
    sent = [name for name in shop.listener.operations if name != "token"]
    assert shop.cost(plan).reads == len(sent)


def test_where_no_event_runs_one_request_says_so(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    over = {**EVENT, "ExpirationDate": "2026-05-31"}
    shop = priced(open_shop, {**live, "promotions": [over]}, files, ASKED, promotion_events="all")
    assert events_in(shop.plan()) == []
    assert asked_for_events(shop) == ["/api/v3/PromotionEvent"]


def test_a_plan_without_a_price_change_reads_no_event(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    shop = open_shop({**live, "promotions": [EVENT]}, files)
    shop.configure(ASKED)
    shop.plan()
    assert asked_for_events(shop) == []


def test_the_requests_for_events_have_a_limit(
    open_shop: MakeShop, live: dict[str, Any], files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotions, "MAX_REQUESTS", 1)
    shop = priced(open_shop, {**live, "promotions": [EVENT]}, files, ASKED)
    plan = shop.plan()
    assert asked_for_events(shop) == ["/api/v3/PromotionEvent"]
    assert (
        "the promotion events of 1 more objects were not read: a plan sends at most 1 requests "
        "for events"
    ) in plan.notes


@pytest.mark.parametrize(
    "choices",
    [
        {"forbidden_operations": frozenset({"POST /PromotionEvent", "GET /PromotionEvent"})},
        {"missing_operations": frozenset({"POST /PromotionEvent", "GET /PromotionEvent"})},
    ],
)
def test_events_that_cannot_be_read_are_a_note(
    open_shop: MakeShop, live: dict[str, Any], files: str, choices: Any
) -> None:
    plan = priced(open_shop, {**live, "promotions": [EVENT]}, files, ASKED, **choices).plan()
    assert plan.changes
    (note,) = [note for note in plan.notes if note.startswith("promotion events could not be read")]
    assert "promotion.list" in note


@pytest.mark.parametrize("form", ["query", "body"])
def test_older_generations_show_their_events(
    open_shop: MakeShop, live: dict[str, Any], files: str, form: str
) -> None:
    choices = {"generation": "B" if form == "query" else "A", "post_alternatives": "none"}
    seed = {**live, "promotions": [EVENT]}
    shop = priced(open_shop, seed, files, ASKED, named_reads="query", **choices)
    assert len(events_in(shop.plan())) == 1


BOOK = [
    {"Name": "Member", "MinimumQuantity": 1, "UnitPrice": 16000, "PriceDiscount": 0},
    {"Name": "Reseller", "MinimumQuantity": 10, "UnitPrice": 14000, "PriceDiscount": 0},
]
NOTES = [
    'pricebook "Member" has a price of its own, which the change of the base price does not touch: '
    "variant/1003L (16,000)",
    'pricebook "Reseller" has a price of its own, which the change of the base price does not '
    "touch: variant/1003L (14,000 from 10 units)",
]


def booked(live: dict[str, Any], book: Any) -> dict[str, Any]:
    seed = copy.deepcopy(live)
    seed["products"][0]["Variants"][0]["Pricebook"] = book
    return seed


def test_a_pricebook_is_a_note_and_costs_no_request(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    plain = priced(open_shop, live, files, "").plan()
    plan = priced(open_shop, booked(live, BOOK), files, "").plan()
    assert [note for note in plan.notes if note.startswith("pricebook")] == NOTES
    assert events_in(plan) == []
    assert plan.reads == plain.reads


def test_a_pricebook_for_one_unit_is_a_violation_where_that_is_asked_for(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    settings = "guardrails: {hidden-price: {pricebooks: true}}\n"
    plan = priced(open_shop, booked(live, BOOK), files, settings).plan()
    assert events_in(plan) == [
        "the price changes from 18,000 to 18,500, but it is sold at another price by "
        'pricebook "Member" (16,000)'
    ]


def test_an_apply_neither_writes_a_pricebook_nor_needs_it(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    shop = priced(open_shop, booked(live, BOOK), files, "")
    assert shop.apply().complete
    item = shop.item("variants", "1003L")
    assert item is not None
    assert item["Pricebook"] == BOOK
    assert shop.plan().changes == ()


@pytest.mark.parametrize("row", [5, {"Name": 5}, {"UnitPrice": 3}, {"Name": "X", "UnitPrice": "?"}])
def test_a_row_that_is_not_understood_hides_no_variant(row: Any) -> None:
    value = KINDS["variant"].decode({"Code": "1003L", "Pricebook": [row]})
    assert value["code"] == "1003L"
    assert all(listed.price is None for listed in KINDS["variant"].listed_prices(value))
