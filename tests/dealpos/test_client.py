"""The door to a shop: tokens, the window, repeats, routes, and errors without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reconciler.core.model.store import Store
from reconciler.dealpos.client import Client
from reconciler.dealpos.observer import ClientObserver
from reconciler.dealpos.operations import OPERATIONS
from reconciler.dealpos.retry import MAX_ATTEMPTS
from reconciler.errors import (
    ApiError,
    OperationUnavailable,
    OutcomeUnknown,
    RateLimited,
    ReconcilerError,
    Rejected,
    Stopped,
    Unauthorised,
    UnexpectedResponse,
    Unreachable,
)

STORE = Store("https://shop.example", "the-client-id", "the-client-secret")
TOKEN = "the-access-token"
HTML = httpx.Response(200, text="<!DOCTYPE html><html>Sorry</html>")


@dataclass
class Ear(ClientObserver):
    """A clock that sleeping moves, and what was heard."""

    now: float = 0.0
    operations: list[str] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)

    def on_request(self, operation: str) -> None:
        self.operations.append(operation)

    def on_wait(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers with what it was given, one after the other; the last answer repeats."""

    def __init__(self, *answers: Answer, token: Answer | None = None) -> None:
        self.answers = list(answers)
        self.token = token or httpx.Response(200, json={"access_token": TOKEN, "expires_in": 3600})
        self.requests: list[httpx.Request] = []
        self.ear = Ear()
        self.client = Client(STORE, httpx.MockTransport(self._handle), self.ear, self.ear.clock)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.lower().endswith("/token/oauth2"):
            answer = self.token
        else:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        # A response object can be sent once only.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def calls(self) -> list[httpx.Request]:
        """The requests that were not for a token."""
        return [r for r in self.requests if not r.url.path.endswith("OAuth2")]


def ok(value: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(200, json=[] if value is None else value, headers=named)


def status(code: int, said: str = "no") -> httpx.Response:
    return httpx.Response(code, json={"Message": said})


READ, WRITE, DELETE = "category.list", "category.create", "coupon.delete"
LOST = [
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("closed"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken"),
    ConnectionResetError("reset"),
    status(500),
    status(502),
    status(503),
    httpx.Response(200, text='{"ID": "0", "Da', headers={"content-type": "application/json"}),
]


def ids(value: Any) -> str:
    if isinstance(value, httpx.Response):
        return f"{value.status_code}-{value.text[:8]}"
    return type(value).__name__


# --- tokens ---


def test_a_token_is_fetched_once_for_many_requests() -> None:
    server = Server(ok())
    for _ in range(5):
        server.client.call(READ)
    assert server.ear.operations == ["token", *[READ] * 5]
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in server.calls)


def test_the_token_request_holds_the_credentials_and_no_authorization() -> None:
    server = Server(ok())
    server.client.call(READ)
    request = server.requests[0]
    assert (request.method, request.url.path) == ("POST", "/api/v3/Token/OAuth2")
    assert json.loads(request.content) == {
        "client_id": "the-client-id",
        "client_secret": "the-client-secret",
    }
    assert "authorization" not in request.headers


def test_token_requests_are_not_counted_as_requests_of_the_plan() -> None:
    server = Server(ok())
    server.client.call(READ)
    assert server.client.requests == 1


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
def test_a_401_in_the_middle_authenticates_once_more(operation: str) -> None:
    server = Server(ok(), status(401), ok({"ID": "1"}))
    server.client.call(READ)
    assert server.client.call(operation) == {"ID": "1"}
    assert server.ear.operations == ["token", READ, operation, "token", operation]


def test_a_second_401_after_a_new_token_is_an_error() -> None:
    server = Server(ok(), status(401))
    server.client.call(READ)
    with pytest.raises(Unauthorised):
        server.client.call(READ)
    assert server.ear.operations.count("token") == 2


def test_a_401_to_the_first_request_is_an_error_at_once() -> None:
    server = Server(status(401))
    with pytest.raises(Unauthorised) as caught:
        server.client.call(READ)
    assert "DEALPOS_CLIENT_ID" in caught.value.hint
    assert server.ear.operations == ["token", READ]


@pytest.mark.parametrize("code", [400, 401, 403])
def test_bad_credentials_are_one_clear_error(code: int) -> None:
    server = Server(ok(), token=status(code, "invalid client the-client-secret"))
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
        Server(ok(), token=token).client.call(READ)


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [(3600, 3600.0), (0, 0.0), (90.5, 90.5), (None, None), ("soon", None), (-1, None)],
)
def test_the_lifetime_of_a_token_is_what_the_shop_says(told: Any, lifetime: float | None) -> None:
    token = httpx.Response(200, json={"access_token": TOKEN, "expires_in": told})
    server = Server(ok(), token=token)
    assert server.client.lifetime is None
    server.client.call(READ)
    assert server.client.lifetime == lifetime


