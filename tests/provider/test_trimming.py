"""Old events and outlines are deleted, and nothing that is counted goes with them."""

from __future__ import annotations

import asyncio
import io
from contextlib import closing
from datetime import timedelta

import pytest

from dealpos_reconciler.provider import trimming
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.workflows.provider.trimming import trim, trim_hourly
from tests.support.usage import NOON, SetClock, UsageDriver, broken_invariants, connect


def count(place: str, table: str) -> int:
    with closing(connect(place)) as connection:
        ((number,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(number)


def fill(place: str, table: str, rows: int) -> None:
    """Write rows of the moment 1970 by hand: a store of years has so many."""
    at, columns = (
        ("to_timestamp(0)", "FROM generate_series(1, {})")
        if place.startswith("postgresql:")
        else (
            "0",
            "FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < {}) SELECT i FROM n)",
        )
    )
    rest = {
        "event": "(at, kind, counter, invoice, detail) SELECT {}, 'counted', 'x', '', '' ",
        "dead_letter": "(at, reason, digest, length, invoice) SELECT {}, 'no_id', '', 0, '' ",
    }[table].format(at)
    with closing(connect(place)) as connection:
        connection.execute(f"INSERT INTO {table} {rest}{columns.format(rows)}")
        connection.commit()


def test_what_is_old_goes_and_every_count_stays(till: UsageDriver, place: str) -> None:
    till.publish()
    till.hold(limit=9, limit_per_customer=1, customer=frozenset("a"))
    till.book("old", limit=9, customer=frozenset("a"))
    till.run(till.store.dead_letter("no_id", "d", 7, "", till.clock()))
    till.run(till.store.note_settled("0 corrections", till.clock()))
    till.clock.move(days=300)
    till.book("young", limit=9)
    till.run(till.store.dead_letter("no_id", "d", 7, "", till.clock()))
    before = till.all_usage()
    till.clock.move(days=101)
    assert till.run(trim(till.store, till.clock() - trimming.KEPT_FOR)) == 3
    events = till.run(till.store.events())
    assert [(each.kind, each.invoice) for each in events] == [
        ("settled", ""),
        ("counted", "young"),
    ]
    assert count(place, "dead_letter") == 1
    assert till.run(till.store.last_settled()) == NOON
    assert till.all_usage() == before
    assert till.book("old", limit=9, customer=frozenset("a")).result == "again"
    told = till.hold(limit=9, limit_per_customer=1, customer=frozenset("a"))
    assert told.status == "customer_limit"
    current = till.run(till.store.current())
    assert current
    assert current.number == 1
    assert not broken_invariants(place)


def test_a_store_of_years_is_trimmed_piece_by_piece(
    till: UsageDriver, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealpos_reconciler.workflows.provider.trimming.PAUSE", 0)
    fill(place, "event", 3 * trimming.ROWS + 1)
    moment = till.clock() - trimming.KEPT_FOR
    assert till.run(till.store.trim(moment)) == trimming.ROWS, "no till waits for more"
    assert till.run(trim(till.store, moment)) == 2 * trimming.ROWS + 1
    till.book("new", limit=9)
    (event,) = till.run(till.store.events())
    assert event.number == 3 * trimming.ROWS + 2, "a number is never given twice"


def test_outlines_are_kept_up_to_a_number(
    till: UsageDriver, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealpos_reconciler.workflows.provider.trimming.PAUSE", 0)
    fill(place, "dead_letter", trimming.MAX_DEAD_LETTERS + trimming.ROWS + 7)
    long_ago = NOON - timedelta(days=100_000)
    assert till.run(trim(till.store, long_ago)) == trimming.ROWS + 7
    assert count(place, "dead_letter") == trimming.MAX_DEAD_LETTERS


def test_the_server_trims_and_says_so(till: UsageDriver, place: str, clock: SetClock) -> None:
    fill(place, "event", 5)
    written = io.StringIO()
    log = Log(written)

    async def run() -> None:
        task = asyncio.ensure_future(trim_hourly(till.store, log, clock))
        while count(place, "event"):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        task.cancel()

    till.run(run())
    log.close()
    assert '"event": "old events deleted", "rows": 5' in written.getvalue()
