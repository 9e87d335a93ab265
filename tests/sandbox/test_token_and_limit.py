"""Tokens and the rate limit."""

import pytest

from dealpos_reconciler.sandbox import Choices, create_app
from tests.support.sandbox_client import SandboxClient


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("path", ["/Token/OAuth2", "/Token/Oauth2", "/token/oauth2"])
def test_token_path_has_no_case(client: SandboxClient, path: str) -> None:
    body = {"ClientID": "sandbox", "ClientSecret": "sandbox", "grant_type": "client_credentials"}
    answer = client.do("POST", path, body)
    assert answer["token_type"] == "Bearer"
    assert repr(answer["expires_in"]) == "3600"


def test_a_token_is_needed_and_wrong_ones_are_refused(client: SandboxClient) -> None:
    assert client.send("GET", "/Outlet", headers={"Authorization": ""}).status_code == 401
    assert client.send("GET", "/Outlet", headers={"Authorization": "Bearer x"}).status_code == 401
    wrong = client.login(client_id="other", client_secret="sandbox")
    assert (wrong.status_code, list(wrong.json())) == (401, ["Message"])


def test_a_token_expires_by_the_clock(connect: type[SandboxClient], clock: Clock) -> None:
    client = connect(create_app(clock=clock, choices=Choices(token_lifetime=60)))
    clock.now += 59
    assert client.send("GET", "/Outlet").status_code == 200
    clock.now += 1
    assert client.send("GET", "/Outlet").status_code == 401


def test_all_tokens_can_be_revoked(client: SandboxClient) -> None:
    client.shop.revoke_tokens()
    assert client.send("GET", "/Outlet").status_code == 401


def test_other_client_credentials_can_be_set(connect: type[SandboxClient]) -> None:
    client = connect(create_app(client_id="me", client_secret="key"))
    assert client.login().status_code == 401
    assert client.login(client_id="me", client_secret="key").status_code == 200


def test_the_window_is_fixed_and_shared(connect: type[SandboxClient], clock: Clock) -> None:
    client = connect(create_app(limit=3, window=180, clock=clock))
    statuses = []
    for path in ("/Outlet", "/Product", "/Category", "/Outlet"):
        statuses.append(client.send("GET", path).status_code)
        clock.now += 40
    assert statuses == [200, 200, 200, 429]
    clock.now = 1179.9
    assert client.send("GET", "/Outlet").status_code == 429
    clock.now = 1180.0
    answer = client.send("GET", "/Outlet")
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Limit"] == "3"
    assert answer.headers["RateLimit-Remaining"] == "2"
    assert answer.headers["RateLimit-Policy"] == "3;w=180"


def test_over_the_limit_nothing_is_done(connect: type[SandboxClient], clock: Clock) -> None:
    client = connect(create_app(limit=1, clock=clock))
    client.do("POST", "/Category", {"Name": "A"})
    answer = client.send("POST", "/Category", {"Name": "B"})
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (429, "0")
    assert "Retry-After" not in answer.headers
    client.shop.limiter.clear()
    assert [row["Name"] for row in client.get("/Category")] == ["A"]


def test_no_limit_sends_no_headers(client: SandboxClient) -> None:
    assert not [name for name in client.send("GET", "/Outlet").headers if "ratelimit" in name]


def test_calls_are_recorded(client: SandboxClient) -> None:
    client.send("GET", "/Outlet", Name="x")
    client.send("GET", "/Nowhere")
    assert client.shop.calls == [
        ("POST", "/api/v3/Token/OAuth2", 200),
        ("GET", "/api/v3/Outlet", 200),
        ("GET", "/api/v3/Nowhere", 404),
    ]


def test_the_record_of_calls_is_bounded(
    client: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealpos_reconciler.sandbox.shop._CALLS_KEPT", 2)
    for _ in range(3):
        client.send("GET", "/Outlet")
    assert len(client.shop.calls) == 2
