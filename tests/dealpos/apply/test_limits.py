"""A run within limits: what is begun is finished and read back; the rest waits for another run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.core.report import Report
from dealpos_reconciler.dealpos.budget import Limits, format_duration
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.sandbox.faults import InjectedFault
from tests.support.shop import MakeShop, Shop

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "OLD",
            "Name": "Old",
            "Category": "Drinks",
            "Variants": [{"Code": "OLD1", "Model": "1", "UnitPrice": 1000}],
        }
    ],
    "coupons": [
        {"Code": f"C{n}", "Type": "DiscountAmount", "Discount": 500, "Limit": 9} for n in range(3)
    ],
}
# Each product is a create, and an update for what that cannot carry; SET needs a part of another.
FILES = """
categories: [{name: Drinks}, {name: Drinks/Set}]
products:
  - {code: OLD, variants: [{code: OLD1, unit_price: 1100}]}
  - code: A
    name: A
    category: Drinks/Set
    variants:
      - {code: A1, model: "1", type: Composite, unit_price: 5, components: {B1: {qty: 1}}}
  - code: B
    name: B
    category: Drinks
    variants: [{code: B1, model: "1", unit_price: 7, outlet_prices: {Bandung: {price: 8}}}]
  - code: C
    name: C
    category: Drinks
    variants: [{code: C1, model: "1", unit_price: 9, outlet_prices: {Bandung: {price: 10}}}]
coupons:
  - {code: C0, type: DiscountAmount, discount: 600, limit: 9}
  - {code: C1, type: DiscountAmount, discount: 600, limit: 9}
  - {code: C2, type: DiscountAmount, discount: 500, limit: 9}
  - {code: NEW, type: DiscountAmount, discount: 50, limit: 9}
