"""References between objects: which other objects a value names."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds, Value


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
            for reference in references:
                into = found.setdefault(reference.kind, set())
                for declared in objects.values():
                    if field_name in declared.value:
                        reference.collect(declared.value[field_name], into)
    return found


def ancestors(address: Address, kinds: Kinds) -> Iterator[Address]:
    """Yield every object above one in a tree, the nearest first; nothing for other kinds."""
    kind, name = address
    while kinds[kind].tree and "/" in name:
        name = name.rpartition("/")[0]
        yield Address(kind, name)
