"""Generated shops: what the files declare and what is live, overlapping in every way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealpos_reconciler.sandbox import Choices
from tests.support.generated import (
    KEYS,
    TODAY,
    GeneratedWorld,
    OpenWorld,
    Worlds,
    completed,
    worlds,
)
from tests.support.shop import MakeShop, Shop


@pytest.fixture
def complete() -> Worlds:
    """Worlds whose files say enough to create every coupon again, were its run cut off."""
    return worlds().map(completed)


@pytest.fixture
def generated() -> Worlds:
    """Worlds, for tests that draw them."""
    return worlds()


@pytest.fixture
def keys() -> dict[str, dict[str, str]]:
    """Our names to the seed's, by kind."""
    return KEYS


@pytest.fixture
def open_world(make_shop: MakeShop) -> OpenWorld:
    """The shop of a world, with its files written; keyword arguments are choices."""

    def make(
        world: GeneratedWorld, order: Callable[[list[Any]], list[Any]] = list, **choices: Any
    ) -> Shop:
        shop = make_shop(world.seed(), choices=Choices(**choices))
        shop.twin.today = lambda: TODAY
        for index, text in enumerate(world.documents(order)):
            shop.write(text, f"{index:03}.yaml")
        return shop

    return make
