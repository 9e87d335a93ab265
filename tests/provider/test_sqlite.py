"""The weather around an SQLite store: a full disk, locks, damage, power failures, old files.

Each has a sentence, and nothing that was answered yes is forgotten.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from dealpos_reconciler.errors import ProviderError, ProviderUnavailable
from dealpos_reconciler.provider import migration
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.sqlite import transactions
from dealpos_reconciler.provider.sqlite.file import PAGE_BYTES, SqliteFile
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from tests.support.usage import SetClock, UsageDriver, broken_invariants

OpenTill = Callable[..., UsageDriver]

FRAME = 24 + PAGE_BYTES
"""A page of the write-ahead log with its header; the log itself begins with 32 bytes."""


@pytest.fixture
def path(quick_path: Path) -> Path:
    return quick_path / "provider.db"


@pytest.fixture
def open_till(clock: SetClock) -> Iterator[OpenTill]:
    """A function that opens a file; whatever it opened is closed in the end."""
    drivers: list[UsageDriver] = []

    def start(path: Path, **options: object) -> UsageDriver:
        async def open_it() -> SqliteStore:
            return SqliteStore(path, clock=clock, **options)  # type: ignore[arg-type]

        drivers.append(UsageDriver(open_it, clock))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.end()


def test_the_file_and_its_folder_are_for_their_owner(quick_path: Path, open_till: OpenTill) -> None:
    path = quick_path / ".provider" / "provider.db"
    open_till(path).hold()
    files = [path, path.with_name("provider.db-wal"), path.parent]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600, 0o700]
    assert (path.parent / ".gitignore").read_text() == "*\n"


def fill(till: UsageDriver) -> list[str]:
    """Sell until the disk is full; return the invoices that were answered."""
    sold: list[str] = []
    with suppress(ProviderUnavailable):
        while len(sold) < 10_000:
            till.book(f"i{len(sold)}", number="n" * 500, limit=None)
            sold.append(f"i{len(sold)}")
    with pytest.raises(ProviderUnavailable, match="the disk is full"):
        till.book("one more", number="n" * 5000)
    return sold


def test_a_store_that_may_not_grow_says_so_and_keeps_what_it_has(
    path: Path, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = SqliteFile.connect
    till = open_till(path)
    till.close()
    pages = {"limit": 60}

    def limited(self: SqliteFile) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute(f"PRAGMA max_page_count = {pages['limit']}")
        return connection

    monkeypatch.setattr(SqliteFile, "connect", limited)
    till = open_till(path)
    sold = fill(till)
    assert till.usage()[0] == len(sold)
    pages["limit"] = 10_000
    assert till.book("more").result == "counted"
    till.close()
    assert not broken_invariants(str(path))


def test_a_full_disk_is_named_and_nothing_is_forgotten(tmp_path: Path, open_till: OpenTill) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        till = open_till(disk / "provider.db")
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 400_000)
        sold = fill(till)
        ballast.unlink()
        till.run(till.store.check())
        till.reopen()
        assert {row.invoice for row in till.run(till.store.invoices())} >= set(sold)
        till.close()
        assert not broken_invariants(str(disk / "provider.db"))
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Rights of files count: root, which may write everywhere, is somebody else for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield
    if is_root:
        os.seteuid(0)


def test_a_folder_that_may_not_be_written_is_named(
    quick_path: Path, request: pytest.FixtureRequest
) -> None:
    quick_path.chmod(0o555)
    request.getfixturevalue("unprivileged")
    with pytest.raises(ProviderUnavailable, match=r"provider\.db: Permission denied"):
        asyncio.run(open_store(quick_path / "provider.db"))
    with pytest.raises(ProviderUnavailable, match="Permission denied"):
        asyncio.run(open_store(quick_path / "new" / "provider.db"))


def test_a_file_that_may_only_be_read_is_named(
    quick_path: Path, path: Path, open_till: OpenTill, request: pytest.FixtureRequest
) -> None:
    open_till(path).close()
    path.chmod(0o444)
    quick_path.chmod(0o555)
    request.getfixturevalue("unprivileged")
    with pytest.raises(ProviderUnavailable, match=r"may not be written|cannot be opened"):
        asyncio.run(open_store(path))


def test_a_locked_file_is_reported_before_the_deadline(path: Path, open_till: OpenTill) -> None:
    till = open_till(path, deadline=0.5)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable, match=r"locked it|was busy for 0\.5 s"):
            till.hold()
        with pytest.raises(ProviderUnavailable, match=r"locked it|was busy for 0\.5 s"):
            till.book()
        assert time.monotonic() - began < 5
        other.execute("ROLLBACK")
    assert till.hold().status == "held"
    assert till.book().flags == frozenset()


def test_a_hold_that_nobody_waits_for_any_more_is_not_given(
    path: Path, open_till: OpenTill
) -> None:
    till = open_till(path, deadline=0.2)

    async def ask_many() -> None:
        calls = [till.store.hold(till.request(limit=None)) for _ in range(300)]
        await asyncio.gather(*calls, return_exceptions=True)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        till.run(ask_many())
        other.execute("ROLLBACK")
    time.sleep(0.3)
    assert till.hold(limit=None).held == 1


def test_a_file_of_something_else_is_not_touched(path: Path, open_till: OpenTill) -> None:
    path.write_text("a diary\n" * 1000)
    with pytest.raises(ProviderError, match="is not an SQLite database"):
        open_till(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE diary (day)")
        other.commit()
    with pytest.raises(ProviderError, match="is an SQLite database of another program"):
        open_till(path)


def test_a_damaged_file_is_named(path: Path, open_till: OpenTill) -> None:
    till = open_till(path)
    for number in range(200):
        till.book(f"i{number}")
    till.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(ProviderUnavailable, match="it is damaged") as caught:
        open_till(path)
    assert "backup" in str(caught.value.hint)


def test_a_file_that_was_replaced_while_it_was_open_takes_no_sale(
    path: Path, open_till: OpenTill
) -> None:
    till = open_till(path)
    till.hold()
    path.rename(path.with_name("moved.db"))
    with pytest.raises(ProviderUnavailable, match="was deleted or replaced"):
        till.book()
    open_till(path)
    with pytest.raises(ProviderUnavailable, match="was deleted or replaced"):
        till.hold()


def test_an_error_of_the_writer_is_told_to_all_that_wait_and_ends_it(
    path: Path, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    till = open_till(path, on_failure=told.append)
    monkeypatch.setattr(type(till.store._writer), "_round", lambda *_: 1 / 0)

    async def ask_many() -> list[object]:
        calls = [till.store.hold(till.request(limit=None)) for _ in range(20)]
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = till.run(ask_many())
    till.store._writer._thread.join()  # it tells who waits first, and then the server
    assert {str(error) for error in errors} == set(told)
    assert "the writer of the provider's store" in told[0]
    assert "ZeroDivisionError" in told[0]
    monkeypatch.undo()
    with pytest.raises(ProviderUnavailable, match="the writer"):
        till.book()


def test_one_faulty_operation_harms_no_other_of_its_round(
    path: Path, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = open_till(path)
    book = transactions.book_sale

    def faulty(connection: sqlite3.Connection, report: object) -> object:
        booked = book(connection, report)  # type: ignore[arg-type]
        if booked.result == "counted" and report.invoice == "bad":  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return booked

    monkeypatch.setattr(transactions, "book_sale", faulty)

    async def sell() -> list[object]:
        reports = [till.report(name) for name in ("i1", "bad", "i2")]
        return await asyncio.gather(*map(till.store.book, reports), return_exceptions=True)

    results = till.run(sell())
    assert isinstance(results[1], ZeroDivisionError)
    assert till.usage() == (2, 0)
    assert not broken_invariants(str(path))


def test_each_cut_of_the_log_by_a_power_failure_leaves_a_beginning_of_what_happened(
    path: Path, quick_path: Path, open_till: OpenTill
) -> None:
    till = open_till(path)
    for number in range(12):
        till.hold(f"c{number % 2}", limit=5, customer=frozenset({f"who{number}"}))
        till.book(f"i{number}", counter=f"c{number % 3}", limit=5)
    till.book("i1", "voided")
    till.book("i2", counter="c0", digest="moved")
    database = path.read_bytes()
    log = path.with_name("provider.db-wal").read_bytes()
    till.close()
    sold = []
    cut = quick_path / "cut" / "provider.db"
    cut.parent.mkdir()
    for end in [*range(32, len(log) + 1, FRAME), *range(1000, len(log), 7 * FRAME + 501)]:
        cut.write_bytes(database)
        cut.with_name("provider.db-wal").write_bytes(log[:end])
        with closing(sqlite3.connect(cut)) as connection:
            exists = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            rows = connection.execute("SELECT invoice FROM invoice").fetchall() if exists else []
        if exists:
            assert not broken_invariants(str(cut))
        if (end - 32) % FRAME == 0:
            sold.append(len(rows))
        for file in cut.parent.iterdir():
            file.unlink()
    assert sold == sorted(sold)
    assert sold[-1] == 12


def test_a_copy_is_made_while_others_sell_and_opens_as_a_store(
    path: Path, quick_path: Path, open_till: OpenTill
) -> None:
    till = open_till(path)
    copy = quick_path / "copy.db"

    async def sell_and_copy() -> None:
        async def sell(till_number: int) -> None:
            for number in range(60):
                await till.store.hold(till.request(f"c{till_number}", limit=90))
                await till.store.book(
                    till.report(f"{till_number}-{number}", counter=f"c{till_number}", limit=90)
                )

        await asyncio.gather(till.store.backup(copy), *(sell(number) for number in range(4)))

    till.run(sell_and_copy())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not broken_invariants(str(copy))
    assert [file.name for file in quick_path.iterdir() if "copy" in file.name] == ["copy.db"]
    restored = open_till(copy)
    restored.hold("c0", limit=90)
    with pytest.raises(ProviderError, match="is the store itself"):
        till.backup(path)
    with pytest.raises(OSError, match="nowhere"):
        till.backup(quick_path / "nowhere" / "copy.db")


def test_a_restored_copy_takes_the_lost_sales_again(
    path: Path, quick_path: Path, open_till: OpenTill
) -> None:
    """The drill: copy, lose the store, restore, report what came after the copy once more."""
    till = open_till(path)
    till.publish()
    till.book("before", limit=9)
    till.backup(quick_path / "copy.db")
    till.hold(limit=9)
    till.book("after", limit=9)
    till.book("before", "voided", limit=9)
    ended = (till.usage(), till.state("after"), till.state("before"))
    till.close()
    for file in quick_path.glob("provider.db*"):
        file.unlink()
    shutil.copyfile(quick_path / "copy.db", path)
    till = open_till(path)
    assert till.usage() == (1, 0)
    flags = frozenset({"settled"})
    till.book("after", limit=9, flags=flags, authority=True)
    till.book("before", "voided", limit=9, flags=flags, authority=True)
    assert (till.usage(), till.state("after"), till.state("before")) == ended
    assert not broken_invariants(str(path))


def test_an_older_store_is_copied_and_migrated(
    path: Path, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = open_till(path)
    till.book()
    till.close()
    known = migration.scripts("sqlite")
    more = {max(known) + 1: "ALTER TABLE invoice ADD COLUMN weather TEXT;\n-- done\n"}
    monkeypatch.setattr(migration, "scripts", lambda _: known | more)
    till = open_till(path)
    till.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT weather FROM invoice").fetchall() == [(None,)]
    (copy,) = path.parent.glob("provider.db.schema-*.backup")
    monkeypatch.undo()
    assert open_till(copy).usage() == (1, 0)
    with pytest.raises(ProviderError, match=r"has schema version 2; .* up to 1") as caught:
        open_till(path)
    assert caught.value.hint


def test_a_migration_that_fails_changes_nothing(
    path: Path, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_till(path).close()
    known = migration.scripts("sqlite")
    more = {2: "ALTER TABLE invoice ADD COLUMN weather TEXT;\nALTER TABLE absent ADD COLUMN x;\n"}
    monkeypatch.setattr(migration, "scripts", lambda _: known | more)
    with pytest.raises(ProviderUnavailable, match="no such table: absent"):
        open_till(path)
    monkeypatch.undo()
    open_till(path).book()


def test_processes_that_start_at_once_make_one_store(path: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            asyncio.run(close_at_once(path))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with suppress(FileNotFoundError):
        assert not list(path.parent.glob("*.backup"))


async def close_at_once(path: Path) -> None:
    store = await open_store(path)
    await store.close()


def test_no_question_and_no_sale_reads_all_holds_of_a_coupon(
    path: Path, open_till: OpenTill
) -> None:
    """A coupon without a limit by customer may have a hundred thousand holds at a time."""
    open_till(path).close()
    values = {"counter": "x", "outlet": "Kemang", "customer": "[]"}
    with closing(sqlite3.connect(path)) as connection:
        for query in (*transactions._BEST_HOLDS, transactions._OF_CUSTOMER):
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
            steps = [row[3] for row in rows]
            assert not [step for step in steps if step.startswith(("SCAN hold", "SCAN use_by"))]
        sorts = [
            [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
            for query in transactions._BEST_HOLDS[1:]
        ]
    assert not [step for steps in sorts for step in steps if "TEMP B-TREE" in step]


def test_a_store_on_a_clock_far_ahead_is_usable_after_it_was_set_right(
    path: Path, open_till: OpenTill
) -> None:
    till = open_till(path)
    for days in (0, 9000, -9000, 1):
        till.clock.now += timedelta(days=days)
        till.hold(limit=9)
    assert till.usage()[1] >= 1
    assert not broken_invariants(str(path))
