"""Resolve the dated values of objects at the instant of a run, and report steps that cannot be."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.core.dated import (
    NOTHING,
    Bounds,
    Schedule,
    StepProblem,
    find_problems,
    index_at,
    list_steps,
    put_value,
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
        self._known: dict[Bounds, tuple[tuple[StepProblem, ...], int | None]] = {}
        """The problems and the present step of bounds, which many objects share."""

    def resolve(self, kind: Kind, value: dict[str, Any], source: Source) -> dict[str, Any]:
        """Return an object as it is declared now, and remember its steps."""
        steps, found = list_steps(value), dict(value)
        needed = find_needed_members(kind.model)
        for path, held in steps:
            bounds, values = held
            if (known := self._known.get(bounds)) is None:
                known = self._known[bounds] = self._read(bounds)
            problems, index = known
            for inner, message, hint in problems:
                told = f"{kind.name}/{value[kind.identity]}: `{path[-1]}` {message}"
                self.problems.add(source, (*path, *inner), told, hint)
            now = NOTHING if index is None else values[index]
            if len(path) == 1 and now is not NOTHING:
                found[path[0]] = now
            else:
                put_value(found, value, path, now, needed)
        if self.zone:
            self.values[Address(kind.name, value[kind.identity])] = value
        return found

    def _read(self, bounds: Bounds) -> tuple[tuple[StepProblem, ...], int | None]:
        """Return the problems of bounds, and the index of the step that counts now."""
        index = index_at(bounds, self.at, self.zone) if self.zone else None
        return tuple(find_problems(bounds, self.zone)), index

    def schedule(self) -> Schedule | None:
        """Return what was gathered; None for files without dated values."""
        return Schedule(self.at, self.zone, self.values) if self.zone and self.values else None
