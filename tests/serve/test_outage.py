"""A store that goes away while tills sell, and comes back; `make outage` lets it be for long."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.provider.release import Release, dump_release
from dealpos_reconciler.core.provider.terms import Terms
from tests.serve.conftest import SECRET, TLS, TOKEN
from tests.serve.test_start import Process
from tests.support.usage import broken_invariants

SECONDS = float(os.environ.get("OUTAGE", "2"))
MANY = Terms("MANY", "Amount", 10_000, limit=100_000)
RELEASE = Release((MANY, Terms("ONCE", "Amount", 10_000, limit=1), Terms("FREE", "Amount", 1_000)))
TILLS = 4
PATIENCE = 20.0
"""Seconds in which the server must have caught up."""


@dataclass
class Sold:
    """The answers that tills got."""

    held: int = 0
    """Uses of the coupon with a limit that were promised."""
    refused: int = 0
    redeemed: set[str] = field(default_factory=set)
    slowest: float = 0.0


class Tills:
    """Tills that ask and sell at one server."""

    def __init__(self, process: Process, shop: str) -> None:
        self.base = f"{process.shop}/v1/{shop}/{SECRET}/coupon"
        self.admin = httpx.Client(
            verify=TLS, base_url=process.admin, headers={"authorization": f"Bearer {TOKEN}"}
        )
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def metric(self, name: str) -> float:
        found = [
            line.rpartition(" ")[2]
            for line in self.admin.get("/metrics").text.splitlines()
            if line.rpartition(" ")[0] == name
        ]
        return float(found[0])

    def usage(self) -> dict[str, int]:
        counts: dict[str, int] = self.admin.get("/admin/v1/state").json()["usage"]["many"]
        return counts

    def sell(self, sold: Sold, name: str, times: int | None = None) -> None:
        """Ask for a coupon with a limit and for one without; sell with the first, in any case."""
        number = 0
        with httpx.Client(verify=TLS, timeout=20) as client:
            while number != times and not self.ended.is_set():
                number += 1
                invoice, outlet = f"{name}-{number}", f"Outlet {name}"
                begun = time.monotonic()
                asked = client.post(self.base, json={"Code": "MANY", "Outlet": outlet})
                took = time.monotonic() - begun
                free = client.post(self.base, json={"Code": "FREE", "Outlet": outlet})
                assert free.status_code == 200, "it needs no store"
                sale = {"ID": invoice, "Coupon": "MANY", "Outlet": outlet, "Number": invoice}
                booked = client.post(self.base, json=sale)
                with self.lock:
                    sold.slowest = max(sold.slowest, took)
                    sold.held += asked.status_code == 200
                    sold.refused += (asked.status_code, asked.json()["Amount"]) == (503, 0)
                    if booked.status_code == 200:
                        sold.redeemed.add(invoice)

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < until
            time.sleep(0.1)


@contextlib.contextmanager
def locked(place: str, _: Any) -> Iterator[None]:
    """Another process has locked the file."""
    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def stopped(_: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database server is stopped."""
    server = request.getfixturevalue("postgres")
    server.stop()
    try:
        yield
    finally:
        server.start()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("sort", "away", "sentence"),
    [
        ("sqlite", locked, "another process has locked it"),
        ("postgres", stopped, "did not answer within 1 s"),
    ],
)
def test_a_store_that_goes_away_while_tills_sell_forgets_no_answer(
    sort: str,
    away: Any,
    sentence: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "kopi"
    folder.mkdir()
    place = str(folder / ".provider" / "provider.db")
    if sort == "postgres":
        place = request.getfixturevalue("postgres").new_schema()
        monkeypatch.setenv("RECONCILER_PROVIDER_DSN", place)
    store = "provider: {store: '${RECONCILER_PROVIDER_DSN}'}\n" if sort == "postgres" else ""
    (folder / "reconciler.yaml").write_text(f"store: {{url: sandbox}}\n{store}")
    process = Process(folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    tills = Tills(process, "kopi")
    before, during, after = Sold(), Sold(), Sold()
    try:
        put = tills.admin.put(
            "/admin/v1/release",
            json={"document": dump_release(RELEASE), "commit": "abc123"},
            headers={"If-Match": '"0"'},
        )
        assert put.status_code == 200, put.text
        once = {"Code": "ONCE", "Outlet": "Kemang"}
        assert httpx.post(tills.base, json=once, verify=TLS).status_code == 200
        tills.sell(before, "before", 5)
        assert (before.held, before.refused, len(before.redeemed)) == (5, 0, 5)
        assert (tills.admin.get("/readyz").status_code, tills.metric("reconciler_store_up")) == (
            200,
            1,
        )
        with away(place, request), ThreadPoolExecutor(TILLS) as pool:
            selling = [pool.submit(tills.sell, during, f"during {n}") for n in range(TILLS)]
            time.sleep(SECONDS)
            ready = tills.admin.get("/readyz")
            seen = [tills.metric(f"reconciler_{n}") for n in ("store_up", "spool_length")]
            tills.ended.set()
            for till in selling:
                till.result()
        assert ready.status_code == 503
        assert sentence in ready.json()["reasons"][0], ready.text
        assert seen[0] == 0
        assert seen[1] > 0
        assert (during.held, during.refused) == (0, len(during.redeemed))
        assert during.slowest < 2
        tills.wait_for(lambda: tills.admin.get("/readyz").status_code == 200)
        tills.wait_for(lambda: tills.metric("reconciler_spool_length") == 0)
        assert tills.metric("reconciler_store_up") == 1
        tills.ended.clear()
        tills.sell(after, "after", 5)
        assert (after.held, after.refused, len(after.redeemed)) == (5, 0, 5)
        redeemed = before.redeemed | during.redeemed | after.redeemed
        counts = tills.usage()
        assert counts["used"] == len(redeemed)
        again = httpx.post(tills.base, json={**once, "Outlet": "Dago"}, verify=TLS)
        assert again.status_code == 400, "it is promised"
        code, log = process.end()
        assert code == 0
        refused = [line for line in map(json.loads, log.splitlines()) if line.get("status") == 503]
        assert len(refused) == during.refused
        assert all(sentence in line["why"] for line in refused)
        assert not broken_invariants(place)
    finally:
        process.running.kill()
        with process.running:
            pass
        tills.admin.close()
    if "OUTAGE" in os.environ:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{sort}, {SECONDS:g} s away: {len(during.redeemed)} sales kept and counted,"
                f" {during.refused} questions refused, the slowest after {during.slowest:.2f} s\n"
            )
