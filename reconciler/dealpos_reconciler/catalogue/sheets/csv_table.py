"""A CSV text as a table, with the place of each cell in the text."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from dealpos_reconciler.catalogue.sheets.decode import AGAIN
from dealpos_reconciler.core.prices.table import Cell, Table, trim
from dealpos_reconciler.errors import Problem, SourceError

DELIMITERS = (",", ";", "\t")
"""The signs between cells; spreadsheets in Indonesia write `;`."""
MAX_CELLS = 2_000_000
"""Cells of one file: 10,000 variants at 200 outlets."""
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NAMED = re.compile(r"sep=(.)[\r\n]*", re.IGNORECASE)
_MAX_BLANK_ROWS = 100
"""Rows above the names of the columns that are looked through for a delimiter."""


@dataclass(frozen=True, slots=True)
class _Layout:
    lines: list[str]
    delimiter: str
    starts: list[int]
    """The line at which each row begins, and the one after the last row."""

    def locate(self, cell: Cell) -> tuple[int, int]:
        """Return line and column of the first character of a cell, both from 1."""
        left, is_first, is_quoted, is_open = cell.column, True, False, False
        start = self.starts[cell.row]
        end = max(self.starts[cell.row + 1], start + 1)
        if not left:
            return start + 1, 1
        for number, line in enumerate(self.lines[start:end], start):
            for index, sign in enumerate(line):
                if is_first:
                    is_quoted = is_open = sign == '"'
                    is_first = False
                elif is_quoted and sign == '"':
                    is_open = not is_open
                if sign == self.delimiter and not is_open:
                    left -= 1
                    is_first = True
                    if not left:
                        return number + 1, index + 2
        # A row that is shorter than the header: the end of its text.
        last = self.lines[end - 1].rstrip("\r\n") if self.lines else ""
        return end, len(last) + 1


def read_csv(text: str, file: str, is_column: Callable[[str], bool]) -> Table:
    """Return the table of a text; `is_column` knows the names of columns, to find the delimiter.

    Raises SourceError.
    """
    lines = _LINES.findall(text)
    named = _NAMED.fullmatch(lines[0]) if lines else None
    skipped = 1 if named else 0
    delimiter = named[1] if named else _find_delimiter(lines, is_column)
    rows, starts, cells = [], [skipped], 0
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    try:
        for row in reader:
            rows.append(row)
            starts.append(skipped + reader.line_num)
            cells += len(row)
            if cells > MAX_CELLS:
                problem = f"has more than {MAX_CELLS:,} cells"
                raise SourceError([Problem(file, 0, 0, problem, "remove columns or rows")])
    except csv.Error as error:
        raise SourceError([_broken(file, starts[-1], error)]) from None
    return Table(file, rows, _Layout(lines, delimiter, starts).locate)


def _find_delimiter(lines: list[str], is_column: Callable[[str], bool]) -> str:
    """Return the delimiter at which the header falls into the most names of columns."""

    def names(delimiter: str) -> tuple[int, int]:
        header = next(_headers(lines, delimiter), [])
        # Nothing but delimiters: there is no header to choose by.
        return sum(is_column(trim(name)) for name in header), len(header) or MAX_CELLS

    return max(DELIMITERS, key=names)


def _headers(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(lines[:_MAX_BLANK_ROWS], delimiter=delimiter)
    try:
        for row in islice(reader, _MAX_BLANK_ROWS):
            if any(map(trim, row)):
                yield row
    except csv.Error:
        return


def _broken(file: str, start: int, error: csv.Error) -> Problem:
    said = str(error)
    if "end of data" in said:
        said = 'a quote (") that begins in this row is never closed'
    elif "expected after" in said:
        said = 'text follows the closing quote (") of a cell in this row'
    elif "field limit" in said:
        said = 'a cell is too long; a quote (") in this row may never be closed'
    return Problem(file, start + 1, 1, said, AGAIN)
