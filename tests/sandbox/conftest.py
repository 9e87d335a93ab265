"""A sandbox shop and a client that talks to it in-process."""

import json
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.sandbox import Choices, create_app, seed
from tests.support.sandbox_client import OpenSandbox, SandboxClient

HERE = Path(__file__).parent


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads((HERE / "shop.json").read_text(encoding="utf-8"))


@pytest.fixture
def open_shop(document: dict[str, Any]) -> OpenSandbox:
    """A factory of seeded shops; keyword arguments are choices."""

    def make(content: dict[str, Any] | None = None, **choices: Any) -> SandboxClient:
        app = create_app(limit=None, choices=Choices(**choices))
        seed(app.extensions["sandbox"].store, document if content is None else content)
        return SandboxClient(app)

    return make


@pytest.fixture
def client(open_shop: OpenSandbox) -> SandboxClient:
    return open_shop()


@pytest.fixture
def connect() -> type[SandboxClient]:
    """The client class, for tests that make their own application."""
    return SandboxClient
