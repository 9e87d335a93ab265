"""A fleet under git: small embedded shops, each with a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.menu import MENU
from tests.support.program import Ran
from tests.support.repository import Repository

TWELVE = ("bandung", *(f"jakarta-{number}" for number in range(1, 12)))
TWO_WAVES = 'waves: [[bandung], ["jakarta-*"]]\n'


# What `date` is to a machine: each process begins with the clock that its environment names.
CLOCK = """
import datetime, os
seconds = float(os.environ.get("SHIFTED_SECONDS", "0"))
if seconds:
    real_class = datetime.datetime
    class Same(type):
        def __instancecheck__(cls, value):
            return isinstance(value, real_class)
    class Shifted(real_class, metaclass=Same):
        @classmethod
        def now(cls, tz=None):
            return real_class.now(tz) + datetime.timedelta(seconds=seconds)
    datetime.datetime = Shifted
"""


class ShiftedClock:
    """The clock of the processes that get an environment."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.shift = timedelta()
        self._environment = environment
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
        environment["PYTHONPATH"] = f"{folder}{os.pathsep}{environment['PYTHONPATH']}"

    def now(self) -> datetime:
        """Return the instant that the processes see."""
        return datetime.now(UTC) + self.shift

    def advance(self, time: timedelta) -> None:
        """Let time pass."""
        self.shift += time
        self._environment["SHIFTED_SECONDS"] = str(self.shift.total_seconds())

    def set(self, instant: datetime) -> None:
        """Let the clock show an instant."""
        self.advance(instant - self.now())


class FleetFolder(Repository):
    """A repository with a fleet file and its shops."""

    def __init__(self, folder: Path, names: Sequence[str], rest: str = TWO_WAVES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self.environment["COLUMNS"] = "200"
        self.names = names
        for name in names:
            self.write(f"shops/{name}/reconciler.yaml", "store: {url: sandbox}\n")
            self.declare(name, MENU)
        self.declare_fleet(rest)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        super().write(name, text)

    def declare(self, name: str, text: str) -> None:
        self.write(f"shops/{name}/catalogue/shop.yaml", text)

    def declare_fleet(self, rest: str) -> None:
        shops = "".join(f"  {name}: shops/{name}\n" for name in self.names)
        self.write("fleet.yaml", f"shops:\n{shops}{rest}")

    def shop(self, name: str) -> Path:
        return self.folder / "shops" / name

    def edit_all(self, old: str, new: str) -> None:
        for name in self.names:
            self.edit(f"shops/{name}/catalogue/shop.yaml", old, new)

    def run(self, *words: str) -> Ran:
        """Run a fleet command; `fleet` and the file need not be named."""
        ran = self.start(*words)
        out, err = ran.communicate(timeout=100)
        return Ran(ran.returncode, out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a fleet command."""
        command, *rest = words
        return subprocess.Popen(
            [sys.executable, "-m", "dealpos_reconciler", "fleet", command, "fleet.yaml", *rest],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *words: str) -> Ran:
        """Run another command than that of the fleet."""
        ran = subprocess.run(
            [sys.executable, "-m", "dealpos_reconciler", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def report(self, *words: str, code: int = 0) -> Any:
        """The JSON document of a fleet command, checked for its exit code."""
        ran = self.run(*words, "--format", "json")
        assert ran.code == code, ran.out + ran.err
        return json.loads(ran.out)

    def apply(self, *words: str, code: int = 0) -> Any:
        """The report of an apply that asks nobody."""
        return self.report("apply", "--auto-approve", *words, code=code)


def states(report: Any) -> dict[str, str]:
    """The state of each shop in a report."""
    return {shop["shop"]: shop["state"] for shop in report["shops"]}
