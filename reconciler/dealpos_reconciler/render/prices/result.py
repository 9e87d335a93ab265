"""The result of an import of prices: warnings, the differences of the files, and a summary."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dealpos_reconciler.catalogue.writing.results import EditedFile
from dealpos_reconciler.core.dated import FROM, show
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.masked import mask_all, value_at
from dealpos_reconciler.core.prices.rows import PriceRows
from dealpos_reconciler.core.prices.sheet import PriceEdit, Sheet
from dealpos_reconciler.core.prices.steps import declared_value, find_amount
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.import_ import difference_lines
from dealpos_reconciler.render.json import object_document
from dealpos_reconciler.render.words import ObjectLabels, amount, plain, plural, with_label

MAX_NAMED = 5
"""Objects that one line names."""
_PRIVATE = {kind.collection for kind in KINDS.values() if kind.is_private}
Files = Mapping[str, EditedFile]


def price_warnings(owned: list[Address], labels: ObjectLabels) -> Iterator[str]:
    """Yield the warning of outlet prices that the next plan may remove."""
    if owned:
        named = join_some([with_label(address, labels) for address in owned], MAX_NAMED)
        yield (
            f"Warning: the files did not declare the outlet prices of {named}. From now on they "
            "declare all of them: a plan removes the price of every outlet that they do not name. "
            "Read the plan before you apply it."
        )


def price_notes(sheet: Sheet, idle: Sequence[Address], labels: ObjectLabels) -> Iterator[str]:
    """Yield notes on parts of a sheet that are not imported, or that have no effect."""
    if idle:
        named = join_some([with_label(address, labels) for address in idle], MAX_NAMED)
        yield (
            f"note: without effect, because a step with a later day holds: {named}. Write the day "
            f"of that step in the column `{FROM}` to change its price"
        )
    if sheet.other_names:
        count = amount(sheet.other_names)
        yield f"note: names that differ from the files are not imported: {count} in the sheet"


def price_lines(files: Files, sheet: Sheet, dry_run: bool, folder: str) -> Iterator[str]:
    """Yield the differences of the files, and the summary with the next step."""
    for name, edited in files.items():
        yield from difference_lines(name, edited, _PRIVATE)
        yield ""
    if not files:
        known = "the files have these prices already" if sheet.has_prices else "no row has a price"
        yield f"Nothing to import: {known}."
        return
    prices = plural(len(sheet.edits), "price")
    variants = plural(len({edit.address for edit in sheet.edits}), "variant")
    did = "would write" if dry_run else "wrote"
    yield f"{did} {plural(len(files), 'file')}: {prices} of {variants}"
    if not dry_run:
        yield f"Next: run 'reconciler plan {shlex.quote(folder)}', then commit the files."


def import_document(
    sheet: Sheet,
    desired: Any,
    files: Files,
    labels: ObjectLabels,
    dry_run: bool,
    idle: Sequence[Address],
) -> dict[str, Any]:
    """Return the result of an import as a JSON document."""
    return {
        "prices": [_edit_document(edit, desired, labels) for edit in sheet.edits],
        "other_names": sheet.other_names,
        "without_effect": [object_document(address, labels) for address in idle],
        "files": list(files),
        "written": not dry_run,
    }


def _edit_document(edit: PriceEdit, desired: Any, labels: ObjectLabels) -> dict[str, Any]:
    source, known = desired[edit.address].source, declared_value(desired, edit.address)
    place = source.place_of(edit.path)
    return {
        **object_document(edit.address, labels),
        "path": list(edit.path),
        "before": mask_all(find_amount(value_at(known, edit.path), edit.span[0])),
        "after": edit.value,
        "from": show(edit.span[0]) or None,
        "until": show(edit.span[1]) or None,
        "cell": str(edit.cell),
        "source": {"file": place.file, "line": place.line},
    }


def export_notes(found: PriceRows, out: Path | None) -> Iterator[str]:
    """Yield the size of an export, and notes on prices that it leaves out."""
    if out:
        codes = {code for code, *_ in found.rows}
        rows = f" ({plural(len(found.rows), 'row')})" if len(found.rows) > len(codes) else ""
        yield f"{plural(len(codes), 'variant')}{rows} written to {plain(str(out))}"
    if found.hidden:
        values = plural(found.hidden, "value")
        yield f"note: {values} from the environment left out; the files keep them"
    if found.absent:
        named = join_some(found.absent, MAX_NAMED)
        yield f"note: not exported, because the shop does not list them: {plain(named)}"
    for address, why in found.failed.items():
        yield f"not exported: {plain(str(address))}: {plain(why)}"
