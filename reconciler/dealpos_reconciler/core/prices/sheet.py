"""The edits that a price sheet asks for, and everything that is wrong with it, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import value_at
from dealpos_reconciler.core.prices.columns import (
    CODE,
    OUTLET_PRICES,
    UNTIL,
    Columns,
    Path,
    find_columns,
)
from dealpos_reconciler.core.prices.numbers import (
    Amount,
    NotAPrice,
    Separator,
    Style,
    agree,
    as_fraction,
    clean,
    find_style,
    format_price,
    is_fraction,
    parse_price,
)
from dealpos_reconciler.core.prices.sheet_rows import SheetRow, SheetRows, known_outlets
from dealpos_reconciler.core.prices.steps import (
    Span,
    amount_from,
    check_steps,
    declared_value,
    drop_step,
    find_amount,
    find_end,
    put_step,
)
from dealpos_reconciler.core.prices.table import Cell, Table, trim, unguard
from dealpos_reconciler.errors import Problem

REMOVE = "-"
"""The text of a cell that takes an outlet price out of the file."""


class PriceEdit(NamedTuple):
    """A price that differs between the sheet and the files."""

    address: Address
    path: Path
    value: Amount | None
    """None to take the price of an outlet out."""
    cell: Cell
    span: Span = ("", "")
    """The first and the last day, or times, where the row has them."""


@dataclass(slots=True)
class Sheet:
    """The content of a price sheet, as far as it can be understood."""

    edits: list[PriceEdit] = field(default_factory=list)
    prices: dict[tuple[Address, Path], Any] = field(default_factory=dict)
    """Each edited price as the files will have it, with its steps; None for one to take out."""
    problems: list[Problem] = field(default_factory=list)
    has_prices: bool = False
    """True if a cell has a price, also one that the files have already."""
    other_names: int = 0
    """Cells with names of products and models that differ from the files: they are not read."""


def read_sheet(table: Table, desired: Desired, kind: Kind, zone: tzinfo | None) -> Sheet:
    """Return what a sheet asks for; `kind` is the kind of object that has prices.

    `zone` is the time zone of the shop, which dates need.
    """
    columns, problems = find_columns(table, known_outlets(desired, kind))
    sheet = Sheet(problems=problems)
    if CODE not in columns.fixed:
        return sheet
    rows = SheetRows(table, desired, kind, columns, zone)
    prices = _Prices(table, desired, columns, list(rows.read_rows()), zone)
    for column, path in columns.prices.items():
        prices.read_column(column, path)
    sheet.has_prices = any(
        table.text(Cell(row.number, column)) for row in prices.rows for column in columns.prices
    )
    prices.refuse_other_languages()
    sheet.problems += [*rows.problems, *prices.problems]
    sheet.edits = sorted(prices.edits, key=lambda edit: edit.cell)
    if not sheet.problems:
        _put_together(sheet, table, desired, zone)
    sheet.other_names = rows.other_names
    return sheet


class _Prices:
    """Reads the columns of prices."""

    def __init__(
        self,
        table: Table,
        desired: Desired,
        columns: Columns,
        rows: list[SheetRow],
        zone: tzinfo | None,
    ) -> None:
        self.table, self.desired, self.columns, self.rows = table, desired, columns, rows
        self.zone = zone
        self.edits: list[PriceEdit] = []
        self.problems: list[Problem] = []
        self.styles: dict[Cell, Style] = {}
        """The styles of the cells whose reading depends on a language."""

    def complain(self, cell: Cell, message: str, hint: str | None = None) -> None:
        """Add a problem."""
        self.problems.append(self.table.problem(cell, message, hint))

    def read_column(self, column: int, path: Path) -> None:
        """Add the edits of one column."""
        cells = {Cell(row.number, column): row for row in self.rows}
        texts = {cell: text for cell in cells if (text := self.read_text(cell))}
        styles = {
            cell: style
            for cell, text in texts.items()
            if cell not in self.table.exact and (style := find_style(text))
        }
        self.styles |= styles
        thousands = agree(styles.values())
        for cell, text in texts.items():
            style, row = styles.get(cell), cells[cell]
            if is_fraction(text, thousands, known := self.find_known(row, path)):
                self.styles.pop(cell, None)
                self.add(row, path, cell, known)
                continue
            if style and style.thousands != thousands:
                self.complain(cell, *_deviation(text, style))
                continue
            try:
                # A number of a workbook is written as the tool writes it.
                separator: Separator | None = "," if cell in self.table.exact else thousands
                self.read_price(row, path, cell, text, separator)
            except NotAPrice as error:
                self.complain(cell, str(error), error.hint)

    def price(self, row: SheetRow, path: Path) -> Any:
        """Return the price that the files declare, with its steps; None for none."""
        return value_at(declared_value(self.desired, row.address), path) if row.address else None

    def find_known(self, row: SheetRow, path: Path) -> Amount | None:
        """Return the price that the files have on the day of a row: what an export would show."""
        return amount_from(self.price(row, path), row.span[0], self.zone)

    def read_text(self, cell: Cell) -> str:
        """Return the clean text of a price; empty for none, and for one with a problem."""
        if reason := self.table.faults.get(cell):
            self.complain(cell, reason)
            return ""
        return clean(trim(unguard(self.table.text(cell))))

    def read_price(
        self, row: SheetRow, path: Path, cell: Cell, text: str, thousands: Separator | None
    ) -> None:
        """Add the edit that a cell asks for. Raises NotAPrice."""
        if text == REMOVE:
            self.add_removal(row, path, cell)
            return
        amount, present = parse_price(text, thousands), self.find_known(row, path)
        fraction = as_fraction(text) if cell not in self.table.exact else None
        if fraction is not None and fraction == present != amount:
            raise NotAPrice(
                f"`{text}` is {amount:,}, or the present price {format_price(fraction)}",
                f"write {amount}, or leave the cell empty to keep the present price",
            )
        # A spreadsheet may have read the point of 7500.125 as one between thousands.
        if present is not None and present % 1 and amount == present * 1000:
            raise NotAPrice(
                f"`{text}` is the present price {format_price(present)} without its point",
                "leave the cell empty to keep the present price",
            )
        self.add(row, path, cell, amount)

    def add(self, row: SheetRow, path: Path, cell: Cell, amount: Amount | None) -> None:
        """Add an edit where a price, or its end, differs from the files."""
        if row.address is None:
            return
        start, end = row.span
        is_same_end = not end or end == find_end(self.price(row, path), start)
        if amount != find_amount(self.price(row, path), start) or not is_same_end:
            self.edits.append(PriceEdit(row.address, path, amount, cell, row.span))

    def add_removal(self, row: SheetRow, path: Path, cell: Cell) -> None:
        """Add the removal of an outlet price that the file has. Raises NotAPrice."""
        if path[0] != OUTLET_PRICES:
            hint = "leave the cell empty to keep the price"
            raise NotAPrice(f"`-` removes an outlet price, and `{path[0]}` is not one", hint)
        if row.span != ("", ""):
            hint = f"a price ends on a day in `{UNTIL}`; steps are removed in the file"
            raise NotAPrice("`-` removes an outlet price as a whole, not from a day on", hint)
        if row.address is None:
            return
        value = declared_value(self.desired, row.address)
        if OUTLET_PRICES not in value:
            hint = "the file leaves them as they are in the shop; leave the cell empty"
            raise NotAPrice(f"the file of {row.address} declares no outlet prices", hint)
        if path[1] in value[OUTLET_PRICES]:
            self.edits.append(PriceEdit(row.address, path, None, cell))

    def refuse_other_languages(self) -> None:
        """Complain of `18.000` where other columns show that the file is in another language."""
        certain = {style.thousands for style in self.styles.values() if style.is_certain}
        told = {(problem.line, problem.column) for problem in self.problems}
        for cell, style in self.styles.items() if len(certain) == 1 else ():
            if style.thousands not in certain and self.table.locate(cell) not in told:
                message, hint = _deviation(self.read_text(cell), style)
                self.complain(cell, message.replace("column", "file"), hint)


def _put_together(sheet: Sheet, table: Table, desired: Desired, zone: tzinfo | None) -> None:
    """Join the edits of each price, whose steps come from several rows."""
    cells: dict[tuple[Address, Path], dict[str, Cell]] = {}
    for edit in sheet.edits:
        key, start = (edit.address, edit.path), edit.span[0]
        others = cells.setdefault(key, {})
        is_taken_out = bool(others) and (edit.value is None or sheet.prices[key] is None)
        if start in others or is_taken_out:
            other = others.get(start, next(iter(others.values())))
            sheet.problems.append(table.problem(edit.cell, f"{other} sets this price too"))
        price = sheet.prices.get(key, value_at(declared_value(desired, edit.address), edit.path))
        others[start] = edit.cell
        sheet.prices[key] = None if edit.value is None else put_step(price, edit.span, edit.value)
    for key, price in sheet.prices.items():
        if problem := check_steps(price, zone):
            _, message, hint = problem
            sheet.problems.append(table.problem(list(cells[key].values())[-1], message, hint))
    if zone is not None and not sheet.problems:
        _drop_steps(sheet, desired, zone)


def _drop_steps(sheet: Sheet, desired: Desired, zone: tzinfo) -> None:
    """Drop new steps with the price that holds then anyway, such as that of a cell left as is."""
    kept = []
    for edit in sheet.edits:
        key, start = (edit.address, edit.path), edit.span[0]
        declared = value_at(declared_value(desired, edit.address), edit.path)
        price = sheet.prices[key]
        if start and find_amount(declared, start) is None and type(price) is tuple:
            sheet.prices[key] = drop_step(price, start, zone)
        if sheet.prices[key] is price:
            kept.append(edit)
        elif sheet.prices[key] == declared:
            del sheet.prices[key]
    sheet.edits = kept


def _deviation(text: str, style: Style) -> tuple[str, str]:
    fraction = as_fraction(text)
    amount = format_price(parse_price(text, style.thousands))
    readings = f"{amount}, or {format_price(fraction)}" if fraction is not None else amount
    return f"`{text}` is not written as the other prices of the column", f"write {readings}"
