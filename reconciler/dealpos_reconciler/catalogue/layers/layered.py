"""The sections of all layers of a shop, and the layer in which each object begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dealpos_reconciler.catalogue.entries import HiddenCodes
from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.catalogue.layers.directives import (
    DEFAULTS,
    OMIT,
    merge_defaults,
    read_omissions,
)
from dealpos_reconciler.catalogue.sections import REMOVED, Entries, read_removals
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance, Declared, Removal
from dealpos_reconciler.core.model.kind import Kind, Value

Directives = Mapping[str, Sequence[tuple[Any, Source]]]
Defaults = Mapping[str, Mapping[str, Any]]


class Layers:
    """The layers of a shop while its files are loaded; a parent's kind is merged before others."""

    def __init__(self, files: Sequence[Sequence[str]], problems: Problems) -> None:
        """Take the names of the files of each layer."""
        self.index = {name: index for index, names in enumerate(files) for name in names}
        self.count = len(files)
        self.problems = problems
        self.omitted: list[dict[Address, Source]] = [{} for _ in files]
        self.removed: list[dict[Address, Removal]] = [{} for _ in files]
        self.open: dict[str, Mapping[str, Any]] = {}
        """The objects of each kind, as far as they are merged."""
        self.begin: dict[Address, int] = {}
        """The layer in which an object begins, where that is not the first."""
        self.taken_out: dict[Address, Source] = {}
        """The entries that took an object out which no later layer has declared again."""
        self.faulty: set[Address] = set()
        """Objects that begin nowhere: problems inside of them follow from that."""
        self._defaults: Defaults = {}
        self.default_places: dict[str, dict[str, Source]] = {}

    def read(self, directives: Directives, own: Defaults, codes: HiddenCodes) -> Defaults:
        """Read `omit:`, `removed:` and `defaults:` of every layer; return the merged defaults."""
        omit, removed = self._split(directives[OMIT]), self._split(directives[REMOVED])
        self.omitted = [read_omissions(entries, codes, self.problems) for entries in omit]
        self.removed = [read_removals(entries, {}, codes, self.problems) for entries in removed]
        sections = self._split(directives[DEFAULTS])
        self._defaults = merge_defaults(sections, own, self.problems, self.default_places)
        return self._defaults

    def begin_of(self, address: Address) -> int | None:
        """Return the layer in which an object begins; None for one that no layer declares."""
        if address.name not in self.open.get(address.kind, ()):
            return None
        return self.begin.get(address, 0)

    def _split(self, entries: Entries) -> list[list[tuple[Any, Source]]]:
        found: list[list[tuple[Any, Source]]] = [[] for _ in range(self.count)]
        for item, source in entries:
            found[self.index[source.file]].append((item, source))
        return found

    def find_removals(
        self, objects: Mapping[str, Mapping[str, Declared]]
    ) -> dict[Address, Removal]:
        """Return what is removed: the last layer that removes or declares an object decides."""
        found: dict[Address, Removal] = {}
        for layer, removals in enumerate(self.removed):
            for address, removal in removals.items():
                declared = objects.get(address.kind, {}).get(address.name)
                begin = self.begin.get(address, 0) if declared else -1
                if declared and begin == layer:
                    place = f"{declared.source.file}:{declared.source.line}"
                    message = f"{REMOVED}: {address} is removed here and declared at {place}"
                    self.problems.add(removal.source, (), message, "remove one of the two")
                elif begin < layer:
                    found[address] = removal
        return found

    def drop_replaced(self, found: Sequence[Allowance]) -> tuple[Allowance, ...]:
        """Return the exceptions without those that a later layer declares anew."""
        last = {(a.rule, a.address): self.index[a.source.file] for a in found}
        return tuple(a for a in found if self.index[a.source.file] == last[a.rule, a.address])

    def lacking(self, kind: Kind, value: Value) -> list[str]:
        """Return the fields that a new object must have, and neither it nor a default gives."""
        given = self._defaults.get(kind.name, {})
        return [name for name in kind.required if name not in value and name not in given]
