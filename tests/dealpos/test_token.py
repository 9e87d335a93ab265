"""The bearer token: fetched once, renewed once, never counted."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from dealpos_reconciler.errors import (
    Unauthorised,
    UnexpectedResponse,
)
from tests.support.fake_server import DELETE, HTML, READ, TOKEN, WRITE, FakeServer, ok, status


def test_a_token_is_fetched_once_for_many_requests() -> None:
    server = FakeServer(ok())
    for _ in range(5):
        server.client.call(READ)
    assert server.ear.operations == ["token", *[READ] * 5]
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in server.calls)


def test_the_token_request_holds_the_credentials_and_no_authorization() -> None:
    server = FakeServer(ok())
    server.client.call(READ)
    request = server.requests[0]
    assert (request.method, request.url.path) == ("POST", "/api/v3/Token/OAuth2")
    assert json.loads(request.content) == {
        "client_id": "the-client-id",
        "client_secret": "the-client-secret",
    }
    assert "authorization" not in request.headers


def test_token_requests_are_not_counted_as_requests_of_the_plan() -> None:
    server = FakeServer(ok())
    server.client.call(READ)
    assert server.client.requests == 1


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
def test_a_401_in_the_middle_authenticates_once_more(operation: str) -> None:
    server = FakeServer(ok(), status(401), ok({"ID": "1"}))
    server.client.call(READ)
    assert server.client.call(operation) == {"ID": "1"}
    assert server.ear.operations == ["token", READ, operation, "token", operation]


def test_a_second_401_after_a_new_token_is_an_error() -> None:
    server = FakeServer(ok(), status(401))
    server.client.call(READ)
    with pytest.raises(Unauthorised):
        server.client.call(READ)
    assert server.ear.operations.count("token") == 2


def test_a_401_to_the_first_request_is_an_error_at_once() -> None:
    server = FakeServer(status(401))
    with pytest.raises(Unauthorised) as caught:
        server.client.call(READ)
    assert "DEALPOS_CLIENT_ID" in caught.value.hint
    assert server.ear.operations == ["token", READ]


@pytest.mark.parametrize("code", [400, 401, 403])
def test_bad_credentials_are_one_clear_error(code: int) -> None:
    server = FakeServer(ok(), token=status(code, "invalid client the-client-secret"))
    with pytest.raises(Unauthorised) as caught:
        server.client.call(READ)
    assert "does not accept the credentials" in caught.value.message
    assert "DEALPOS_CLIENT_SECRET" in caught.value.hint
    assert server.ear.operations == ["token"]


@pytest.mark.parametrize(
    "token",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": 5}),
        httpx.Response(200, json=[]),
        httpx.Response(200, text=""),
        HTML,
        httpx.Response(301, headers={"location": "https://elsewhere.example/"}),
    ],
    ids=lambda r: r.text[:12] or str(r.status_code),
)
def test_a_token_answer_without_a_token_is_unreadable(token: httpx.Response) -> None:
    with pytest.raises(UnexpectedResponse):
        FakeServer(ok(), token=token).client.call(READ)


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [(3600, 3600.0), (0, 0.0), (90.5, 90.5), (None, None), ("soon", None), (-1, None)],
)
def test_the_lifetime_of_a_token_is_what_the_shop_says(told: Any, lifetime: float | None) -> None:
    token = httpx.Response(200, json={"access_token": TOKEN, "expires_in": told})
    server = FakeServer(ok(), token=token)
    assert server.client.lifetime is None
    server.client.call(READ)
    assert server.client.lifetime == lifetime


def test_a_token_request_whose_answer_is_lost_is_repeated() -> None:
    failing = iter([httpx.ReadTimeout("slow"), None])

    def token(request: httpx.Request) -> httpx.Response:
        if error := next(failing):
            raise error
        return httpx.Response(200, json={"access_token": TOKEN})

    server = FakeServer(ok(), token=token)
    assert server.client.call(READ) == []
