"""The columns of a price sheet, found by their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from dealpos_reconciler.core.prices.numbers import shorten
from dealpos_reconciler.core.prices.table import Cell, Table, trim, unguard
from dealpos_reconciler.errors import Problem, suggestion

CODE, PRODUCT, MODEL, FROM, UNTIL = "code", "product", "model", "from", "until"
PRICES = ("unit_cost", "unit_price")
"""The prices that a variant has once; the names of columns and of fields are the same."""
OUTLET_PRICES, PRICE = "outlet_prices", "price"
"""The field with the prices of outlets, and the key in it that a sheet holds."""
AT_OUTLET = "price@"
"""The beginning of the name of a column with the prices of one outlet."""
FIXED = (CODE, PRODUCT, MODEL, *PRICES, FROM, UNTIL)

Path = tuple[str, ...]
"""The way to a price in a variant: `("outlet_prices", "Bandung", "price")`."""


@dataclass(slots=True)
class Columns:
    """The place of each column, counted from 0."""

    fixed: dict[str, int] = field(default_factory=dict)
    prices: dict[int, Path] = field(default_factory=dict)
    """The price that each column holds."""
    header: int = 0
    """The row of the names."""


def is_column(name: str) -> bool:
    """Return whether a text is the name of a column."""
    return name in FIXED or name.startswith(AT_OUTLET)


def find_columns(table: Table, outlets: Collection[str]) -> tuple[Columns, list[Problem]]:
    """Return the columns of the first row with content, and its problems."""
    header = next((n for n, row in enumerate(table.rows) if any(map(trim, row))), None)
    if header is None:
        return Columns(), [Problem(table.file, 0, 0, "has no rows", f"begin with {_example()}")]
    if (names := _find_names_below(table, header)) is not None:
        cell = Cell(header, next(n for n, text in enumerate(table.rows[header]) if trim(text)))
        message = f"the names of the columns are in row {names + 1}"
        return Columns(), [table.problem(cell, message, f"delete the rows above row {names + 1}")]
    found, problems = Columns(header=header), []
    for number in range(len(table.rows[header])):
        cell = Cell(header, number)
        if complaint := _add(found, table, cell, outlets):
            problems.append(table.problem(cell, *complaint))
    if CODE not in found.fixed and not problems:
        message = f"the column `{CODE}` is missing"
        problems.append(table.problem(Cell(header, 0), message, _example()))
    return found, problems


def _find_names_below(table: Table, header: int) -> int | None:
    """Return the row of the names where other rows, such as a title, stand above it."""
    if any(is_column(trim(unguard(name))) for name in table.rows[header]):
        return None
    return next((n for n, row in enumerate(table.rows) if CODE in map(trim, row)), None)


def _add(
    found: Columns, table: Table, cell: Cell, outlets: Collection[str]
) -> tuple[str, str | None] | None:
    """Add a column; return what is wrong with its name."""
    name = trim(unguard(table.raw(cell)))
    if not name:
        used = next(
            (r for r in range(cell.row + 1, len(table.rows)) if table.text(Cell(r, cell.column))),
            None,
        )
        below = f"{Cell(used, cell.column)} has a value and" if used is not None else ""
        return (f"{below} its column has no name".strip(), _example()) if below else None
    if name in FIXED:
        if name in found.fixed:
            return f"a second column `{name}`", "remove one of the two"
        found.fixed[name] = cell.column
        if name in PRICES:
            found.prices[cell.column] = (name,)
        return None
    if name.startswith(AT_OUTLET):
        return _add_outlet(found, table, cell, outlets)
    close = suggestion(name, [*FIXED, *(AT_OUTLET + outlet for outlet in outlets)])
    return f"unknown column `{shorten(name)}`", close or _example()


def _add_outlet(
    found: Columns, table: Table, cell: Cell, outlets: Collection[str]
) -> tuple[str, str | None] | None:
    whole = unguard(table.raw(cell)).lstrip()
    names: Sequence[str] = (whole[len(AT_OUTLET) :], trim(whole)[len(AT_OUTLET) :].strip())
    outlet = next((name for name in names if name in outlets), None)
    if outlet is None:
        if not names[-1]:
            return f"`{AT_OUTLET}` names no outlet", _example()
        hint = suggestion(names[-1], outlets) or "declare it under `outlets:` first"
        return f"unknown outlet `{shorten(names[-1])}`: the files do not name it", hint
    path = (OUTLET_PRICES, outlet, PRICE)
    if path in found.prices.values():
        return f"a second column `{AT_OUTLET}{outlet}`", "remove one of the two"
    found.prices[cell.column] = path
    return None


def _example() -> str:
    names = (CODE, PRODUCT, MODEL, *PRICES, f"{AT_OUTLET}OUTLET", FROM, UNTIL)
    return f"columns: {', '.join(names)}"
