"""Live values of dated fields: each goes into the step that holds, and the other steps stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealpos_reconciler.catalogue.writing.edit import Unwritable
from dealpos_reconciler.catalogue.writing.yaml_text import KEEP
from dealpos_reconciler.core.dated import Schedule, Steps, has_steps, index_at

StepEdit = tuple[tuple[str, ...], int, Any]
"""The path of a dated field, the index of its step, and the value for it."""

_BY_HAND = "edit the steps by hand"


@dataclass(slots=True)
class DatedEdit:
    """A live value, taken apart into the steps that it changes and the rest."""

    edits: list[StepEdit] = field(default_factory=list)
    rest: Any = KEEP
    """The value as it is written, with KEEP in the place of steps; KEEP where nothing is left."""
    declared: Any = None
    """The field with its steps, as the files declare it afterwards."""


def take_apart(schedule: Schedule, path: tuple[str, ...], declared: Any, live: Any) -> DatedEdit:
    """Return the edits that let the dated field at `path` have a live value now.

    Raises Unwritable where no step can hold it.
    """
    if type(declared) is tuple:
        return _change_step(schedule, path, declared, live)
    found = DatedEdit(declared={})
    rest: dict[str, Any] = {}
    for key, now in live.items():
        rest[key] = found.declared[key] = now
        if _is_dated(held := declared.get(key)):
            inner = take_apart(schedule, (*path, key), held, now)
            found.edits += inner.edits
            rest[key], found.declared[key] = inner.rest, inner.declared
    for key, held in declared.items():
        if key not in live and _is_dated(held):
            if _holds(schedule, held):
                name = ".".join((*path, key))
                raise Unwritable(f"the shop has no value for the steps of {name}: {_BY_HAND}")
            rest[key], found.declared[key] = KEEP, held
    same = (inner is KEEP or inner == declared.get(key) for key, inner in rest.items())
    found.rest = KEEP if rest.keys() == declared.keys() and all(same) else rest
    return found


def _is_dated(held: Any) -> bool:
    """Return whether a value has steps, or an entry of a map with a member that has."""
    return type(held) is tuple or (isinstance(held, Mapping) and has_steps({"": {"": held}}))


def _holds(schedule: Schedule, held: Any) -> bool:
    """Return whether a dated field, or every dated member of an entry, has a value now."""
    members = [held] if type(held) is tuple else [m for m in held.values() if type(m) is tuple]
    return all(index_at(m[0], schedule.at, schedule.zone) is not None for m in members)


def _change_step(schedule: Schedule, path: tuple[str, ...], steps: Steps, live: Any) -> DatedEdit:
    bounds, values = steps
    index = index_at(bounds, schedule.at, schedule.zone)
    if index is None:
        raise Unwritable(f"no step of {'.'.join(path)} holds now: {_BY_HAND}")
    if values[index] == live:
        return DatedEdit(declared=steps)
    changed = (*values[:index], live, *values[index + 1 :])
    return DatedEdit([(path, index, live)], declared=(bounds, changed))
