"""A store of each sort, empty, on a clock that a test sets."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from dealpos_reconciler.provider.postgres.store import open_postgres
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import UsageStore
from tests.support.postgres import MEMORY
from tests.support.usage import SetClock, UsageDriver

OpenStore = Callable[[], Awaitable[UsageStore]]


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory where there is one: a test does not wait for the disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of a store that is empty: a path, or a schema of its own."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("quick_path") / "provider.db")
    return str(request.getfixturevalue("postgres").new_schema())


@pytest.fixture
def open_it(place: str, clock: SetClock) -> OpenStore:
    """A function that opens the same store each time, with the clock of the test."""

    async def open_store() -> UsageStore:
        if place.startswith("postgresql:"):
            return await open_postgres(place, clock=clock)
        return SqliteStore(Path(place), clock=clock)

    return open_store


@pytest.fixture
def till(open_it: OpenStore, clock: SetClock) -> Iterator[UsageDriver]:
    """The store, as the tills of several outlets use it."""
    driver = UsageDriver(open_it, clock)
    yield driver
    driver.end()
