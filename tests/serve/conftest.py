"""Fixtures: the two listeners of the server, over real sockets."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler.catalogue.serving.serve_settings import parse_network
from dealpos_reconciler.core.provider.release import dump_release
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.till.answer import Provider
from dealpos_reconciler.serve.admin import View
from dealpos_reconciler.serve.gate import Endpoint
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.run import bind
from dealpos_reconciler.serve.secret import Secrets
from dealpos_reconciler.serve.server import Callers, Server
from dealpos_reconciler.workflows.hooks.endpoints import make_hint_endpoints, make_invoice_endpoints
from tests.serve.stand_in import Service, StoreInMemory
from tests.support.provided import KEY as CODES_KEY
from tests.support.provided import RELEASE

SECRET = "path-secret-of-the-test-0123456789abcdef"
OLD_SECRET = "path-secret-of-last-year-0123456789abcde"
TOKEN = "admin-token-of-the-test-0123456789abcdef"
KEY = "api-key-of-the-test-0123456789abcdef0123"


TLS = ssl.create_default_context()
"""Made once: it takes longer than a test."""


class Running:
    """A server in a thread, and clients of both listeners.

    With a folder it is the real provider over the SQLite store in it.
    """

    def __init__(
        self,
        folder: Path | None = None,
        hooks: Mapping[str, Endpoint] | None = None,
        pages: Mapping[str, View] | None = None,
        codes_key: bytes = CODES_KEY,
        **callers: Any,
    ) -> None:
        self.store: Any = SqliteStore(folder / "provider.db") if folder else StoreInMemory()
        self.service: Any = Provider(self.store, codes_key) if folder else Service()
        self.hints = HookFile(folder / "hooks.db") if folder else None
        heard = make_invoice_endpoints(self.service)
        heard |= make_hint_endpoints(self.hints, lambda: None) if self.hints else {}
        self.written = io.StringIO()
        who = Callers(
            "kopi",
            Secrets([SECRET, OLD_SECRET]),
            Secrets([TOKEN]),
            proxies=[parse_network("127.0.0.1")],
            **callers,
        )
        self.server = Server(
            who,
            self.store,
            self.service,
            log=Log(self.written),
            hooks={**heard, **(hooks or {})},
            pages=pages or {},
        )
        self.sockets = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
        self.ports = [sock.getsockname()[1] for sock in self.sockets]
        self.base = f"/v1/kopi/{SECRET}"
        self.shop = httpx.Client(
            verify=TLS, base_url=f"http://127.0.0.1:{self.ports[0]}", timeout=20
        )
        self.admin = httpx.Client(
            verify=TLS,
            base_url=f"http://127.0.0.1:{self.ports[1]}",
            headers={"authorization": f"Bearer {TOKEN}"},
            timeout=20,
        )
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        await self.server.run(*self.sockets, self.started.set)

    def start(self) -> None:
        self.started = threading.Event()
        self.thread.start()
        assert self.started.wait(5)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.server.stop)
        self.thread.join(20)
        assert not self.thread.is_alive()

    def ask(self, path: str = "coupon", json: Any = None, **more: Any) -> httpx.Response:
        body = {"Code": "KOPI"} if json is None else json
        return self.shop.post(f"{self.base}/{path}", json=body, **more)

    def publish(self, document: str = "KOPI", previous: int = 0) -> httpx.Response:
        return self.admin.put(
            "/admin/v1/release",
            json={"document": document, "commit": "abc123"},
            headers={"If-Match": f'"{previous}"'},
        )

    def stopped(self) -> list[dict[str, Any]]:
        """Stop the server and return the lines of its log."""
        self.stop()
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def metric(self, name: str) -> float:
        for line in self.admin.get("/metrics").text.splitlines():
            if line.rpartition(" ")[0] == name:
                return float(line.rpartition(" ")[2])
        return 0.0


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """A function that starts a server; it is stopped at the end."""
    made: list[Running] = []

    def start(folder: Path | None = None, **callers: Any) -> Running:
        made.append(Running(folder, **callers))
        made[-1].start()
        return made[-1]

    yield start
    for running in made:
        if running.thread.is_alive():
            running.stop()
        if running.hints:
            running.hints.close()
        running.shop.close()
        running.admin.close()


@pytest.fixture
def served(serve: Callable[..., Running]) -> Running:
    """A server with a stand-in for the provider, which knows the code KOPI."""
    running = serve()
    assert running.publish().status_code == 200
    return running


@pytest.fixture
def shop(serve: Callable[..., Running], tmp_path: Path) -> Running:
    """The real provider over SQLite, with the release of `tests.support.provided`."""
    running = serve(tmp_path)
    assert running.publish(dump_release(RELEASE)).status_code == 200
    return running


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that returns a port where nobody listens."""

    def find() -> int:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port: int = found.getsockname()[1]
            return port

    return find
