"""The admin listener: health, metrics, state, and publishing a release while tills ask."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dealpos_reconciler.serve import admin
from tests.serve.conftest import SECRET, TOKEN, Running

Serve = Callable[..., Running]
GUARDED = ("/metrics", "/admin/v1/state")


def test_all_but_health_demands_the_token(served: Running) -> None:
    for path in GUARDED:
        for header in ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN):
            answer = served.admin.get(path, headers={"authorization": header})
            assert answer.status_code == 401, (path, header)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json() == {"Message": "the bearer token is missing or wrong"}
        answer = served.admin.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    refused = served.admin.put("/admin/v1/release", headers={"authorization": "Bearer no"})
    assert refused.status_code == 401
    for path in ("/healthz", "/readyz"):
        assert served.admin.get(path, headers={"authorization": ""}).status_code == 200


def test_the_shop_listener_has_no_admin_page_and_the_other_way_round(served: Running) -> None:
    for path in ("/healthz", "/readyz", *GUARDED):
        assert (
            served.shop.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404
        )
    assert served.admin.post(f"{served.base}/coupon", json={}).status_code == 404


def test_a_server_without_a_release_runs_and_is_not_ready(serve: Serve) -> None:
    served = serve()
    assert served.admin.get("/healthz").json() == {"status": "ok"}
    answer = served.admin.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["no release is published"]
    assert served.ask().status_code == 400
    state = served.admin.get("/admin/v1/state")
    assert state.json()["release"] is None
    assert state.headers["etag"] == '"0"'


def test_a_release_is_published_after_the_one_that_was_read(served: Running) -> None:
    state = served.admin.get("/admin/v1/state")
    assert state.headers["etag"] == '"1"'
    assert state.json()["release"].items() >= {"number": 1, "document": "KOPI"}.items()
    assert state.json()["settled"] == "2027-03-20T00:00:00Z"
    assert state.json()["usage"] == {
        "lebaran25": {"used": 431, "held": 3, "flagged": 1},
        "visit-2027": {"used": 1, "held": 0, "flagged": 0},
    }
    answer = served.publish("TEH", previous=1)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json().items() >= {"number": 2, "commit": "abc123"}.items()
    assert served.ask(json={"Code": "TEH"}).status_code == 200
    assert served.ask(json={"Code": "KOPI"}).status_code == 400


def test_a_release_that_another_has_overtaken_is_refused(served: Running) -> None:
    answer = served.publish("TEH", previous=0)
    assert answer.status_code == 412
    assert "published meanwhile" in answer.json()["Message"]
    assert served.ask().status_code == 200


@pytest.mark.parametrize("header", [None, "", "*", '"x"', 'W/"1"', '"99999999999999"'])
def test_a_release_without_its_predecessor_is_refused(served: Running, header: str | None) -> None:
    headers = {} if header is None else {"If-Match": header}
    answer = served.admin.put("/admin/v1/release", json={"document": "TEH"}, headers=headers)
    assert answer.status_code == 428
    assert "If-Match" in answer.json()["Message"]


@pytest.mark.parametrize("sent", [b"", b"[]", b"{}", b'{"document": 1}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_release_is_refused(served: Running, sent: bytes) -> None:
    headers = {"If-Match": '"1"'}
    assert served.admin.put("/admin/v1/release", content=sent, headers=headers).status_code == 400


def test_a_release_that_is_too_long_is_refused(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "MAX_RELEASE_BYTES", 1024)
    assert served.publish("x" * 2000, previous=1).status_code == 413


def test_a_release_that_does_not_load_is_refused_when_it_is_published(served: Running) -> None:
    answer = served.publish("broken", previous=1)
    assert (answer.status_code, answer.json()) == (422, {"Message": "release 2 is damaged"})
    assert len(served.store.releases) == 1
    assert served.ask().status_code == 200


def test_a_published_release_that_does_not_load_leaves_the_old_one_in_service(
    served: Running,
) -> None:
    now = served.store.releases[-1].published
    asyncio.run(served.store.publish("broken", "", "abc123", 1, now))
    deadline = time.monotonic() + 5
    while served.metric("reconciler_release_refused") != 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert served.metric("reconciler_release_refused") == 1
    assert served.ask().status_code == 200
    assert served.metric("reconciler_release_number") == 1
    state = served.admin.get("/admin/v1/state").json()
    assert (state["served"], state["release"]["number"]) == (1, 2)
    assert state["refused"] == "release 2 cannot be loaded: release 2 is damaged"
    assert served.publish("TEH", previous=2).status_code == 200
    assert served.metric("reconciler_release_refused") == 0
    refused = [line for line in served.stopped() if line.get("event") == "release refused"]
    assert [(line["level"], line["release"]) for line in refused] == [("error", 2)]


def test_no_request_is_refused_while_releases_change(served: Running) -> None:
    ended = threading.Event()

    def ask() -> set[int]:
        seen = set()
        while not ended.is_set():
            seen.add(served.ask().status_code)
        return seen

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for previous in range(1, 6):
            assert served.publish("KOPI", previous=previous).status_code == 200
        ended.set()
        assert {status for one in asking for status in one.result()} == {200}


def test_the_store_goes_away_and_comes_back(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "_REMEMBER_SECONDS", 0.0)
    assert served.admin.get("/readyz").status_code == 200
    served.store.gone = True
    answer = served.admin.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the store did not answer"])
    assert served.metric("reconciler_store_up") == 0
    assert served.admin.get("/admin/v1/state").status_code == 503
    assert served.publish("TEH", previous=1).status_code == 503
    served.store.gone = False
    assert served.admin.get("/readyz").json() == {"status": "ready", "reasons": []}
    assert served.metric("reconciler_store_up") == 1


def test_metrics_count_answers_and_show_the_uses_of_each_coupon(served: Running) -> None:
    served.ask()
    served.ask(json={"Code": "OTHER"})
    served.ask("coupon/redeem")
    served.shop.post("/v1/kopi/wrong/coupon")
    for name, value in {
        'reconciler_validate_total{answer="yes",reason=""}': 1,
        'reconciler_validate_total{answer="no",reason="unknown"}': 1,
        "reconciler_validate_seconds_count": 2,
        'reconciler_redeem_total{result="counted"}': 1,
        'reconciler_denied_total{reason="secret"}': 1,
        'reconciler_coupon_used{code="lebaran25"}': 431,
        'reconciler_coupon_held{code="lebaran25"}': 3,
        'reconciler_coupon_limit{code="lebaran25"}': 500,
        'reconciler_coupon_used{code="visit-2027"}': 1,
        "reconciler_release_number": 1,
        "reconciler_last_settle_timestamp_seconds": 1_805_500_800,
        "reconciler_spool_length": 3,
    }.items():
        assert served.metric(name) == value, name
    text = served.admin.get("/metrics").text
    assert "visit-2027/17" not in text
    assert SECRET not in text


def test_a_further_page_demands_the_token_too(serve: Serve) -> None:
    async def board(request: Request) -> Response:
        return HTMLResponse("<h1>Board</h1>")

    served = serve(pages={"/board": board})
    page = served.admin.get("/board")
    assert (page.text, page.headers["cache-control"]) == ("<h1>Board</h1>", "no-store")
    assert served.admin.get("/board", headers={"authorization": ""}).status_code == 401
