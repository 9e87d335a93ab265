"""Runs of the program, and servers to point it at."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler

SETTINGS = "store: {url: sandbox}\n"
SECRET = "secret-of-the-served-shop"


@dataclass(frozen=True)
class Ran:
    """The result of one run of the program."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but what the tool keeps for itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".reconciler" not in path.parts and os.access(path, os.R_OK)
    }


class Quiet(WSGIRequestHandler):
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


class Page(BaseHTTPRequestHandler):
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


RunProgram = Callable[..., Ran]
"""Run the program with these words, in this process."""
WriteCatalogue = Callable[..., Path]
"""Write a catalogue file of the folder."""
ReadFolder = Callable[[Path], dict[str, bytes]]
"""Read every file of a folder, to compare."""
PointAt = Callable[..., None]
"""Set the environment that names a shop."""
Spawn = Callable[..., subprocess.Popen[str]]
"""Start the program in a process of its own."""
