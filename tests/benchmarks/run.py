"""Measure whole processes on several shapes of a shop, in turns; prints one table.

`python tests/benchmarks/run.py [--release COMMIT] [VARIANTS …]` (default 1000 10000). Each figure
is the median of several runs. The commands of a shape take turns in the same run, because machines
differ and drift, and their ratio does not. The ratios, of wall and processor time, are to the first
command of the shape: to the floor (`bold.py`), which parses, fetches and compares and does nothing
else. Layers are beside the merged catalogue, and dated prices beside plain ones.

octoDNS plans as many records as there are variants, in an environment of its own below `build/`;
it reads its live side from a file. `--release` measures another commit of this repository beside
the present one. The shop answers from memory (`served.py`): what a server spends on an answer is
spent on another machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
import bold  # noqa: F401 - fails early when the floor is broken
import shops
import variations

from dealpos_reconciler import sandbox

RUNS = 7
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "bench"
FOLDER, URL, FRESH = "the shop folder", "the address of the shop", "an empty folder"
"""Stand in a command for what differs between the runs."""
TOOL = [sys.executable, "-m", "dealpos_reconciler"]
COLD = {"RECONCILER_CACHE": "off"}
OCTODNS = "octodns==1.22.0"
# As installed: compiled modules are kept, for the tool and the others alike.
KEPT = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "CI")}


@dataclass(frozen=True)
class Command:
    """A command of a shape, and the variables that it runs with."""

    words: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    against: str = ""
    """The command of the shape that the ratio is to; empty for the first."""


@dataclass(frozen=True)
class Shape:
    """A shop, and what is measured on it."""

    name: str
    make: Callable[[Path], dict[str, Any]]
    """Writes the folder and returns the seed of the shop."""
    commands: dict[str, Command]
    seconds_an_answer: float = 0


class Measured(NamedTuple):
    """The time and memory of one process."""

    wall: float
    cpu: float
    """Seconds of the processor."""
    peak: float
    """MiB."""
    code: int


def plan(*options: str, cached: bool = False) -> Command:
    """Return a plan; `cached` lets it know the files of the run before."""
    return Command([*TOOL, "plan", FOLDER, *options], {} if cached else COLD)


def compare(first: str, second: str) -> dict[str, Command]:
    """Return commands on two folders below that of the shape, each beside its like."""
    found: dict[str, Command] = {}
    for words in ("validate", "plan"):
        for variables, again in ((COLD, ""), ({}, " again")):
            for name in (first, second):
                against = f"{words}{again}, {first}"
                command = Command([*TOOL, words, f"{FOLDER}/{name}"], variables, against)
                found[f"{words}{again}, {name}"] = command
    return found


def shapes(sizes: list[int], release: list[str], octodns: list[str]) -> Iterator[Shape]:
    """Yield every shape that is measured."""
    floor = Command([sys.executable, str(HERE / "bold.py"), FOLDER, URL])
    for size in sizes:
        commands = {"floor": floor, "plan": plan(), "plan again": plan(cached=True)}
        if release:
            commands["plan of the release"] = Command([*release, "plan", FOLDER], COLD)
        if octodns:
            commands["octoDNS"] = Command([*octodns, "--config-file", f"{FOLDER}/octodns.yaml"])
        commands["validate"] = Command([*TOOL, "validate", FOLDER], COLD)
        commands["audit"] = Command([*TOOL, "audit", FOLDER], COLD)
        commands["import"] = Command([*TOOL, "import", FRESH])
        yield Shape(f"{size:,} variants, 1 % drift", lambda at, n=size: _drift(at, n), commands)
    many = {"plan": plan(), "plan as JSON": plan("--format", "json")}
    yield Shape("10,000 changes", lambda at: shops.make(at, 10_000, drifted_every=1), many)
    yield Shape("20,000 customers", lambda at: shops.make_customers(at, 20_000), {"plan": plan()})
    edits = {"adopt": Command([*TOOL, "adopt", "--shop", FOLDER, "--all", "--dry-run"], COLD)}
    yield Shape("100 edits in one file", lambda at: shops.make(at, 10_000, one_file=True), edits)
    layers = compare(variations.FLAT, variations.LAYERED)
    yield Shape("10,000 in layers", lambda at: variations.make_layers(at, 10_000), layers)
    dates = compare(variations.PLAIN, variations.DATED)
    yield Shape("10,000 dated", lambda at: variations.make_dates(at, 10_000), dates)
    rehearsed = {"plan": plan(), "plan, rehearsed": plan("--rehearse")}
    products = "1,000 changed products"
    yield Shape(products, lambda at: variations.make_products(at, 1_000), rehearsed)
    far = Shape("10,000 variants, far", lambda at: shops.make(at, 10_000), {"plan": plan()}, 0.3)
    yield far


def _drift(folder: Path, variants: int) -> dict[str, Any]:
    shops.make_records(folder, variants)
    return shops.make(folder, variants)


def measure(words: list[str], environment: dict[str, str]) -> Measured:
    """Return the time and memory of one process, by the system's own accounting."""
    began = time.perf_counter()
    unheard = subprocess.DEVNULL
    process = subprocess.Popen(words, env=environment, stdout=unheard, stderr=unheard)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall, spent = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
    return Measured(wall, spent, usage.ru_maxrss / 1024, process.returncode)


