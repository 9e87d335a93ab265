"""Reads ahead of their turn change the time of a run, and nothing else."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.reading.full_read import FullRead
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.errors import ReconcilerError, Unauthorised
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import InjectedFault
from dealpos_reconciler.sandbox.limiter import Limiter
from tests.support.deep import amount
from tests.support.reading import declaring, stock
from tests.support.shop import MakeShop, Shop

MANY = 8


class Distant(httpx.BaseTransport):
    """A shop whose answers take long, each another time, and so arrive in any order."""

    def __init__(self, shop: Shop, seconds: float = 0.004, seed: int = 1) -> None:
        self.inner = embedded_transport(shop.app)
        self.seconds = seconds
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.in_flight = self.peak = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            seconds = self.random.uniform(0, self.seconds)
        response = self.inner.handle_request(request)
        response.read()
        time.sleep(seconds)
        with self.lock:
            self.in_flight -= 1
        return response


def connect(shop: Shop, transport: httpx.BaseTransport, concurrency: int) -> Client:
    shop.client()  # a new listener
    store = Store("sandbox", "sandbox", "sandbox", b"key", concurrency)
    return Client(store, transport, shop.listener)


def read(shop: Shop, concurrency: int, **distance: Any) -> tuple[Live, Counter[str], Distant]:
    """Return what a run reads, how often it asks for what, and the distance in between."""
    far = Distant(shop, **distance)
    with connect(shop, far, concurrency) as client:
        live = read_live(client, shop.desired(), KINDS)
    return live, Counter(shop.listener.operations), far


def large(
    make_shop: MakeShop, count: int = 450, declared: int | None = None, **choices: Any
) -> Shop:
    shop = make_shop(stock(count))
    shop.twin.choices = shop.twin.choices.with_changes(**{"page_cap": 100, **choices})
    declared = count if declared is None else declared
    shop.write(declaring(declared) if declared else "categories: [{name: A}]")
    return shop


REPEATS_ITS_FIRST_PAGE = {
    "page_cap": 7,
    "page_over_cap": "cap",
    "list_order": "code",
    "product_list_envelope": "array",
    "product_list_total": "none",
    "batch_missing": "reject",
    "variant_list_without_category": "all",
    "page_number": "ignored",
    "nulls_omitted": False,
}
"""A shop whose list promises a total, and answers page one whatever page is asked for."""


@settings(max_examples=amount(5, 15))
@example(count=230, declared=240, seed=0, choices=REPEATS_ITS_FIRST_PAGE)
@given(
    count=st.sampled_from([0, 3, 230]),
    declared=st.sampled_from([0, 3, 210, 240]),
    seed=st.integers(0, 1_000),
    choices=st.fixed_dictionaries(
        {
            "page_cap": st.sampled_from([7, 50, 100, None]),
            "page_over_cap": st.sampled_from(["cap", "reject"]),
            "list_order": st.sampled_from(["code", "reverse"]),
            "product_list_envelope": st.sampled_from(["array", "Data"]),
            "product_list_total": st.sampled_from(["none", "TotalCount"]),
            "variant_list_without_category": st.sampled_from(["all", "empty", "reject"]),
            "batch_missing": st.sampled_from(["omit", "reject"]),
            "page_number": st.sampled_from(["honoured", "clamped", "ignored"]),
            "nulls_omitted": st.booleans(),
        }
    ),
)
def test_the_order_of_answers_changes_neither_what_is_known_nor_what_is_asked(
    make_shop: MakeShop, count: int, declared: int, seed: int, choices: dict[str, Any]
) -> None:
    shop = make_shop(stock(count))
    shop.twin.choices = shop.twin.choices.with_changes(**choices)
    shop.write(declaring(declared) if declared else "categories: [{name: A}]")
    first, asked, _ = read(shop, 1)
    second, asked_at_once, _ = read(shop, MANY, seed=seed)
    assert second == first
    assert list(second.objects) == list(first.objects)
    assert asked_at_once == asked


def test_pages_and_kinds_are_read_side_by_side(make_shop: MakeShop) -> None:
    shop = large(make_shop)
    assert read(shop, 1)[2].peak == 1
    assert 3 <= read(shop, MANY, seconds=0.05)[2].peak <= MANY
    totals = {"product_list_envelope": "Data", "product_list_total": "TotalCount"}
    shop.twin.choices = shop.twin.choices.with_changes(**totals)
    assert read(shop, 2, seconds=0.05)[2].peak == 2


@pytest.mark.parametrize("choices", [{"page_number": "ignored"}, {"page_cap": 50}])
def test_a_shop_with_odd_pages_gets_no_request_more(
    make_shop: MakeShop, choices: dict[str, Any]
) -> None:
    totals = {"product_list_envelope": "Data", "product_list_total": "TotalCount"}
    shop = large(make_shop, **(totals | choices))
    assert read(shop, MANY)[1] == read(shop, 1)[1]


def test_a_whole_shop_is_listed_side_by_side(make_shop: MakeShop) -> None:
    shop = large(make_shop, declared=0)
    found = []
    for concurrency in (1, MANY):
        far = Distant(shop, seconds=0.03)
        full = FullRead(connect(shop, far, concurrency), KINDS, list(KINDS), shop.desired())
        full.read_listings()
        found.append((full.live, full.unreadable, Counter(shop.listener.operations)))
    assert found[0] == found[1]
    assert far.peak > 1


def test_what_ends_early_is_not_read_further(make_shop: MakeShop) -> None:
    """The declared variants are on the first pages; what is behind them is not asked for."""
    shop = large(make_shop, count=900, declared=410)
    asked = read(shop, 1)[1]
    assert asked["variant.list"] < 900 / 100
    assert read(shop, MANY)[1] == asked


def test_no_more_are_in_flight_than_the_first_answer_leaves(make_shop: MakeShop) -> None:
    shop = large(make_shop)
    shop.twin.limiter = Limiter(3, 60.0, shop.clock)
    far = Distant(shop, seconds=0.02)
    client = connect(shop, far, MANY)

    def sleep(seconds: float) -> None:
        while far.in_flight:  # they are answered while a run waits for a minute
            time.sleep(0.001)
        shop.clock.now += seconds

    shop.listener.sleep = sleep  # type: ignore[method-assign]
    read_live(client, shop.desired(), KINDS)
    assert 1 < far.peak <= 3
    assert 429 not in [status for _, _, status in shop.twin.calls]


@pytest.mark.parametrize(
    ("method", "path", "kind", "times"),
    [
        ("*", "/Product*", "500", 99),
        ("*", "/Product*", "html", 99),
        ("*", "/Variant*", "500", 99),
        ("*", "/Category*", "500", 99),
        ("*", "/Outlet*", "truncated", 99),
        ("*", "/Variant", "drop", 1),
        ("*", "/Product", "401", 1),
    ],
)
def test_a_read_that_fails_fails_alike(
    make_shop: MakeShop, method: str, path: str, kind: Any, times: int
) -> None:
    results = []
    for concurrency in (1, MANY):
        shop = large(make_shop)
        shop.twin.faults.add(InjectedFault(method, path, kind, times=times))
        try:
            live = read(shop, concurrency)[0]
            live.reads = 0
            results.append(live)
        except ReconcilerError as error:
            results.append((type(error), str(error)))
    assert results[0] == results[1]


def test_after_a_fatal_error_nothing_more_is_sent(make_shop: MakeShop) -> None:
    shop = large(make_shop)
    shop.twin.faults.add(InjectedFault("*", "/Product*", "401", times=99))
    far = Distant(shop, seconds=0.02)
    client = connect(shop, far, MANY)
    with pytest.raises(Unauthorised):
        read_live(client, shop.desired(), KINDS)
    sent = len(shop.twin.calls)
    assert far.in_flight == 0
    time.sleep(0.2)
    assert len(shop.twin.calls) == sent


def test_a_token_that_ends_meanwhile_is_renewed_once(make_shop: MakeShop) -> None:
    shop = large(make_shop)
    seen: list[str] = []

    def revoke(method: str, path: str, status: int) -> None:
        seen.append(path)
        if len(seen) == 6:
            shop.twin.revoke_tokens()

    shop.twin.record = revoke
    live, asked, _ = read(shop, MANY, seconds=0.02)
    assert asked["token"] == 2
    assert not live.read_errors
