"""A price sheet to edits of the catalogue files: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.catalogue.sheets.read import read_table
from dealpos_reconciler.catalogue.writing.edit import Unwritable
from dealpos_reconciler.catalogue.writing.layer_edits import find_layer
from dealpos_reconciler.catalogue.writing.prices import write_prices
from dealpos_reconciler.catalogue.writing.results import EditedFile
from dealpos_reconciler.catalogue.writing.writeback import Writeback
from dealpos_reconciler.core.dated import Schedule, has_steps
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.masked import value_at
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.core.prices.columns import OUTLET_PRICES, Path, is_column
from dealpos_reconciler.core.prices.sheet import Sheet, read_sheet
from dealpos_reconciler.core.prices.steps import declared_value, has_effect
from dealpos_reconciler.core.prices.table import Table
from dealpos_reconciler.errors import Problem, SourceError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.open_shop import read_files
from dealpos_reconciler.workflows.prices.export import PRICED


@dataclass(slots=True)
class ImportedPrices:
    """The outcome of one import of prices, or of its dry run."""

    sheet: Sheet
    desired: Desired
    files: Mapping[str, EditedFile] = field(default_factory=dict)
    """The files that change, by name."""
    owned: Sequence[Address] = ()
    """Variants whose outlet prices the files did not declare before."""
    idle: Sequence[Address] = ()
    """Variants with an edit that changes no price from now on: a later step holds."""

    @property
    def labels(self) -> Labels:
        """The names of the objects, for people."""
        return Labels(self.desired, Live(), KINDS)


def import_prices(
    path: FilePath, folder: FilePath, dry_run: bool, layer: str | None = None
) -> ImportedPrices:
    """Write the prices of a sheet to the files of a shop, or to those of one layer.

    Raises SourceError with every problem of the sheet, and UsageError for a file that cannot be
    read or written. Nothing is written then.
    """
    settings, at = load(folder), datetime.now(UTC)
    desired = read_files(settings, at=at)
    if desired.schedule is None and settings.timezone:
        desired = replace(desired, schedule=Schedule(at, settings.timezone))
    table = read_table(path, is_column)
    sheet = read_sheet(table, desired, PRICED, settings.timezone)
    chosen = None if layer is None else find_layer(settings.layers, layer)
    back = Writeback(settings, desired, layer=chosen)
    problems = [*sheet.problems, *_edit_files(back, table, sheet)]
    if problems:
        raise SourceError(problems)
    files = back.finish()
    if not dry_run:
        back.save(files)
    owned = {e.address for e in sheet.edits if e.path[0] == OUTLET_PRICES}
    new = sorted(a for a in owned if OUTLET_PRICES not in declared_value(desired, a))
    return ImportedPrices(sheet, desired, files, new, sorted(_find_idle(sheet, desired)))


def _find_idle(sheet: Sheet, desired: Desired) -> set[Address]:
    """Return the variants with an edit that no plan will show, now or later."""
    schedule = desired.schedule
    return {
        address
        for (address, path), price in sheet.prices.items()
        if schedule
        and not has_effect(value_at(declared_value(desired, address), path), price, schedule)
    }


def _edit_files(back: Writeback, table: Table, sheet: Sheet) -> Iterator[Problem]:
    """Collect the edits of the files; yield each that is not possible."""
    variants: dict[Address, dict[Path, Any]] = {}
    for (address, path), price in sheet.prices.items():
        variants.setdefault(address, {})[path] = price
    cells = {(edit.address, edit.path): edit.cell for edit in reversed(sheet.edits)}
    for address, prices in variants.items():
        known = declared_value(back.desired, address)
        is_dated = has_steps(known) or tuple in map(type, prices.values())
        for name in [""] if is_dated else dict.fromkeys(path[0] for path in prices):
            part = {path: price for path, price in prices.items() if name in ("", path[0])}
            try:
                if is_dated:
                    write_prices(back, address, known, part)
                else:
                    back.write_field(address, name, *_whole_field(known.get(name), part))
            except Unwritable as error:
                path = next(iter(part))
                source = back.desired[address].source.place_of(path)
                where = f"{address} at {source.file}:{source.line}"
                message = f"{where}: `{path[0]}` cannot be edited: {error}"
                yield table.problem(cells[address, path], message, "edit the file by hand")


def _whole_field(held: Any, prices: Mapping[Path, Any]) -> tuple[Any, Any]:
    """Return a field without steps as it is declared and as it is written, with these prices."""
    value = held
    for path, price in prices.items():
        if path[0] != OUTLET_PRICES:
            value = price
            continue
        value = dict(value or {})
        if price is None:
            del value[path[1]]
        else:
            value[path[1]] = {**value.get(path[1], {}), path[2]: price}
    return value, value
