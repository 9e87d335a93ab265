"""Updates that could clear a field which no read has shown: send another call, or block them.

An update may clear the fields that it leaves out (undocumented: dealpos-api.md §14 #13), and some
fields are returned by no read (§14 #15). A child is then updated by its parent's call, which has no
keys for those fields (§6.2), where all that this call carries itself is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired, references_of
from dealpos_reconciler.core.model.field import DECLARE
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.plan.plan import ParentWithChildren

RUNTIME = "No file can set it: make this change in DealPOS"


def block_unsafe_updates(
    changes: Iterable[Change],
    families: Mapping[Address, ParentWithChildren],
    desired: Desired,
    live: Live,
    kinds: Kinds,
) -> tuple[list[Change], list[tuple[Address, str]]]:
    """Return the changes with a request that clears nothing, and the others with the reason."""
    kept: list[Change] = []
    blocked: list[tuple[Address, str]] = []
    for change in changes:
        if change.action not in (Action.UPDATE, Action.RETIRE):
            kept.append(change)
            continue
        kind, address = kinds[change.address.kind], change.address
        entry = desired.get(address)
        declared = entry.value if entry else {}
        carried = kind.update.fields if kind.update else ()
        unseen = live.unread_fields.get(address, frozenset()).intersection(carried)
        if change.renamed_from:
            unseen |= _assumed_fields(kind, change.after or {})
        found = _find_fields_at_risk(kind, change, declared, unseen)
        blind = live.blind_updates.get(address)
        if why := blind or _why_refused(kind, change, found, families):
            blocked.append((address, why))
        else:
            kept.append(replace(change, unread_fields_at_risk=tuple(found)))
    return kept, blocked


def _find_fields_at_risk(
    kind: Kind, change: Change, declared: Value, unseen: Iterable[str]
) -> dict[str, str]:
    """Return the fields that a write of the change could clear, each with a remedy."""
    found = {n: RUNTIME for n in unseen if kind.fields[n].runtime}
    found |= {n: DECLARE for n in unseen if n not in found and n not in declared}
    if kind.fields_at_risk:
        # What another type does not have is given up with the type, as the file asks.
        still = kind.fields_at_risk(change.after or {})
        asked = kind.fields_at_risk(change.before or {}).items()
        found |= {n: way for n, way in asked if n in still and n not in declared}
    return dict(sorted(found.items()))


def _assumed_fields(kind: Kind, after: Value) -> frozenset[str]:
    """Return the fields that an update requires and would send as a default if unknown.

    Reads look for them in what changes under its present name; a rename has another one.
    """
    if kind.update is None:
        return frozenset()
    demanded = kind.update.defaults.keys()
    return frozenset(
        name
        for name in kind.update.fields
        if name not in after and not demanded.isdisjoint(kind.fields[name].wire.write)
    )


def _why_refused(
    kind: Kind,
    change: Change,
    found: Mapping[str, str],
    families: Mapping[Address, ParentWithChildren],
) -> str | None:
    """Return the reason if no write of the change is safe."""
    own = _word_reason({f"`{name}`": way for name, way in found.items()})
    if kind.parent is None:
        return _refuse_parent(families.get(change.address)) or own
    carried = set(kind.parent.update.fields)
    direct = set(kind.update.fields) if kind.update else set()
    if not found and not change.names & carried - direct:
        return None
    family = families.get(kind.parent_address(change.after or {}) or change.address)
    children = (family.children if family else None) or ()
    if found and (change.names - carried or change.address.name not in children):
        return own
    return _refuse_parent(family)


def _refuse_parent(family: ParentWithChildren | None) -> str | None:
    """Return the reason if an update of the parent could clear fields that no read has shown."""
    return _word_reason(dict.fromkeys(family.unread_fields, DECLARE)) if family else None


def _word_reason(fields: Mapping[str, str]) -> str | None:
    """Return the reason of a blocked update, with the way out for each field; None for no field."""
    if not fields:
        return None
    named, ways = ", ".join(fields), "; ".join(dict.fromkeys(fields.values()))
    return f"not updated: the update could clear {named}, which the API did not return. {ways}"


def unread_dependencies(
    desired: Desired, live: Live, kinds: Kinds, refused: Iterable[Address] = ()
) -> dict[Address, Address]:
    """Return the declared objects that need an unread one, directly or through others.

    One of the `refused` that is not in the shop will not be there either.
    """
    unread = live.unread_addresses(desired) | set(_former(desired, live, kinds))
    unread |= {address for address in refused if live.get(address) is ABSENT}
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
    """Return the former names that were not read: the object may exist under one of them."""
    for name, objects in desired.objects.items():
        for declared in objects.values() if kinds[name].rename else ():
            if declared.was and live.get(former := Address(name, declared.was)) is None:
                yield former


def _pairs(
    address: Address, declared: Declared, live: Live, kinds: Kinds
) -> Iterator[tuple[Address, Address]]:
    """Yield pairs of a needed object and the one that needs it, as far as `declared` tells."""
    kind, state = kinds[address.kind], live.get(address)
    named = {target for target, _ in references_of(kind, declared.value)}
    if isinstance(state, Observed):
        # What it names already it may go on naming.
        named -= {target for target, _ in references_of(kind, state.value)}
    if declared.was and state is ABSENT:
        yield Address(kind.name, declared.was), address
    if owner := kind.parent_address(declared.value):
        named.discard(owner)
        if state is ABSENT:
            yield owner, address
        if live.get(owner) is ABSENT:
            yield address, owner  # a new parent is created with its children
    for target in named:
        yield target, address
