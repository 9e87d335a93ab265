"""The desired state: everything that the files declare, and the objects that it refers to."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dealpos_reconciler.core.dated import Schedule
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.masked import path_above


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception from a guardrail that a reviewer agreed to (`allow:` in a catalogue file)."""

    rule: str
    reason: str
    until: str
    """The last day on which it holds, `YYYY-MM-DD`."""
    source: Source
    address: Address | None = None
    """The object it is for; None for the plan as a whole."""


@dataclass(slots=True)
class Declared:
    """The declared values of one object. A field that is not in `value` is not managed.

    Nothing changes one. `frozen` would make ten thousand of them four times as slow to create.
    """

    value: Value
    source: Source
    was: str | None = None
    """The identity it had before, where the file says that it was renamed."""
    changed_derived_fields: frozenset[str] = frozenset()
    """Fields that the server always rewrites, and whose value is not the one written last."""
    removed: str | None = None
    """The reason of a removal that is declared as a retirement; no file holds such an object."""
    interrupted: str = ""
    """Set where its creation was interrupted: the plan completes it and puts it in use."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Wish that an object leaves the shop: retired, or deleted where that is asked for."""

    source: Source
    delete: bool = False
    reason: str = "marked as removed"


@dataclass(frozen=True, slots=True)
class PruneScope:
    """A scope (`prune:` in reconciler.yaml) in which what the files do not declare is removed."""

    kinds: tuple[str, ...]
    source: Source
    categories: tuple[str, ...] = ()
    """Globs on the category that an object is in, or is; empty means any."""
    codes: tuple[str, ...] = ()
    """Globs on the object's own name; empty means any."""
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that the files declare, by kind and identity."""

    objects: Mapping[str, Mapping[str, Declared]] = field(default_factory=dict)
    allowances: tuple[Allowance, ...] = ()
    removals: Mapping[Address, Removal] = field(default_factory=dict)
    prune: tuple[PruneScope, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks on the files, such as one that is not read."""
    has_masks: bool = True
    """False if no declared value is known to be under a mask."""
    schedule: Schedule | None = None
    """The steps of dated values; None without any."""
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values that the files give to fields which an object leaves out, by kind."""
    default_places: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    """The section `defaults:` that has the default of each field, by kind."""
    taken_out: Mapping[Address, Source] = field(default_factory=dict)
    """The entries of layers that took an object out which no later layer declares."""

    def get(self, address: Address) -> Declared | None:
        """Return the declaration of `address`, if there is one."""
        return self.objects.get(address.kind, {}).get(address.name)

    def __getitem__(self, address: Address) -> Declared:
        return self.objects[address.kind][address.name]

    def without(self, left_out: Container[Address]) -> Desired:
        """Return the declarations and removals of all other objects."""
        objects = {
            kind: {n: found for n, found in named.items() if Address(kind, n) not in left_out}
            for kind, named in self.objects.items()
        }
        removals = {a: removal for a, removal in self.removals.items() if a not in left_out}
        return Desired(objects, removals=removals)

    def masked_addresses(self) -> Iterator[Address]:
        """Yield the addresses of declared objects whose names are shown as masks."""
        for kind, named in self.objects.items():
            yield from (Address(kind, name) for name in named if type(name) is not str)

    def __iter__(self) -> Iterator[tuple[Address, Declared]]:
        """Yield every declared object, in the order of kinds and names."""
        for kind in sorted(self.objects):
            for name in sorted(self.objects[kind]):
                yield Address(kind, name), self.objects[kind][name]


def references_of(kind: Kind, value: Value) -> Iterator[tuple[Address, tuple[str | int, ...]]]:
    """Yield every object that `value` refers to, with the path of the name inside it."""
    for field_name, references in kind.referring_fields:
        if field_name in value:
            for reference in references:
                for name, path in reference.targets(value[field_name]):
                    yield Address(reference.kind, name), (field_name, *path)


def referenced_names(desired: Desired, kinds: Kinds) -> dict[str, set[str]]:
    """Return the names that declared objects refer to, by kind."""
    found: dict[str, set[str]] = {}
    for name, objects in desired.objects.items():
        for field_name, references in kinds[name].referring_fields:
            written = [o.value[field_name] for o in objects.values() if field_name in o.value]
            for reference in references:
                reference.collect(written, found.setdefault(reference.kind, set()))
    return found


def ancestors(address: Address, kinds: Kinds) -> Iterator[Address]:
    """Yield every object above one in a tree, the nearest first; nothing for other kinds."""
    kind, name = address
    while kinds[kind].tree and "/" in name:
        name = path_above(name)
        yield Address(kind, name)
