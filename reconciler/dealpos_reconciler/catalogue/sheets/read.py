"""Read a sheet from a file, whichever spreadsheet wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dealpos_reconciler.catalogue.sheets.csv_table import read_csv
from dealpos_reconciler.catalogue.sheets.decode import decode
from dealpos_reconciler.core.prices.table import Table
from dealpos_reconciler.errors import Problem, SourceError, UsageError

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of a file, as of a catalogue file."""
XLSX = ".xlsx"


def read_table(path: Path, is_column: Callable[[str], bool]) -> Table:
    """Return the cells of a file. Raises UsageError and SourceError."""
    file = path.as_posix()
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1024**2} MiB"
        raise SourceError([Problem(file, 0, 0, f"is larger than {limit}", "split it")])
    if path.suffix.lower() == XLSX:
        from dealpos_reconciler.catalogue.sheets.workbook import read_workbook

        return read_workbook(raw, file)
    return read_csv(decode(raw, file), file, is_column)