def test_a_token_request_whose_answer_is_lost_is_repeated() -> None:
    failing = iter([httpx.ReadTimeout("slow"), None])

    def token(request: httpx.Request) -> httpx.Response:
        if error := next(failing):
            raise error
        return httpx.Response(200, json={"access_token": TOKEN})

    server = Server(ok(), token=token)
    assert server.client.call(READ) == []


# --- the window ---


def test_the_fifty_first_request_waits_for_a_new_window() -> None:
    server = Server(ok())
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

    server = Server(answer)
    for _ in range(150):
        server.client.call(READ)
    assert server.ear.waits == []


def test_a_429_is_waited_out_for_a_full_window() -> None:
    server = Server(status(429), ok())
    assert server.client.call(READ) == []
    assert [round(seconds) for seconds, _ in server.ear.waits] == [181]
    assert "429" in server.ear.waits[0][1]


def test_a_429_with_retry_after_waits_as_told() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "12"}), ok())
    server.client.call(READ)
    assert [round(seconds) for seconds, _ in server.ear.waits] == [13]


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
@pytest.mark.parametrize("answer", [httpx.Response(429), httpx.Response(429, text="<html>")])
def test_three_429s_are_throttled(operation: str, answer: httpx.Response) -> None:
    server = Server(answer)
    with pytest.raises(RateLimited) as caught:
        server.client.call(operation)
    assert len(server.calls) == 3
    assert caught.value.hint


def test_a_write_after_a_429_is_sent_again_because_it_was_not_accepted() -> None:
    server = Server(status(429), ok({"ID": "1"}))
    assert server.client.call(WRITE, {"Name": "A"}) == {"ID": "1"}
    assert len(server.calls) == 2


def test_a_stop_ends_a_wait() -> None:
    server = Server(ok(RateLimit_Remaining="0"))
    server.client.call(READ)

    def stop(seconds: float) -> None:
        raise Stopped("interrupted by Ctrl-C")

    server.ear.sleep = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        server.client.call(READ)
    assert len(server.calls) == 1


# --- what was not sent, and what was lost ---


@pytest.mark.parametrize("operation", [READ, WRITE, DELETE])
@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")],
    ids=ids,
)
def test_no_connection_means_nothing_was_sent(operation: str, error: Exception) -> None:
    server = Server(error)
    with pytest.raises(Unreachable) as caught:
        server.client.call(operation)
    assert caught.value.message.startswith("https://shop.example is unreachable (")
    assert "Nothing was sent" in caught.value.hint


def test_a_connection_that_comes_back_is_used() -> None:
    server = Server(httpx.ConnectError("refused"), ok({"ID": "1"}))
    assert server.client.call(WRITE) == {"ID": "1"}


def test_a_refused_connection_while_authenticating_says_the_same() -> None:
    server = Server(ok(), token=httpx.ConnectError("refused"))
    with pytest.raises(Unreachable):
        server.client.call(WRITE)
    assert server.calls == []


@pytest.mark.parametrize("operation", [READ, DELETE])
@pytest.mark.parametrize("answer", LOST, ids=ids)
def test_a_lost_read_or_delete_is_repeated(operation: str, answer: Any) -> None:
    server = Server(answer, answer, ok(["here"]))
    assert server.client.call(operation) == ["here"]
    assert len(server.calls) == 3
    assert [reason.endswith(", retrying") for _, reason in server.ear.waits] == [True, True]


