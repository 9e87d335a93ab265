"""The live parent and children around a change: what a parent's update must carry along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.change import Change
from reconciler.core.kind import Kinds, Value
from reconciler.core.state import Address, Live, Observed, overlay


@dataclass(frozen=True, slots=True)
class Family:
    """A live parent with its live children; None where no read showed them."""

    value: Value
    children: Mapping[str, Value] | None


def families(changes: Iterable[Change], live: Live, kinds: Kinds) -> dict[Address, Family]:
    """The live parent and children around every change, with all that is known of them."""
    families: dict[Address, Family] = {}
    inner = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
    for change in changes:
        kind = kinds[change.address.kind]
        owner = change.address
        if kind.parent and change.after is not None:
            owner = Address(kind.parent.kind, change.after.get(kind.parent.kind, ""))
        child = inner.get(owner.kind)
        state = live.get(owner)
        if child is None or owner in families or not isinstance(state, Observed):
            continue
        children = state.children
        if children is not None:
            children = {
                name: overlay(value, _value(live.get(Address(child.name, name))))
                for name, value in children.items()
            }
        families[owner] = Family(state.value, children)
    return families


def _value(state: object) -> Value:
    return state.value if isinstance(state, Observed) else {}
