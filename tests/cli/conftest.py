"""The command line in this process, and shops to point it at."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from reconciler import sandbox
from reconciler.cli import console
from reconciler.cli import main as cli
from reconciler.dealpos import observer as watcher
from tests.menu import MENU

SETTINGS = "store: {url: sandbox}\n"
SECRET = "secret-of-the-served-shop"


@dataclass(frozen=True)
class Ran:
    """What one run of the program did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the program in this process; its waits take no time, and nothing else may wait."""

    def silent(self: object, seconds: float) -> None:
        raise AssertionError(f"waits {seconds:.0f} s without a word")

    monkeypatch.setattr(watcher.Watcher, "sleep", silent)
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
    """A shop folder with one product, against the embedded shop."""
    shop = tmp_path / "shop"
    (shop / "catalogue").mkdir(parents=True)
    (shop / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    (shop / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
    return shop


@pytest.fixture
def declare(folder: Path) -> Callable[..., Path]:
    """Writes a catalogue file of the folder."""

    def write(text: str | bytes, name: str = "menu.yaml") -> Path:
        path = folder / "catalogue" / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def applied(folder: Path, run: Callable[..., Ran]) -> Path:
    """The folder, applied once."""
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but what the tool keeps for itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".reconciler" not in path.parts and os.access(path, os.R_OK)
    }


@pytest.fixture
def files() -> Callable[[Path], dict[str, bytes]]:
    """What a folder holds, to compare."""
    return contents


@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the environment that names a shop."""

    def point(url: str, client_id: str = "sandbox", client_secret: str = SECRET) -> None:
        monkeypatch.setenv("DEALPOS_URL", url)
        monkeypatch.setenv("DEALPOS_CLIENT_ID", client_id)
        monkeypatch.setenv("DEALPOS_CLIENT_SECRET", client_secret)

    return point


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running(httpd: HTTPServer) -> Iterator[str]:
    """A server in a thread, and its address."""
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """A sandbox behind a real socket: its address, and the shop."""
    app = sandbox.create_app(tmp_path / "served.db", limit=None, client_secret=SECRET)
    httpd = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    with running(httpd) as address:
        yield address, app.extensions["sandbox"]


class _Page(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b"<!DOCTYPE html><html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def web_page() -> Iterator[str]:
    """The address of something that is no API."""
    with running(HTTPServer(("127.0.0.1", 0), _Page)) as address:
        yield address


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program in a process of its own; what still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    timers: list[threading.Timer] = []

    def start(*words: Any, **options: Any) -> subprocess.Popen[str]:
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *map(str, words)],
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
    """A copy of the large example, without the shop that somebody has made of it meanwhile."""
    fresh = shutil.ignore_patterns(".reconciler")
    folder = root / "examples" / "kopi-nusantara"
    return Path(shutil.copytree(folder, tmp_path / "example", ignore=fresh))
