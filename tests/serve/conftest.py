"""Fixtures: the two listeners of the server, over real sockets."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from reconciler.catalogue.provider_settings import parse_network
from reconciler.serve.log import Log
from reconciler.serve.run import bind
from reconciler.serve.secret import Secrets
from reconciler.serve.server import Callers, Server
from tests.serve.stand_in import Service, StoreInMemory

SECRET = "path-secret-of-the-test-0123456789abcdef"
OLD_SECRET = "path-secret-of-last-year-0123456789abcde"
TOKEN = "admin-token-of-the-test-0123456789abcdef"
KEY = "api-key-of-the-test-0123456789abcdef0123"


class Running:
    """A server in a thread, and clients of both listeners."""

    def __init__(self, **callers: Any) -> None:
        self.store, self.service = StoreInMemory(), Service()
        self.written = io.StringIO()
        who = Callers(
            "kopi",
            Secrets([SECRET, OLD_SECRET]),
            Secrets([TOKEN]),
            proxies=[parse_network("127.0.0.1")],
            **callers,
        )
        self.server = Server(who, self.store, self.service, Log(self.written))
        self.sockets = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
        self.ports = [sock.getsockname()[1] for sock in self.sockets]
        self.base = f"/v1/kopi/{SECRET}"
        self.shop = httpx.Client(base_url=f"http://127.0.0.1:{self.ports[0]}", timeout=20)
        self.admin = httpx.Client(
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

    def start(**callers: Any) -> Running:
        made.append(Running(**callers))
        made[-1].start()
        return made[-1]

    yield start
    for running in made:
        if running.thread.is_alive():
            running.stop()
        running.shop.close()
        running.admin.close()


@pytest.fixture
def served(serve: Callable[..., Running]) -> Running:
    """A server with one release, which knows the code KOPI."""
    running = serve()
    assert running.publish().status_code == 200
    return running
