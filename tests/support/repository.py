"""A shop folder under git, and the commands that a person types in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.shop import ROOT


class Repository:
    """A folder under git in which the program and git run as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_AUTHOR_NAME": "Sari",
            "GIT_AUTHOR_EMAIL": "sari@shop.example",
            "GIT_COMMITTER_NAME": "Sari",
            "GIT_COMMITTER_EMAIL": "sari@shop.example",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PYTHONPATH": str(ROOT / "reconciler"),
        }
        self.git("init", "--quiet", "--initial-branch", "main")

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text)
        self.write(name, text.replace(old, new))

    def git(self, *words: str) -> str:
        return self._ran(["git", *words]).stdout

    def commit(self, subject: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)

    def type(self, *words: str, code: int = 0) -> str:
        """Run the program in the folder; what it said on both streams."""
        ran = self._ran([sys.executable, "-m", "dealpos_reconciler", *words], check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def _ran(self, words: list[str], check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=check,
        )
