"""Real processes at one store: many tills at once, and processes that are killed.

`make race` and `make crash` run the same tests in their full size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dealpos_reconciler.provider.store import UsageStore
from tests.support.shop import ROOT
from tests.support.tills import COUPONS
from tests.support.usage import SetClock, UsageDriver, broken_invariants

Opens = Callable[[], Awaitable[UsageStore]]

QUESTIONS = int(os.environ.get("RACE", "1500"))
LIMIT = 100 if QUESTIONS >= 20_000 else 20
KILLS = int(os.environ.get("KILLS", "1"))
SECONDS = float(os.environ.get("KILL_AFTER", "0.5"))
USES = COUPONS * LIMIT


def start(*words: object, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start tills in a process of their own; it prints what was answered."""
    command = [sys.executable, "-m", "tests.support.tills", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=stdout, text=True)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A function that prints what was measured, where the size is the full one."""

    def write(line: str) -> None:
        if "RACE" in os.environ or "KILLS" in os.environ:
            with capsys.disabled():
                sys.stdout.write(f"\n{line}\n")

    return write


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("place", "processes"), [("sqlite", 1), ("sqlite", 2), ("postgres", 2)], indirect=["place"]
)
def test_tills_in_a_race_get_each_use_once(
    place: str, processes: int, open_it: Opens, clock: SetClock, say: Callable[[str], None]
) -> None:
    began = time.monotonic()
    running = [
        start("race", place, QUESTIONS // processes, 64 // processes, LIMIT)
        for _ in range(processes)
    ]
    answers: Counter[str] = Counter()
    for process in running:
        answers += Counter(json.loads(process.communicate()[0]))
        assert process.returncode == 0
    seconds = time.monotonic() - began
    say(f"{processes} process(es), {QUESTIONS} questions, {seconds:.1f} s: {dict(answers)}")
    driver = UsageDriver(open_it, clock)
    counts = driver.all_usage()
    driver.end()
    used, held = (sum(getattr(c, name) for c in counts.values()) for name in ("used", "held"))
    assert used == answers["held"] == answers["counted"] == answers["again"]
    # A hold whose answer came too late for its till was no yes, and still waits for its end.
    assert used + held == USES
    assert held <= answers["unavailable"]
    assert all(c.flagged == 0 and c.used + c.held == LIMIT for c in counts.values())
    assert not broken_invariants(place)


@pytest.mark.timeout(1800)
def test_each_yes_that_was_received_outlives_a_kill(
    place: str, open_it: Opens, clock: SetClock, quick_path: Path, say: Callable[[str], None]
) -> None:
    held: Counter[str] = Counter()
    sold: set[str] = set()
    for _ in range(KILLS):
        answers = quick_path / "answers"
        with answers.open("w") as file:  # a pipe that nobody empties would stop the tills
            process = start("endless", place, 16, stdout=file.fileno())
            while not answers.stat().st_size and process.poll() is None:
                time.sleep(0.01)
            time.sleep(SECONDS)
            process.kill()
            process.wait()
        whole, _, _ = answers.read_text().rpartition("\n")  # the last line may be cut
        for line in whole.splitlines():
            word, _, name = line.partition(" ")
            if word == "held":
                held[name] += 1
            elif word == "sold":
                sold.add(name)
        assert not broken_invariants(place)
    driver = UsageDriver(open_it, clock)
    driver.clock.now = driver.clock.now.replace(year=2026, month=1)
    counts = driver.all_usage()
    counted = {row.invoice for row in driver.run(driver.store.invoices()) if row.state == "counted"}
    driver.end()
    say(f"{KILLS} kills, {sum(held.values())} yes, {len(sold)} sold")
    assert sold
    assert sold <= counted
    for name, count in held.items():
        assert count <= counts[name].used + counts[name].held
