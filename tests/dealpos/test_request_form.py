"""Requests in the form that the documentation prints."""

from __future__ import annotations

import json

import pytest

from dealpos_reconciler.dealpos.operations import OPERATIONS
from tests.support.fake_server import TOKEN, FakeServer, ok


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_get_with_a_query_has_no_body_and_no_content_type(name: str) -> None:
    server = FakeServer(ok({"access_token": TOKEN}))
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
    server = FakeServer(ok())
    server.client.call("outlet.list")
    assert str(server.requests[-1].url) == "https://shop.example/api/v3/Outlet"
    assert "content-type" not in server.requests[-1].headers
