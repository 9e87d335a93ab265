"""Resolve the dated values of objects at the instant of a run, and report steps that cannot be."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.core.dated import (
    Bounds,
    Schedule,
    StepProblem,
    find_problems,
    list_steps,
    resolve,
)
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.field import find_needed_members
from dealpos_reconciler.core.model.kind import Kind


class DatedObjects:
    """The objects with dated values, gathered while the files are loaded."""

    def __init__(self, at: datetime, zone: tzinfo | None, problems: Problems) -> None:
        self.at = at
        self.zone = zone
        self.problems = problems
        self.values: dict[Address, dict[str, Any]] = {}
        self._found: dict[Bounds, tuple[StepProblem, ...]] = {}
        """The problems of bounds, which many objects share."""

    def resolve(self, kind: Kind, value: dict[str, Any], source: Source) -> dict[str, Any]:
        """Return an object as it is declared now, and remember its steps."""
        address = Address(kind.name, value[kind.identity])
        for path, (bounds, _) in list_steps(value):
            if (found := self._found.get(bounds)) is None:
                found = self._found[bounds] = tuple(find_problems(bounds, self.zone))
            for inner, message, hint in found:
                told = f"{address}: `{path[-1]}` {message}"
                self.problems.add(source, (*path, *inner), told, hint)
        if self.zone is None:
            return {name: held for name, held in value.items() if type(held) is not tuple}
        self.values[address] = value
        return resolve(value, find_needed_members(kind.model), self.at, self.zone)

    def schedule(self) -> Schedule | None:
        """Return what was gathered; None for files without dated values."""
        return Schedule(self.at, self.zone, self.values) if self.zone and self.values else None
