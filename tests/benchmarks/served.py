"""A shop on loopback that answers from memory, as if its work were done on another machine.

`python tests/benchmarks/served.py FOLDER [SECONDS]`: the sandbox of FOLDER answers each read once,
and the same bytes are the answer from then on, each after so many seconds. What is
measured beside it is the tool, not the sandbox. It prints its address.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import waitress
from flask import Flask

from dealpos_reconciler import sandbox
from dealpos_reconciler.workflows.connect import UNLIMITED_REQUESTS

Start = Callable[[str, list[tuple[str, str]]], Any]
Key = tuple[str, str, str, bytes]


class Remembered:
    """Answers what it was asked before as it did then. For reads: it would swallow a write."""

    def __init__(self, app: Flask, seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        self.known: dict[Key, tuple[str, list[tuple[str, str]], bytes]] = {}

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        key = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], body)
        if key not in self.known:
            self.known[key] = self._ask(environ, key)
        status, headers, content = self.known[key]
        time.sleep(self.seconds)
        start(status, headers)
        return [content]

    def _ask(self, environ: dict[str, Any], key: Key) -> tuple[str, list[tuple[str, str]], bytes]:
        method, path, query, body = key
        sent = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        answer = self.app.test_client().open(
            path,
            method=method,
            query_string=query,
            data=body,
            content_type=environ.get("CONTENT_TYPE"),
            headers=sent,
        )
        return answer.status, list(answer.headers.items()), answer.data


def main(folder: Path, seconds: float) -> None:
    """Serve until terminated."""
    app = sandbox.create_app(folder / ".reconciler" / "sandbox.db", limit=UNLIMITED_REQUESTS)
    server: Any = waitress.create_server(
        Remembered(app, seconds), host="127.0.0.1", port=0, threads=16
    )
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)  # noqa: T201
    server.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(*sys.argv[2:]))
