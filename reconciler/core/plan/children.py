"""The live parent and children around a change: what a parent's update must carry along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.diff.change import Change
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Address, Desired, Live, Observed, overlay


@dataclass(frozen=True, slots=True)
class Family:
    """A live parent with its live children; None where no read showed them."""

    value: Value
    children: Mapping[str, Value] | None
    unseen: tuple[str, ...] = ()
    """What an update of the parent would carry and nobody knows: it could be cleared."""
    whole: bool = False
    """Whether these children are known to be all: what an update does not name may be deleted."""


def left_out(desired: Desired, live: Live, kinds: Kinds) -> dict[Address, list[str]]:
    """By parent, the declared children that the shop has and no read of that parent shows.

    Reads of a parent may hide children that are out of use (dealpos-api.md §14 #21 asks it of
    lists); a read by name finds them.
    """
    found: dict[Address, list[str]] = {}
    for child in kinds.values():
        if child.parent is None:
            continue
        above = child.parent.kind
        parents, states = live.objects.get(above, {}), live.objects.get(child.name, {})
        for name, entry in desired.objects.get(child.name, {}).items():
            owner = entry.value.get(above, "")
            parent = parents.get(owner)
            if not isinstance(parent, Observed) or parent.children is None:
                continue
            if isinstance(states.get(name), Observed) and name not in parent.children:
                found.setdefault(Address(above, owner), []).append(name)
    return found


def families(
    changes: Iterable[Change], desired: Desired, live: Live, kinds: Kinds
) -> dict[Address, Family]:
    """The live parent and children around every change, with all that is known of them."""
    found: dict[Address, Family] = {}
    inner = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
    joined = left_out(desired, live, kinds)
    for owner in dict.fromkeys(_owner(change, kinds) for change in changes):
        state = live.get(owner)
        if owner.kind in inner and isinstance(state, Observed):
            gather = _Gather(inner[owner.kind], desired, live)
            found[owner] = gather.family(owner, state, joined.get(owner, ()))
    return found


def _owner(change: Change, kinds: Kinds) -> Address:
    """The parent of what changes; a change of a parent is its own."""
    parent = kinds[change.address.kind].parent
    if parent and change.after is not None:
        return Address(parent.kind, change.after.get(parent.kind, ""))
    return change.address


class _Gather:
    """One parent with its children; what no read shows is taken from the files."""

    def __init__(self, child: Kind, desired: Desired, live: Live) -> None:
        self.child = child
        self.desired = desired
        self.live = live
        self.unseen: list[str] = []

    def family(self, owner: Address, state: Observed, joined: Collection[str]) -> Family:
        value = self._known(owner, state.value, None)
        if state.children is None:
            return Family(value, None, tuple(self.unseen))
        children = {}
        for name in (*state.children, *joined):
            address = Address(self.child.name, name)
            seen = self.live.get(address)
            own = seen.value if isinstance(seen, Observed) else {}
            merged = overlay(state.children.get(name, {}), own)
            carried = self.child.parent.update.fields if self.child.parent else ()
            children[name] = self._known(address, merged, carried)
        # A child that had to be joined in by name proves that this parent's read hides some.
        whole = owner in self.live.whole and not joined
        return Family(value, children, tuple(self.unseen), whole)

    def _known(self, address: Address, value: Value, carried: Collection[str] | None) -> Value:
        """`value` with what only a file tells; what neither tells is noted as unseen."""
        missing = self.live.unseen.get(address, frozenset())
        entry = self.desired.get(address)
        told = {n: entry.value[n] for n in missing if n in entry.value} if entry else {}
        lost = sorted(n for n in missing - told.keys() if carried is None or n in carried)
        self.unseen += [f"`{n}` of {address}" for n in lost]
        return {**value, **told} if told else value
