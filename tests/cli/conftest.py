"""Fixtures: the command line in this process, and shops to point it at."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from dealpos_reconciler import sandbox
from dealpos_reconciler.cli import console
from dealpos_reconciler.cli import main as cli
from dealpos_reconciler.dealpos import observer as watcher
from tests.support.menu import MENU
from tests.support.program import (
    SECRET,
    SETTINGS,
    Page,
    PointAt,
    Quiet,
    Ran,
    ReadFolder,
    RunProgram,
    Spawn,
    WriteCatalogue,
    contents,
    running,
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunProgram:
    """Run the program in this process; its waits take no time, and nothing else may wait."""

    def silent(self: object, seconds: float) -> None:
        raise AssertionError(f"waits {seconds:.0f} s without a word")

    monkeypatch.setattr(watcher.ClientObserver, "sleep", silent)
    monkeypatch.setattr(console.Console, "sleep", lambda self, seconds: None)

    def go(*words: Any, stdin: str = "") -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["reconciler", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return go


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a shop folder with one product, for the sandbox."""
    shop = tmp_path / "shop"
    (shop / "catalogue").mkdir(parents=True)
    (shop / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    (shop / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
    return shop


@pytest.fixture
def declare(folder: Path) -> WriteCatalogue:
    """Write a catalogue file of the folder."""

    def write(text: str | bytes, name: str = "menu.yaml") -> Path:
        path = folder / "catalogue" / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def applied(folder: Path, run: RunProgram) -> Path:
    """Return the folder after one apply."""
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


@pytest.fixture
def files() -> ReadFolder:
    """Return the files of a folder, to compare."""
    return contents


@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> PointAt:
    """Set the environment variables that name a shop."""

    def point(url: str, client_id: str = "sandbox", client_secret: str = SECRET) -> None:
        monkeypatch.setenv("DEALPOS_URL", url)
        monkeypatch.setenv("DEALPOS_CLIENT_ID", client_id)
        monkeypatch.setenv("DEALPOS_CLIENT_SECRET", client_secret)

    return point


@pytest.fixture
def free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """Serve a sandbox on a real socket; give its address and the shop."""
    app = sandbox.create_app(tmp_path / "served.db", limit=None, client_secret=SECRET)
    httpd = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    with running(httpd) as address:
        yield address, app.extensions["sandbox"]


@pytest.fixture
def web_page() -> Iterator[str]:
    """Serve a web page that is not an API; give its address."""
    with running(HTTPServer(("127.0.0.1", 0), Page)) as address:
        yield address


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start the program in a process of its own, which ends with the test."""
    started: list[subprocess.Popen[str]] = []

    timers: list[threading.Timer] = []

    def start(*words: Any, **options: Any) -> subprocess.Popen[str]:
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            [sys.executable, "-m", "dealpos_reconciler", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        # Whoever waits for a word that never comes reads the end of the stream instead.
        timers.append(threading.Timer(40, process.kill))
        timers[-1].start()
        return process

    yield start
    for timer in timers:
        timer.cancel()
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def example(root: Path, tmp_path: Path) -> Path:
    """Return a copy of the large example without the state of its sandbox."""
    fresh = shutil.ignore_patterns(".reconciler")
    folder = root / "examples" / "kopi-nusantara"
    return Path(shutil.copytree(folder, tmp_path / "example", ignore=fresh))
