"""Renames by transformation: the live side is given the names that the files ask for.

A renamed category keeps its products and sub-categories (facts §5: one update with `Rename`), so
their live values are moved along before the diff, and the diff needs no exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reconciler.core.kept import Kept, recognised
from reconciler.core.kind import Kind, Kinds
from reconciler.core.state import ABSENT, Absent, Address, Desired, Live, Observed, above

_Pending = tuple[int, Address, str]
"""A rename to be done: levels of the old name, the new address, and the old name."""


def viewed(
    desired: Desired, live: Live, kinds: Kinds, kept: Kept | None = None
) -> tuple[Live, dict[Address, str], list[str]]:
    """The shop as a plan sees it, the renames still to be done, and what to say of them."""
    live, said = recognised(live, desired, kept or {}, kinds)
    live, renames, notes = renamed(live, desired, kinds)
    return live, renames, [*said, *notes]


def renamed(
    live: Live, desired: Desired, kinds: Kinds
) -> tuple[Live, dict[Address, str], list[str]]:
    """Live as it will be after the declared renames, the renames, and what to say about them.

    A rename maps the new address to the name the object has at the moment it is renamed, parents
    first.
    """
    renames: dict[Address, str] = {}
    pending = sorted(
        (declared.was.count("/"), Address(name, now), declared.was)
        for name, objects in desired.objects.items()
        if kinds[name].rename
        for now, declared in objects.items()
        if declared.was and declared.was != now
    )
    while pending:
        turn = _turn(pending, live, kinds)
        if turn is None:
            break
        pending.remove(turn)
        _, address, was = turn
        kind = kinds[address.kind]
        if isinstance(live.get(Address(address.kind, was)), Observed):
            renames[address] = was
            live = _apply(live, kind, was, address.name, kinds)
            pending = [
                (depth, other, _moved(old, was, address.name, kind.tree))
                if other.kind == address.kind and old != was
                else (depth, other, old)
                for depth, other, old in pending
            ]
    notes = [
        f"{address} exists and so does `{was}`, so it is not renamed: two cannot become one"
        if not _free(address, live)
        else f"`{was}` is not renamed to {address}: they wait for each other; rename one at a time"
        for _, address, was in pending
        if isinstance(live.get(Address(address.kind, was)), Observed)
    ]
    return live, renames, notes


def _turn(pending: Sequence[_Pending], live: Live, kinds: Kinds) -> _Pending | None:
    """The rename that can be done next.

    A name must be free before it is taken, and what is above it must be in its place: it would take
    it along. What cannot move at all holds nobody up.
    """
    moving = [p for p in pending if not _free(Address(p[1].kind, p[2]), live)]
    while stuck := [
        p for p in moving if not _free(p[1], live) and not _leaves(p[1], moving, kinds)
    ]:
        moving = [p for p in moving if p not in stuck]
    names = {Address(new.kind, name) for _, new, old in moving for name in (old, new.name)}
    free = (p for p in pending if _free(p[1], live))
    return next((p for p in free if names.isdisjoint(above(p[1], kinds))), None)


def _leaves(address: Address, moving: Sequence[_Pending], kinds: Kinds) -> bool:
    """Whether one of the renames takes away what has this name."""
    path = {address, *above(address, kinds)}
    return any(Address(new.kind, old) in path for _, new, old in moving)


def called(address: Address, renames: Mapping[Address, str], kinds: Kinds) -> str:
    """The name of an object after `renames`, which are those of `renamed`."""
    name = address.name
    for new, old in renames.items():
        if new.kind == address.kind:
            name = _moved(name, old, new.name, kinds[new.kind].tree)
    return name


def _free(address: Address, live: Live) -> bool:
    return not isinstance(live.get(address), Observed)


def _moved(name: str, old: str, new: str, tree: bool) -> str:
    if name == old:
        return new
    return new + name[len(old) :] if tree and name.startswith(f"{old}/") else name


def _apply(live: Live, kind: Kind, old: str, new: str, kinds: Kinds) -> Live:
    """A copy of `live` in which `old` is called `new`, and so wherever it is referred to."""

    def move(name: str) -> str:
        return _moved(name, old, new, kind.tree)

    objects = {name: dict(states) for name, states in live.objects.items()}
    own = objects[kind.name]
    for name in [n for n in own if move(n) != n]:
        state = own.pop(name)
        moved = move(name)
        if isinstance(state, Observed):
            state = Observed({**state.value, kind.identity: moved}, state.children)
        own[moved] = state
        own.setdefault(name, ABSENT)
    for other in kinds.values():
        _point(objects.get(other.name, {}), other, kind, move)
    return replace(live, objects=objects)


def _point(
    states: dict[str, Observed | Absent], kind: Kind, target: Kind, move: Callable[[str], str]
) -> None:
    """Let what refers to a moved object refer to its new name."""
    pointing = [
        (f.name, r) for f in kind.fields.values() for r in f.references if r.kind == target.name
    ]
    for name, state in states.items() if pointing else ():
        if isinstance(state, Observed):
            value = dict(state.value)
            for field_name, reference in pointing:
                if field_name in value:
                    value[field_name] = reference.moved(value[field_name], move)
            states[name] = Observed(value, state.children)
