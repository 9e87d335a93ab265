"""No secret and no token in an error, a text or a reason for a wait."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.masked import SecretNumber, SecretText
from dealpos_reconciler.errors import (
    ReconcilerError,
)
from tests.support.fake_server import HTML, LOST, READ, TOKEN, FakeServer, ids, ok, status

EVERY_FAILURE = [
    *LOST,
    HTML,
    httpx.ConnectError("refused"),
    status(400, f"bad the-client-secret {TOKEN}"),
    status(500, f"bad the-client-secret {TOKEN}"),
    status(401),
    status(403),
    status(404),
    status(429),
    httpx.Response(302, headers={"location": "https://x.example/?token=the-access-token"}),
]


def texts(error: BaseException | None) -> str:
    """Everything that a traceback would print of an error and of what caused it."""
    said = ""
    while error is not None:
        said += f"{error!r} {error} {error.args} {getattr(error, 'hint', '')}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said


@pytest.mark.parametrize("at", ["token", "call"])
@pytest.mark.parametrize("answer", EVERY_FAILURE, ids=ids)
def test_no_error_holds_a_secret_or_a_token(answer: Any, at: str) -> None:
    server = FakeServer(answer) if at == "call" else FakeServer(ok(), token=answer)
    with pytest.raises(ReconcilerError) as caught:
        server.client.call(READ)
    said = texts(caught.value)
    known = ["the-client-secret", "the-client-id", *([TOKEN] if at == "call" else [])]
    for secret in known:  # a token that was never handed out cannot be recognised
        assert secret not in said


def test_neither_client_nor_store_shows_a_secret() -> None:
    server = FakeServer(ok())
    server.client.call(READ)
    shown = f"{server.client!r} {server.client.store!r} {server.client.store}"
    for secret in ("the-client-secret", "the-client-id", TOKEN):
        assert secret not in shown


def test_nothing_heard_while_waiting_holds_a_secret() -> None:
    server = FakeServer(status(500, f"token {TOKEN}"), status(429), ok())
    server.client.call(READ)
    assert TOKEN not in str(server.ear.waits)


def test_what_the_shop_says_of_an_error_is_not_repeated_while_waiting() -> None:
    """The message of a server may name a customer."""
    server = FakeServer(status(502, "Ayu Lestari"), ok())
    server.client.call("customer.list")
    assert [reason for _, reason in server.ear.waits] == ["HTTP 502, retrying"]


@pytest.mark.parametrize("code", [400, 404, 500])
def test_what_the_shop_repeats_of_a_masked_parameter_is_not_shown(code: int) -> None:
    server = FakeServer(status(code, "Coupon visit-kmg-77 for 38765 is not valid"))
    sent = {"Code": SecretText("VISIT-KMG-77", "#a91f"), "More": [SecretNumber(38765, "(from X)")]}
    with pytest.raises(ReconcilerError) as caught:
        server.client.call(READ, sent)
    said = texts(caught.value)
    assert "visit" not in said.lower()
    assert "38765" not in said
