"""The merged catalogue of a shop as one file, which must load again as the same."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dealpos_reconciler.catalogue import loader
from dealpos_reconciler.catalogue.layers.folders import CATALOGUE
from dealpos_reconciler.catalogue.settings import Settings, load
from dealpos_reconciler.catalogue.writing.flatten import Flattened
from dealpos_reconciler.confined import private_draft
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.errors import ReconcilerError, SourceError, UsageError
from dealpos_reconciler.workflows.open_shop import read_files

FILE = "catalogue.yaml"


class RenderedCatalogue(NamedTuple):
    """The text of the file, and the objects that it leaves out."""

    text: str
    left_out: list[Address]
    objects: int


def render_catalogue(folder: Path, *, whole: bool) -> RenderedCatalogue:
    """Return the declared objects of a shop as one file; `whole` with secret codes and customers.

    Raises SourceError for problems of the files.
    """
    settings = load(folder)
    desired = read_files(settings)
    complete = Flattened(desired, whole=True).text()
    _verify(settings, desired, complete)
    shown = Flattened(desired, whole=whole)
    text = shown.text()
    return RenderedCatalogue(text, shown.left_out, len(dict(desired)))


def write_catalogue(target: Path, text: str) -> None:
    """Write the file, readable by its owner alone. Raises UsageError."""
    try:
        with private_draft(target) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from None


def _verify(settings: Settings, desired: Desired, text: str) -> None:
    """Raise ReconcilerError where the text does not load as the same objects."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / CATALOGUE).mkdir()
        (root / CATALOGUE / FILE).write_text(text, encoding="utf-8")
        flat = replace(settings, root=root, catalogue=CATALOGUE, layers=())
        at = desired.schedule.at if desired.schedule else None
        try:
            again = loader.load(flat, at=at)
        except SourceError as error:
            raise _not_the_same(str(error.problems[0])) from None
    before, after = _facts(desired), _facts(again)
    if before != after:
        differing = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        raise _not_the_same(str(differing[0]))


def _facts(desired: Desired) -> Mapping[Any, Any]:
    steps = desired.schedule.values if desired.schedule else {}
    objects = {a: (d.value, d.was, steps.get(a)) for a, d in desired}
    removals = {("removed", a): removal.delete for a, removal in desired.removals.items()}
    allowed = {("allow", a.rule, a.address, a.reason): a.until for a in desired.allowances}
    return {**objects, **removals, **allowed}


def _not_the_same(what: str) -> ReconcilerError:
    return ReconcilerError(f"the merged catalogue cannot be written as one file: {what}")
