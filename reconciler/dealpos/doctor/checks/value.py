"""The dialect of values: numbers as text, flags as words (dealpos-api.md §13, §14 #7)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Row
from reconciler.dealpos.doctor.finding import Finding, note, ok

NAME = "values"

_DIALECT = {
    (int, str): "numbers come as text",
    (int, float): "whole numbers come with a fraction (100.0)",
    (bool, str): "yes and no come as words",
    (bool, int): "yes and no come as numbers",
}


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """How values differ from the documented form, though they are understood."""
    rows = [(kind, row) for kind in kinds.values() for row in evidence.rows(kind.name)]
    if not rows:
        yield note(NAME, "not tried: no object was seen", "run this again when there is one")
        return
    told = sorted({text for kind, row in rows for text in _told(kind, row)})
    if told:
        yield note(NAME, "; ".join(told), "nothing: they are understood")
    else:
        yield ok(NAME, "in the documented form")


def _told(kind: Kind, row: Row) -> Iterator[str]:
    for _, keys, codec in kind.readable:
        raw = next((row[key] for key in keys if key in row), None)
        if codec.plain is None or raw is None:
            continue
        if isinstance(raw, float) and not raw.is_integer():
            continue  # cents
        if text := _DIALECT.get((codec.plain, type(raw))):
            yield text
