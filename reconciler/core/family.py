"""The live parent and children around a change: what a parent's update must carry along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.change import Change
from reconciler.core.kind import Kind, Kinds, Value
from reconciler.core.state import Address, Desired, Live, Observed, overlay


@dataclass(frozen=True, slots=True)
class Family:
    """A live parent with its live children; None where no read showed them."""

    value: Value
    children: Mapping[str, Value] | None


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
            found[owner] = _family(inner[owner.kind], state, declared.get(owner, ()), live)
    return found


def _family(child: Kind, state: Observed, declared: Iterable[str], live: Live) -> Family:
    if state.children is None:
        return Family(state.value, None)
    hidden = [
        name
        for name in declared
        if name not in state.children and isinstance(live.get(Address(child.name, name)), Observed)
    ]
    children = {
        name: overlay(
            state.children.get(name, {}),
            _value(live.get(Address(child.name, name))),
        )
        for name in (*state.children, *hidden)
    }
    return Family(state.value, children)


def _value(state: object) -> Value:
    return state.value if isinstance(state, Observed) else {}
