"""Two servers on one store: one of them follows the webhooks, and the other one when that ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.sandbox.till import backoffice
from dealpos_reconciler.workflows.till import Wiring, open_till
from tests.hooks.test_notifications import NOTIFY
from tests.hooks.test_served import make_folder
from tests.serve.conftest import SECRET, TLS, TOKEN
from tests.serve.test_start import Process
from tests.support.deep import DEEP
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.skipif(not DEEP, reason="make deep runs it: half a minute for each store")

SETTINGS = (
    "hooks: {settle: 1s}\n"
    "notify: {url: '${RECONCILER_NOTIFY_URL}', on: [drifted, unknown_code]}\n"
    "provider: {store: '${RECONCILER_PROVIDER_DSN}'}\n"
)
VARIANT = {"Product": "Kopi Susu", "Code": "1003L", "UnitPrice": 1}
READS = "reconciler_hook_reads_total"


class Served:
    """One of the servers, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_folder(folder, SETTINGS)
        self.process = Process(folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")

    def post(self, path: str, body: object) -> int:
        address = f"{self.process.shop}/v1/kopi/{SECRET}/{path}"
        return httpx.post(address, json=body, verify=TLS).status_code

    def metric(self, name: str) -> float:
        token = {"Authorization": f"Bearer {TOKEN}"}
        text = httpx.get(f"{self.process.admin}/metrics", headers=token, verify=TLS).text
        return sum(float(ln.split()[1]) for ln in text.splitlines() if ln.startswith(f"{name} "))

    def kill(self) -> str:
        _, out = self.process.end(signal.SIGKILL)
        return out


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(params=["sqlite", "postgres"])
def servers(
    tmp_path: Path,
    heard: Receiver,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[list[Served]]:
    """Two servers of one shop: two folders, one store, one receiver."""
    place = str(tmp_path / "shared.db")
    if request.param == "postgres":
        place = request.getfixturevalue("postgres").new_schema()
    environment = {"PROVIDER_DSN": place, "NOTIFY_URL": f"{heard.address}/chat"}
    for name, value in environment.items():
        monkeypatch.setenv(f"RECONCILER_{name}", value)
    for name, value in NOTIFY.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        made = []
        for name in ("one", "two"):
            made.append(Served(tmp_path / name / "kopi"))
            stack.callback(made[-1].process.running.kill)
        yield made


def edit(servers: list[Served], price: str) -> None:
    """Change a price of the shop; each folder has a sandbox of its own."""
    for server in servers:
        with open_till(load(server.folder), Wiring()) as till:
            backoffice.edit(till.shop, "variant/1003L", {"UnitPrice": price})


def wait_for(is_so: Callable[[], bool], seconds: float = 40.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.timeout(180)
def test_an_event_is_read_and_told_once_by_two_servers(
    servers: list[Served], heard: Receiver
) -> None:
    wait_for(lambda: sum(server.metric("reconciler_hook_turn") for server in servers) == 1)
    first, other = sorted(servers, key=lambda s: -s.metric("reconciler_hook_turn"))
    edit(servers, "16500")
    for _ in range(2):
        assert [s.post("hook/product", VARIANT) for s in (other, first)] == [503, 200]
    heard.wait_for(1)
    # A sale may come to either of them, and both see it in the store.
    assert other.post("coupon", {"ID": "i1", "Coupon": "NOBODY"}) == 200
    wait_for(lambda: len(heard.calls) == 2)
    time.sleep(11)  # each of them has looked once more
    assert [fact["topic"] for body in heard.bodies for fact in body["data"]["facts"]] == [
        "drifted",
        "unknown_code",
    ]
    assert first.metric(READS) > 0
    assert other.metric(READS) == 0
    first.kill()
    wait_for(lambda: other.post("hook/product", VARIANT) == 200)
    heard.wait_for(3)
    assert other.metric("reconciler_hook_turn") == 1
    assert other.post("coupon", {"ID": "i2", "Coupon": "NOBODY"}) == 200
    wait_for(lambda: len(heard.calls) == 4)
    assert "invoice i2" in json.dumps(heard.bodies[3])
    code, out = other.process.end()
    assert code == 0
    events = [json.loads(line).get("event") for line in out.splitlines()]
    assert [each for each in events if each and "follows" in each] == [
        "another server follows the webhooks",
        "this server follows the webhooks",
    ]
