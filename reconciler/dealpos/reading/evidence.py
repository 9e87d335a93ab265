"""What settles a doubt where a shop does not offer the read that would."""

from __future__ import annotations

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, Live

HIDDEN = "lists may hide retired objects, and this shop offers no read of a single one"
"""Why an object that a whole listing does not show is still unknown (dealpos-api.md §14 #21)."""


def by_children(live: Live, desired: Desired, kinds: Kinds) -> None:
    """Take a hidden-or-new parent for new where none of its declared children exists.

    Two generations of the documentation have no read of a single product whose path is printed
    (dealpos-api.md §6.4). A product has variants, and those are read by name: where none of them
    exists, a
    product of that code that the whole list does not show is one that nobody has. The plan says so.
    """
    for child in kinds.values():
        if child.parent is None:
            continue
        kind = kinds[child.parent.kind]
        settled = [
            address for address in _hidden(live, kind) if _childless(live, desired, child, address)
        ]
        for address in settled:
            del live.unread[address]
            live.put(address, ABSENT)
        if settled:
            named = ", ".join(f"`{address}`" for address in settled)
            live.notes.append(
                f"this shop offers no read of a single {kind.name}; taken for new, because neither "
                f"its list nor a read of their {child.collection} shows them: {named}"
            )


def _hidden(live: Live, kind: Kind) -> list[Address]:
    if kind.name not in live.complete:
        return []
    return [a for a, why in live.unread.items() if a.kind == kind.name and why == HIDDEN]


def _childless(live: Live, desired: Desired, child: Kind, owner: Address) -> bool:
    names = [
        name
        for name, declared in desired.objects.get(child.name, {}).items()
        if declared.value[owner.kind] == owner.name
    ]
    return bool(names) and all(live.get(Address(child.name, name)) is ABSENT for name in names)
