"""`--on`: the shops run on the workers of a real Dask cluster, each in a clone of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealpos_reconciler import sandbox
from tests.support.deep import DEEP
from tests.support.fleets import states
from tests.support.program import SECRET
from tests.support.served_fleet import ServedFleet, children_of, serve_fleet

pytest.importorskip("distributed", reason="the extra `fleet` is not installed")
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DEEP, reason="make deep runs it: it starts many processes"),
]
NAMES = ("bandung", "jakarta-1", "jakarta-2")


class Cluster:
    """A scheduler and two workers, as processes."""

    def __init__(self, served: ServedFleet) -> None:
        self.served = served
        self.started: list[subprocess.Popen[bytes]] = []
        self.note = served.home / "scheduler.json"
        self.secrets = {k: v for k, v in served.fleet.environment.items() if v == SECRET}
        # Only the workers have the credentials of the shops.
        for name in self.secrets:
            del served.fleet.environment[name]
        self.start("scheduler", "--port", "0", "--scheduler-file", str(self.note))
        end = time.monotonic() + 60
        while not self.note.exists() and time.monotonic() < end:
            time.sleep(0.1)
        self.address = json.loads(self.note.read_text(encoding="utf-8"))["address"]
        self.workers = [self.add_worker(name) for name in ("worker-1", "worker-2")]

    def start(self, *words: str, cwd: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
        environment = {**self.served.fleet.environment, **more}
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--no-dashboard", "--host", "127.0.0.1"],
            cwd=cwd,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def add_worker(self, name: str) -> subprocess.Popen[bytes]:
        clone = self.served.clone(name)
        words = ("worker", self.address, "--nthreads", "2", "--no-nanny", "--name", name)
        return self.start(*words, cwd=clone, **self.secrets)

    def pull(self) -> None:
        """Bring the workers to the newest commit."""
        for name in ("worker-1", "worker-2"):
            self.served.fleet.git("-C", f"../{name}", "pull", "--quiet")

    def stop(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with serve_fleet(tmp_path, NAMES) as served:
        cluster = Cluster(served)
        try:
            yield cluster
        finally:
            cluster.stop()


def prices(served: ServedFleet, name: str) -> list[int]:
    document = sandbox.show(served.home / f"{name}.db")
    return sorted(v["UnitPrice"] for p in document["products"] for v in p["Variants"])


def test_a_fleet_is_planned_and_applied_on_workers(cluster: Cluster) -> None:
    served = cluster.served
    on = ("--on", cluster.address)
    planned = served.fleet.report("plan", *on)
    assert set(states(planned).values()) == {"done"}
    assert {len(change["shops"]) for change in planned["changes"]} == {3}
    assert set(states(served.fleet.apply(*on)).values()) == {"done"}
    for name in NAMES:
        assert served.writes(name) == ["/Category", "/Product"]
    assert set(states(served.fleet.apply(*on)).values()) == {"already_done"}
    # A worker that has another commit refuses.
    served.fleet.declare("bandung", "categories: [{name: Drinks}]\n")
    served.publish("less")
    report = served.fleet.apply(*on, code=1)
    assert states(report)["bandung"] == "failed"
    commit = served.fleet.git("rev-parse", "HEAD").strip()
    assert f"of shops/bandung, not {commit}: check it out there" in report["stopped"]
    cluster.pull()
    assert set(states(served.fleet.apply(*on)).values()) == {"done"}


def worker_of(cluster: Cluster, folder: str) -> subprocess.Popen[bytes]:
    """The worker that runs a shop."""
    for worker in cluster.workers:
        for child in children_of(worker.pid):
            if folder.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                return worker
    raise AssertionError(f"no worker runs {folder}")


def test_a_worker_that_is_killed_in_the_middle_of_an_apply(cluster: Cluster) -> None:
    served = cluster.served
    stall = served.stall("bandung", "POST", "/Product")
    on = ("--on", cluster.address)
    process = served.fleet.start("apply", "--auto-approve", "--format", "json", *on)
    assert stall.reached.wait(90), process.communicate()
    worker = worker_of(cluster, "shops/bandung")
    (child,) = [c for c in children_of(worker.pid)]
    os.kill(worker.pid, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    stall.go_on.set()
    out, err = process.communicate(timeout=120)
    report = json.loads(out)
    # Dask runs the task again; the lock of the run that died keeps it from writing.
    assert states(report)["bandung"] in ("done", "failed"), out + err
    released = served.fleet.run("apply", "--auto-approve", "--format", "json", *on)
    again = json.loads(released.out)
    if states(again)["bandung"] == "failed":
        assert "another apply is running" in again["stopped"]
        again = served.fleet.apply(*on, "--force-unlock")
    assert set(states(again).values()) <= {"done", "already_done"}
    for name in NAMES:
        assert prices(served, name) == [18000, 22000]
        assert served.writes(name) == ["/Category", "/Product"]


def test_a_signal_reaches_the_workers(cluster: Cluster) -> None:
    served = cluster.served
    stall = served.stall("bandung", "POST", "/Category")
    on = ("--on", cluster.address)
    process = served.fleet.start("apply", "--auto-approve", "--format", "json", *on)
    assert stall.reached.wait(90), process.communicate()
    process.send_signal(signal.SIGINT)
    time.sleep(3)
    stall.go_on.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert states(json.loads(out))["bandung"] == "interrupted"
    assert served.writes("bandung") == ["/Category"]
    assert set(states(served.fleet.apply(*on)).values()) == {"done"}


def test_a_scheduler_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with serve_fleet(tmp_path, ("bandung",)) as served:
        served.fleet.declare_fleet("")
        served.publish("one wave")
        ran = served.fleet.run("apply", "--auto-approve", "--on", "tcp://127.0.0.1:9")
        assert (ran.code, ran.out) == (1, "")
        lines = ran.err.splitlines()
        assert lines[0].startswith(
            "error: the Dask scheduler at tcp://127.0.0.1:9 is unreachable; nothing was started"
        )
        assert len(lines) == 2
        assert lines[1].startswith("hint: ")
        assert served.shops["bandung"].calls == []


def test_an_apply_on_workers_needs_ledgers_in_git(tmp_path: Path) -> None:
    with serve_fleet(tmp_path, ("bandung",)) as served:
        served.fleet.declare_fleet("")
        served.fleet.edit("shops/bandung/reconciler.yaml", "ledger: git", "ledger: file")
        served.publish("file")
        ran = served.fleet.run("apply", "--auto-approve", "--on", "tcp://127.0.0.1:9")
        assert ran.code == 1
        assert "--on needs `ledger: git` in every shop; not so: bandung" in ran.err
