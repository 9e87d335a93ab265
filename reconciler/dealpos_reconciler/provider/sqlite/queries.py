"""The reads of the SQLite store."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from dealpos_reconciler.provider.rows import as_json, flags_of, moment_of
from dealpos_reconciler.provider.store import InvoiceRow, PublishedRelease, Usage, UsageEvent

_USAGE = """
SELECT {key}, sum(used),
  sum((SELECT count(*) FROM hold WHERE hold.counter = counter.counter AND until > :now)),
  sum((SELECT count(*) FROM invoice WHERE invoice.counter = counter.counter AND flags <> ''))
FROM counter WHERE {which} GROUP BY {key}
"""


def current_release(connection: Connection) -> PublishedRelease | None:
    """Return the newest release."""
    row = connection.execute(
        "SELECT number, digest, document, commit_id, published FROM release"
        " ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    number, digest, document, commit, published = row
    return PublishedRelease(number, digest, document, commit, moment_of(published))


def newest_number(connection: Connection) -> int:
    """Return the number of the newest release; 0 before the first."""
    return int(_value(connection, "SELECT coalesce(max(number), 0) FROM release"))


def data_version(connection: Connection) -> int:
    """Return a number that changes with every commit of another connection."""
    return int(_value(connection, "PRAGMA data_version"))


def usage(connection: Connection, counters: Collection[str] | None, now: int) -> dict[str, Usage]:
    """Return the counts of counters; zeros for one that the store does not have."""
    if counters is None:
        return _counts(connection, "counter", "true", {"now": now})
    which = "counter IN (SELECT value FROM json_each(:counters))"
    found = _counts(connection, "counter", which, {"now": now, "counters": as_json(counters)})
    return {counter: found.get(counter, Usage()) for counter in counters}


def batch_usage(connection: Connection, now: int) -> dict[str, Usage]:
    """Return the sums of each batch."""
    return _counts(connection, "batch", "batch <> ''", {"now": now})


def _counts(
    connection: Connection, key: str, which: str, values: dict[str, Any]
) -> dict[str, Usage]:
    rows = connection.execute(_USAGE.format(key=key, which=which), values)
    return {name: Usage(used, held, flagged) for name, used, held, flagged in rows}


def invoices(connection: Connection, since: int | None, flagged: bool) -> list[InvoiceRow]:
    """Return the invoices that were noted since a moment, in that order."""
    rows = connection.execute(
        "SELECT invoice, counter, state, outlet, number, at, flags FROM invoice"
        " WHERE noted >= ? AND (flags <> '' OR NOT ?) ORDER BY noted, invoice",
        (since or 0, flagged),
    )
    return [
        InvoiceRow(invoice, counter, state, outlet, number, moment_of(at), flags_of(flags))
        for invoice, counter, state, outlet, number, at, flags in rows
    ]


def events(connection: Connection, after: int, limit: int) -> list[UsageEvent]:
    """Return events after a number, in their order."""
    rows = connection.execute(
        "SELECT number, at, kind, counter, invoice, detail FROM event"
        " WHERE number > ? ORDER BY number LIMIT ?",
        (after, limit),
    )
    return [UsageEvent(number, moment_of(at), *rest) for number, at, *rest in rows]


def newest_event(connection: Connection) -> int:
    """Return the number of the newest event; 0 before the first."""
    return int(_value(connection, "SELECT coalesce(max(number), 0) FROM event"))


def last_settled(connection: Connection) -> datetime | None:
    """Return the moment of the newest settlement; None before the first."""
    at = _value(connection, "SELECT max(at) FROM event WHERE kind = 'settled'")
    return None if at is None else moment_of(at)


def read_probe(connection: Connection) -> None:
    """Read the row that the probe has written."""
    _value(connection, "SELECT at FROM probe")


def _value(connection: Connection, statement: str) -> Any:
    (value,) = connection.execute(statement).fetchone()
    return value
