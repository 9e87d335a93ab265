"""Lines of `-v` and `-vv`: each request is named, and no value of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dealpos_reconciler.cli import log as command_log
from dealpos_reconciler.cli.console import (
    SHOWN_HEADERS,
    Console,
    RequestLog,
    format_details,
    format_line,
)
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.observer import ClientObserver, RequestRecord, parameter_names

PAGE = RequestRecord(
    operation="variant.list",
    method="POST",
    path="/Variant",
    status=200,
    seconds=0.0421,
    size=123_456,
    remaining=47,
    headers={"content-type": "application/json", "ratelimit-policy": "50;w=180"},
    parameters=("PageNumber", "PageSize"),
)


def test_a_line_names_the_request_and_what_it_cost() -> None:
    assert format_line(PAGE) == (
        "variant.list POST /Variant: 200, 42 ms, 123,456 bytes, 47 requests remaining"
    )


def test_an_answer_that_never_came_is_said_so() -> None:
    assert ": no answer, " in format_line(replace(PAGE, status=0, size=0))


def test_a_fall_back_names_what_it_stands_in_for() -> None:
    refused = replace(PAGE, status=405)
    other = replace(PAGE, method="GET")
    assert format_line(other, refused).endswith(
        "(instead of POST /Variant, which returned HTTP 405)"
    )


def test_a_new_token_names_what_asked_for_it() -> None:
    token = replace(PAGE, operation="token", path="/Token/OAuth2")
    assert format_line(token, replace(PAGE, status=401)).endswith(
        "(new token: variant.list returned HTTP 401)"
    )
    assert "new token" not in format_line(token, PAGE)


def test_the_next_request_of_another_operation_stands_in_for_nothing() -> None:
    assert "instead" not in format_line(
        PAGE, replace(PAGE, operation="outlet.list", path="/Outlet")
    )
    assert "instead" not in format_line(PAGE, PAGE)


def test_details_name_parameters_and_headers_and_show_figures_only() -> None:
    said = format_details(
        replace(
            PAGE,
            parameters=("Outlet", "ListCode[100]"),
            headers={
                "ratelimit-remaining": "47",
                "ratelimit-limit": "the-access-token",
                "location": "https://x.example/?token=the-access-token",
                "set-cookie": "session=1",
            },
        )
    )
    assert "parameters: Outlet, ListCode[100]; response headers: " in said
    assert "ratelimit-remaining 47" in said
    assert "location, ratelimit-limit, " in said
    assert "token=" not in said
    assert "the-access-token" not in said
    assert "cookie" not in said


def test_nothing_sent_and_nothing_of_interest_answered() -> None:
    assert "parameters: none; response headers: none shown" in format_details(
        replace(PAGE, parameters=(), headers={})
    )


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        (None, ()),
        ({}, ()),
        ({"Code": "A", "Variants": [1, 2]}, ("Code", "Variants[2]")),
        (["A", "B"], ("[2]",)),
    ],
)
def test_an_outline_holds_names_and_lengths(parameters: Any, names: Any) -> None:
    assert parameter_names(parameters) == names


@pytest.mark.parametrize(("verbosity", "lines"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_verbosity_counts_the_lines(
    verbosity: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    command_log.begin()
    with Console(True, verbosity) as console:
        console.on_response(PAGE)
    assert len(capsys.readouterr().err.splitlines()) == lines


def write_to(said: list[str], lowest: int = command_log.DEBUG) -> Callable[..., None]:
    def write(message: str, level: int = command_log.INFO, **fields: Any) -> None:
        if level >= lowest:
            said.append(message)

    return write


def test_requests_of_two_threads_do_not_explain_each_other() -> None:
    said: list[str] = []
    log = RequestLog(write_to(said))
    other = threading.Thread(target=log.on_response, args=[replace(PAGE, status=405)])
    other.start()
    other.join()
    log.on_response(replace(PAGE, method="GET"))
    assert "instead" not in said[-1]


def test_a_line_is_written_for_each_request_with_the_reason_for_it() -> None:
    """401, then a path that is not there, then an answer that is lost."""
    answers = iter(
        [
            httpx.Response(200, json=[]),
            httpx.Response(401),
            httpx.Response(405),
            httpx.ReadTimeout("slow"),
            httpx.Response(200, json=["row"], headers={"ratelimit-remaining": "9"}),
        ]
    )

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("OAuth2"):
            return httpx.Response(200, json={"access_token": "the-access-token"})
        given = next(answers)
        if isinstance(given, Exception):
            raise given
        return given

    said: list[str] = []
    log = RequestLog(write_to(said, command_log.DETAIL))

    class Ear(ClientObserver):
        def on_response(self, record: RequestRecord) -> None:
            log.on_response(record)

        def sleep(self, seconds: float) -> None: ...

    store = Store("https://shop.example", "the-client-id", "the-client-secret")
    client = Client(store, httpx.MockTransport(answer), Ear())
    client.call("outlet.list", {"Access": "All"})
    assert client.call("category.list", {"Discontinued": True}) == ["row"]
    requests = said[::2]
    assert [text.partition(":")[0] for text in requests] == [
        "token POST /Token/OAuth2",
        "outlet.list GET /Outlet",
        "category.list POST /Category/p",
        "token POST /Token/OAuth2",
        "category.list POST /Category/p",
        "category.list GET /Category",
        "category.list GET /Category",
    ]
    assert "401" in requests[3]
    assert "instead of POST /Category/p, which returned HTTP 405" in requests[5]
    assert "no answer" in requests[5]
    assert requests[6].endswith("7 bytes, 9 requests remaining")
    assert "parameters: Discontinued;" in said[-1]
    for secret in ("the-access-token", "the-client-id", "the-client-secret", "Bearer"):
        assert secret not in "\n".join(said)


def test_the_headers_shown_hold_no_secret_by_nature() -> None:
    assert not {"authorization", "set-cookie", "cookie"} & set(SHOWN_HEADERS)
