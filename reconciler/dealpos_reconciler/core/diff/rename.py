"""Renames by transformation: the live side is given the names that the files ask for.

A renamed category keeps its products and sub-categories (dealpos-api.md §5: one update with
`Rename`), so their live values are moved along before the diff, and the diff needs no exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites, apply_known_rewrites
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired, ancestors
from dealpos_reconciler.core.model.field import Reference
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.live import ABSENT, Absent, Live, Observed
from dealpos_reconciler.core.model.masked import path_below
from dealpos_reconciler.core.model.store import SHOP


def with_renames(
    desired: Desired, live: Live, kinds: Kinds, kept: KnownRewrites | None = None
) -> tuple[Live, dict[Address, str], list[str]]:
    """Return the shop as a plan sees it, the pending renames, and the notes about them."""
    live, said = apply_known_rewrites(live, desired, kept or {}, kinds)
    live, renames, notes = apply_renames(live, desired, kinds)
    return live, renames, [*said, *notes]


def apply_renames(
    live: Live, desired: Desired, kinds: Kinds
) -> tuple[Live, dict[Address, str], list[str]]:
    """Return live as it will be after the declared renames, the renames, and the notes.

    A rename maps the new address to the name the object has at the moment it is renamed; they are
    in the order in which they can be done.
    """
    renames: dict[Address, str] = {}
    pending = sorted(
        _Pending(Address(name, declared.was), Address(name, now))
        for name, objects in desired.objects.items()
        if kinds[name].rename
        for now, declared in objects.items()
        if declared.was and declared.was != now
    )
    there = {
        Address(p.old.kind, name) for p in pending for name, _ in live.iterate_observed(p.old.kind)
    }
    while turn := _turn(pending, there, kinds):
        pending.remove(turn)
        if turn.old in there:
            renames[turn.new] = turn.old.name
            there = {_rename_address(address, turn, kinds) for address in there}
            pending = [p._replace(old=_rename_address(p.old, turn, kinds)) for p in pending]
    notes = [
        f"{new}: not renamed from `{old.name}`: both exist in the shop"
        if new in there
        else f"{new}: not renamed from `{old.name}`: these renames wait for each other. Rename one "
        "at a time"
        for old, new in pending
        if old in there
    ]
    return _view(live, renames, kinds) if renames else live, renames, notes


class _Pending(NamedTuple):
    """A rename to be done."""

    old: Address
    new: Address


def _turn(pending: Sequence[_Pending], there: Set[Address], kinds: Kinds) -> _Pending | None:
    """Return the rename that can be done next, in a shop with the objects `there`.

    A name must be free before it is taken, and what is above it must be in its place: it would take
    it along. What cannot move at all holds nobody up.
    """
    moving: list[_Pending] = []
    able = [p for p in pending if p.old in there]
    while len(able) != len(moving):
        moving, leaving = able, {p.old for p in able}
        able = [
            p
            for p in moving
            if p.new not in there or not leaving.isdisjoint((p.new, *ancestors(p.new, kinds)))
        ]
    unsteady = {address for p in moving for address in p}
    free = (p for p in pending if p.new not in there)
    return next((p for p in free if unsteady.isdisjoint(ancestors(p.new, kinds))), None)


def name_after_renames(address: Address, renames: Mapping[Address, str], kinds: Kinds) -> str:
    """Return the name of an object after `renames`, the result of `renamed`."""
    for new, old in renames.items():
        address = _rename_address(address, _Pending(Address(new.kind, old), new), kinds)
    return address.name


def _rename_address(address: Address, rename: _Pending, kinds: Kinds) -> Address:
    """Return the address after a rename, of the renamed object or of one below it in a tree."""
    old, new = rename
    if address == old:
        return new
    if old in ancestors(address, kinds):
        return Address(new.kind, path_below(new.name, address.name[len(old.name) :]))
    return address


def _view(live: Live, renames: Mapping[Address, str], kinds: Kinds) -> Live:
    """Return a copy of `live` with the new names of renamed objects, references included."""

    @cache
    def move(kind: str, name: str) -> str:
        return name_after_renames(Address(kind, name), renames, kinds)

    objects = dict(live.objects)
    for name in {address.kind for address in renames}:
        objects[name] = _own(live.objects[name], kinds[name], partial(move, name))
    for kind in kinds.values():
        pointing = [
            (name, reference, partial(move, reference.kind))
            for name, references in kind.referring_fields
            for reference in references
            if any(address.kind == reference.kind for address in renames)
        ]
        # DealPOS takes the references along; a release names what it names.
        if pointing and kind.home == SHOP and kind.name in objects:
            states = objects[kind.name]
            objects[kind.name] = {name: _point(state, pointing) for name, state in states.items()}
    return replace(live, objects=objects)


def _own(
    states: Mapping[str, Observed | Absent], kind: Kind, move: Callable[[str], str]
) -> dict[str, Observed | Absent]:
    """Return the objects of a renamed kind by their new names; a former name is absent."""
    found: dict[str, Observed | Absent] = {}
    for name, state in states.items():
        if isinstance(state, Observed):
            now = move(name)
            found[now] = Observed({**state.value, kind.identity: now}, state.children)
    for name in states:
        found.setdefault(name, ABSENT)
        found.setdefault(move(name), ABSENT)
    return found


def _point(
    state: Observed | Absent, pointing: Sequence[tuple[str, Reference, Callable[[str], str]]]
) -> Observed | Absent:
    """Return an object whose references use the new names."""
    if isinstance(state, Absent):
        return state
    moved = {
        name: reference.rename_in(state.value[name], move)
        for name, reference, move in pointing
        if name in state.value
    }
    if moved.items() <= state.value.items():
        return state
    return Observed({**state.value, **moved}, state.children)
