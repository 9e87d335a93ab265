"""`Retry-After` and the headers of the rate limit, by the command line and a shop on a socket."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.cli import console
from dealpos_reconciler.sandbox import InjectedFault
from dealpos_reconciler.sandbox.limiter import Limiter
from tests.support.program import PointAt, RunProgram

Served = tuple[str, Any]
UNAVAILABLE = "the shop is unavailable (HTTP 503)"
LIMITED = "rate limit reached (HTTP 429, also used by other integrations)"


@pytest.fixture
def shop(served: Served, point_at: PointAt) -> Any:
    """The shop on a socket, which the environment names."""
    point_at(served[0])
    return served[1]


@pytest.fixture(autouse=True)
def clock(run: RunProgram, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the program, which only its waits move."""
    now = [0.0]

    def sleep(self: console.Console, seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(console.Console, "sleep", sleep)
    monkeypatch.setattr(console.Console, "clock", lambda self: now[0])
    return now


def fault(path: str, kind: Any, told: str, method: str = "*", when: Any = "before") -> Any:
    return InjectedFault(method, path, kind, when, retry_after=told)


def waits(err: str) -> list[str]:
    """The lines that say how long nothing is sent, without the time of day."""
    return [line.partition(", until")[0] for line in err.splitlines() if ": waiting" in line]


@pytest.mark.parametrize(
    ("told", "limited", "unavailable"),
    [
        ("30", "31 s", f"{UNAVAILABLE}: waiting 31 s"),
        ("0", "1 s", f"{UNAVAILABLE}: waiting 1 s"),
        ("", "3 min", "HTTP 503, retrying: waiting 1 s"),
        ("soon", "3 min", "HTTP 503, retrying: waiting 1 s"),
        ("date", "31 s", f"{UNAVAILABLE}: waiting 31 s"),
        ("past", "1 s", f"{UNAVAILABLE}: waiting 1 s"),
    ],
)
def test_a_read_is_sent_again_after_the_time_that_the_shop_says(
    folder: Path, run: RunProgram, shop: Any, told: str, limited: str, unavailable: str
) -> None:
    dates = {"date": 30.0, "past": -1000.0}
    if told in dates:
        told = formatdate(int(time.time()) + dates[told], usegmt=True)
    shop.faults.add(fault("/Category*", "429", told))
    shop.faults.add(fault("/Outlet*", "503", told))
    ran = run("plan", folder)
    assert ran.code == 0, ran.err
    first, *others = (line.replace("30 s", "31 s") for line in waits(ran.err))  # a second passes
    assert first == f"{LIMITED}: waiting {limited}"
    assert others in ([unavailable], [])  # a pause below a second is not announced


@pytest.mark.parametrize("kind", ["429", "503"])
@pytest.mark.parametrize(
    ("told", "options", "message"),
    [
        ("600", ("--timeout", "5m"), "--timeout 5m is too low: reading the shop needs 10m"),
        ("9999999", (), "the wait would be 2777h46m40s, and a run waits at most 1h"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", (), "and a run waits at most 1h"),
    ],
)
def test_a_long_wait_ends_the_run_at_once_and_says_so(
    folder: Path, run: RunProgram, shop: Any, kind: str, told: str, options: Any, message: str
) -> None:
    shop.faults.add(fault("/Category*", kind, told))
    ran = run("plan", folder, *options)
    assert ran.code == 1
    assert message in ran.err
    assert waits(ran.err) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_that_may_have_happened_is_looked_up_after_the_time_that_the_shop_says(
    folder: Path, run: RunProgram, shop: Any, when: str
) -> None:
    shop.faults.add(fault("/Product", "503", "40", "POST", when))
    ran = run("apply", folder, "--auto-approve", "-v")
    assert ran.code == 0, ran.err
    assert f"{UNAVAILABLE}: waiting 41 s" in waits(ran.err)
    posts = [status for method, path, status in shop.calls if (method, path[-8:]) == CREATED]
    assert posts == ([503] if when == "after" else [503, 200])
    lines = [line for line in ran.err.splitlines() if " POST /Product:" in line]
    after = ran.err.splitlines().index(lines[0]) + 2
    assert " GET /Product" in ran.err.splitlines()[after]


CREATED = ("POST", "/Product")


def test_a_write_that_was_refused_by_the_limit_is_sent_again(
    folder: Path, run: RunProgram, shop: Any
) -> None:
    shop.faults.add(fault("/Product", "429", "7", "POST"))
    ran = run("apply", folder, "--auto-approve")
    assert ran.code == 0, ran.err
    assert waits(ran.err)[0] == f"{LIMITED}: waiting 8 s"


@pytest.mark.parametrize("names", ["documented", "joined", "named", "x"])
def test_the_window_of_a_shop_is_known_by_its_headers(
    folder: Path, run: RunProgram, shop: Any, clock: list[float], names: Any
) -> None:
    shop.limiter = Limiter(3, 60.0, lambda: clock[0])
    shop.choices = replace(shop.choices, limiter_header_names=names)
    ran = run("apply", folder, "--auto-approve")
    assert ran.code == 0, ran.err
    assert set(waits(ran.err)) == {"rate limit reached (3 of 3): waiting 61 s"}
    assert 429 not in [status for _, _, status in shop.calls]
