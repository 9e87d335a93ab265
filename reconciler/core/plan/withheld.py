"""What a write could clear unseen: another way that cannot, or no write at all.

Whether an update clears what it leaves out is undocumented (dealpos-api.md §14 #13), and some
fields are
shown by no read (dealpos-api.md §14 #15). A child's update is then left to its parent's, which has
no keys for those fields (dealpos-api.md §6.2), where that one knows all that it carries itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import DECLARE, Kind, Kinds, Value
from reconciler.core.model.live import Address, Desired, Live
from reconciler.core.plan.children import Family

RUNTIME = "no file can set that: make this change in DealPOS"


def gaps(
    kind: Kind, before: Value, after: Value, declared: Value, unseen: Iterable[str] = ()
) -> dict[str, str]:
    """Fields that a write of `after` could clear, each with the way out."""
    found = {n: RUNTIME for n in unseen if kind.fields[n].runtime}
    found |= {n: DECLARE for n in unseen if n not in found and n not in declared}
    if kind.blind:
        # What another type does not have is given up with the type, as the file asks.
        still = kind.blind(after)
        asked = kind.blind(before).items()
        found |= {n: way for n, way in asked if n in still and n not in declared}
    return dict(sorted(found.items()))


def reason(found: Mapping[str, str], done: str = "updated") -> str:
    """Why a write is withheld, and what would allow it."""
    named = ", ".join(f"`{name}`" for name in found)
    ways = "; ".join(dict.fromkeys(found.values()))
    return f"not {done}: that could clear {named}, which this shop's reads do not show; {ways}"


def routed(
    changes: Iterable[Change],
    families: Mapping[Address, Family],
    desired: Desired,
    live: Live,
    kinds: Kinds,
) -> tuple[list[Change], list[tuple[Address, str]]]:
    """The changes that have a way which clears nothing, and the others with the reason."""
    kept: list[Change] = []
    withheld: list[tuple[Address, str]] = []
    for change in changes:
        if change.action not in (Action.UPDATE, Action.RETIRE):
            kept.append(change)
            continue
        kind, address = kinds[change.address.kind], change.address
        entry = desired.get(address)
        declared = entry.value if entry else {}
        carried = kind.update.fields if kind.update else ()
        unseen = live.unseen.get(address, frozenset()).intersection(carried)
        if change.renamed_from:
            unseen |= _assumed(kind, change.after or {})
        found = gaps(kind, change.before or {}, change.after or {}, declared, unseen)
        if why := _refused(kind, change, found, families):
            withheld.append((address, why))
        else:
            kept.append(replace(change, blind=tuple(found)))
    return kept, withheld


def _assumed(kind: Kind, after: Value) -> frozenset[str]:
    """The fields that an update demands, and sends a default of where nobody knows the value.

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


def _refused(
    kind: Kind, change: Change, found: Mapping[str, str], families: Mapping[Address, Family]
) -> str:
    """Why no write of the change is safe; empty where one is."""
    if kind.parent is None:
        family = families.get(change.address)
        return _parents(family) or (reason(found) if found else "")
    fields = {field.path[0] for field in change.fields}
    carried = set(kind.parent.update.fields)
    own = set(kind.update.fields) if kind.update else set()
    if not found and not fields & carried - own:
        return ""
    owner = Address(kind.parent.kind, (change.after or {}).get(kind.parent.kind, ""))
    family = families.get(owner)
    if found and (fields - carried or family is None or change.address.name not in _names(family)):
        return reason(found)
    return _parents(family)


def _names(family: Family) -> Collection[str]:
    return family.children if family.children is not None else ()


def _parents(family: Family | None) -> str:
    if family is None or not family.unseen:
        return ""
    named = ", ".join(family.unseen)
    return f"not updated: that could clear {named}, which this shop's reads do not show; {DECLARE}"
