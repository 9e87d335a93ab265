"""Views: the values that a renderer needs beside the plan, the audit or the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dealpos_reconciler.core.diff.change import Change, FieldChange, Marker
from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.money import PriceImpact, sum_price_impact
from dealpos_reconciler.core.rehearsal import Rehearsal
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.words import plain

Paint = Callable[[str, str], str]
"""Takes a style and a text; gives the text in that style, or as it is."""
Locate = Callable[[Source, tuple[str | int, ...]], Source]
"""Takes the place of an object and a path inside it; gives the place of what is there."""


_UNSALTED = Marker("")


def no_paint(style: str, text: str) -> str:
    """Return the text as it is."""
    return text


def object_line(source: Source, path: tuple[str | int, ...]) -> Source:
    """Return the line of the object itself, for callers that have no files to look into."""
    return source


def place(source: Source | None) -> str:
    """Return the line that asks for something: `catalogue/drinks.yaml:14`; empty without one."""
    return plain(f"{source.file}:{source.line}") if source else ""


class _Placed(Protocol):
    """A change or a finding."""

    @property
    def source(self) -> Source | None: ...
    @property
    def fields(self) -> Sequence[FieldChange]: ...


def place_of(found: _Placed) -> Source | None:
    """Return the line that asks for a change: the one of its fields, else the object's.

    Several layers can make an object; then it has a place for each field.
    """
    if found.source is None:
        return None
    places = {found.source.place_of(field.path) for field in found.fields}
    return places.pop() if len(places) == 1 else found.source


def field_place(found: _Placed, field: FieldChange) -> Source | None:
    """Return the line that asks for one field, where it is not that of the change."""
    if found.source is None:
        return None
    own = found.source.place_of(field.path)
    return None if own == place_of(found) else own


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where and when something was made, and with which colours it is rendered."""

    kinds: Kinds = field(default_factory=lambda: KINDS)
    made_at: str = ""
    """ISO 8601, UTC: `2026-11-29T04:47:04Z`."""
    shop: str = ""
    """The name of the shop's folder."""
    folder: str = "."
    """The shop's folder, as seen from where the command ran."""
    commit: str | None = None
    """The git commit of the files, with `+` where they differ from it."""
    repository_path: str | None = None
    """The shop's folder from the top of its repository; None where it is the top."""
    paint: Paint = no_paint

    def path_in_repository(self, file: str) -> str:
        """Return the path of a file of the shop from the top of its repository."""
        folder = self.repository_path or ""
        while file.startswith("../"):
            file, folder = file[3:], folder.rpartition("/")[0]
        return f"{folder}/{file}" if folder else file


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView(View):
    """A view of a plan."""

    usage: ApiUsage
    finish: str | None = None
    """The time of day at which an apply that starts now would be done."""
    compact: bool = False
    locate: Locate = object_line
    marker: Marker = _UNSALTED
    """Makes the marks of secret values."""
    rehearsal: Rehearsal | None = None
    """The result of a rehearsal; None where none was asked for."""
    impact: PriceImpact | None = None
    """The price impact of a saved plan, which hides some of its prices."""

    def price_impact(self, changes: Iterable[Change]) -> PriceImpact:
        """Return the price impact of the plan with these changes."""
        return self.impact or sum_price_impact(changes, self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView(View):
    """A view of a report; the apply ended at `made_at`."""

    continue_command: str | None = None
    """The command that applies the rest, where the run ended early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView(View):
    """A view of an audit; it ended at `made_at`."""

    requests: int
    seconds: float
