"""A hostile or broken server: no header, answer, list, hang or wait holds a run without a bound."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx
import pytest

from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading import live_builder
from dealpos_reconciler.dealpos.reading.live_builder import LiveBuilder
from dealpos_reconciler.dealpos.reading.paging import MAX_PAGES
from dealpos_reconciler.dealpos.request_window import RequestWindow
from dealpos_reconciler.errors import (
    OutcomeUnknown,
    RateLimited,
    ReconcilerError,
    UnexpectedResponse,
    Unreachable,
    UsageError,
)
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import Choices, InjectedFault
from tests.support.fake_server import DELETE, READ, STORE, WRITE, FakeServer, ok, status
from tests.support.shop import MakeShop

SINGLE = "variant.by_code"
HOSTILE_POLICIES = ["1;" * 45_000, "1 " * 45_000, "9" * 90_000, "1;x" * 30_000, "1;w" * 30_000]


def limited(server: FakeServer, **limits: float) -> Client:
    """A client of the same server, within limits."""
    server.client = Client(
        STORE, httpx.MockTransport(server._handle), server.ear, limits=Limits(**limits)
    )
    return server.client


def slow(server: Callable[[], FakeServer], seconds: float) -> Callable[[httpx.Request], None]:
    """An answer that never comes: so much time passes."""

    def hang(request: httpx.Request) -> httpx.Response:
        server().ear.now += seconds
        raise httpx.ReadTimeout("no answer")

    return hang  # type: ignore[return-value]


# --- headers ---


@pytest.mark.parametrize("policy", HOSTILE_POLICIES, ids=lambda text: text[:6])
def test_a_policy_of_90_kilobytes_is_read_in_no_time_and_means_nothing(policy: str) -> None:
    window = RequestWindow(lambda: 0.0)
    began = time.process_time()
    names = ("policy", "limit", "remaining", "reset")
    headers = dict.fromkeys((f"ratelimit-{name}" for name in names), policy)
    headers |= {"ratelimit": policy, "retry-after": policy, "date": policy}
    window.update_from_headers(headers)
    window.close(429, headers)
    assert time.process_time() - began < 0.5
    assert (window.limit, window.seconds) == (50, 180.0)


@pytest.mark.parametrize(
    ("operation", "error"), [(READ, UnexpectedResponse), (WRITE, OutcomeUnknown)]
)
def test_headers_of_more_than_16_kilobytes_are_an_error(
    operation: str, error: type[ReconcilerError]
) -> None:
    """A write that was answered so may have happened."""
    server = FakeServer(ok(**{f"X_{n}": "x" * 1000 for n in range(17)}))
    with pytest.raises(error, match="the response headers are larger than 16 KiB"):
        server.client.call(operation, {"Name": "A"})


def test_headers_of_a_shop_behind_proxies_are_no_error() -> None:
    server = FakeServer(ok(**{f"X_{n}": "x" * 1000 for n in range(12)}))
    assert server.client.call(READ) == []


# --- objects ---


@pytest.mark.parametrize("value", [b"{}", b"[]", b"1.5", b'{"a":{}}', b'"ab"'], ids=bytes.decode)
@pytest.mark.parametrize(
    ("operation", "error"), [(READ, UnexpectedResponse), (WRITE, OutcomeUnknown)]
)
def test_an_answer_of_countless_small_values_is_refused_before_it_fills_the_memory(
    operation: str, error: type[ReconcilerError], value: bytes
) -> None:
    flood = b"[" + (value + b",") * 4_000_000 + value + b"]"
    server = FakeServer(httpx.Response(200, content=flood))
    with pytest.raises(error, match="the response has more than 4,000,000 values"):
        server.client.call(operation, {"Name": "A"})


def test_more_objects_than_any_shop_has_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, batches and products with their variants alike."""
    monkeypatch.setattr(live_builder, "MAX_OBJECTS", 100)
    rows = [{"Code": str(number)} for number in range(101)]
    nested = [{"Code": "P", "Variants": rows}]
    for kind, shown in (("variant", rows), ("product", nested)):
        with pytest.raises(UnexpectedResponse, match="more than 100 variants"):
            LiveBuilder(Live(), KINDS, b"").add_rows(KINDS[kind], shown, frozenset(shown[0]))


# --- pages ---


@pytest.mark.parametrize("generation", ["any", "B", "C"])
def test_a_list_that_never_ends_is_unknown_and_the_rest_is_planned(
    make_shop: MakeShop, generation: str
) -> None:
    seed = {
        "categories": [{"Name": "Drinks"}],
        "products": [{"Code": "A", "Name": "A", "Category": "Drinks", "Variants": []}],
    }
    choices = Choices(page_number="endless", generation=generation)
    shop = make_shop(seed, choices=choices)
    shop.write(
        """
        categories: [{name: Drinks, discontinued: true}]
        products:
          - {code: A, name: B}
          - {code: NEW, name: N, category: Drinks, brand: "", variants: []}
        """
    )
    plan = shop.plan()
    assert [str(c.address) for c in plan.changes] == ["category/Drinks", "product/A"]
    endless = f"product.list: the list did not end after {MAX_PAGES:,} pages"
    assert [(str(a), reason) for a, reason in plan.unknown] == [("product/NEW", endless)]
    assert plan.unmanaged == ()
    assert len(shop.listener.operations) < 1.1 * MAX_PAGES


