"""The live parent and children around a change: what a parent's update must carry along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.change import Change
from reconciler.core.kind import Kind, Kinds, Value
from reconciler.core.state import Address, Desired, Live, Observed, overlay


@dataclass(frozen=True, slots=True)
class Family:
    """A live parent with its live children; None where no read showed them."""

    value: Value
    children: Mapping[str, Value] | None
    unseen: tuple[str, ...] = ()
    """What an update of the parent would carry and nobody knows: it could be cleared."""


def families(
    changes: Iterable[Change], desired: Desired, live: Live, kinds: Kinds
) -> dict[Address, Family]:
    """The live parent and children around every change, with all that is known of them.

    Children are those that a read of the parent showed, and those that the files declare there
    and a read by name found: a shop may hide retired ones from the former.
    """
    found: dict[Address, Family] = {}
    inner = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
    declared: dict[Address, list[str]] = {}
    for child in inner.values():
        for name, entry in desired.objects.get(child.name, {}).items():
            above = child.parent.kind if child.parent else ""
            owner = Address(above, entry.value.get(above, ""))
            declared.setdefault(owner, []).append(name)
    for change in changes:
        kind = kinds[change.address.kind]
        owner = change.address
        if kind.parent and change.after is not None:
            owner = Address(kind.parent.kind, change.after.get(kind.parent.kind, ""))
        state = live.get(owner)
        if owner.kind in inner and owner not in found and isinstance(state, Observed):
            gather = _Gather(inner[owner.kind], desired, live)
            found[owner] = gather.family(owner, state, declared.get(owner, ()))
    return found


class _Gather:
    """One parent with its children; what no read shows is taken from the files."""

    def __init__(self, child: Kind, desired: Desired, live: Live) -> None:
        self.child = child
        self.desired = desired
        self.live = live
        self.unseen: list[str] = []

    def family(self, owner: Address, state: Observed, declared: Iterable[str]) -> Family:
        value = self._known(owner, state.value, None)
        if state.children is None:
            return Family(value, None, tuple(self.unseen))
        addresses = {name: Address(self.child.name, name) for name in (*state.children, *declared)}
        children = {}
        for name, address in addresses.items():
            seen = self.live.get(address)
            if name in state.children or isinstance(seen, Observed):
                own = seen.value if isinstance(seen, Observed) else {}
                merged = overlay(state.children.get(name, {}), own)
                carried = self.child.parent.update.fields if self.child.parent else ()
                children[name] = self._known(address, merged, carried)
        return Family(value, children, tuple(self.unseen))

    def _known(self, address: Address, value: Value, carried: Collection[str] | None) -> Value:
        """`value` with what only a file tells; what neither tells is noted as unseen."""
        missing = self.live.unseen.get(address, frozenset())
        entry = self.desired.get(address)
        told = {n: entry.value[n] for n in missing if n in entry.value} if entry else {}
        lost = sorted(n for n in missing - told.keys() if carried is None or n in carried)
        self.unseen += [f"`{n}` of {address}" for n in lost]
        return {**value, **told} if told else value
