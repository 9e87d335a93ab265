"""The end of a run in the middle of an apply: a kill, a signal; and another runner that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.deep import DEEP
from tests.support.fleets import states
from tests.support.menu import TWO_SIZES, edited
from tests.support.served_fleet import ServedFleet, children_of, serve_fleet

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DEEP, reason="make deep runs it: it starts many processes"),
]
NAMES = ("bandung", "jakarta-1", "jakarta-2")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFleet]:
    with serve_fleet(tmp_path, NAMES) as served:
        yield served


def prices(served: ServedFleet, name: str) -> list[int]:
    document = sandbox.show(served.home / f"{name}.db")
    return sorted(v["UnitPrice"] for p in document["products"] for v in p["Variants"])


def killed_child(fleet_process: subprocess.Popen[str], folder: str) -> None:
    """Kill the process of one shop."""
    for child in children_of(fleet_process.pid):
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if folder.encode() in words:
            os.kill(child, signal.SIGKILL)
            return
    raise AssertionError(f"no process of {folder}")


def test_a_kill_in_the_middle_of_an_apply_is_continued(served: ServedFleet) -> None:
    stall = served.stall("bandung", "POST", "/Product")
    process = served.fleet.start("apply", "--auto-approve", "--format", "json")
    assert stall.reached.wait(60), process.communicate()
    killed_child(process, "shops/bandung")
    stall.go_on.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, out + err
    report = json.loads(out)
    assert states(report) == {"bandung": "failed", **dict.fromkeys(NAMES[1:], "not_started")}
    assert "bandung: apply ended by signal 9 without a result" in report["stopped"]
    assert [served.writes(name) for name in NAMES[1:]] == [[], []]
    again = served.fleet.apply()
    assert set(states(again).values()) == {"done"}
    for name in NAMES:
        assert prices(served, name) == [18000, 22000]
        assert served.writes(name) == ["/Category", "/Product"]


def test_a_signal_ends_the_shops_as_it_ends_an_apply(served: ServedFleet) -> None:
    stall = served.stall("bandung", "POST", "/Category")
    process = served.fleet.start("apply", "--auto-approve", "--format", "json")
    assert stall.reached.wait(60), process.communicate()
    process.send_signal(signal.SIGTERM)
    time.sleep(1)
    stall.go_on.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143, out + err
    report = json.loads(out)
    assert states(report) == {"bandung": "interrupted", **dict.fromkeys(NAMES[1:], "not_started")}
    shop = report["shops"][0]
    assert shop["documents"]["apply"]["stopped"] == "interrupted by Ctrl-C"
    assert served.writes("bandung") == ["/Category"]
    assert "Stopping: the signal is passed on to the shops that are running" in err
    assert set(states(served.fleet.apply()).values()) == {"done"}


def test_a_signal_while_the_gate_is_closed_ends_the_run(served: ServedFleet) -> None:
    served.fleet.declare_fleet('waves: [[bandung], ["jakarta-*"]]\ngate: {wait: 1h}\n')
    served.publish("wait")
    process = served.fleet.start("apply", "--auto-approve")
    assert process.stderr is not None
    for line in process.stderr:
        if "wave 2 starts at" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Stopped: wave 2 was not started: the run was interrupted" in out
    assert "To continue: reconciler fleet apply fleet.yaml --auto-approve" in out


def elsewhere(served: ServedFleet, clone: Path, *words: str) -> Any:
    """Run `fleet` in another clone; the exit code and the document or the message."""
    ran = subprocess.run(
        [sys.executable, "-m", "dealpos_reconciler", "fleet", *words],
        cwd=clone,
        env=served.fleet.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return ran.returncode, json.loads(ran.stdout) if ran.stdout.startswith("{") else ran.stderr


def test_another_runner_goes_on_with_the_next_wave(served: ServedFleet) -> None:
    other = served.clone("other")
    words = ("apply", "fleet.yaml", "--auto-approve", "--format", "json")
    code, report = elsewhere(served, other, *words, "--wave", "2")
    assert (code, report["stopped"].partition(" of commit")[0]) == (
        1,
        "wave 2 was not started: wave 1",
    )
    assert elsewhere(served, other, "matrix", "--wave", "2", "--gate")[0] == 1
    served.fleet.apply("--wave", "1")
    code, jobs = elsewhere(served, other, "matrix", "--wave", "2", "--gate")
    assert code == 0
    assert [row["shop"] for row in jobs["include"]] == ["jakarta-1", "jakarta-2"]
    # Two jobs of the matrix, each with one shop, in clones of their own.
    third = served.clone("third")
    for clone, row in zip((other, third), jobs["include"], strict=True):
        code, report = elsewhere(served, clone, *words, "--wave", "2", "--shop", row["shop"])
        assert (code, states(report)) == (0, {row["shop"]: "done"})
    assert set(states(served.fleet.apply()).values()) == {"already_done"}
    refs = served.fleet.git("ls-remote", "origin")
    assert "refs/reconciler-fleet/fleet.yaml" in refs


def test_an_older_commit_cannot_go_on_beside_a_newer_rollout(served: ServedFleet) -> None:
    old = served.clone("old")
    served.fleet.apply("--wave", "1")
    for name in NAMES:
        served.fleet.declare(name, edited(TWO_SIZES, ("18000", "19000")))
    served.publish("raise")
    served.fleet.apply("--wave", "1")
    words = ("apply", "fleet.yaml", "--auto-approve", "--format", "json", "--wave", "2")
    code, report = elsewhere(served, old, *words)
    assert code == 1
    assert "the rollout is of commit " in report["stopped"]
    assert [prices(served, name) for name in NAMES] == [[19000, 22000], [], []]
