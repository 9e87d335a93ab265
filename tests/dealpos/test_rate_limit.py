"""The rate limit: waits for a new window, HTTP 429, and a stop during a wait."""

from __future__ import annotations

import httpx
import pytest

from dealpos_reconciler.errors import (
    RateLimited,
    Stopped,
)
from tests.support.fake_server import DELETE, READ, WRITE, FakeServer, ok, status


def test_the_fifty_first_request_waits_for_a_new_window() -> None:
    server = FakeServer(ok())
    for _ in range(60):
        server.client.call(READ)
    # the token counts here: whether it does at the shop is undocumented
    assert len(server.ear.waits) == 1
    seconds, reason = server.ear.waits[0]
    assert seconds >= 180
    assert reason == "rate limit reached (50 of 50)"


def test_headers_rule_the_window() -> None:
    left = iter(range(199, 0, -1))

    def answer(request: httpx.Request) -> httpx.Response:
        return ok(RateLimit_Policy="200;w=60", RateLimit_Remaining=str(next(left)))

    server = FakeServer(answer)
    for _ in range(150):
        server.client.call(READ)
    assert server.ear.waits == []


def test_a_429_is_waited_out_for_a_full_window() -> None:
    server = FakeServer(status(429), ok())
    assert server.client.call(READ) == []
    assert [round(seconds) for seconds, _ in server.ear.waits] == [181]
    assert "429" in server.ear.waits[0][1]


def test_a_429_with_retry_after_waits_as_told() -> None:
    server = FakeServer(httpx.Response(429, headers={"Retry-After": "12"}), ok())
    server.client.call(READ)
    assert [round(seconds) for seconds, _ in server.ear.waits] == [13]


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
@pytest.mark.parametrize("answer", [httpx.Response(429), httpx.Response(429, text="<html>")])
def test_three_429s_are_throttled(operation: str, answer: httpx.Response) -> None:
    server = FakeServer(answer)
    with pytest.raises(RateLimited) as caught:
        server.client.call(operation)
    assert len(server.calls) == 3
    assert caught.value.hint


def test_a_write_after_a_429_is_sent_again_because_it_was_not_accepted() -> None:
    server = FakeServer(status(429), ok({"ID": "1"}))
    assert server.client.call(WRITE, {"Name": "A"}) == {"ID": "1"}
    assert len(server.calls) == 2


def test_a_stop_ends_a_wait() -> None:
    server = FakeServer(ok(RateLimit_Remaining="0"))
    server.client.call(READ)

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    server.ear.sleep = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        server.client.call(READ)
    assert len(server.calls) == 1
