"""A price sheet to edits of the catalogue files: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.catalogue.settings import load
from reconciler.catalogue.sheets.read import read_table
from reconciler.catalogue.writing import layout
from reconciler.catalogue.writing.edit import Unwritable
from reconciler.catalogue.writing.results import EditedFile
from reconciler.catalogue.writing.writeback import Writeback
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.live import Live
from reconciler.core.plan.labels import Labels
from reconciler.core.prices.columns import OUTLET_PRICES, PRICE, is_column
from reconciler.core.prices.sheet import PriceEdit, Sheet, read_sheet
from reconciler.core.prices.table import Table
from reconciler.errors import Problem, SourceError
from reconciler.kinds import KINDS
from reconciler.workflows.open_shop import read_files
from reconciler.workflows.prices.export import PRICED


@dataclass(slots=True)
class ImportedPrices:
    """The outcome of one import of prices, or of its dry run."""

    sheet: Sheet
    desired: Desired
    files: Mapping[str, EditedFile] = field(default_factory=dict)
    """The files that change, by name."""
    owned: Sequence[Address] = ()
    """Variants whose outlet prices the files did not declare before."""

    @property
    def labels(self) -> Labels:
        """The names of the objects, for people."""
        return Labels(self.desired, Live(), KINDS)


def import_prices(path: Path, folder: Path, dry_run: bool) -> ImportedPrices:
    """Write the prices of a sheet to the files of a shop.

    Raises SourceError with every problem of the sheet, and UsageError for a file that cannot be
    read or written. Nothing is written then.
    """
    settings = load(folder)
    desired = read_files(settings)
    table = read_table(path, is_column)
    sheet = read_sheet(table, desired, PRICED)
    back = Writeback(settings, desired)
    problems = [*sheet.problems, *_edit_files(back, table, sheet.edits)]
    if problems:
        raise SourceError(problems)
    files = back.finish()
    if not dry_run:
        back.save(files)
    owned = {e.address for e in sheet.edits if e.path[0] == OUTLET_PRICES}
    new = sorted(a for a in owned if OUTLET_PRICES not in desired[a].value)
    return ImportedPrices(sheet, desired, files, new)


def _edit_files(back: Writeback, table: Table, edits: Sequence[PriceEdit]) -> Iterator[Problem]:
    """Collect the edits of the files; yield each that is not possible."""
    grouped: dict[tuple[Address, str], list[PriceEdit]] = {}
    for edit in edits:
        grouped.setdefault((edit.address, edit.path[0]), []).append(edit)
    for (address, name), group in grouped.items():
        value = _apply_edits(back.desired[address].value.get(name), group)
        try:
            written = layout.typed_values(PRICED, {name: value})[name]
            back.write_field(address, name, value, written)
        except Unwritable as error:
            source = back.desired[address].source
            where = f"{source.file}:{source.line}"
            message = f"{address} at {where}: `{name}` cannot be edited: {error}"
            yield table.problem(group[0].cell, message, "edit the file by hand")


def _apply_edits(held: Any, edits: Sequence[PriceEdit]) -> Any:
    """Return a price with an edit, or the prices of outlets with all of them."""
    if edits[0].path[0] != OUTLET_PRICES:
        return edits[-1].value
    outlets = dict(held or {})
    for edit in edits:
        outlet = edit.path[1]
        if edit.value is None:
            del outlets[outlet]
        else:
            outlets[outlet] = {**outlets.get(outlet, {}), PRICE: edit.value}
    return outlets
