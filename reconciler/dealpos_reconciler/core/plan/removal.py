"""Removals: objects that the files remove by name, or by a prune scope.

A name is the one that the object has after the renames that the files declare.

Retiring is a declaration like any other, so it travels as one. An empty or unread catalogue is no
wish: a scope takes in a kind only where the files declare some of it and the shop listed all of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired, PruneScope, Removal
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.look_alike import match_spellings
from dealpos_reconciler.core.model.secret import authorises, iterate_undeclared
from dealpos_reconciler.core.plan.target import find_needed

PRUNED = "in a prune scope, not declared"


def expand_removals(desired: Desired, live: Live, kinds: Kinds) -> Desired:
    """Return the desired state with the removals of `removed:` and `prune:` applied.

    `live` is the shop under the names that declared renames give.
    """
    if not (desired.removals or desired.prune):
        return desired
    removals = {**dict(_find_scoped(desired, live, kinds)), **desired.removals}
    objects = {name: dict(declared) for name, declared in desired.objects.items()}
    for address, removal in removals.items():
        kind, state = kinds[address.kind], live.get(address)
        if kind.retire and not removal.delete and state is not ABSENT:
            value = _retire(kind, address, state.value if isinstance(state, Observed) else {})
            declared = Declared(value, removal.source, removed=removal.reason)
            objects.setdefault(kind.name, {})[address.name] = declared
    return replace(desired, objects=objects, removals=removals)


def keep_from_pruning(desired: Desired, kinds: Container[str]) -> Desired:
    """Return the desired state without the prune scopes of kinds: what is undeclared is not known.

    An object that was renamed in the shop is in no file under its new name.
    """
    scopes = (
        replace(scope, kinds=tuple(name for name in scope.kinds if name not in kinds))
        for scope in desired.prune
    )
    return replace(desired, prune=tuple(scopes))


def fields_for_removal(kind: Kind, removal: Removal) -> tuple[str, ...]:
    """Return the fields that decide how an object is removed."""
    if removal.delete and kind.delete:
        return tuple(name for name in kind.delete.fields if not kind.fields[name].identity)
    return (kind.retire,) if kind.retire and not removal.delete else ()


def _retire(kind: Kind, address: Address, live: Value) -> Value:
    value = {kind.identity: address.name, kind.retire: True}
    if kind.parent and kind.parent.kind in live:
        value[kind.parent.kind] = live[kind.parent.kind]
    return value


def _find_scoped(desired: Desired, live: Live, kinds: Kinds) -> Iterator[tuple[Address, Removal]]:
    """Yield the removals of the prune scopes; a kind of which no object is declared has none."""
    in_use = {needed for a, _ in desired for needed in find_needed(a, desired, kinds)}
    for scope in desired.prune:
        for kind in (kinds[name] for name in scope.kinds if desired.objects.get(name)):
            for address, value in _find_undeclared(kind, desired, live):
                gone = not scope.delete and kind.retire and value.get(kind.retire)
                stays = gone or address in in_use
                if not stays and _matches(scope, address, value, live, kinds):
                    yield address, Removal(scope.source, scope.delete, PRUNED)


def note_unpruned_kinds(desired: Desired, live: Live, kinds: Kinds) -> list[str]:
    """Return a note for each kind that the prune scopes must leave alone."""
    said = []
    for name in dict.fromkeys(name for scope in desired.prune for name in scope.kinds):
        if all(entry.removed for entry in desired.objects.get(name, {}).values()):
            said.append(f"no {name} is pruned: the files declare none")
        elif not _listed(kinds[name], live):
            said.append(f"no {name} is pruned: the API did not list all of them")
    return said


def _listed(kind: Kind, live: Live) -> bool:
    return not live.complete.isdisjoint((kind.name, kind.parent_kind))


def _find_undeclared(kind: Kind, desired: Desired, live: Live) -> Iterator[tuple[Address, Value]]:
    """Yield the undeclared objects of a kind, where the API listed all of it."""
    if _listed(kind, live):
        declared, values = desired.objects.get(kind.name, {}), live.values_of(kind)
        former = {entry.was for entry in declared.values()}
        # A key that the files spell otherwise is not undeclared.
        spelled = match_spellings(declared, values)
        for name in sorted(values.keys() - declared.keys() - former - spelled.keys()):
            if not authorises(kind, values[name]):
                yield Address(kind.name, name), values[name]


def _matches(scope: PruneScope, address: Address, value: Value, live: Live, kinds: Kinds) -> bool:
    if scope.codes and not any(fnmatchcase(address.name, glob) for glob in scope.codes):
        return False
    if not scope.categories:
        return True
    path = _path(address, value, live, kinds)
    return any(re.fullmatch(_pattern(glob), path) for glob in scope.categories)


def _path(address: Address, value: Value, live: Live, kinds: Kinds) -> str:
    """Return the category path of an object; empty without one."""
    kind = kinds[address.kind]
    if kind.tree:
        return address.name
    for name, references in kind.referring_fields:
        for reference in references:
            if kinds[reference.kind].tree and not reference.under:
                return str(value.get(name) or "")
    owner = kind.parent_address(value)
    state = live.get(owner) if owner else None
    return _path(owner, state.value, live, kinds) if owner and isinstance(state, Observed) else ""


def _pattern(glob: str) -> str:
    """Return a glob as a pattern: `*` stays on its level of the path, `**` does not."""
    parts = re.split(r"(\*\*|\*|\?)", glob)
    meaning = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(part, re.escape(part)) for part in parts)


def find_unmanaged(desired: Desired, live: Live, kinds: Kinds) -> list[Address]:
    """Return the live objects of each declared kind of which all objects are known."""
    spelled = {Address(a.kind, n) for a, n in live.spellings.items() if desired.get(a)}
    return sorted(
        address
        for name, declared in desired.objects.items()
        if _listed(kinds[name], live) and not all(entry.removed for entry in declared.values())
        for address, value in iterate_undeclared(kinds[name], desired, live)
        if address not in spelled and not authorises(kinds[name], value)
    )
