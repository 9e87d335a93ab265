"""Runs of the command line against the sandbox of a folder, which counts its requests."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dealpos_reconciler import sandbox
from dealpos_reconciler.cli import main as cli
from dealpos_reconciler.ledger.recent import FILE as WRITTEN
from dealpos_reconciler.workflows.connect import UNLIMITED_REQUESTS
from tests.requests.shop import Catalogue, seed_of, write
from tests.requests.stories import Story

_WORDS = {
    "apply": ["apply", "--auto-approve"],
    "adopt": ["adopt", "--all", "--dry-run"],
    "next plan": ["plan"],
    "plan --out": ["plan", "--out", "plan.json"],
    "prices export": ["prices", "export", "--live"],
    "board": ["board", "--out", "page"],
    "apply plan.json": ["apply", "plan.json", "--auto-approve"],
}
_USAGE = re.compile(r"API usage: ([\d,]+) requests? used(?:.*?needs ([\d,]+))?")
_create_app = sandbox.create_app


class CountedSandbox:
    """Stands in the place of `create_app`, and notes every request that the sandbox gets."""

    def __init__(self, cap: int | None) -> None:
        self.choices = sandbox.Choices(page_cap=cap)
        self.requests: list[str] = []
        self.apps: list[Flask] = []

    def __call__(self, database: Path, **options: Any) -> Any:
        app = _create_app(database, choices=self.choices, limit=UNLIMITED_REQUESTS, **options)
        self.apps.append(app)

        def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            path = environ["PATH_INFO"].removeprefix("/api/v3")
            self.requests.append(f"{environ['REQUEST_METHOD']} {path}")
            return app(environ, start)

        answer.extensions = app.extensions  # type: ignore[attr-defined]
        return answer

    def close(self) -> None:
        """Let go of the database, so that it can be copied."""
        for app in self.apps:
            app.extensions["sandbox"].store.close()


class Runs:
    """Runs commands in folders that remember nothing, or what an earlier run has left."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.monkeypatch = monkeypatch
        self.quoted: dict[str, tuple[int, int]] = {}
        """The API usage that each command has printed: used by the plan, needed to apply it."""

    def measure(self, story: Story, variants: int) -> dict[str, tuple[list[str], list[str]]]:
        """Return the requests of each command in a fresh folder, and in one that remembers."""
        files, live, shop = story.files(variants), story.live(variants), self.home / "shop.db"
        sandbox.refill(shop, seed_of(story.start(variants) if story.start else live))
        known = self._folder("known", live if story.start else files)
        if story.start:
            self._run(story, "apply", known, shop)
            shutil.copyfile(_database(known), shop)
        found: dict[str, tuple[list[str], list[str]]] = {}
        for number, command in enumerate(story.commands):
            if command == "next plan":
                shutil.copyfile(_database(known), shop)
            is_known = found or story.start
            fresh = self._folder(f"fresh{number}", files) if is_known else known
            if command == "apply plan.json":
                shutil.copyfile(known / "plan.json", fresh / "plan.json")
            first = self._run(story, command, fresh, shop)
            write(known, files)  # an import has written others
            found[command] = first, self._run(story, command, known, shop)
        return found

    def _folder(self, name: str, files: Catalogue) -> Path:
        folder = self.home / name
        write(folder, files)
        return folder

    def _run(self, story: Story, command: str, folder: Path, shop: Path) -> list[str]:
        """Run a command against a copy of a shop; return the requests that it has sent."""
        shutil.copyfile(shop, _database(folder))
        (folder / ".reconciler" / WRITTEN).unlink(missing_ok=True)  # the shop is as it was before
        counted = CountedSandbox(story.cap)
        self.monkeypatch.setattr(sandbox, "create_app", counted)
        self.monkeypatch.setenv("XDG_STATE_HOME", str(folder / ".state"))
        self.monkeypatch.chdir(folder)
        self.monkeypatch.setattr(sys, "argv", ["reconciler", *_WORDS.get(command, [command])])
        printed = io.StringIO()
        with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(printed):
            cli.main()
        counted.close()
        assert not ended.value.code, printed.getvalue()
        if quoted := _USAGE.search(printed.getvalue()):
            used, more = quoted.groups("0")
            self.quoted[command] = int(used.replace(",", "")), int(more.replace(",", ""))
        return counted.requests


def _database(folder: Path) -> Path:
    (folder / ".reconciler").mkdir(exist_ok=True)
    return folder / ".reconciler" / "sandbox.db"
