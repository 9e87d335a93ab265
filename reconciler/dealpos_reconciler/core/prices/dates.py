"""The days from which prices hold, as people and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from pydantic import TypeAdapter, ValidationError

from dealpos_reconciler.core.model.types import WhenInZone
from dealpos_reconciler.core.prices.numbers import shorten

_WHEN: TypeAdapter[str] = TypeAdapter(WhenInZone)
ISO = "format the column as YYYY-MM-DD and save again"
_WRITTEN = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})(?: .*)?")
_SERIAL = re.compile(r"[3-9][0-9]{4}")
_DAY_ZERO = date(1899, 12, 30)
"""The day from which spreadsheets count."""


class NotADate(ValueError):
    """A cell that holds no date that can be told; the hint names each reading."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def read_when(text: str) -> str:
    """Return a day or a time as a catalogue file holds it. Raises NotADate."""
    try:
        return _WHEN.validate_python(text)
    except ValidationError:
        pass
    shown = f"`{shorten(text)}`"
    if found := _WRITTEN.fullmatch(text):
        first, second, year = map(int, found.groups())
        year += 2000 if year < 100 else 0
        readings = [d for d in (_day(year, second, first), _day(year, first, second)) if d]
        days = " or ".join(dict.fromkeys(map(str, readings)))
        if len(set(readings)) == 2:
            raise NotADate(f"{shown} may be {days}", f"write the one you mean, or {ISO}")
        if readings:
            raise NotADate(f"{shown} is not written YYYY-MM-DD", f"write {days}, or {ISO}")
    if _SERIAL.fullmatch(text):
        day = _DAY_ZERO + timedelta(days=int(text))
        raise NotADate(f"{shown} is the number that a spreadsheet has for {day}", ISO)
    raise NotADate(f"{shown} is not a date", "write YYYY-MM-DD, or YYYY-MM-DD HH:MM")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
