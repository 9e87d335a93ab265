"""Write a price sheet as CSV that every spreadsheet opens, and that runs nothing in it."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal

from dealpos_reconciler.core.prices.numbers import format_price
from dealpos_reconciler.core.prices.rows import Field, PriceRows
from dealpos_reconciler.core.prices.table import guard

TEXTS = 3
"""Columns with texts of the shop, code, product and model; the others hold ours."""


class _CsvLines(list[str]):
    """Takes the lines of a CSV writer."""

    def write(self, line: str) -> None:
        """Take a line."""
        self.append(line)


def csv_text(found: PriceRows, newline: str = "\r\n") -> str:
    """Return a sheet as CSV, by default with the line ends of RFC 4180."""
    lines = _CsvLines()
    writer = csv.writer(lines, lineterminator=newline)
    writer.writerow(map(guard, found.header))
    for row in found.rows:
        writer.writerow(_texts(row))
    return "".join(lines)


def csv_bytes(found: PriceRows) -> bytes:
    """Return a sheet as CSV in UTF-8, with the byte order mark that Excel needs."""
    return codecs.BOM_UTF8 + csv_text(found).encode()


def _texts(row: Sequence[Field]) -> Iterator[str]:
    for index, cell in enumerate(row):
        if isinstance(cell, (int, Decimal)):
            yield format_price(cell)
        else:
            yield guard(cell or "") if index < TEXTS else cell or ""
