"""Validate the objects of catalogue files; every problem is collected at its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dealpos_reconciler.catalogue.entries import READ, FileObject
from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.catalogue.layers.partial import is_gap, partial_adapter
from dealpos_reconciler.catalogue.problems import (
    WAS,
    Explained,
    explain_all,
    kind_adapter,
    known_keys,
    private_fields,
)
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.core.dated import has_steps
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import copy_masks, is_masked
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.errors import Problem
from dealpos_reconciler.kinds import MANAGED

_SLICE = 500
"""Objects that are validated at a time, so that their nodes make room for the next ones."""


class ObjectValidator:
    """Gives the objects of files their validated values."""

    def __init__(self, problems: Problems, *, is_layered: bool) -> None:
        """Take where problems go; `is_layered` accepts what another layer may complete."""
        self.problems = problems
        self.is_layered = is_layered
        self.has_masks = False
        """True where a value is secret or comes from the environment."""
        self.places: Collection[tuple[str, int, int]] = ()
        """Places with a problem of the YAML text: a second problem there would repeat it."""
        self.nested = {kind.parent.kind: kind for kind in MANAGED.values() if kind.parent}

    def fill_values(self, kind: Kind, entries: list[FileObject]) -> None:
        """Validate the entries; one without identity keeps no value."""
        fresh = [entry for entry in entries if entry.valid is None]
        for start in range(0, len(fresh), _SLICE):
            part = fresh[start : start + _SLICE]
            for entry, value in zip(part, self._validate(kind, part), strict=True):
                entry.valid, entry.node = value, READ
                entry.dated = value is not None and has_steps(value)

    def _validate(self, kind: Kind, entries: list[FileObject]) -> list[Any]:
        if not entries:
            return []
        try:
            nodes = [entry.node for entry in entries]
            return self._mask(nodes, kind_adapter(kind).validate_python(nodes))
        except ValueError as error:
            failing: dict[int, set[str]] = {}
            nested, more = self.nested.get(kind.name), [WAS] if kind.rename else []
            more += [SECRET] if kind.secret else []
            top = [*kind.model.__annotations__, *more, *([nested.collection] if nested else [])]
            for wrong in explain_all(error, known_keys(kind, top), private_fields(kind)):
                entry = entries[wrong.entry]
                if self.is_layered and is_gap(kind, wrong):
                    entry.gaps = (*entry.gaps, wrong)
                    continue
                entry.is_broken = True
                failing.setdefault(wrong.entry, set()).add(str((*wrong.path, kind.identity)[0]))
                self._report_invalid(kind, entry, wrong)
            return self._without(kind, [entry.node for entry in entries], failing)

    def _mask(self, nodes: list[Any], values: list[Any]) -> list[Any]:
        """Return the values, those under masks that are secret or come from the environment."""
        if not self.has_masks:
            return values
        return [
            copy_masks(node, value) if is_masked(node) else value
            for node, value in zip(nodes, values, strict=True)
        ]

    def _without(self, kind: Kind, nodes: list[Node], failing: Mapping[int, set[str]]) -> list[Any]:
        """Return the values without the failing keys, so that other rules can still check them."""
        usable = [i for i in range(len(nodes)) if kind.identity not in failing.get(i, ())]
        stripped = [
            {key: value for key, value in nodes[i].items() if key not in failing.get(i, ())}
            for i in usable
        ]
        values: list[Any] = [None] * len(nodes)
        adapter = partial_adapter(kind) if self.is_layered else kind_adapter(kind)
        valid = self._mask(stripped, adapter.validate_python(stripped))
        for i, value in zip(usable, valid, strict=True):
            values[i] = value
        return values

    def _report_invalid(self, kind: Kind, entry: FileObject, wrong: Explained) -> None:
        identity = entry.node.get(kind.identity)
        owner = f"{kind.name}/{identity}" if isinstance(identity, str) else kind.name
        place = self.problems.files.locate(entry.source, wrong.path, key=wrong.is_key)
        if place not in self.places:
            self.problems.found.append(Problem(*place, f"{owner}: {wrong.message}", wrong.hint))
