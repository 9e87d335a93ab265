"""The description of the API, read once, and a shop that is asked as it says."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from ruamel.yaml import YAML

from dealpos_reconciler.sandbox import create_app, reset, seed
from tests.support.shop import ROOT

EXAMPLES = ROOT / "tests" / "sandbox" / "examples"
DOCUMENT: dict[str, Any] = YAML(typ="safe").load(ROOT / "schemas" / "dealpos.openapi.yaml")
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
# The day on which the documented examples were alive.
TODAY = date(2019, 12, 18)


def pytest_generate_tests(metafunc: Any) -> None:
    """A test that takes `operation` runs once for each, named "METHOD /path"."""
    if "operation" in metafunc.fixturenames:
        metafunc.parametrize("operation", OPERATIONS)


@pytest.fixture(scope="session")
def whole() -> dict[str, Any]:
    return DOCUMENT


@pytest.fixture
def document() -> dict[str, Any]:
    """A copy that a test may change."""
    return copy.deepcopy(DOCUMENT)


@pytest.fixture(scope="session")
def operations() -> dict[str, dict[str, Any]]:
    return OPERATIONS


@pytest.fixture(scope="session")
def example() -> Callable[[str], Any]:
    """A documented example, by its file's name without `.json`."""
    return lambda name: json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def app() -> Flask:
    return create_app(limit=None)


@pytest.fixture
def shop(app: Flask) -> Callable[..., dict[str, str]]:
    """Fill a shop with a document, or with two outlets; answers the headers of its client."""

    def fill(content: dict[str, Any] | None, app: Flask = app) -> dict[str, str]:
        state = app.extensions["sandbox"]
        state.today = lambda: TODAY
        reset(state.store)
        seed(state.store, content or {"outlets": [{"Name": "Outlet1"}, {"Name": "Outlet2"}]})
        state.revoke_tokens()
        return {"Authorization": f"Bearer {state.tokens.issue(3600.0)}"}

    return fill
