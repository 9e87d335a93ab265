"""The rows of a price sheet: each of a declared variant, or with a problem at its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import NamedTuple

from dealpos_reconciler.core.dated import find_order_problems
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import reveal
from dealpos_reconciler.core.prices.codes import Codes, UnknownCode
from dealpos_reconciler.core.prices.columns import (
    CODE,
    FROM,
    MODEL,
    OUTLET_PRICES,
    PRODUCT,
    UNTIL,
    Columns,
)
from dealpos_reconciler.core.prices.dates import NotADate, read_when
from dealpos_reconciler.core.prices.steps import Span, declared_value
from dealpos_reconciler.core.prices.table import Cell, Table, trim, unguard
from dealpos_reconciler.errors import Problem


class SheetRow(NamedTuple):
    """A row with content; the prices of one with a problem are checked too."""

    number: int
    address: Address | None
    span: Span = ("", "")
    """The first and the last day, or times, of its prices, where the row has them."""


def known_outlets(desired: Desired, kind: Kind) -> set[str]:
    """Return the outlets that the files declare or name in a price."""
    named = {
        outlet
        for code in desired.objects.get(kind.name, ())
        for outlet in declared_value(desired, Address(kind.name, code)).get(OUTLET_PRICES, ())
    }
    return {reveal(name) for name in {*named, *desired.objects.get("outlet", ())}}


def variant_names(desired: Desired, kind: Kind, value: Value) -> dict[str, str]:
    """Return the names of the product and of the model; the code of a product without a name."""
    owner = kind.parent_address(value)
    parent = desired.get(owner) if owner else None
    name = parent.value.get("name") if parent else None
    return {PRODUCT: str(name or (owner.name if owner else "")), MODEL: str(value.get(MODEL, ""))}


class SheetRows:
    """Reads the rows, and collects what is wrong with them."""

    def __init__(
        self, table: Table, desired: Desired, kind: Kind, columns: Columns, zone: tzinfo | None
    ) -> None:
        self.table, self.desired, self.kind, self.columns = table, desired, kind, columns
        self.zone = zone
        self.lacks_zone = False
        """True once it was said that dates need a time zone."""
        self.problems: list[Problem] = []
        self.other_names = 0
        """Cells with names of products and models that differ from the files."""
        self.objects = desired.objects.get(kind.name, {})
        products: dict[str, list[str]] = {}
        for code, declared in self.objects.items():
            owner = declared.value.get(kind.parent_kind or "", "")
            products.setdefault(owner, []).append(code)
        column = columns.fixed[CODE]
        self.written = {
            unguard(table.raw(Cell(row, column)))
            for row in range(columns.header + 1, len(table.rows))
        }
        """The codes of all rows: where both of two that look alike are there, none is damaged."""
        self.codes = Codes(self.objects, products)

    def complain(self, cell: Cell, message: str, hint: str | None = None) -> None:
        """Add a problem."""
        self.problems.append(self.table.problem(cell, message, hint))

    def cell(self, row: int, name: str) -> Cell | None:
        """Return the cell of a row in a column by its name; None without that column."""
        column = self.columns.fixed.get(name)
        return None if column is None else Cell(row, column)

    def read_rows(self) -> Iterator[SheetRow]:
        """Yield the rows of declared variants."""
        seen: dict[tuple[str, Span], int] = {}
        for number in range(self.columns.header + 1, len(self.table.rows)):
            code_cell = Cell(number, self.columns.fixed[CODE])
            is_declared = self.table.raw(code_cell) in self.objects
            if not is_declared and not any(map(trim, self.table.rows[number])):
                continue
            if self.repeats_names(number):
                cell = self.first_cell(number)
                self.complain(cell, "the row repeats the names of the columns", "delete the row")
                continue
            self.refuse_surplus(number)
            code = self.read_code(number)
            start, end = self.read_when(number, FROM), self.read_when(number, UNTIL)
            if code is None or start is None or end is None:
                yield SheetRow(number, None)
                continue
            for (_, name), _, hint in find_order_problems(((start, end),)):
                cell = self.cell(number, str(name)) or code_cell
                self.complain(cell, f"`{UNTIL}` ends before `{FROM}` begins", hint)
            first = seen.setdefault((code, (start, end)), number)
            if first != number:
                self.refuse_double(code_cell, code, first)
            self.compare_names(number, code)
            yield SheetRow(number, Address(self.kind.name, code), (start, end))

    def repeats_names(self, number: int) -> bool:
        """Return whether a row has the names of the columns in the place of values."""
        names, texts = self.table.rows[self.columns.header], self.table.rows[number]
        return [trim(name) for name in names] == [trim(text) for text in texts]

    def first_cell(self, number: int) -> Cell:
        """Return the first cell of a row with content."""
        texts = self.table.rows[number]
        return Cell(number, next(n for n, text in enumerate(texts) if trim(text)))

    def refuse_surplus(self, number: int) -> None:
        """Complain of a value to the right of the last column."""
        width = len(self.table.rows[self.columns.header])
        for column in range(width, len(self.table.rows[number])):
            cell = Cell(number, column)
            if text := self.table.text(cell):
                hint = "a number with a comma must stand in quotes, or in a file with semicolons"
                self.complain(cell, f"`{text[:40]}` is to the right of the last column", hint)
                return

    def read_code(self, number: int) -> str | None:
        """Return the declared code of a row; None where there is a problem with it."""
        cell = Cell(number, self.columns.fixed[CODE])
        if reason := self.table.faults.get(cell):
            self.complain(cell, reason)
            return None
        raw = self.table.raw(cell)
        if not trim(raw) and raw not in self.objects:
            self.complain(cell, "the row has no code", "write its code, or empty the row")
            return None
        try:
            code = self.codes.find(raw)
        except UnknownCode as error:
            removed = self.desired.removals.get(Address(self.kind.name, trim(raw)))
            hint = f"{removed.source.file}:{removed.source.line} removes it" if removed else None
            self.complain(cell, str(error), hint or error.hint)
            return None
        for other in self.codes.others_like(code):
            if other not in self.written and not self.names_tell(number, code, other):
                hint = "columns product and model with its names tell the two apart"
                self.complain(cell, f"`{code}` may be `{other}` too, which is declared", hint)
                return None
        return code

    def names_tell(self, number: int, code: str, other: str) -> bool:
        """Return whether the names in a row are those of one variant and not of another."""
        own, others = self.names_of(code), self.names_of(other)
        told = [
            (self.table.text(cell), trim(own[name]), trim(others[name]))
            for name in (PRODUCT, MODEL)
            if (cell := self.cell(number, name))
        ]
        return any(text == mine != theirs for text, mine, theirs in told)

    def names_of(self, code: str) -> Mapping[str, str]:
        """Return the names of a variant as an export has them."""
        return variant_names(self.desired, self.kind, self.objects[code].value)

    def refuse_double(self, cell: Cell, code: str, first: int) -> None:
        """Complain of a second row of a code."""
        hint = f"keep one of the rows {first + 1} and {cell.row + 1}"
        self.complain(cell, f"`{code}` is in row {first + 1} too", hint)

    def compare_names(self, number: int, code: str) -> None:
        """Count the names that differ from those of the files."""
        names = self.names_of(code)
        for name in (PRODUCT, MODEL):
            if cell := self.cell(number, name):
                text = trim(unguard(self.table.raw(cell)))
                self.other_names += bool(text) and text != trim(names[name])

    def read_when(self, number: int, name: str) -> str | None:
        """Return the day or time of a row, empty for none; None where it cannot be told."""
        cell = self.cell(number, name)
        if cell is None or not (text := self.table.text(cell)):
            return ""
        if self.zone is None and not self.lacks_zone:
            self.lacks_zone = True
            hint = "set `timezone: Asia/Jakarta` in reconciler.yaml"
            self.complain(cell, "a date needs the time zone of the shop", hint)
        try:
            if reason := self.table.faults.get(cell):
                raise NotADate(reason, "write YYYY-MM-DD")
            return read_when(text)
        except NotADate as error:
            self.complain(cell, str(error), error.hint)
            return None