@pytest.mark.parametrize("answer", LOST, ids=ids)
def test_a_read_that_stays_lost_is_an_error_after_a_few_tries(answer: Any) -> None:
    server = Server(answer)
    with pytest.raises(OutcomeUnknown):
        server.client.call(READ)
    assert len(server.calls) == MAX_ATTEMPTS


WRITES = [name for name, operation in OPERATIONS.items() if not operation.repeatable]


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("answer", [*LOST, HTML], ids=ids)
def test_a_lost_create_or_update_is_doubtful_and_never_repeated(
    operation: str, answer: Any
) -> None:
    server = Server(answer)
    with pytest.raises(OutcomeUnknown) as caught:
        server.client.call(operation, {"Code": "A"})
    assert len(server.calls) == 1
    assert caught.value.operation == operation


def test_creates_and_updates_are_the_operations_that_are_not_repeated() -> None:
    assert {name.rpartition(".")[2] for name in WRITES} == {"create", "update", "add"}


def test_html_with_200_to_a_read_is_unreadable_with_a_hint() -> None:
    server = Server(HTML)
    with pytest.raises(UnexpectedResponse) as caught:
        server.client.call(READ)
    assert "https://shop.example answered with HTML, expected JSON" in caught.value.message
    assert "proxy" in caught.value.hint


def test_html_with_200_to_a_delete_is_a_lost_answer() -> None:
    """The shop may have deleted; that is settled like any other lost answer."""
    with pytest.raises(OutcomeUnknown):
        Server(HTML).client.call(DELETE, {"Code": "A"})


def test_a_write_may_be_acknowledged_in_plain_text() -> None:
    """dealpos-api.md §14 #10: success bodies are not to be parsed strictly."""
    assert Server(httpx.Response(200, text="OK")).client.call(WRITE) is None


@pytest.mark.parametrize("content", [b"", b"  \r\n"])
def test_an_empty_answer_is_none(content: bytes) -> None:
    assert Server(httpx.Response(200, content=content)).client.call(READ) is None


@pytest.mark.parametrize("value", ["a bare string", 5, None, {"Data": []}, [1]])
def test_any_json_is_handed_on(value: Any) -> None:
    server = Server(httpx.Response(200, content=json.dumps(value)))
    assert server.client.call(WRITE) == value


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_not_followed(code: int) -> None:
    server = Server(httpx.Response(code, headers={"location": "https://evil.example/api"}))
    with pytest.raises(UnexpectedResponse) as caught:
        server.client.call(READ)
    assert "redirects" in caught.value.message
    assert {r.url.host for r in server.requests} == {"shop.example"}


def test_a_403_names_the_missing_right() -> None:
    with pytest.raises(Rejected) as caught:
        Server(status(403, "Products VIEW is needed")).client.call(READ)
    assert caught.value.status == 403
    assert "Products VIEW is needed" in caught.value.message
    assert "VIEW" in caught.value.hint


def test_a_refusal_carries_the_shops_message() -> None:
    with pytest.raises(Rejected) as caught:
        Server(status(400, "Code is required.")).client.call(WRITE)
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
        Server(httpx.Response(code, json=body)).client.call(WRITE)
    assert len(caught.value.message) < 400
    assert all(character.isprintable() for character in caught.value.message)


def test_a_refusal_without_json_says_that_there_is_no_message() -> None:
    with pytest.raises(Rejected, match="no message"):
        Server(httpx.Response(400, text="<html>stack trace</html>")).client.call(WRITE)


# --- routes ---


