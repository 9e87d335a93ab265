"""Workbooks of Excel (.xlsx), which keep codes as text and prices as numbers."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dealpos_reconciler.catalogue.sheets.csv_table import MAX_CELLS
from dealpos_reconciler.catalogue.sheets.decode import WORKBOOK, recognise
from dealpos_reconciler.catalogue.sheets.write import TEXTS
from dealpos_reconciler.core.prices.numbers import format_price
from dealpos_reconciler.core.prices.rows import Field, PriceRows
from dealpos_reconciler.core.prices.table import Cell, Table, guard, trim
from dealpos_reconciler.errors import Problem, SourceError, UsageError

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes of a workbook when it is unpacked."""
_DAMAGE = (
    *(SyntaxError, LookupError, ValueError, TypeError, AttributeError, OSError, EOFError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
)
"""Errors of a library that meets parts of a workbook which are broken, encrypted or missing."""
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?\bref=["']([A-Z]+\d+:[A-Z]+\d+)["']""")
_BLOCK, _LONGEST = 1024 * 1024, 512
"""Bytes of a sheet that are searched at a time, and the longest element that may be cut by that."""
_WHOLE, _FRACTION, _TEXT = "#,##0", "#,##0.00########", "@"
"""Formats that each spreadsheet shows in its own language; the file holds the number itself."""
_TITLE = "prices"


def read_workbook(raw: bytes, file: str) -> Table:
    """Return the cells of the first sheet of a workbook. Raises UsageError and SourceError."""
    if recognise(raw) != WORKBOOK:
        raise _unreadable(file, "is not an Excel workbook (.xlsx), whatever its name says")
    _refuse_bomb(raw, file)
    try:
        with warnings.catch_warnings():
            # openpyxl tells of parts of a workbook that it does not know, and that hold no cells.
            warnings.simplefilter("ignore")
            values = _Reading(_load(raw, formulas=False), file)
            values.read()
            values.find_merged()
            values.find_uncalculated(_load(raw, formulas=True))
    except _DAMAGE as error:
        raise _unreadable(file, f"is damaged: {error or type(error).__name__}") from None
    return Table(file, values.rows, _locate, values.exact, values.faults)


def workbook_bytes(found: PriceRows) -> bytes:
    """Return a sheet as a workbook: codes are text, so that they keep their zeros."""
    _require()
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_TITLE)
    sheet.freeze_panes = "B2"
    for index, name in enumerate(found.header, 1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, len(name) + 2)
    rows: list[list[Field]] = [list(map(guard, found.header)), *found.rows]
    for row in rows:
        cells = []
        for index, value in enumerate(row):
            cell = WriteOnlyCell(sheet)
            if isinstance(value, (int, Decimal)):
                cell.value = value
                cell.number_format = _WHOLE if isinstance(value, int) else _FRACTION
            else:
                cell.number_format = _TEXT
                if value:
                    cell.value = guard(value) if index < TEXTS else value
                    # Text that begins with `=` would be stored as a formula.
                    cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


class _Reading:
    """The cells of a sheet, gathered row by row."""

    def __init__(self, book: Workbook, file: str) -> None:
        self.book, self.file = book, file
        self.rows: list[list[str]] = []
        self.exact: set[Cell] = set()
        self.faults: dict[Cell, str] = {}

    def read(self) -> None:
        """Read the values of the first sheet."""
        cells = 0
        for number, row in enumerate(_rows_of(self.book)):
            texts = [self.read_cell(Cell(number, n), cell) for n, cell in enumerate(row)]
            while texts and not trim(texts[-1]):
                texts.pop()
            self.rows.append(texts)
            cells += len(texts)
            if cells > MAX_CELLS:
                raise _unreadable(self.file, f"has more than {MAX_CELLS:,} cells")
        while self.rows and not self.rows[-1]:
            self.rows.pop()

    def read_cell(self, place: Cell, cell: Any) -> str:
        """Return the text of a value."""
        value = cell.value
        if value is None or isinstance(value, str):
            return value or ""
        self.exact.add(place)
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int):
            return str(value)
        if isinstance(value, float):
            # A spreadsheet keeps 15 digits; further ones come from calculating in binary.
            return _decimal_text(Decimal(f"{value:.15g}"))
        return _moment_text(value)

    def find_merged(self) -> None:
        """Note cells that another one covers: a spreadsheet shows no value of their own."""
        from openpyxl.utils.cell import range_boundaries

        width = max(map(len, self.rows), default=0)
        for area in _find_areas(self.book):
            left, top, right, bottom = (number - 1 for number in range_boundaries(area))
            first = Cell(top, left)
            for row in range(top, min(bottom + 1, len(self.rows))):
                for column in range(left, min(right + 1, width)):
                    if (place := Cell(row, column)) != first:
                        self.faults[place] = (
                            f"merged with {first}: unmerge the cells and fill each of them"
                        )

    def find_uncalculated(self, formulas: Workbook) -> None:
        """Note formulas without a value: no spreadsheet has calculated them."""
        for number, row in enumerate(_rows_of(formulas)):
            for column, cell in enumerate(row):
                if cell.data_type != "f":
                    continue
                place = Cell(number, column)
                if number >= len(self.rows) or not self._text(place):
                    while len(self.rows) <= number:
                        self.rows.append([])
                    self.rows[number] += [""] * (column + 1 - len(self.rows[number]))
                    self.rows[number][column] = "="
                    self.faults[place] = (
                        "a formula without a value: open the workbook in a spreadsheet and save it"
                    )

    def _text(self, place: Cell) -> str:
        row = self.rows[place.row]
        return row[place.column] if place.column < len(row) else ""


def _rows_of(book: Workbook) -> Iterator[tuple[Any, ...]]:
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its size may lie
    yield from sheet.iter_rows()


def _find_areas(book: Workbook) -> Iterator[str]:
    """Yield the merged cells of the first sheet: `E2:E4`."""
    with book.worksheets[0]._get_source() as source:
        kept = b""
        while block := source.read(_BLOCK):
            searched = kept + block
            yield from (area.decode() for area in _MERGED.findall(searched))
            kept = searched[-_LONGEST:]


def _load(raw: bytes, *, formulas: bool) -> Workbook:
    _require()
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(raw), read_only=True, data_only=not formulas)


def _require() -> None:
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        message = "a workbook needs the extra 'xlsx': pip install 'dealpos-reconciler[xlsx]'"
        raise UsageError(message, hint="or use a file that ends in .csv") from None


def _refuse_bomb(raw: bytes, file: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise _unreadable(file, f"is damaged: {error}") from None
    if size > MAX_UNPACKED:
        raise _unreadable(file, f"is larger than {MAX_UNPACKED // 1024**2} MiB when unpacked")


def _unreadable(file: str, message: str) -> SourceError:
    return SourceError([Problem(file, 0, 0, message, "save it again as .xlsx, or as CSV UTF-8")])


def _locate(cell: Cell) -> tuple[int, int]:
    """Return row and column, from 1: a workbook has no lines."""
    return cell.row + 1, cell.column + 1


def _decimal_text(value: Decimal) -> str:
    return format_price(int(value) if value == int(value) else value.normalize())


def _moment_text(value: object) -> str:
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == time() else f"{day} {value.strftime('%H:%M:%S')}"
    return value.isoformat() if isinstance(value, date) else str(value)
