"""A fleet of shops behind HTTP, each with its ledger in the git remote of the fleet."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from dealpos_reconciler import sandbox
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.fleets import TWO_WAVES, FleetFolder
from tests.support.menu import TWO_SIZES
from tests.support.program import SECRET, Quiet, running


class Stall:
    """A request that is not answered until the test says so."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, seconds: float) -> None:
        self.reached.set()
        self.go_on.wait(60)


class ServedFleet:
    """A clone with a fleet file, its remote, and the shops."""

    def __init__(self, home: Path, names: Sequence[str], shops: dict[str, Any]) -> None:
        self.home = home
        self.shops = shops
        self.fleet = self._make_clone("clone", names)
        self.fleet.git("init", "--quiet", "--bare", str(home / "remote.git"))
        self.fleet.git("remote", "add", "origin", str(home / "remote.git"))
        for number, name in enumerate(names):
            store = f"url: 'http://127.0.0.1:{shops[name].port}', client_id: sandbox"
            secret = f"client_secret: '${{SECRET_{number}}}'"
            settings = f"store: {{{store}, {secret}}}\nledger: git\n"
            self.fleet.write(f"shops/{name}/reconciler.yaml", settings)
            self.fleet.declare(name, TWO_SIZES)
            self.fleet.environment[f"SECRET_{number}"] = SECRET
        self.publish("begin")

    def _make_clone(self, name: str, names: Sequence[str]) -> FleetFolder:
        return FleetFolder(self.home / name, names, TWO_WAVES)

    def publish(self, subject: str) -> None:
        """Commit and push."""
        self.fleet.commit(subject)
        self.fleet.git("push", "--quiet", "origin", "main")

    def clone(self, name: str) -> Path:
        """Return another clone, as a worker or another runner has it."""
        words = ("clone", "--quiet", "--branch", "main")
        self.fleet.git(*words, str(self.home / "remote.git"), str(self.home / name))
        return self.home / name

    def stall(self, name: str, method: str, path: str, **options: Any) -> Stall:
        """Let a shop leave one request unanswered."""
        shop, stall = self.shops[name], Stall()
        shop.sleep = stall
        shop.faults.add(InjectedFault(method, path, "delay", **options))
        return stall

    def writes(self, name: str) -> list[str]:
        """The writes of the first catalogue that a shop has carried out, in their order.

        A process that is killed between the head and the body of a request has written nothing.
        """
        calls = self.shops[name].calls
        paths = [
            path.removeprefix("/api/v3")
            for method, path, status in calls
            if method == "POST" and status == 200
        ]
        return [path for path in paths if path in ("/Category", "/Product")]


@contextlib.contextmanager
def serve_fleet(home: Path, names: Sequence[str]) -> Iterator[ServedFleet]:
    """Serve a shop for each name."""
    with contextlib.ExitStack() as stack:
        shops = {}
        for name in names:
            app = sandbox.create_app(home / f"{name}.db", limit=None, client_secret=SECRET)
            httpd = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
            stack.enter_context(running(httpd))
            shops[name] = app.extensions["sandbox"]
            shops[name].port = httpd.server_port
        yield ServedFleet(home, names, shops)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            stat = Path("/proc", entry, "stat").read_text(encoding="utf-8")
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry))
    return found
