"""The shop behind a real socket, and what the web server around it answers."""

import threading
from typing import Any

import httpx
import pytest

from dealpos_reconciler.sandbox import app as server
from tests.support.sandbox_client import SandboxClient


def test_the_shop_is_served_over_http(
    client: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = server.listen(client.app, "127.0.0.1", 0)
    monkeypatch.setattr(server, "listen", lambda app, host, port: listening)
    thread = threading.Thread(target=server.serve, args=(client.app, "127.0.0.1", 0))
    thread.start()
    base = f"http://127.0.0.1:{listening.effective_port}/api/v3"
    headers = {"Authorization": client.http.headers["Authorization"]}
    try:
        with httpx.Client(base_url=base, headers=headers, trust_env=False) as http:
            assert len(http.get("/Outlet").json()) == 3
            with_body = http.request("GET", "/Variant/GetByListCode", json={"ListCode": ["1003L"]})
            assert [row["Code"] for row in with_body.json()["Data"]] == ["1003L"]
    finally:
        # In this order: busy workers pull the trigger, and only the server's own thread may close.
        listening.task_dispatcher.shutdown()
        listening.trigger.pull_trigger(listening.close)
        thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "request_",
    [("GET", "/Nowhere"), ("POST", "/Token/Secret"), ("POST", "/Outlets/All"), ("GET", "/A/B/C")],
)
def test_an_unknown_route_is_answered_with_html(
    client: SandboxClient, request_: tuple[str, str]
) -> None:
    answer = client.send(*request_)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_root_is_no_part_of_the_api(client: SandboxClient) -> None:
    assert client.http.get("/").status_code == 404
    assert len(client.shop.calls) == 1


def test_an_unforeseen_error_is_a_500_with_a_stack_trace(
    client: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("no shelf")

    monkeypatch.setattr(client.shop.store, "page", broken)
    answer = client.send("GET", "/Outlet")
    assert answer.status_code == 500
    assert answer.json()["Message"] == "no shelf"
    assert "RuntimeError" in answer.json()["StackTrace"]


def test_a_body_that_is_no_json_is_refused(client: SandboxClient) -> None:
    answer = client.http.post("/api/v3/Category", content=b"{")
    assert (answer.status_code, answer.json()) == (400, {"Message": "The body is not valid JSON."})


def test_a_write_does_not_read_its_query(client: SandboxClient) -> None:
    assert client.refused("DELETE", "/PromotionCoupon", Code="TEN") == "Code is required."