# --- hanging ---


def test_a_read_that_hangs_is_not_sent_again_for_each_object() -> None:
    server = FakeServer(slow(lambda: server, 30))
    reasons = set()
    for number in range(100):
        with pytest.raises(OutcomeUnknown) as caught:
            server.client.call(SINGLE, {"Code": str(number)})
        reasons.add(caught.value.message)
    assert server.ear.now < 300
    # The pauses between tries are drawn at random, so the silence is four minutes and some seconds.
    assert {re.sub(r"4m\w*", "4m", reason) for reason in reasons} == {
        "variant.by_code: the response was lost (response timed out)",
        "variant.by_code: no answer for 4m, so it is not sent again in this run",
    }


@pytest.mark.parametrize("operation", [WRITE, DELETE])
def test_a_write_that_hangs_ends_the_run(operation: str) -> None:
    """Unreachable: nothing was sent, so nothing may have happened."""
    server = FakeServer(slow(lambda: server, 120))
    while server.ear.now < 240:
        with pytest.raises(OutcomeUnknown):
            server.client.call(operation, {"Name": "A"})
    sent = len(server.calls)
    with pytest.raises(Unreachable, match="no answer for 4m, so it is not sent again"):
        server.client.call(operation, {"Name": "A"})
    assert len(server.calls) == sent


def test_other_operations_go_on_beside_one_that_hangs() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "Variant" in request.url.path:
            slow(lambda: server, 120)(request)
        return ok()

    server = FakeServer(answer)
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            server.client.call(SINGLE, {"Code": "A"})
        assert server.client.call(READ) == []


def test_an_answer_between_hangs_begins_the_count_anew() -> None:
    hang = slow(lambda: server, 30)
    server = FakeServer(*([hang] * 3 + [ok()]) * 20, ok())
    for _ in range(20):
        assert server.client.call(READ) == []


# --- waits and the whole run ---


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
def test_a_wait_of_days_is_refused(operation: str) -> None:
    server = FakeServer(httpx.Response(429, headers={"Retry-After": "999999"}))
    with pytest.raises(RateLimited) as caught:
        server.client.call(operation)
    assert server.ear.waits == []
    assert caught.value.detail == (
        "rate limit reached (HTTP 429, also used by other integrations): the wait would be "
        "277h46m40s, and a run waits at most 1h"
    )
    assert caught.value.hint


def test_a_window_of_days_is_refused() -> None:
    server = FakeServer(ok(RateLimit_Policy="1;w=999999", RateLimit_Remaining="0"))
    server.client.call(READ)
    with pytest.raises(RateLimited, match="the wait would be 277h46m"):
        server.client.call(READ)
    assert server.ear.waits == []


def test_no_read_waits_longer_than_the_timeout() -> None:
    server = FakeServer(httpx.Response(429, headers={"Retry-After": "600"}), ok())
    client = limited(server, seconds=480)
    with pytest.raises(UsageError, match="--timeout 8m is too low: reading the shop needs 10m"):
        client.call(READ)
    assert server.ear.waits == []


def test_no_write_waits_longer_than_the_timeout_and_a_window() -> None:
    """A step that has begun waits for the window that was counted with it, never for more."""
    server = FakeServer(httpx.Response(429, headers={"Retry-After": "600"}), ok({"ID": "1"}))
    client = limited(server, seconds=480)
    client.writing = True
    with pytest.raises(RateLimited, match="10m1s, and --timeout 8m ends before that"):
        client.call(WRITE, {"Name": "A"})
    assert server.ear.waits == []
    server = FakeServer(status(429), ok({"ID": "1"}))
    client = limited(server, seconds=60)
    client.writing = True
    assert client.call(WRITE, {"Name": "A"}) == {"ID": "1"}


@pytest.mark.parametrize("writing", [False, True])
def test_nothing_is_repeated_after_the_timeout(writing: bool) -> None:
    server = FakeServer(slow(lambda: server, 100))
    client = limited(server, seconds=90)
    client.writing = writing
    with pytest.raises((OutcomeUnknown, UsageError)):
        client.call(READ)
    assert len(server.calls) == 1


def test_every_run_ends_after_a_day() -> None:
    server = FakeServer(slow(lambda: server, 25 * 3600))
    with pytest.raises(OutcomeUnknown):
        server.client.call(READ)
    with pytest.raises(UsageError, match="--timeout 24h is too low"):
        server.client.call(SINGLE)
    assert len(server.calls) == 1


def test_an_apply_against_a_hanging_write_ends_with_a_report(make_shop: MakeShop) -> None:
    shop = make_shop({"categories": [{"Name": f"C{n}"} for n in range(30)]})
    listed = "".join(f"  - {{name: C{n}, discontinued: true}}\n" for n in range(30))
    shop.write("categories:\n" + listed)
    plan = shop.plan()
    shop.twin.faults.add(InjectedFault("PUT", "/Category", "hang", seconds=120, times=1000))
    client = shop.client()
    shop.twin.sleep = shop.listener.sleep
    began = shop.clock()
    report = shop.apply(plan, client)
    assert shop.clock() - began < 600
    assert {outcome.status for outcome in report.outcomes} == {"unverified", "failed", "skipped"}
    assert report.stopped == (
        "no further request was sent: category.update: no answer for 4m, so it is not sent "
        "again in this run"
    )
