"""Run a random sample of mutants and print the score: `python tests/mutation.py SIZE [SEED]`.

mutmut changes one thing in one function, and runs the tests that call the function. A mutant that
no test notices survives; `mutants/survivors.txt` shows each as a difference.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MUTMUT = [sys.executable, "-m", "mutmut"]
SURVIVED = {0: "survived", 5: "no tests", 33: "no tests", None: "not run"}
"""Exit codes of the tests that do not kill a mutant; every other one does."""


def outcomes() -> dict[str, int | None]:
    """Return the exit code of the tests for each mutant; None where they did not run."""
    found: dict[str, int | None] = {}
    for file in Path("mutants").rglob("*.meta"):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


@contextmanager
def linked() -> Iterator[None]:
    """Let mutmut find the package: it names modules after their paths below `src` alone."""
    links = {Path("src"): "reconciler", Path("mutants", "reconciler"): "src"}
    Path("mutants").mkdir(exist_ok=True)
    try:
        for link, target in links.items():
            link.unlink(missing_ok=True)
            link.symlink_to(target, target_is_directory=True)
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)


def main(size: int, seed: int = 9) -> None:
    """Make every mutant, run a sample of them, and print how many were killed."""
    # One module alone makes the mutants of all and learns which test calls which function.
    subprocess.run([*MUTMUT, "run", "--max-children", "1", "*workflows.apply*"], check=True)
    names = sorted(outcomes())
    picked = random.Random(seed).sample(names, min(size, len(names)))
    subprocess.run([*MUTMUT, "run", "--max-children", "1", *picked], check=True)
    codes = outcomes()
    survivors = [name for name in picked if codes[name] in SURVIVED]
    with Path("mutants", "survivors.txt").open("w", encoding="utf-8") as file:
        for name in survivors:
            shown = subprocess.run([*MUTMUT, "show", name], capture_output=True, text=True)
            file.write(f"{SURVIVED[codes[name]]}: {name}\n{shown.stdout}\n")
    killed = len(picked) - len(survivors)
    sys.stdout.write(f"{killed} of {len(picked)} mutants killed, of {len(names)} in all\n")


if __name__ == "__main__":
    with linked():
        main(*map(int, sys.argv[1:]))
