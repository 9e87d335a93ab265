"""Fixtures of every test: a clean environment, no network beyond loopback, and a shop."""

from __future__ import annotations

import copy
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, configuration, settings

from dealpos_reconciler.sandbox import Choices
from tests.support.deep import amount
from tests.support.documents import ReadDocument, document_reader
from tests.support.seeds import FILES, LIVE, TODAY
from tests.support.shop import ROOT, MakeShop, Shop
from tests.support.world import World

pytest_plugins = ["tests.support.leaks", "tests.support.postgres"]

SHARED = Path("/dev/shm")
ROOM = 2 * 1024**3
"""Bytes of memory that the temporary folders of a run may need."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


# Kept out of the project: pytest would find the folder and object to it.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "reconciler-hypothesis")
# Tests draw the same examples in every run: chance finds nothing new while a change waits for it.
settings.register_profile(
    "reconciler",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=amount(8, 25),
    # Shrinking takes minutes: HYPOTHESIS_PROFILE=shrink asks for the smallest world that fails.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile(
    "shrink", settings.get_profile("reconciler"), phases=settings.get_profile("default").phases
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reconciler"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than processors: tests wait for processes and clocks often."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Keep temporary folders in memory: the tool waits for the disk after each file it writes."""
    if SHARED.is_dir() and shutil.disk_usage(SHARED).free > ROOM and "TMPDIR" not in os.environ:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(SHARED))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials and no home of this machine, and nothing past loopback."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    ours = ("DEALPOS_URL", "DEALPOS_CLIENT_ID", "DEALPOS_CLIENT_SECRET", "RECONCILER_LEDGER_KEY")
    for name in (*ours, "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test reaches past loopback: {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def documented() -> ReadDocument:
    """Hands a document back as a program reads it; fails where its schema does not say so."""
    return document_reader()


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """An empty shop: no files, nothing in the sandbox."""
    return make_shop()


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[MakeShop]:
    """A function that makes a shop from a seed document, with options of `create_app`."""
    made: list[Shop] = []

    def make(seed: dict[str, Any] | None = None, **options: Any) -> Shop:
        made.append(Shop(tmp_path / f"shop{len(list(tmp_path.iterdir()))}", seed, **options))
        return made[-1]

    yield make
    for shop in made:
        shop.twin.store.close()


@pytest.fixture
def live() -> dict[str, Any]:
    """The seed of the shop; a copy that a test may change."""
    return copy.deepcopy(LIVE)


@pytest.fixture
def files() -> str:
    """The files that declare exactly `live`."""
    return FILES


@pytest.fixture
def open_shop(make_shop: MakeShop) -> MakeShop:
    """A shop from a seed and its files; keyword arguments are choices of the sandbox."""

    def make(seed: dict[str, Any], text: str = "", **choices: Any) -> Shop:
        shop = make_shop(seed, choices=Choices(**choices))
        shop.twin.today = lambda: TODAY
        if text:
            shop.write(text)
        return shop

    return make


@pytest.fixture
def same(open_shop: MakeShop, live: dict[str, Any], files: str) -> MakeShop:
    """The shop that equals its files, under some choices."""
    return lambda **choices: open_shop(live, files, **choices)


@pytest.fixture
def world() -> World:
    """No files and no shop."""
    return World()


@pytest.fixture
def new_world() -> Callable[[], World]:
    """A function that makes further worlds."""
    return World


@pytest.fixture
def clone(tmp_path: Path) -> Callable[[str], Path]:
    """A function that makes clones of one remote."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)

    def make(name: str) -> Path:
        folder = tmp_path / name
        subprocess.run(["git", "clone", "-q", remote, folder], check=True, capture_output=True)
        return folder

    return make