def by_path(**answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Answers by method and last step of the path: `POST_p`."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[f"{request.method}_{request.url.path.rpartition('/')[2]}"]
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return answer


@pytest.mark.parametrize("code", [404, 405, 501])
def test_a_read_moves_on_to_the_next_route_and_remembers_it(code: int) -> None:
    server = Server(by_path(POST_p=status(code), GET_Category=ok(["row"])))
    assert server.client.call("category.list") == ["row"]
    assert server.client.call("category.list") == ["row"]
    assert [r.method for r in server.calls] == ["POST", "GET", "GET"]
    assert server.client.has_answered("category.list")


@pytest.mark.parametrize("code", [404, 405])
def test_a_read_without_any_route_is_not_offered(code: int) -> None:
    server = Server(status(code))
    with pytest.raises(OperationUnavailable):
        server.client.call("category.list")
    assert len(server.calls) == 2
    assert not server.client.has_answered("category.list")


def test_a_read_that_has_only_501s_is_an_error_of_some_kind() -> None:
    with pytest.raises(ApiError):
        Server(status(501)).client.call("category.list")


@pytest.mark.parametrize("code", [400, 403])
def test_other_refusals_do_not_try_another_route(code: int) -> None:
    server = Server(status(code))
    with pytest.raises(Rejected):
        server.client.call("category.list")
    assert len(server.calls) == 1


@pytest.mark.parametrize("operation", [*WRITES, DELETE])
@pytest.mark.parametrize("code", [404, 405])
def test_a_write_never_tries_a_second_path(operation: str, code: int) -> None:
    server = Server(status(code))
    with pytest.raises(Rejected):
        server.client.call(operation, {"Code": "A"})
    assert len(server.calls) == 1


def test_once_the_route_is_known_a_404_is_not_found() -> None:
    server = Server(
        by_path(GET_Code=ok({"Code": "A"}), GET_Detail=ok({"Code": "never asked"})),
    )
    server.client.call("variant.by_code", {"Code": "A"})
    server.answers = [status(404, "Data not found.")]
    with pytest.raises(Rejected) as caught:
        server.client.call("variant.by_code", {"Code": "B"})
    assert not isinstance(caught.value, OperationUnavailable)
    assert [r.url.path.rpartition("/")[2] for r in server.calls] == ["Code", "Code"]


def test_before_the_route_is_known_a_404_asks_every_route() -> None:
    server = Server(status(404, "Data not found."))
    with pytest.raises(Rejected) as caught:
        server.client.call("variant.by_code", {"Code": "B"})
    assert caught.value.status == 404
    assert len(server.calls) == 2


# --- requests as the documentation has them ---


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_get_with_a_query_has_no_body_and_no_content_type(name: str) -> None:
    server = Server(ok({"access_token": TOKEN}))
    operation = OPERATIONS[name]
    for route in operation.routes:
        server.client.routes.record(operation, route)
        server.client.call(name, {"Code": "A B&c", "PageSize": 500})
        request = server.requests[-1]
        assert request.method == route.method
        assert request.url.path == f"/api/v3{route.path}"
        query = {"Code": "A B&c", "PageSize": "500"} if route.query else {}
        assert dict(request.url.params) == query
        if route.body:
            assert json.loads(request.content) == {"Code": "A B&c", "PageSize": 500}
            assert request.headers["content-type"] == "application/json"
        else:
            assert request.content == b""
            assert "content-type" not in request.headers


def test_a_read_without_parameters_sends_no_query() -> None:
    server = Server(ok())
    server.client.call("outlet.list")
    assert str(server.requests[-1].url) == "https://shop.example/api/v3/Outlet"
    assert "content-type" not in server.requests[-1].headers


# --- secrets ---

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
    server = Server(answer) if at == "call" else Server(ok(), token=answer)
    with pytest.raises(ReconcilerError) as caught:
        server.client.call(READ)
    said = texts(caught.value)
    known = ["the-client-secret", "the-client-id", *([TOKEN] if at == "call" else [])]
    for secret in known:  # a token that was never handed out cannot be recognised
        assert secret not in said


def test_neither_client_nor_store_shows_a_secret() -> None:
    server = Server(ok())
    server.client.call(READ)
    shown = f"{server.client!r} {server.client.store!r} {server.client.store}"
    for secret in ("the-client-secret", "the-client-id", TOKEN):
        assert secret not in shown


def test_nothing_heard_while_waiting_holds_a_secret() -> None:
    server = Server(status(500, f"token {TOKEN}"), status(429), ok())
    server.client.call(READ)
    assert TOKEN not in str(server.ear.waits)


def test_what_the_shop_says_of_an_error_is_not_repeated_while_waiting() -> None:
    """It may name a customer."""
    server = Server(status(502, "Ayu Lestari"), ok())
    server.client.call("customer.list")
    assert [reason for _, reason in server.ear.waits] == ["HTTP 502, retrying"]
