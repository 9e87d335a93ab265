"""Requests that fail: not sent, lost, refused, or answered in another form than JSON."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.retry import MAX_ATTEMPTS
from dealpos_reconciler.errors import (
    ApiError,
    OutcomeUnknown,
    Rejected,
    StoreError,
    UnexpectedResponse,
    Unreachable,
)
from tests.support.fake_server import (
    DELETE,
    HTML,
    LOST,
    READ,
    STORE,
    WRITE,
    WRITES,
    FakeServer,
    ids,
    ok,
    status,
)


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")],
    ids=ids,
)
def test_no_connection_means_nothing_was_sent(operation: str, error: Exception) -> None:
    server = FakeServer(error)
    with pytest.raises(Unreachable) as caught:
        server.client.call(operation)
    assert caught.value.message.startswith("https://shop.example is unreachable (")
    assert "Nothing was sent" in caught.value.hint


def test_a_connection_that_comes_back_is_used() -> None:
    server = FakeServer(httpx.ConnectError("refused"), ok({"ID": "1"}))
    assert server.client.call(WRITE) == {"ID": "1"}


def test_a_refused_connection_while_authenticating_says_the_same() -> None:
    server = FakeServer(ok(), token=httpx.ConnectError("refused"))
    with pytest.raises(Unreachable):
        server.client.call(WRITE)
    assert server.calls == []


@pytest.mark.parametrize("operation", [READ, DELETE])
@pytest.mark.parametrize("answer", LOST, ids=ids)
def test_a_lost_read_or_delete_is_repeated(operation: str, answer: Any) -> None:
    server = FakeServer(answer, answer, ok(["here"]))
    assert server.client.call(operation) == ["here"]
    assert len(server.calls) == 3
    assert [reason.endswith(", retrying") for _, reason in server.ear.waits] == [True, True]


@pytest.mark.parametrize("answer", LOST, ids=ids)
def test_a_read_that_stays_lost_is_an_error_after_a_few_tries(answer: Any) -> None:
    server = FakeServer(answer)
    with pytest.raises(OutcomeUnknown):
        server.client.call(READ)
    assert len(server.calls) == MAX_ATTEMPTS


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("answer", [*LOST, HTML], ids=ids)
def test_a_lost_create_or_update_is_doubtful_and_never_repeated(
    operation: str, answer: Any
) -> None:
    server = FakeServer(answer)
    with pytest.raises(OutcomeUnknown) as caught:
        server.client.call(operation, {"Code": "A"})
    assert len(server.calls) == 1
    assert caught.value.operation == operation


def test_creates_and_updates_are_the_operations_that_are_not_repeated() -> None:
    assert {name.rpartition(".")[2] for name in WRITES} == {"create", "update", "add"}


def test_html_with_200_to_a_read_is_unreadable_with_a_hint() -> None:
    server = FakeServer(HTML)
    with pytest.raises(UnexpectedResponse) as caught:
        server.client.call(READ)
    assert "https://shop.example answered with HTML, expected JSON" in caught.value.message
    assert "proxy" in caught.value.hint


def test_html_with_200_to_a_delete_is_a_lost_answer() -> None:
    """The shop may have deleted; that is settled like any other lost answer."""
    with pytest.raises(OutcomeUnknown):
        FakeServer(HTML).client.call(DELETE, {"Code": "A"})


def test_a_write_may_be_acknowledged_in_plain_text() -> None:
    """dealpos-api.md §14 #10: success bodies are not to be parsed strictly."""
    assert FakeServer(httpx.Response(200, text="OK")).client.call(WRITE) is None


@pytest.mark.parametrize("content", [b"", b"  \r\n"])
def test_an_empty_answer_is_none(content: bytes) -> None:
    assert FakeServer(httpx.Response(200, content=content)).client.call(READ) is None


@pytest.mark.parametrize("value", ["a bare string", 5, None, {"Data": []}, [1]])
def test_any_json_is_handed_on(value: Any) -> None:
    server = FakeServer(httpx.Response(200, content=json.dumps(value)))
    assert server.client.call(WRITE) == value


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_not_followed(code: int) -> None:
    server = FakeServer(httpx.Response(code, headers={"location": "https://evil.example/api"}))
    with pytest.raises(UnexpectedResponse) as caught:
        server.client.call(READ)
    assert "redirects" in caught.value.message
    assert {r.url.host for r in server.requests} == {"shop.example"}


def test_a_403_names_the_missing_right() -> None:
    with pytest.raises(Rejected) as caught:
        FakeServer(status(403, "Products VIEW is needed")).client.call(READ)
    assert caught.value.status == 403
    assert "Products VIEW is needed" in caught.value.message
    assert "VIEW" in caught.value.hint


def test_a_refusal_carries_the_shops_message() -> None:
    with pytest.raises(Rejected) as caught:
        FakeServer(status(400, "Code is required.")).client.call(WRITE)
    assert (caught.value.status, caught.value.answer) == (400, "Code is required.")


@pytest.mark.parametrize(
    "body",
    [
        {"Message": "long " * 10_000},
        {"Message": "line\nbreak\r\n\ttab \x1b[31mred \u2028 end" * 50},
        {"Message": {"nested": ["x" * 5000]}},
        ["x" * 5000],
        "y" * 5000,
    ],
    ids=["long", "control", "nested", "list", "text"],
)
@pytest.mark.parametrize("code", [400, 403, 500])
def test_a_message_of_the_shop_is_bounded_and_on_one_line(body: Any, code: int) -> None:
    with pytest.raises(ApiError) as caught:
        FakeServer(httpx.Response(code, json=body)).client.call(WRITE)
    assert len(caught.value.message) < 400
    assert all(character.isprintable() for character in caught.value.message)


def test_a_refusal_without_json_says_that_there_is_no_message() -> None:
    with pytest.raises(Rejected, match="no message"):
        FakeServer(httpx.Response(400, text="<html>stack trace</html>")).client.call(WRITE)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "http://user:the-password@proxy.example:8080"),
        ("HTTPS_PROXY", "proxy.example:8080"),
        ("ALL_PROXY", "socks5://proxy.example:8080"),
    ],
)
def test_an_unreachable_shop_behind_a_proxy_names_the_proxy_without_its_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Unreachable) as caught:
        FakeServer(httpx.ConnectError("refused")).client.call(READ)
    assert caught.value.message == (
        "https://shop.example is unreachable through the proxy proxy.example:8080 (refused)"
    )


@pytest.mark.parametrize("operation", [READ, WRITE])
def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:the-password@proxy.example:8080")
    with pytest.raises(Unreachable) as caught:
        FakeServer(httpx.ProxyError("407 Proxy Authentication Required")).client.call(operation)
    assert caught.value.message == (
        "https://shop.example is unreachable through the proxy proxy.example:8080 "
        "(407 Proxy Authentication Required)"
    )
    assert "Nothing was sent" in str(caught.value.hint)


def test_an_unreachable_shop_that_no_proxy_excepts_names_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", "shop.example")
    with pytest.raises(Unreachable) as caught:
        FakeServer(httpx.ConnectError("refused")).client.call(READ)
    assert caught.value.message == "https://shop.example is unreachable (refused)"


def test_a_proxy_that_httpx_refuses_is_an_error_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy.example")
    with pytest.raises(StoreError, match=r"cannot set up a connection to https://shop\.example"):
        Client(STORE)
