"""`fleet apply`: a wave begins when the one before it is done in this rollout."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.deep import DEEP
from tests.support.fleets import TWELVE, FleetFolder, states
from tests.support.menu import MENU, back_office, by_code, edited

pytestmark = pytest.mark.skipif(not DEEP, reason="make deep runs it: it starts many processes")

PRICE = ("18000", "19000")
FIRST = TWELVE[:4]
FOUR_FIRST = f'waves: [[{", ".join(FIRST)}], ["jakarta-[4-9]", "jakarta-1[01]"]]\n'
BAD_STORE = "store: {url: 'http://127.0.0.1:9', client_id: a, client_secret: '${BAD_SECRET}'}\n"


def prices(fleet: FleetFolder) -> dict[str, int]:
    found = {}
    for name in fleet.names:
        with back_office(fleet.shop(name)) as document:
            found[name] = by_code(document)["1001R"]["UnitPrice"] if document["products"] else 0
    return found


def ledgers(fleet: FleetFolder) -> None:
    """Let each shop keep a ledger file."""
    for name in fleet.names:
        fleet.write(f"shops/{name}/reconciler.yaml", "store: {url: sandbox}\nledger: file\n")


@pytest.fixture
def two(tmp_path: Path) -> FleetFolder:
    """Two shops in two waves, committed."""
    fleet = FleetFolder(tmp_path / "fleet", ("bandung", "jakarta-1"))
    fleet.commit("begin")
    return fleet


@pytest.mark.timeout(300)
def test_a_wave_with_shops_that_fail_keeps_the_next_one_from_starting(tmp_path: Path) -> None:
    """Twelve shops: one fails, one is refused by a guardrail, one has a conflict."""
    fleet = FleetFolder(tmp_path / "fleet", TWELVE, FOUR_FIRST)
    ledgers(fleet)
    fleet.commit("begin")
    fleet.apply()
    fleet.edit_all(*PRICE)
    failing, refused, held = FIRST[1:]
    fleet.edit(f"shops/{refused}/catalogue/shop.yaml", "19000", "190")
    with back_office(fleet.shop(held)) as document:
        by_code(document)["1001R"]["UnitPrice"] = 17500
    fleet.write(f"shops/{failing}/reconciler.yaml", BAD_STORE)
    fleet.environment["BAD_SECRET"] = "sixteen-characters"
    fleet.commit("raise the price")
    report = fleet.apply(code=3)
    assert states(report) == {
        FIRST[0]: "done",
        failing: "failed",
        refused: "refused",
        held: "drifted",
        **dict.fromkeys(TWELVE[4:], "not_started"),
    }
    stopped = report["stopped"]
    assert stopped.startswith("wave 2 was not started: wave 1 is not done: ")
    assert f"{failing}: http://127.0.0.1:9 is unreachable" in stopped
    assert f"{refused}: refused by 1 guardrail violation" in stopped
    assert f"{held}: the audit found 1 object that is not as declared: variant/1001R" in stopped
    assert "conflict" in stopped
    again = "reconciler fleet apply fleet.yaml --format json --auto-approve"
    assert report["continue_command"] == again
    assert report["waves"][0]["passed"] is False
    assert report["waves"][1]["missing"] == list(TWELVE[4:])
    assert prices(fleet) == {
        **dict.fromkeys(TWELVE, 18000),
        FIRST[0]: 19000,
        held: 17500,
    }
    # The causes are fixed, and the run continues with what is missing.
    fleet.write(f"shops/{failing}/reconciler.yaml", "store: {url: sandbox}\nledger: file\n")
    fleet.edit(f"shops/{refused}/catalogue/shop.yaml", "190}", "19000}")
    fleet.edit(f"shops/{held}/catalogue/shop.yaml", "19000", "17500")
    fleet.commit("fix")
    assert set(states(fleet.apply()).values()) == {"done"}
    assert prices(fleet) == {**dict.fromkeys(TWELVE, 19000), held: 17500}


def test_a_report_gives_each_reason_once(two: FleetFolder) -> None:
    two.apply()
    two.edit_all(PRICE[0], "190")
    two.commit("far too cheap")
    ran = two.run("apply", "--auto-approve")
    assert ran.code == 3
    assert "✗ bandung (wave 1): refused by 1 guardrail violation; nothing was written" in ran.out
    assert "⊘ jakarta-1 (wave 2): not started\n" in ran.out
    assert "Stopped: wave 2 was not started: wave 1 is not done: bandung: refused by " in ran.out


def test_a_run_continues_with_the_shops_that_are_missing(two: FleetFolder) -> None:
    first = two.apply("--wave", "1")
    assert states(first) == {"bandung": "done"}
    assert two.apply()["shops"][0]["state"] == "already_done"
    assert set(states(two.apply()).values()) == {"already_done"}


def test_a_result_of_an_earlier_commit_never_counts(two: FleetFolder) -> None:
    two.apply()
    two.edit_all(*PRICE)
    two.commit("raise")
    ran = two.run("apply", "--auto-approve", "--wave", "2")
    assert ran.code == 1
    assert "wave 2 was not started: wave 1 of commit " in ran.out
    assert "the rollout is of commit " in ran.out
    assert set(prices(two).values()) == {18000}
    assert set(states(two.apply()).values()) == {"done"}
    # Back at the first commit: its results of then do not count either.
    two.git("checkout", "--quiet", "HEAD~1")
    assert states(two.apply("--wave", "1")) == {"bandung": "done"}
    assert prices(two) == {"bandung": 18000, "jakarta-1": 19000}
    assert states(two.apply()) == {"bandung": "already_done", "jakarta-1": "done"}


def test_a_wave_waits_for_the_time_since_the_one_before_ended(two: FleetFolder) -> None:
    two.declare_fleet('waves: [[bandung], ["jakarta-*"]]\ngate: {wait: 3s}\n')
    two.commit("wait")
    ran = two.run("apply", "--auto-approve", "--format", "json")
    assert ran.code == 0
    assert re.search(r"wave 2 starts at \S+ \S+ UTC \(gate\.wait\)", ran.err)
    first, second = json.loads(ran.out)["waves"]
    assert first["ended"] < second["ended"]


def test_some_shops_may_fail(tmp_path: Path) -> None:
    rest = "waves: [[a, b], [c]]\ngate: {max_failed: 1}\n"
    fleet = FleetFolder(tmp_path / "fleet", ("a", "b", "c"), rest)
    fleet.declare("b", edited(MENU, ("unit_price", "unit_prize")))
    fleet.commit("begin")
    report = fleet.apply(code=1)
    assert states(report) == {"a": "done", "b": "failed", "c": "done"}
    assert [wave["passed"] for wave in report["waves"]] == [True, True]
    assert states(fleet.apply(code=1)) == {"a": "already_done", "b": "failed", "c": "already_done"}


def refusal(fleet: FleetFolder, *words: str) -> str:
    ran = fleet.run("apply", *words)
    assert (ran.code, ran.out) == (1, "")
    assert not (fleet.shop("bandung") / ".reconciler").exists()
    return ran.err


def test_files_that_are_not_one_commit_are_refused(two: FleetFolder) -> None:
    two.edit_all(*PRICE)
    said = refusal(two, "--auto-approve")
    assert "error: files differ from commit " in said
    two.commit("raise")
    two.write("shops/bandung/reconciler.ledger.json", "{}")
    assert "files differ" not in two.run("apply", "--auto-approve").err


def test_a_fleet_outside_of_git_is_refused(two: FleetFolder) -> None:
    (two.folder / ".git").rename(two.folder / "nothing")
    two.environment["GIT_CEILING_DIRECTORIES"] = str(two.folder.parent)
    assert "`fleet apply` needs the files to be in a git commit" in refusal(two, "--auto-approve")


def test_nobody_can_be_asked_without_a_terminal(two: FleetFolder) -> None:
    assert "cannot ask for approval: standard input is not a terminal" in refusal(two)


def test_the_rollout_is_kept_beside_the_fleet_file(two: FleetFolder) -> None:
    two.apply("--wave", "1")
    text = (two.folder / ".reconciler" / "fleet.rollout.json").read_text(encoding="utf-8")
    kept: Any = json.loads(text)
    assert kept["commit"] == two.git("rev-parse", "HEAD").strip()
    assert kept["members"]["bandung"]["verified"]
    (two.folder / ".reconciler" / "fleet.rollout.json").write_text("{", encoding="utf-8")
    ran = two.run("apply", "--auto-approve")
    assert "fleet.rollout.json is not a valid rollout" in ran.err


def answer(fleet: FleetFolder, text: str) -> tuple[int, str, str]:
    """Run `fleet apply` with a pseudo-terminal on stdin, and type an answer there."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "dealpos_reconciler", "fleet", "apply"],
            cwd=fleet.folder,
            env=fleet.environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        os.write(ours, text.encode())
        out, err = process.communicate(timeout=100)
    finally:
        os.close(ours)
    return process.returncode, out, err


