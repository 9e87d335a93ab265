"""Planned failures: what reaches the client, and whether the shop acted."""

from typing import Any

import pytest

from dealpos_reconciler.sandbox import Faults, InjectedFault
from tests.support.sandbox_client import SandboxClient

CREATE = ("POST", "/Category", {"Name": "New"})


def created(client: SandboxClient) -> bool:
    return "New" in [row["Name"] for row in client.get("/Category")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "status"),
    [("500", 500), ("502", 502), ("503", 503), ("429", 429), ("401", 401), ("html", 200)],
)
def test_status_faults(client: SandboxClient, kind: Any, status: int, when: Any) -> None:
    client.shop.faults.add(InjectedFault("POST", "/Category", kind, when))
    assert client.send(*CREATE).status_code == status
    assert created(client) is (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "error"), [("drop", ConnectionResetError), ("timeout", TimeoutError)]
)
def test_lost_answers(client: SandboxClient, kind: Any, error: type[Exception], when: Any) -> None:
    client.shop.faults.add(InjectedFault("POST", "/Category", kind, when))
    with pytest.raises(error):
        client.send(*CREATE)
    assert client.shop.calls[-1] == ("POST", "/api/v3/Category", 0)
    assert created(client) is (when == "after")


def test_a_late_write_is_carried_out_when_its_client_has_given_up(client: SandboxClient) -> None:
    now = [0.0]
    client.shop.clock = lambda: now[0]
    client.shop.faults.add(InjectedFault("POST", "/Category", "timeout", "late", seconds=30))
    with pytest.raises(TimeoutError):
        client.send(*CREATE)
    now[0] = 29.9
    assert not created(client)
    now[0] = 30.0
    assert created(client)


def test_late_writes_may_be_hastened(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("POST", "/Category", "503", "late", seconds=30))
    assert client.send(*CREATE).status_code == 503
    client.shop.act_late(at_once=True)
    assert created(client)


def test_a_hang_waits_and_never_answers(client: SandboxClient) -> None:
    waited: list[float] = []
    client.shop.sleep = waited.append
    client.shop.faults.add(InjectedFault("GET", "/Outlet", "hang", seconds=120))
    with pytest.raises(TimeoutError):
        client.send("GET", "/Outlet")
    assert waited == [120]


def test_a_flood_is_a_list_of_small_objects(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("GET", "/Outlet", "flood", megabytes=2))
    answer = client.send("GET", "/Outlet")
    assert 2 * 2**20 - 9 < len(answer.content) < 2 * 2**20 + 9
    assert answer.json()[:2] == [{}, {}]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_truncated_answer_is_no_json(client: SandboxClient, when: Any) -> None:
    client.shop.faults.add(InjectedFault("*", "/Category", "truncated", when))
    answer = client.send(*CREATE)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r".+"):
        answer.json()
    assert created(client) is (when == "after")


def test_an_html_answer_is_html(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("GET", "/Outlet", "html"))
    assert client.send("GET", "/Outlet").text.startswith("<!DOCTYPE html>")


def test_a_delay_waits_and_serves(client: SandboxClient) -> None:
    waited: list[float] = []
    client.shop.sleep = waited.append
    client.shop.faults.add(InjectedFault("GET", "/Outlet", "delay", seconds=7.5))
    assert len(client.get("/Outlet")) == 3
    assert waited == [7.5]


def test_nth_and_times_count_the_matching_requests(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("GET", "/Outl*", "500", nth=2, times=2))
    client.get("/Category")
    statuses = [client.send("GET", "/Outlet").status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


def test_token_requests_can_fail(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("POST", "/Token/*", "503"))
    assert client.login().status_code == 503


def test_faults_can_be_cleared_and_replaced(client: SandboxClient) -> None:
    client.shop.faults.add(InjectedFault("GET", "/Outlet", "500", times=9))
    client.shop.faults.clear()
    client.get("/Outlet")
    client.shop.faults = Faults(InjectedFault("GET", "/Outlet", "500"))
    assert client.send("GET", "/Outlet").status_code == 500


def test_random_faults_repeat_with_their_seed() -> None:
    def struck(seed: int, rate: float) -> list[InjectedFault | None]:
        faults = Faults.random(seed, rate)
        return [faults.strike("GET", "/Outlet") for _ in range(200)]

    assert struck(1, 0.3) == struck(1, 0.3)
    assert struck(1, 0.3) != struck(2, 0.3)
    assert 30 < len([fault for fault in struck(1, 0.3) if fault]) < 90
    assert not any(struck(1, 0.0))
    assert all(struck(1, 1.0))


def test_a_misspelt_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'505' is none of"):
        Faults(InjectedFault("GET", "/Outlet", "505"))  # type: ignore[arg-type]


def test_a_cleared_fault_is_counted_anew(client: SandboxClient) -> None:
    fault = InjectedFault("GET", "/Outlet", "500", nth=2)
    client.shop.faults.add(fault)
    client.get("/Outlet")
    client.shop.faults.clear()
    client.shop.faults.add(fault)
    client.get("/Outlet")
    assert client.send("GET", "/Outlet").status_code == 500
