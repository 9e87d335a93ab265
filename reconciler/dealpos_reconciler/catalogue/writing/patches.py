"""New entries of a layer: patches of objects that it does not declare yet, and new objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealpos_reconciler.catalogue.writing.yaml_text import YamlEntry
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.kinds import MANAGED


@dataclass(slots=True)
class LayerPatches:
    """Fields and nested objects to add to a layer, by the object that they belong to."""

    desired: Desired
    fields: dict[Address, dict[str, Any]] = field(default_factory=dict)
    nested: dict[Address, list[YamlEntry]] = field(default_factory=dict)
    """New objects, by the declared one that they stand in."""

    def add_field(self, address: Address, name: str, typed: Any) -> None:
        """Add a field of an object."""
        self.fields.setdefault(address, {})[name] = typed

    def entries(self) -> dict[Address, YamlEntry]:
        """Return the entry of each object at the top, with patches of what is nested in it."""
        found: dict[Address, YamlEntry] = {}
        for address in (*self.fields, *self.nested):
            owner = MANAGED[address.kind].parent_address(self.desired[address].value)
            if owner is None:
                self._make(found, address)
            else:
                self._nest(self._make(found, owner), [self._entry(address)])
        for owner, entries in self.nested.items():
            self._nest(found[owner], entries)
        return found

    def _make(self, found: dict[Address, YamlEntry], address: Address) -> YamlEntry:
        return found.setdefault(address, self._entry(address))

    def _entry(self, address: Address) -> YamlEntry:
        identity = MANAGED[address.kind].identity
        return YamlEntry(address, {identity: address.name, **self.fields.get(address, {})})

    def _nest(self, owner: YamlEntry, entries: list[YamlEntry]) -> None:
        owner.children += entries
        owner.collection = MANAGED[entries[0].address.kind].collection
