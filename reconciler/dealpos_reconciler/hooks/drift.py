"""The drift that hints have brought to light: since when, and which of it was told already."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dealpos_reconciler.core.model.address import Address


@dataclass(frozen=True, slots=True)
class DriftState:
    """The state of one object that is not as declared."""

    address: Address
    state: str
    """`drifted` or `missing`."""
    digest: str
    """Of the live values that differ; another one is another drift."""


def note_drift(
    connection: sqlite3.Connection,
    found: Iterable[DriftState],
    judged: Callable[[Address], bool],
    now: float,
) -> Mapping[Address, float]:
    """Remember the drift that was found; return the news, with the moment of its first sight.

    What was `judged` and not found is clean again, so that its next drift is news.
    """
    known = {
        Address.parse(address): (digest, seen)
        for address, digest, seen in connection.execute(
            "SELECT address, digest, first_seen FROM drift"
        )
    }
    news: dict[Address, float] = {}
    left = {address for address in known if judged(address)}
    for drift in found:
        left.discard(drift.address)
        digest, seen = known.get(drift.address, ("", now))
        if digest != drift.digest:
            news[drift.address] = seen
        connection.execute(
            "INSERT OR REPLACE INTO drift VALUES (?, ?, ?, ?)",
            (str(drift.address), drift.state, drift.digest, seen),
        )
    connection.executemany("DELETE FROM drift WHERE address = ?", [(str(a),) for a in left])
    return news


def count_drift(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Return the number of objects by state."""
    return dict(connection.execute("SELECT state, count(*) FROM drift GROUP BY state"))


def first_seen(file: Path) -> Mapping[Address, datetime]:
    """Return since when objects are known to differ from the files, in UTC.

    Empty where the file does not exist or cannot be read: then no age is known.
    """
    try:
        with contextlib.closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        ) as c:
            rows = c.execute("SELECT address, first_seen FROM drift").fetchall()
    except sqlite3.Error:
        return {}
    return {Address.parse(name): datetime.fromtimestamp(seen, UTC) for name, seen in rows}
