"""The weather around a PostgreSQL store: addresses, permissions, outages, backup and restore."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, UsageError
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.postgres.store import open_postgres
from dealpos_reconciler.provider.store import UsageStore
from tests.support.postgres import PrivatePostgres
from tests.support.usage import SetClock, UsageDriver, broken_invariants


@pytest.fixture
def dsn(postgres: PrivatePostgres) -> str:
    return postgres.new_schema()


def driver_of(dsn: str, clock: SetClock, deadline: float = 1.0) -> UsageDriver:
    async def open_it() -> UsageStore:
        return await open_postgres(dsn, clock=clock, deadline=deadline)

    return UsageDriver(open_it, clock)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("/postgres?", "/absent?"), r'database "absent" does not exist'),
        (("%3Dshop", "%3Dabsent"), "the schema does not exist"),
        (("till@", "stranger@"), r'role "stranger" does not exist'),
        (("-csearch", "-cdefault_transaction_read_only%3Don%20-csearch"), "may only be read"),
        (("host=", "host=%2Fabsent"), "cannot be reached"),
    ],
)
def test_an_address_that_leads_to_no_store_is_named(
    dsn: str, change: tuple[str, str], sentence: str
) -> None:
    place = dsn.replace(*change)
    with pytest.raises(ProviderUnavailable, match=sentence) as caught:
        asyncio.run(open_store(place))
    assert "the provider's store postgresql://" in str(caught.value)


@pytest.mark.parametrize(
    "place",
    ["//till:s3cret@[::1/db", "//till:b@s3cret@host/db", "//till:s3cret/b@host/db", "//a?s3cret=1"],
)
def test_a_mistaken_address_is_not_repeated_with_its_password(place: str) -> None:
    with pytest.raises(ProviderError, match="is not valid") as caught:
        asyncio.run(open_store(f"postgresql:{place}"))
    assert "s3cret" not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"


def test_another_sort_of_database_is_refused() -> None:
    with pytest.raises(ProviderError, match=r"unknown address: mysql://…"):
        asyncio.run(open_store("mysql://till:s3cret@host/db"))


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dealpos_reconciler.provider.postgres.store", None)
    with pytest.raises(UsageError, match=r"pip install 'dealpos-reconciler\[postgres\]'"):
        asyncio.run(open_store("postgresql://host/db"))


def test_a_newer_schema_is_refused(dsn: str, postgres: PrivatePostgres, clock: SetClock) -> None:
    driver_of(dsn, clock).end()
    schema = dsn.rpartition("%3D")[2]
    postgres.sql(f"INSERT INTO {schema}.schema_version (version) VALUES (99)")
    with pytest.raises(ProviderError, match="has schema version 99"):
        driver_of(dsn, clock)


def test_tables_of_another_program_are_not_touched(
    dsn: str, postgres: PrivatePostgres, clock: SetClock
) -> None:
    schema = dsn.rpartition("%3D")[2]
    postgres.sql(f"CREATE TABLE {schema}.invoice (theirs text)")
    with pytest.raises(ProviderError, match="tables of another program"):
        driver_of(dsn, clock)
    assert postgres.sql(f"SELECT to_regclass('{schema}.counter')") == [(None,)]


def test_servers_that_start_at_once_make_one_schema(dsn: str) -> None:
    async def start_all() -> None:
        for store in await asyncio.gather(*(open_store(dsn) for _ in range(4))):
            await store.close()

    asyncio.run(start_all())


def test_a_database_that_comes_back_is_used_again(
    dsn: str, postgres: PrivatePostgres, clock: SetClock
) -> None:
    till = driver_of(dsn, clock)

    async def next_change() -> asyncio.Task[None]:
        task = asyncio.ensure_future(anext(till.store.changes()))
        await asyncio.sleep(0.2)
        return task

    changed = till.run(next_change())
    till.hold(limit=5)
    till.book(limit=5)
    postgres.stop()
    try:
        began = time.monotonic()
        for call in (till.store.check(), till.store.hold(till.request())):
            with pytest.raises(ProviderUnavailable, match=r"cannot be reached|within 1 s"):
                till.run(call)
        assert time.monotonic() - began < 4
    finally:
        postgres.start()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            till.run(till.store.check())
            break
        except ProviderUnavailable:
            time.sleep(0.1)
    assert till.usage() == (1, 0)
    till.publish()
    till.run(asyncio.wait_for(changed, 10))
    till.end()


def test_a_locked_counter_is_given_up_at_the_deadline(
    dsn: str, postgres: PrivatePostgres, clock: SetClock
) -> None:
    till = driver_of(dsn, clock, deadline=0.3)
    till.hold(limit=5)
    with psycopg.connect(dsn) as other:
        other.execute("SELECT 1 FROM counter FOR UPDATE")
        with pytest.raises(ProviderUnavailable, match=r"busy|within"):
            till.hold(limit=5)
        other.rollback()
    assert till.hold(limit=5).held == 2
    till.end()


def test_a_copy_is_restored_by_the_tools_of_the_server(
    dsn: str, postgres: PrivatePostgres, clock: SetClock, quick_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The drill: copy, sell on, lose the store, restore, report what came after once more."""
    monkeypatch.setenv("PATH", f"{postgres.bin}:{os.environ['PATH']}")
    till = driver_of(dsn, clock)
    till.publish()
    till.book("before", limit=9)
    copy = quick_path / "copy.dump"
    till.backup(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    till.book("after", limit=9)
    till.end()
    schema = dsn.rpartition("%3D")[2]
    postgres.sql(f"DROP SCHEMA {schema} CASCADE")
    subprocess.run(
        ["pg_restore", "--no-owner", f"--dbname={postgres.address('public')}", copy],
        check=True,
    )
    till = driver_of(dsn, clock)
    assert till.usage() == (1, 0)
    till.book("after", limit=9, flags=frozenset({"settled"}), authority=True)
    assert till.usage() == (2, 0)
    till.end()
    assert not broken_invariants(dsn)


def test_without_its_tool_a_copy_is_refused_with_the_way_to_make_one(
    dsn: str, clock: SetClock, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = driver_of(dsn, clock)
    monkeypatch.setenv("PATH", str(quick_path))
    with pytest.raises(ProviderError, match="pg_dump, which is not installed") as caught:
        till.backup(quick_path / "copy.dump")
    assert "pg_dump --format=custom" in str(caught.value.hint)
    till.end()
    assert not list(quick_path.iterdir())
