"""The old rows that no count and no decision needs: events, and outlines of bad reports.

Invoices, uses, holds, counters and releases stay for ever: a late report of an old invoice must not
be counted twice. The newest settlement stays too, because its moment is shown.
"""

from __future__ import annotations

from datetime import timedelta

KEPT_FOR = timedelta(days=400)
"""The time for which an event and an outline are kept: a year, and the weeks to look at it."""
MAX_DEAD_LETTERS = 10_000
"""Outlines that are kept: whoever has the secret can send many."""
ROWS = 500
"""Rows that one transaction looks at, so that no till waits for it."""

_EVENTS = """
DELETE FROM event WHERE at < {before}
  AND number IN (SELECT number FROM event ORDER BY number LIMIT {rows})
  AND number <> coalesce(
    (SELECT number FROM event WHERE kind = 'settled' ORDER BY at DESC LIMIT 1), 0)
"""
_DEAD_LETTERS = """
DELETE FROM dead_letter WHERE number IN
  (SELECT number FROM dead_letter ORDER BY number LIMIT {rows})
  AND (at < {before} OR number <= (SELECT max(number) FROM dead_letter) - {most})
"""


def trim_statements(before: str) -> tuple[str, ...]:
    """Return the statements that delete old rows, some at a time.

    `before` is the parameter of the moment, in the form of the database.
    """
    values = {"before": before, "rows": ROWS, "most": MAX_DEAD_LETTERS}
    return _EVENTS.format(**values), _DEAD_LETTERS.format(**values)
