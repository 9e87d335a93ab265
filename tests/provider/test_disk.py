"""The disk below an SQLite store: slow, failing, and what is on it when a sale is answered."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.sqlite import log
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from tests.support.usage import SetClock, UsageDriver, broken_invariants


class Disk:
    """A disk whose sync a test holds up, lets fail, or watches."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.error: OSError | None = None
        self.on_sync: Callable[[], None] = lambda: None

    def sync(self, _: int) -> None:
        self.free.wait(10)
        if self.error:
            raise self.error
        self.on_sync()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(log, "_sync_file", made.sync)
    return made


@pytest.fixture
def path(quick_path: Path) -> Path:
    return quick_path / "provider.db"


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def till(path: Path, disk: Disk, clock: SetClock, failures: list[str]) -> Iterator[UsageDriver]:
    async def open_it() -> SqliteStore:
        return SqliteStore(path, clock=clock, on_failure=failures.append)

    driver = UsageDriver(open_it, clock)
    yield driver
    disk.free.set()
    driver.end()


def test_a_question_does_not_wait_for_the_disk_and_a_sale_does(
    till: UsageDriver, disk: Disk
) -> None:
    async def ask() -> None:
        disk.free.clear()
        sale = asyncio.ensure_future(till.store.book(till.report(limit=9)))
        await asyncio.sleep(0)
        for held in range(1, 4):
            assert (await till.store.hold(till.request(limit=9))).held == held
        assert not sale.done()
        disk.free.set()
        assert (await sale).result == "counted"

    till.run(ask())


def test_each_sale_is_on_disk_before_it_is_answered(
    till: UsageDriver,
    disk: Disk,
    path: Path,
    quick_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A power failure leaves what was there at the last sync, also while the log begins again."""
    monkeypatch.setattr(log, "CHECKPOINT_COMMITS", 7)
    saved = quick_path / "saved" / path.name
    saved.parent.mkdir()

    def save() -> None:
        shutil.copyfile(path, saved)
        shutil.copyfile(f"{path}-wal", f"{saved}-wal")

    disk.on_sync = save
    for number in range(40):
        till.hold(limit=90)
        till.book(f"i{number}", limit=90)
        left = quick_path / f"left-{number}"
        shutil.copytree(saved.parent, left)
        with closing(sqlite3.connect(left / path.name)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM invoice").fetchone()
        assert count == number + 1
        assert not broken_invariants(str(left / path.name))


def test_a_disk_that_fails_ends_the_store_and_no_sale_was_answered(
    till: UsageDriver, disk: Disk, path: Path, failures: list[str]
) -> None:
    disk.error = OSError(errno.EIO, "Input/output error")
    with pytest.raises(ProviderUnavailable, match=r"provider\.db: Input/output error"):
        till.book()
    disk.error = None
    with pytest.raises(ProviderUnavailable, match="Input/output error"):
        till.book("i2")
    till.close()
    assert failures == [f"the provider's store {path} was not put on disk: Input/output error"]


def test_the_log_begins_again_while_writes_never_pause(
    till: UsageDriver, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "CHECKPOINT_COMMITS", 20)

    async def ask(outlet: str) -> None:
        for _ in range(200):
            await till.store.hold(till.request(limit=None, outlet=outlet))

    async def ask_many() -> None:
        await asyncio.gather(*(ask(f"till {number}") for number in range(4)))

    till.run(ask_many())
    first = path.with_name("provider.db-wal").stat().st_size
    till.run(ask_many())
    till.run(ask_many())
    assert path.with_name("provider.db-wal").stat().st_size < 2 * first
