"""A database that goes away and comes back: each report that was answered is counted."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.postgres.store import PostgresStore, open_postgres
from dealpos_reconciler.provider.spool import SaleSpool, document_of, sale_of
from dealpos_reconciler.provider.store import Booking, SaleReport, Usage
from tests.support.postgres import PrivatePostgres
from tests.support.usage import NOON, SetClock, UsageDriver


@pytest.fixture
def away(postgres: PrivatePostgres, quick_path: Path, clock: SetClock) -> Iterator[UsageDriver]:
    """A store in PostgreSQL with a spool, whose server is stopped; `start` brings it back."""
    dsn = postgres.new_schema()

    async def open_it() -> PostgresStore:
        return await open_postgres(dsn, clock=clock, spool=quick_path / "spool.db", deadline=0.5)

    driver = UsageDriver(open_it, clock)
    driver.hold(limit=3)
    postgres.stop()
    try:
        yield driver
    finally:
        driver.end()
        if postgres.is_stopped:
            postgres.start()


def wait_for_spool(driver: UsageDriver) -> None:
    async def empty() -> None:
        until = time.monotonic() + 20
        while driver.store.spool_length and time.monotonic() < until:
            await asyncio.sleep(0.05)

    driver.run(empty())


def test_sales_are_kept_in_order_until_the_database_is_back(
    away: UsageDriver, postgres: PrivatePostgres
) -> None:
    assert away.book("i1", limit=3).result == "spooled"
    assert away.book("i1", "voided", limit=3).result == "spooled"
    assert away.book("i2", limit=3, discount=Decimal("1.5")).result == "spooled"
    assert away.book("i2", limit=3).result == "spooled"
    assert away.store.spool_length == 4
    with pytest.raises(ProviderUnavailable, match=r"store postgresql://.* (cannot be reached|did)"):
        away.hold(limit=3)
    postgres.start()
    wait_for_spool(away)
    assert away.all_usage() == {"x": Usage(1, 0, 1)}
    assert (away.state("i1"), away.state("i2")) == ("voided", "counted")
    assert away.book("i3", limit=3).result == "counted"


def test_a_spool_outlives_its_process(away: UsageDriver, postgres: PrivatePostgres) -> None:
    away.book("i1", limit=3)
    away.close()
    postgres.start()
    away.store = away.run(away.opened())
    wait_for_spool(away)
    assert away.state("i1") == "counted"


def test_one_report_that_cannot_be_booked_holds_up_no_other(
    away: UsageDriver, postgres: PrivatePostgres, quick_path: Path
) -> None:
    for invoice in ("i1", "nul\0", "i2"):
        away.book(invoice, limit=3)
    postgres.start()
    wait_for_spool(away)
    assert away.state("i2") == "counted"
    with sqlite3.connect(quick_path / "spool.db") as spool:
        ((problem,),) = spool.execute("SELECT problem FROM spool").fetchall()
    spool.close()
    assert "cannot be stored" in problem


def test_every_value_of_a_report_comes_back_from_the_spool() -> None:
    sale = SaleReport(
        "i1", "voided", None, code="X", limit=3, outlet="Kemang", number="A/1",
        customer=frozenset({"a", "b"}), at=NOON, now=NOON, discount=Decimal("10.50"), gross=7,
        flags=frozenset({"late", "settled"}), digest="d", authority=True,
    )  # fmt: skip
    assert sale_of(document_of(sale)) == sale
    small = SaleReport("i1", "counted", "x", now=NOON)
    assert sale_of(document_of(small)) == small


def test_the_file_of_a_spool_is_for_its_owner_and_never_in_git(tmp_path: Path) -> None:
    async def send(_: SaleReport) -> Booking:
        raise AssertionError

    path = tmp_path / "new" / "spool.db"
    spool = SaleSpool(path, send)
    asyncio.run(spool.close())
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.parent / ".gitignore").read_text(encoding="utf-8") == "*\n"
