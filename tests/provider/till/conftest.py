"""The provider of a shop over one SQLite file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import UsageStore
from tests.support.provided import ProvidedShop
from tests.support.usage import SetClock, UsageDriver


@pytest.fixture
def open_it(quick_path: Path, clock: SetClock) -> Callable[[], Awaitable[UsageStore]]:
    """A function that opens one SQLite file: what each store promises is tested beside it."""

    async def open_sqlite() -> UsageStore:
        return SqliteStore(quick_path / "provider.db", clock=clock)

    return open_sqlite


@pytest.fixture
def shop(till: UsageDriver, quick_path: Path) -> ProvidedShop:
    return ProvidedShop(till, quick_path)
