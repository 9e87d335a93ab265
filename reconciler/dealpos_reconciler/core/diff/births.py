"""New objects that their creation cannot complete: created out of use, put in use when whole.

In use before its update, such an object would be sold without what the update brings: at its base
price where an outlet has another one, or as a composite without its parts. A run that ends before
the update leaves it out of use; the next plan completes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.kind import Call, Kind, Kinds
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed

NOTED, LIKELY, EXPOSED = "noted", "likely", "exposed"
"""An interrupted creation that was noted before it began, one that only looks like that, and one
that was noted and is in use all the same."""
REASONS = {
    "": "declared and live values differ",
    NOTED: "finish: complete and put on sale",
    LIKELY: "out of sale and incomplete, as after an interrupted apply: complete and put on sale",
    EXPOSED: "on sale and incomplete after an interrupted apply: complete it before anything else",
}


def find_incomplete_fields(kind: Kind, change: Change, call: Call) -> set[str]:
    """Return the fields that a creation by `call` leaves for an update."""
    after = change.after or {}
    missing = set(after) - set(call.fields)
    if not after.get(kind.retire):
        missing.discard(kind.retire)
    return missing & set(kind.update.fields if kind.update else ()) - {kind.parent_kind}


def find_births(kind: Kind, changes: Sequence[Change], call: Call) -> dict[Address, Change]:
    """Return the new objects that `call` creates out of use, as it creates them."""
    return {
        change.address: replace(change, after={**(change.after or {}), kind.retire: True})
        for change in changes
        if kind.retire in call.fields
        and not (change.after or {}).get(kind.retire)
        and find_incomplete_fields(kind, change, call)
    }


def complete_birth(kind: Kind, change: Change) -> Change:
    """Return a new object as the update writes it that completes it, and puts it in use."""
    if not kind.retire:
        return change
    return replace(change, after={kind.retire: False, **(change.after or {})})


def find_settled_births(
    births: Iterable[Address], desired: Desired, live: Live, kinds: Kinds
) -> Iterator[Address]:
    """Yield the noted births that are over: the object is complete in use, or not in the shop."""
    for address in births:
        state, declared, kind = live.get(address), desired.get(address), kinds[address.kind]
        if state is ABSENT or (
            isinstance(state, Observed)
            and state.value.get(kind.retire) is False
            and not (declared and _find_missing(kind, declared, state))
        ):
            yield address


def mark_births(births: Iterable[Address], live: Live, kinds: Kinds) -> dict[Address, str]:
    """Return the births that are not over with the mark of their completion."""
    states = {address: live.get(address) for address in births}
    return {
        address: EXPOSED
        if isinstance(state, Observed) and state.value.get(kinds[address.kind].retire) is False
        else NOTED
        for address, state in states.items()
    }


def find_likely_births(
    desired: Desired, live: Live, recorded: Collection[Address], kinds: Kinds
) -> Iterator[Address]:
    """Yield objects that are out of use and lack only what a creation cannot carry.

    A clone without the notes of the run that was interrupted knows no more. What a ledger has
    recorded as applied was whole once, so that somebody has taken it out of use.
    """
    for kind in (kind for kind in kinds.values() if kind.retire and kind.create and kind.update):
        retired = [n for n, s in live.iterate_observed(kind.name) if s.value.get(kind.retire)]
        for address in (Address(kind.name, name) for name in retired):
            declared, state = desired.get(address), live.get(address)
            if (
                declared
                and isinstance(state, Observed)
                and kind.retire not in declared.value
                and address not in recorded
                and _lacks_completion(kind, declared, state)
            ):
                yield address


def _lacks_completion(kind: Kind, declared: Declared, state: Observed) -> bool:
    """Return whether all that differs was never set, and is not written by a creation."""
    names = {field.path[0] for field in compare_fields(kind, declared.value, state.value)}
    missing = _find_missing(kind, declared, state)
    # A type, for example, is written with the parent, and not when a child is added.
    varying = set(kind.parent.create.fields if kind.parent else ())
    if kind.create:
        varying.difference_update(kind.create.fields)
    return bool(missing) and names - missing <= varying


def _find_missing(kind: Kind, declared: Declared, state: Observed) -> set[str]:
    """Return the fields that differ, were never set, and are not written by a creation."""
    created = kind.create.fields if kind.create else ()
    names = {field.path[0] for field in compare_fields(kind, declared.value, state.value)}
    unset = {name for name in names if not (now := state.value.get(name)) or now is True}
    return unset.difference(created)


def find_void_births(desired: Desired, births: Iterable[Address], kinds: Kinds) -> list[Address]:
    """Return the noted births that the files now declare out of use, or remove."""
    return [
        address
        for address in births
        if address in desired.removals
        or ((found := desired.get(address)) and found.value.get(kinds[address.kind].retire))
    ]


def declare_in_use(desired: Desired, births: Mapping[Address, str], kinds: Kinds) -> Desired:
    """Return `desired` with these objects in use, unless the files declare them out of use."""
    objects: dict[str, Any] = {kind: dict(entries) for kind, entries in desired.objects.items()}
    for address, mark in births.items():
        declared, retire = desired.get(address), kinds[address.kind].retire
        if declared and not declared.value.get(retire):
            value = {**declared.value, retire: False}
            objects[address.kind][address.name] = replace(declared, value=value, interrupted=mark)
    return replace(desired, objects=objects) if births else desired