def report(name: str, ran: list[Measured], against: list[Measured]) -> None:
    def ratio(take: Callable[[Measured], float]) -> str:
        return f"{median(take(a) / take(b) for a, b in zip(ran, against, strict=True)):.2f}"

    ratios = ["", ""] if ran is against else [ratio(lambda m: m.wall), ratio(lambda m: m.cpu)]
    wall, cpu = median(m.wall for m in ran), median(m.cpu for m in ran)
    peak = median(m.peak for m in ran)
    print(  # noqa: T201
        f"{name:<46}{wall:>8.2f} s {cpu:>8.2f} s {peak:>6.0f} MiB {ratios[0]:>8} {ratios[1]:>8}",
        flush=True,
    )


@contextmanager
def served(folder: Path, shape: Shape) -> Iterator[dict[str, str]]:
    """Serve the shop of a shape; gives the variables that name it."""
    (folder / ".reconciler").mkdir(parents=True)
    sandbox.seed(folder / ".reconciler" / "sandbox.db", shape.make(folder))
    words = [sys.executable, str(HERE / "served.py"), str(folder), str(shape.seconds_an_answer)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            yield {
                **KEPT,
                "XDG_CACHE_HOME": f"{folder}.cache",
                "XDG_STATE_HOME": f"{folder}.state",
                "DEALPOS_URL": url,
                "DEALPOS_CLIENT_ID": "sandbox",
                "DEALPOS_CLIENT_SECRET": "sandbox",
            }
        finally:
            server.terminate()


def take_turns(shape: Shape, runs: int) -> None:
    """Run the commands of a shape in turn, so that all of them meet the same weather."""
    found: dict[str, list[Measured]] = {name: [] for name in shape.commands}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        with served(folder, shape) as environment:
            for turn in range(runs + 1):
                for name, command in shape.commands.items():
                    with tempfile.TemporaryDirectory() as fresh:
                        filled = {URL: environment["DEALPOS_URL"], FRESH: fresh}
                        words = [
                            filled.get(w, w.replace(FOLDER, str(folder))) for w in command.words
                        ]
                        ran = measure(words, {**environment, **command.variables})
                    # 3: a guardrail objects to many changes, and the plan is complete.
                    assert ran.code in (0, 3), f"{shape.name}: {name} ends with {ran.code}"
                    if turn:  # the first turn warms the caches
                        found[name].append(ran)
    for name, ran in found.items():
        against = shape.commands[name].against or next(iter(found))
        report(f"{shape.name}: {name}", ran, found[against])


def install_octodns() -> list[str]:
    """Return the command of octoDNS in its own environment; nothing where it is not to be had."""
    home = BUILD / "octodns"
    command = home / "bin" / "octodns-sync"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(home / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet"]
        if subprocess.run([*pip, OCTODNS], check=False).returncode:
            print(f"SKIPPED: {OCTODNS} cannot be installed here")  # noqa: T201
            return []
    return [str(command)]


def install_release(commit: str) -> list[str]:
    """Return the command of another commit of this repository, in its own environment."""
    home = BUILD / re.sub(r"[^\w.-]", "-", commit)
    if not (home / ".venv").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home)], check=True)
        subprocess.run(["git", "-C", str(home), "checkout", "--quiet", commit], check=True)
        subprocess.run(["make", "-C", str(home), "--silent", ".venv/run.stamp"], check=True)
    return [str(home / ".venv" / "bin" / "reconciler")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 10_000], metavar="VARIANTS")
    parser.add_argument("--release", metavar="COMMIT")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", default="", help="measure shapes with this text in their name")
    given = parser.parse_args()
    release = install_release(given.release) if given.release else []
    print(f"{'':<46}{'wall':>10} {'CPU':>10} {'peak':>10} {'ratio':>8} {'of CPU':>8}")  # noqa: T201
    starts: dict[str, list[str]] = {"empty Python": [sys.executable, "-c", "pass"]}
    starts["reconciler --help"] = [*TOOL, "--help"]
    for name, words in starts.items():
        ran = [measure(words, KEPT) for _ in range(given.runs)]
        report(name, ran, ran)
    for shape in shapes(given.sizes, release, install_octodns()):
        if given.only in shape.name:
            take_turns(shape, given.runs)


if __name__ == "__main__":
    main()
