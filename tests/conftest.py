"""What every test shares: a clean environment, no network beyond loopback, and a shop."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import ReadDocument, document_reader
from tests.support.shop import ROOT, MakeShop, Shop

pytest_plugins = ["tests.support.leaks"]

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials of this machine, and nothing past loopback."""
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
def shop(tmp_path: Path) -> Shop:
    """An empty shop: no files, nothing in the sandbox."""
    return Shop(tmp_path / "shop")


@pytest.fixture
def make_shop(tmp_path: Path) -> MakeShop:
    """A function that makes a shop from a seed document, with options of `create_app`."""

    def make(seed: dict[str, Any] | None = None, **options: Any) -> Shop:
        return Shop(tmp_path / f"shop{len(list(tmp_path.iterdir()))}", seed, **options)

    return make
