"""The cells of a spreadsheet, with their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dealpos_reconciler.errors import Problem

BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff\u200b"
"""Characters that look like a space, or like nothing, and that spreadsheets leave in cells."""

_BLANKS = re.compile(f"[{BLANKS}\\s]+")
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")


class Cell(NamedTuple):
    """The place of a cell; both numbers count from 0."""

    row: int
    column: int

    def __str__(self) -> str:
        """Return its name in a spreadsheet: `C7`."""
        letters, number = "", self.column + 1
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.row + 1}"


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one sheet as text."""

    file: str
    rows: Sequence[Sequence[str]]
    """Rows as a spreadsheet counts them, empty ones too."""
    locate: Callable[[Cell], tuple[int, int]]
    """Gives line and column of a cell in its file."""
    exact: Collection[Cell] = frozenset()
    """Cells that hold a number or a date: how their text is written depends on no language."""
    faults: Mapping[Cell, str] = field(default_factory=dict)
    """Cells without a value, such as a formula that was never calculated, and the reason."""

    def text(self, cell: Cell) -> str:
        """Return the text of a cell without blanks around it; empty beyond the end of its row."""
        return trim(self.raw(cell))

    def raw(self, cell: Cell) -> str:
        """Return the text of a cell as it is stored."""
        row = self.rows[cell.row]
        return row[cell.column] if cell.column < len(row) else ""

    def problem(self, cell: Cell, message: str, hint: str | None = None) -> Problem:
        """Return a problem at a cell, which the message names as a spreadsheet does."""
        return Problem(self.file, *self.locate(cell), f"{cell}: {message}", hint)


def trim(text: str) -> str:
    """Return a text with single spaces for blanks of all sorts, and none around it."""
    return _BLANKS.sub(" ", text).strip()


def guard(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: such a one gets a `'`."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguard(text: str) -> str:
    """Return a text as it was before `guard`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_GUARDED) else text
