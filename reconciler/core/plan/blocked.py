"""What cannot be planned because something that it needs was not read.

Unread is not absent: whether the other exists is not known, nothing is planned for it, and a write
that names it would be a guess. A product's write would even create the category (dealpos-api.md
§14 #4).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import ABSENT, Address, Declared, Desired, Live, Observed
from reconciler.core.plan.faults import names


def blocked(desired: Desired, live: Live, kinds: Kinds) -> dict[Address, Address]:
    """Declared objects by name, each with the unread one that it needs, directly or by others."""
    unread = live.unread_of(desired) | set(_former(desired, live, kinds))
    if not unread:
        return {}
    needing: dict[Address, list[Address]] = {}
    for address, declared in desired:
        for needed, needs in _pairs(address, declared, live, kinds):
            needing.setdefault(needed, []).append(needs)
    found: dict[Address, Address] = {}
    pending = [(cause, cause) for cause in sorted(unread, reverse=True)]
    while pending:
        needed, cause = pending.pop()
        for address in needing.get(needed, ()):
            if address in found or address in unread:
                continue
            found[address] = cause
            if live.get(address) is ABSENT:
                pending.append((address, cause))
    return found


def _former(desired: Desired, live: Live, kinds: Kinds) -> Iterator[Address]:
    """The former names that were not read: what is declared may be there under one of them."""
    for name, objects in desired.objects.items():
        for declared in objects.values() if kinds[name].rename else ():
            former = Address(name, declared.was)
            if declared.was and live.get(former) is None:
                yield former


def _pairs(
    address: Address, declared: Declared, live: Live, kinds: Kinds
) -> Iterator[tuple[Address, Address]]:
    """What is needed, and by what, as far as `declared` tells."""
    kind, state = kinds[address.kind], live.get(address)
    named = {target for target, _ in names(kind, declared.value)}
    if isinstance(state, Observed):
        # What it names already it may go on naming.
        named -= {target for target, _ in names(kind, state.value)}
    if declared.was and state is ABSENT:
        yield Address(kind.name, declared.was), address
    if kind.parent:
        owner = Address(kind.parent.kind, declared.value.get(kind.parent.kind, ""))
        named.discard(owner)
        if state is ABSENT:
            yield owner, address
        if live.get(owner) is ABSENT:
            yield address, owner  # a new parent is created with its children
    for target in named:
        yield target, address
