"""Export the prices of the files, or of the shop, to a sheet."""

from __future__ import annotations

from pathlib import Path

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue.sheets.read import XLSX
from dealpos_reconciler.catalogue.sheets.write import csv_bytes
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.secret import conceal_live
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.core.prices.columns import OUTLET_PRICES, PRICES
from dealpos_reconciler.core.prices.rows import PriceRows, list_rows
from dealpos_reconciler.dealpos.reading.readback import read_recent_singly
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.errors import Rejected, UnexpectedResponse, UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.open_shop import OpenShop, check_files

PRICED: Kind = next(kind for kind in KINDS.values() if kind.prices)
"""The kind of object that has prices."""
SUFFIXES = (".csv", XLSX)
"""The ends of the names of exported files."""


def export_declared(folder: Path) -> PriceRows:
    """Return the prices that the files declare."""
    return list_rows(check_files(folder), PRICED)


def export_live(shop: OpenShop) -> PriceRows:
    """Return the prices that the declared variants have in the shop."""
    desired = shop.read_files()
    live = _read_prices(shop, desired)
    shop.save_profile()
    values: dict[str, Value | None] = {
        name: state.value
        for name, state in live.objects.get(PRICED.name, {}).items()
        if isinstance(state, Observed)
    }
    found = list_rows(desired, PRICED, values)
    found.failed = {a: why for a in found.absent if (why := live.read_errors.get(a))}
    found.absent = [address for address in found.absent if address not in found.failed]
    return found


def _read_prices(shop: OpenShop, desired: Desired) -> Live:
    """Read the prices of the declared variants; no absence is proven, which would cost more."""
    kinds = {name: kind for name, kind in KINDS.items() if kind.home == SHOP}
    reader = Reader(shop.client, kinds)
    reader.declared = desired.objects
    fields = frozenset((*PRICES, OUTLET_PRICES))
    asked = dict.fromkeys(desired.objects.get(PRICED.name, {}), fields)
    try:
        assert PRICED.reads.batch
        reader.read_many(PRICED, PRICED.reads.batch, asked)
        reader.read_missing_fields(PRICED, asked)
    except (Rejected, UnexpectedResponse) as error:
        if error.operation == "token":
            raise
        reader.mark_unread(PRICED, asked, error)
    read_recent_singly(reader)
    conceal_live(reader.live, desired, kinds, shop.client.store.mask_key)
    return reader.live


def check_name(path: Path) -> None:
    """Raise UsageError for a file that is neither CSV nor a workbook."""
    if path.suffix.lower() not in SUFFIXES:
        hint = f"use a name that ends in {' or '.join(SUFFIXES)}"
        raise UsageError(f"{path}: unknown format of a price sheet", hint=hint)


def write_sheet(found: PriceRows, path: Path) -> None:
    """Write a sheet in the format that the name of the file says. Raises UsageError."""
    if path.suffix.lower() == XLSX:
        from dealpos_reconciler.catalogue.sheets.workbook import workbook_bytes

        content = workbook_bytes(found)
    else:
        content = csv_bytes(found)
    try:
        confined.write(path, content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