"""


class Run:
    """One run of the program against a shop, within limits."""

    def __init__(self, shop: Shop, limits: Limits) -> None:
        shop.listener.waits.clear()
        store = Store("sandbox", "sandbox", "sandbox")
        transport = embedded_transport(shop.app)
        self.client = Client(store, transport, shop.listener, limits)
        made = shop.make(self.client)
        self.plan, self.steps, self.cost = made.plan, made.steps, made.usage
        self.reads = self.client.requests
        self.shop = shop

    def apply(self) -> Report:
        return self.shop.apply(self.plan, self.client)


@pytest.fixture
def full(make_shop: MakeShop) -> MakeShop:
    def make(**options: Any) -> Shop:
        shop = make_shop(SEED, **options)
        shop.write(FILES)
        return shop

    return make


def whole(shop: Shop) -> None:
    """Nothing in the shop is half of what the files declare."""
    for code, name in {"B1": "Bandung", "C1": "Bandung"}.items():
        variant = shop.item("variants", code)
        assert variant is None or [p["Outlet"] for p in variant["OutletPrice"]] == [name], code
    composite = shop.item("variants", "A1")
    assert composite is None or [c["Code"] for c in composite["Components"]] == ["B1"]
    for code in ("C0", "C1", "C2"):
        assert shop.item("coupons", code), code


def quoted(shop: Shop) -> tuple[int, int]:
    """Reads of a plan and all requests of its apply."""
    started = Run(shop, Limits())
    return started.reads, started.cost.requests


def test_every_limit_on_requests_is_kept_and_nothing_is_half_done(full: MakeShop) -> None:
    reads, needed = quoted(full())
    applied = []
    for extra in range(needed + 1):
        shop = full()
        started = Run(shop, Limits(requests=reads + extra))
        report = started.apply()
        assert started.client.requests <= reads + extra
        whole(shop)
        counts = report.counts()
        assert counts["failed"] == 0
        assert report.verified == counts["applied"]
        assert report.complete == (extra == needed)
        assert bool(report.stopped) == (extra < needed)
        if report.stopped:
            words = f"--max-requests {reads + extra} is less than the (\\d+) needed "
            words += f"to apply and verify .*; the whole plan needs {reads + needed} requests"
            told = re.search(words, report.stopped)
            assert told
            assert reads + extra < int(told[1]) <= reads + needed
        applied.append(counts["applied"])
    assert applied == sorted(applied)
    assert applied[0] == 0
    assert len(set(applied)) > 4


def test_what_is_left_is_skipped_with_the_reason_and_done_by_the_next_run(full: MakeShop) -> None:
    shop = full()
    reads, needed = quoted(shop)
    report = Run(shop, Limits(requests=reads + needed // 2)).apply()
    skipped = [o for o in report.outcomes if o.status == "skipped"]
    assert skipped
    assert any("not started: --max-requests" in outcome.message for outcome in skipped)
    assert "needed to apply and verify" in report.stopped
    assert report.needed is None
    assert Run(shop, Limits()).apply().complete
    assert shop.plan().empty


def test_runs_of_a_few_requests_each_get_there(full: MakeShop) -> None:
    """Where not even one unit fits, the report says how much would do, and that does."""
    shop = full()
    reads, _ = quoted(shop)
    allowed, runs = reads, 0
    while not (report := Run(shop, Limits(requests=allowed)).apply()).complete:
        if report.needed:
            assert report.counts()["applied"] == 0
            assert report.needed[0] > allowed
            allowed = report.needed[0]
        runs += 1
        assert runs < 20
        whole(shop)
    assert shop.plan().empty


def test_a_limit_that_the_reads_exceed_is_an_error_before_anything_is_written(
    full: MakeShop,
) -> None:
    shop = full()
    reads, _ = quoted(shop)
    before = shop.show()
    for allowed in range(1, reads):
        with pytest.raises(UsageError) as caught:
            Run(shop, Limits(requests=allowed))
        assert caught.value.message == (
            f"--max-requests {allowed} is too low: reading the shop needs {allowed + 1} or more. "
            "Nothing was written"
        )
    assert shop.show() == before


def test_within_a_unit_an_answer_that_was_lost_does_not_leave_it_half_done(full: MakeShop) -> None:
    """The look-up and the second try come on top of the limit."""
    shop = full()
    reads, needed = quoted(shop)
    for extra in range(0, needed, 3):
        shop = full()
        shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "500", "before", times=1))
        Run(shop, Limits(requests=reads + extra)).apply()
        whole(shop)


# --- time ---


def test_nothing_is_begun_that_would_wait_beyond_the_deadline(full: MakeShop) -> None:
    reads, _ = quoted(full())
    shop = full(limit=reads + 5)
    report = Run(shop, Limits(seconds=60)).apply()
    assert shop.listener.waits == []
    assert report.counts()["applied"]
    assert report.counts()["skipped"]
    assert "--timeout 1m is less than the" in report.stopped
    assert "waiting included" in report.stopped
    whole(shop)


def test_a_window_within_the_deadline_is_waited_for(full: MakeShop) -> None:
    shop = full(limit=12)
    began = shop.clock.now
    assert Run(shop, Limits(seconds=3600)).apply().complete
    assert shop.listener.waits
    assert shop.clock.now - began < 3600


@pytest.mark.parametrize("minutes", [1, 3, 4, 7, 10])
def test_a_run_ends_before_its_deadline(full: MakeShop, minutes: int) -> None:
    reads, _ = quoted(full())
    shop = full(limit=reads + 1)
    began = shop.clock.now
    Run(shop, Limits(seconds=minutes * 60)).apply()
    assert shop.clock.now - began <= minutes * 60
    whole(shop)


def test_reading_that_would_wait_beyond_the_deadline_is_an_error(full: MakeShop) -> None:
    shop = full(limit=3)
    with pytest.raises(UsageError, match=r"--timeout 1m is too low: .* needs .* or more"):
        Run(shop, Limits(seconds=60))
    assert shop.listener.waits == []


def test_a_first_unit_that_never_fits_says_which_time_would_do(full: MakeShop) -> None:
    reads, _ = quoted(full())
    shop = full(limit=reads + 1)
    report = Run(shop, Limits(seconds=5)).apply()
    assert report.counts()["applied"] == 0
    assert report.needed
    assert report.needed[1] > 5


# --- what others keep ---


@pytest.mark.parametrize("reserve", [0, 1, 5, 8])
def test_the_last_requests_of_a_window_are_never_spent(full: MakeShop, reserve: int) -> None:
    shop = full(limit=12)
    left = []
    answered = shop.listener.on_response
    shop.listener.on_response = lambda exchange: (left.append(exchange), answered(exchange))
    started = Run(shop, Limits(reserve=reserve))
    assert started.apply().complete
    remaining = [
        int(exchange.headers["ratelimit-remaining"])
        for exchange in left
        if "ratelimit-remaining" in exchange.headers
    ]
    assert min(remaining) >= reserve
    assert min(remaining) == reserve
    waits = [reason for _, reason in shop.listener.waits]
    assert waits
    assert all(f", {reserve} kept free)" in reason for reason in waits) == bool(reserve)


def test_the_windows_of_a_cost_are_what_the_reserve_leaves(full: MakeShop) -> None:
    free = Run(full(limit=41), Limits())
    shop = full(limit=41)
    tight = Run(shop, Limits(reserve=31))
    assert free.cost.windows == 1
    assert tight.cost.windows == 1 + len(
        range(10, (tight.reads - 1) % 10 + 1 + tight.cost.requests, 10)
    )
    assert tight.cost.requests == free.cost.requests
    assert tight.cost.seconds > free.cost.seconds + 180


def test_a_reserve_of_everything_is_an_error_that_names_the_window(full: MakeShop) -> None:
    with pytest.raises(UsageError, match=r"no request of the rate limit \(12 per") as caught:
        Run(full(limit=12), Limits(reserve=12))
    assert "at most 11" in caught.value.hint


# --- without limits ---


def test_without_limits_nothing_is_priced_while_applying(
    full: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dealpos_reconciler.dealpos.apply import stopping

    def priced(*_: Any) -> int:
        raise AssertionError("priced")

    monkeypatch.setattr(stopping, "count_readbacks", priced)
    assert Run(full(), Limits(reserve=1)).apply().complete


def test_the_plan_of_these_tests_holds_every_kind_of_unit(full: MakeShop) -> None:
    started = Run(full(), Limits())
    actions = {step.action for step in started.steps}
    assert {Action.CREATE, Action.UPDATE, Action.REPLACE} <= actions
    shared = [address for step in started.steps for address in step.addresses]
    assert len(shared) > len(set(shared))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1s"), (59, "59s"), (60, "1m"), (90, "1m30s"), (3600, "1h"), (5400.5, "1h30m1s")],
)
def test_a_duration_is_written_as_it_is_accepted(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
