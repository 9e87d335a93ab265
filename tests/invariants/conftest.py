"""Generated shops: what the files declare and what is live, overlapping in every way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, configuration, settings

from reconciler.sandbox import Choices
from tests.support.deep import amount
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

# Kept out of the project: pytest would find the folder and object to it.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "reconciler-hypothesis")
settings.register_profile(
    "invariants",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=amount(8, 25),
    # Shrinking takes minutes: HYPOTHESIS_PROFILE=shrink asks for the smallest world that fails.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile(
    "shrink", settings.get_profile("invariants"), phases=settings.get_profile("default").phases
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "invariants"))


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
