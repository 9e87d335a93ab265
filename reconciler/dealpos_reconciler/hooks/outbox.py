"""The notifications that wait to be sent; a kill loses none of them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

BACKOFF_SECONDS = (5.0, 30.0, 120.0, 600.0)
"""The waits between the attempts; after the last one, a notification is given up."""
MAX_ATTEMPTS = len(BACKOFF_SECONDS) + 1


class Notice(NamedTuple):
    """One notification; its id stays the same in every attempt, so that a receiver knows it."""

    id: str
    body: str
    attempts: int
    """Attempts that were made."""


def put_notice(connection: sqlite3.Connection, name: str, body: str, now: float) -> None:
    """Add a notification that is to be sent at once."""
    connection.execute("INSERT INTO notice (id, body, due) VALUES (?, ?, ?)", (name, body, now))


def find_due_notices(connection: sqlite3.Connection, now: float) -> list[Notice]:
    """Return the notifications whose next attempt is due, oldest first."""
    rows = connection.execute(
        "SELECT id, body, attempts FROM notice WHERE due <= ? ORDER BY due LIMIT 100", (now,)
    )
    return [Notice(*row) for row in rows]


def end_notice(connection: sqlite3.Connection, notice: Notice) -> None:
    """Remove a notification that was taken or given up."""
    connection.execute("DELETE FROM notice WHERE id = ?", (notice.id,))


def put_off(connection: sqlite3.Connection, notice: Notice, now: float) -> bool:
    """Note a failed attempt; return False where it was the last one, and the notice is given up."""
    if notice.attempts + 1 >= MAX_ATTEMPTS:
        end_notice(connection, notice)
        return False
    connection.execute(
        "UPDATE notice SET attempts = attempts + 1, due = ? WHERE id = ?",
        (now + BACKOFF_SECONDS[notice.attempts], notice.id),
    )
    return True


def read_place(connection: sqlite3.Connection, name: str) -> int | None:
    """Return how far a list was read; None before the first time."""
    row = connection.execute("SELECT number FROM place WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def save_place(connection: sqlite3.Connection, name: str, number: int) -> None:
    """Remember how far a list was read."""
    connection.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (name, number))
