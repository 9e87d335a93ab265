"""Rows out of answers, in every envelope that the documentation shows or clients have met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from reconciler.core.model.codec import number
from reconciler.core.model.kind import Kind
from reconciler.dealpos.excerpt import outline
from reconciler.errors import Unreadable

Row = Mapping[str, Any]

# dealpos-api.md §0: `Data` is documented, `DataArray` is what a public integration reads.
_ENVELOPES = ("Data", "DataArray")
UNMET = "this shape is not documented; nothing is planned on it. Report it with this line"
_TOTALS = ("RecordsCount", "TotalCount")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one answer, the total where it is told, and every key that any row shows."""

    rows: list[Row]
    total: int | None = None

    @property
    def promises(self) -> int:
        """How many pages of this size the total makes; 1 where none is told."""
        return ceil(self.total / len(self.rows)) if self.total and self.rows else 1

    @property
    def shape(self) -> frozenset[str]:
        """Keys that rows of this answer have; a row without one of them holds null there."""
        return frozenset().union(*(row.keys() for row in self.rows)) if self.rows else frozenset()


def rows_of(operation: str, answer: Any) -> Rows:
    """The rows in an answer of many; raises Unreadable with the outline of what came instead."""
    total = None
    rows = answer
    if isinstance(answer, Mapping):
        rows = next((answer[key] for key in _ENVELOPES if key in answer), None)
        told = next((answer[key] for key in _TOTALS if answer.get(key) is not None), None)
        total = _count(told)
        if rows is None and total == 0:
            rows = []
    if isinstance(rows, list):
        # dealpos-api.md §13: how a batch shows a missing name is undocumented; null is one way.
        rows = [row for row in rows if row is not None]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        seen = outline(answer)
        raise Unreadable(operation, f"the answer is no list of objects, but {seen}", hint=UNMET)
    return Rows(rows, total)


def _count(told: Any) -> int | None:
    """A total, which may be told as text or as a float (API §14 #7); None for anything else."""
    try:
        count = number(told)
    except ValueError:
        return None
    return count if isinstance(count, int) and count >= 0 else None


def named_in(answer: Any, kind: Kind) -> str | None:
    """The name of the object that an answer of one holds, whichever it is."""
    if isinstance(answer, Mapping):
        answer = next((answer[key] for key in _ENVELOPES if key in answer), answer)
    return kind.named(answer)


def single_of(answer: Any, kind: Kind, name: str) -> Row | None:
    """The object in an answer of one, if it is the one that was asked for."""
    if isinstance(answer, Mapping):
        answer = next((answer[key] for key in _ENVELOPES if key in answer), answer)
    if isinstance(answer, list):
        answer = next((row for row in answer if kind.named(row) == name), None)
    return answer if kind.named(answer) == name else None
