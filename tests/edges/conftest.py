"""A shop of every kind, the files that declare exactly that shop, and how to open it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.sandbox import Choices
from tests.support.seeds import FILES, LIVE, TODAY
from tests.support.shop import MakeShop, Shop


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