def test_each_wave_is_shown_and_asked_for(two: FleetFolder) -> None:
    code, out, err = answer(two, "yes\nno\n")
    assert code == 1, out + err
    assert out.count("Changes (3)") == 2
    assert err.count("Do you want to apply these changes?") == 2
    assert "Stopped: wave 2 was not started: it was not approved" in out
    assert prices(two) == {"bandung": 18000, "jakarta-1": 0}
    code, out, err = answer(two, "yes\n")
    assert code == 0, out + err
    assert prices(two) == {"bandung": 18000, "jakarta-1": 18000}


def test_ctrl_c_ends_the_question(two: FleetFolder) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dealpos_reconciler", "fleet", "apply"],
        cwd=two.folder,
        env=two.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    assert process.stderr is not None
    for line in process.stderr:
        if "Wave 1: 1 of 1 shop can be applied" in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 130, out + err
    with back_office(two.shop("bandung")) as document:
        assert document["products"] == []
    assert not (two.shop("jakarta-1") / ".reconciler").exists()


def test_a_shop_whose_plan_is_refused_is_not_applied(tmp_path: Path) -> None:
    fleet = FleetFolder(tmp_path / "fleet", ("a", "b"), "")
    fleet.commit("begin")
    fleet.apply()
    fleet.declare("a", edited(MENU, PRICE))
    fleet.declare("b", edited(MENU, ("18000", "180")))
    fleet.commit("raise")
    code, out, err = answer(fleet, "yes\n")
    assert code == 3, out + err
    assert "Wave 1: 1 of 2 shops can be applied." in err
    assert "nothing was written" not in out  # as an apply says it: none was started
    assert prices(fleet) == {"a": 19000, "b": 18000}
