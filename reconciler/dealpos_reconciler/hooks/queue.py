"""The hints that wait to be read, and the requests that they have spent.

A hint is in the file before DealPOS gets its answer, and leaves it after the read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from dealpos_reconciler.core.hints import EVERYTHING
from dealpos_reconciler.core.model.address import Address

MAX_KEYS = 10_000
"""Objects that may wait; beyond that, one audit of everything takes their place."""
BUDGET_SECONDS = 3600.0
"""The time in which `hooks.max_reads` requests may be sent."""

_JOIN = "UPDATE hint SET count = count + 1 WHERE kind = ? AND name = ?"


class Hint(NamedTuple):
    """One object that a webhook named."""

    address: Address
    times: int
    """The webhooks that named it so far; another count after a read means that one came since."""


def add_hint(connection: sqlite3.Connection, address: Address, now: float) -> None:
    """Add a hint, or count it where its object waits already."""
    for known in (EVERYTHING, address):
        if connection.execute(_JOIN, known).rowcount:
            return
    if count_hints(connection) >= MAX_KEYS:
        connection.execute("DELETE FROM hint")
        address = EVERYTHING
    connection.execute("INSERT INTO hint VALUES (?, ?, ?, 1)", (*address, now))


def count_hints(connection: sqlite3.Connection) -> int:
    """Return the number of objects that wait."""
    return int(connection.execute("SELECT hints FROM total").fetchone()[0])


def find_due(connection: sqlite3.Connection, now: float, settle: float, most: int) -> list[Hint]:
    """Return the hints whose first webhook came `settle` seconds ago or earlier, oldest first."""
    # Where the clock was set back, a hint of the future is due.
    rows = connection.execute(
        "SELECT kind, name, count FROM hint WHERE since <= ? OR since > ?"
        " ORDER BY since, kind, name LIMIT ?",
        (now - settle, now + 1, most),
    )
    return [Hint(Address(kind, name), count) for kind, name, count in rows]


def end_hints(connection: sqlite3.Connection, hints: Iterable[Hint], now: float) -> None:
    """Remove hints that were read; one that came again meanwhile waits from now on."""
    for address, times in hints:
        connection.execute(
            "DELETE FROM hint WHERE kind = ? AND name = ? AND count = ?", (*address, times)
        )
        connection.execute("UPDATE hint SET since = ? WHERE kind = ? AND name = ?", (now, *address))


def spend(connection: sqlite3.Connection, requests: int, now: float) -> None:
    """Remember requests that were sent for hints."""
    connection.execute("DELETE FROM spent WHERE at <= ?", (now - BUDGET_SECONDS,))
    connection.execute("INSERT INTO spent VALUES (?, ?)", (now, requests))


def sum_spent(connection: sqlite3.Connection, now: float) -> int:
    """Return the requests of the last hour."""
    # A clock that was set back must not stop the reading for ever.
    found = connection.execute(
        "SELECT total(requests) FROM spent WHERE at > ? AND at <= ?",
        (now - BUDGET_SECONDS, now + 1),
    )
    return int(found.fetchone()[0])
