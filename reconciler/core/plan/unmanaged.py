"""What is in the shop and not in the files: left alone, and told."""

from __future__ import annotations

from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import Address, Desired, Live


def unmanaged(desired: Desired, live: Live, kinds: Kinds) -> list[Address]:
    """Live objects of the kinds that the files declare, where all of them are known."""
    found: list[Address] = []
    for name, declared in desired.objects.items():
        if all(entry.removed for entry in declared.values()):
            continue
        kind = kinds[name]
        parent = kind.parent.kind if kind.parent else name
        if parent not in live.complete and name not in live.complete:
            continue
        listed = {n for n, _ in live.observed(name)}
        if kind.parent:
            for _, owner in live.observed(parent):
                listed |= set(owner.children or ())
        found += [Address(name, n) for n in listed if n not in declared]
    return sorted(address for address in found if address not in desired.removals)
