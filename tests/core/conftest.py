"""A world of values: what files declare and what a shop has, without either."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.world import World


@pytest.fixture
def world() -> World:
    """No files and no shop."""
    return World()


@pytest.fixture
def new_world() -> Callable[[], World]:
    """A function that makes further worlds."""
    return World
