"""Measure load, plan and start-up as whole processes; prints one table.

`python tests/benchmarks/run.py [VARIANTS …]` (default 1000 10000). Each figure is the median of
several runs; the tool and the yardstick (`bold.py`) take turns in the same run, because machines
differ and drift, and their ratio does not. The shop answers from memory (`served.py`): what a
server spends on an answer is spent on another machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
import bold  # noqa: F401 - fails early when the yardstick is broken
import shops

from reconciler import sandbox

RUNS = 7
PYTHON = sys.executable
# As installed: compiled modules are kept, for the tool and the yardstick alike.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
HERE = Path(__file__).parent
FRESH = "an empty folder"
"""Stands in a command for a folder that each run gets anew."""


def measure(arguments: list[str], environment: dict[str, str]) -> tuple[float, float, int]:
    """Wall seconds, peak MiB and exit code of one process, by the system's own accounting."""
    began = time.perf_counter()
    unheard = subprocess.DEVNULL
    process = subprocess.Popen(arguments, env=environment, stdout=unheard, stderr=unheard)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage.ru_maxrss / 1024, process.returncode


def report(name: str, walls: list[float], peaks: list[float], against: list[float] | None) -> None:
    ratio = f"{median(a / b for a, b in zip(walls, against, strict=True)):.2f}" if against else ""
    print(f"{name:<34}{median(walls):>8.2f} s {median(peaks):>8.0f} MiB {ratio:>8}")  # noqa: T201


def shop(variants: int) -> None:
    """Measure one size of shop, served on loopback."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        seed = shops.make(folder, variants)
        (folder / ".reconciler").mkdir()
        sandbox.seed(folder / ".reconciler" / "sandbox.db", seed)
        with subprocess.Popen(
            [PYTHON, str(HERE / "served.py"), str(folder)], stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            environment = {
                **ENVIRONMENT,
                "DEALPOS_URL": url,
                "DEALPOS_CLIENT_ID": "sandbox",
                "DEALPOS_CLIENT_SECRET": "sandbox",
            }
            commands = {
                "yardstick": [PYTHON, str(HERE / "bold.py"), str(folder), url],
                "load (validate)": [PYTHON, "-m", "reconciler", "validate", str(folder)],
                "plan, 1 % drift": [PYTHON, "-m", "reconciler", "plan", str(folder)],
                "audit": [PYTHON, "-m", "reconciler", "audit", str(folder)],
                "import": [PYTHON, "-m", "reconciler", "import", FRESH],
            }
            try:
                take_turns(commands, environment, variants)
                for name in ("plan, 1 % drift", "audit", "import"):
                    asked = requests(commands[name], environment)
                    print(f"{variants:,} variants: {name}: {asked} requests")  # noqa: T201
            finally:
                server.terminate()


def requests(command: list[str], environment: dict[str, str]) -> int:
    """Return the number of requests of a command, the one for a token included."""
    with tempfile.TemporaryDirectory() as fresh:
        words = [fresh if word == FRESH else word for word in command]
        ran = subprocess.run([*words, "-v"], env=environment, capture_output=True, text=True)
    return len(re.findall(r"^\S+ +\S+ +(?:GET|POST) /", ran.stderr, re.MULTILINE))


def take_turns(commands: dict[str, list[str]], environment: dict[str, str], variants: int) -> None:
    """Run the commands in turn, so that all of them meet the same weather."""
    walls: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory() as fresh:
                words = [fresh if word == FRESH else word for word in command]
                wall, peak, code = measure(words, environment)
            assert code == 0, name
            if turn:  # the first turn warms the caches
                walls[name].append(wall)
                peaks[name].append(peak)
    for name in commands:
        against = None if name == "yardstick" else walls["yardstick"]
        report(f"{variants:,} variants: {name}", walls[name], peaks[name], against)


def main() -> None:
    """Print the table."""
    print(f"{'':<34}{'wall':>10} {'peak':>12} {'ratio':>8}")  # noqa: T201
    empty = [measure([PYTHON, "-c", "pass"], ENVIRONMENT) for _ in range(RUNS)]
    start = [measure([PYTHON, "-m", "reconciler", "--help"], ENVIRONMENT) for _ in range(RUNS)]
    report("empty Python", [w for w, _, _ in empty], [p for _, p, _ in empty], None)
    report("reconciler --help", [w for w, _, _ in start], [p for _, p, _ in start], None)
    for variants in [int(given) for given in sys.argv[1:]] or [1_000, 10_000]:
        shop(variants)


if __name__ == "__main__":
    main()
