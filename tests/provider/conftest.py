"""A store of each sort, empty, on a clock that a test sets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.provider.sqlite import SqliteStore
from reconciler.provider.store import UsageStore
from tests.support.usage import SetClock, UsageDriver

MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory where there is one: a test does not wait for the disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["sqlite"])
def open_it(
    request: pytest.FixtureRequest, quick_path: Path, clock: SetClock
) -> Callable[[], object]:
    """A function that opens the same store each time."""

    async def open_sqlite() -> UsageStore:
        return SqliteStore(quick_path / "provider.db", clock=clock)

    return open_sqlite


@pytest.fixture
def till(open_it: Callable[[], object], clock: SetClock) -> Iterator[UsageDriver]:
    """The store, as the tills of several outlets use it."""
    driver = UsageDriver(open_it, clock)  # type: ignore[arg-type]
    yield driver
    driver.end()
