"""The routes of an operation: which is tried, and which is remembered."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from dealpos_reconciler.errors import (
    ApiError,
    OperationUnavailable,
    Rejected,
)
from tests.support.fake_server import DELETE, WRITES, FakeServer, ok, status


def by_path(**answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Answers by method and last step of the path: `POST_p`."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[f"{request.method}_{request.url.path.rpartition('/')[2]}"]
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return answer


@pytest.mark.parametrize("code", [404, 405, 501])
def test_a_read_moves_on_to_the_next_route_and_remembers_it(code: int) -> None:
    server = FakeServer(by_path(POST_p=status(code), GET_Category=ok(["row"])))
    assert server.client.call("category.list") == ["row"]
    assert server.client.call("category.list") == ["row"]
    assert [r.method for r in server.calls] == ["POST", "GET", "GET"]
    assert server.client.has_answered("category.list")


@pytest.mark.parametrize("code", [404, 405])
def test_a_read_without_any_route_is_not_offered(code: int) -> None:
    server = FakeServer(status(code))
    with pytest.raises(OperationUnavailable):
        server.client.call("category.list")
    assert len(server.calls) == 2
    assert not server.client.has_answered("category.list")


def test_a_read_that_has_only_501s_is_an_error_of_some_kind() -> None:
    with pytest.raises(ApiError):
        FakeServer(status(501)).client.call("category.list")


@pytest.mark.parametrize("code", [400, 403])
def test_other_refusals_do_not_try_another_route(code: int) -> None:
    server = FakeServer(status(code))
    with pytest.raises(Rejected):
        server.client.call("category.list")
    assert len(server.calls) == 1


@pytest.mark.parametrize("operation", [*WRITES, DELETE])
@pytest.mark.parametrize("code", [404, 405])
def test_a_write_never_tries_a_second_path(operation: str, code: int) -> None:
    server = FakeServer(status(code))
    with pytest.raises(Rejected):
        server.client.call(operation, {"Code": "A"})
    assert len(server.calls) == 1


def test_once_the_route_is_known_a_404_is_not_found() -> None:
    server = FakeServer(
        by_path(GET_Code=ok({"Code": "A"}), GET_Detail=ok({"Code": "never asked"})),
    )
    server.client.call("variant.by_code", {"Code": "A"})
    server.answers = [status(404, "Data not found.")]
    with pytest.raises(Rejected) as caught:
        server.client.call("variant.by_code", {"Code": "B"})
    assert not isinstance(caught.value, OperationUnavailable)
    assert [r.url.path.rpartition("/")[2] for r in server.calls] == ["Code", "Code"]


def test_before_the_route_is_known_a_404_asks_every_route() -> None:
    server = FakeServer(status(404, "Data not found."))
    with pytest.raises(Rejected) as caught:
        server.client.call("variant.by_code", {"Code": "B"})
    assert caught.value.status == 404
    assert len(server.calls) == 2
