"""What may stand in the way of a deletion: everything that could refer to what is deleted.

Read only where something is to be deleted. What cannot be read is noted in Live, and withholds the
deletions that it could speak against.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from reconciler.core.model.address import Address
from reconciler.core.model.codec import number
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind
from reconciler.core.model.live import Live, Observed
from reconciler.dealpos.reading.reader import Reader
from reconciler.errors import Doubtful, Rejected, Unreadable

_ON_HAND = "I"
"""API §11: the key of a row whose content the pages elide; counts by outlet (inference)."""


def read(reader: Reader, desired: Desired, view: Live) -> None:
    """Read whatever could refer to, or be inside of, what `desired` deletes.

    `view` is the shop under the names that `desired` gives.
    """
    doomed = {
        address
        for address, removal in desired.removals.items()
        if removal.delete and isinstance(view.get(address), Observed)
    }
    kinds = {address.kind for address in doomed}
    for address in sorted(doomed):
        _stock(reader, address)
    # Parents first: they tell their children.
    for kind in sorted(reader.kinds.values(), key=lambda k: (k.parent is not None, k.name)):
        fields = _referring(kind, kinds)
        alike = kind.name in kinds and (kind.tree or _by_another(kind))
        above = kind.name in kinds and kind.name in reader.intake.children
        try:
            if fields or alike:
                _all(reader, kind, fields)
            if above:
                _children(reader, kind, {a.name for a in doomed if a.kind == kind.name})
        except (Rejected, Unreadable) as error:
            reader.live.unlooked[kind.name] = error.operation


def _stock(reader: Reader, address: Address) -> None:
    """How much is on hand; what cannot be understood is not known."""
    single = reader.kinds[address.kind].stock
    if single is None:
        return
    try:
        answer = reader.client.call(single.operation, {single.key: address.name})
        rows = answer if isinstance(answer, list) else [answer]
        found: dict[str, int | Decimal] = {}
        for row in rows:
            if row[single.key] != address.name:
                return
            found |= {str(place): number(count) for place, count in row[_ON_HAND].items()}
    except (Rejected, Doubtful, Unreadable, LookupError, TypeError, ValueError, AttributeError):
        return
    if rows:
        reader.live.stock[address] = found


def _referring(kind: Kind, doomed: Collection[str]) -> frozenset[str]:
    """The fields in which an object of `kind` names one of the kinds that are deleted."""
    parent = kind.parent.kind if kind.parent else ""
    return frozenset(
        name
        for name, marks in kind.referring
        if name != parent
        and kind.fields[name].wire.read
        and any(mark.kind in doomed for mark in marks)
    )


def _by_another(kind: Kind) -> bool:
    """Whether a delete names the object by something that another might share."""
    return any(
        not kind.fields[name].identity for name in (kind.delete.fields if kind.delete else ())
    )


def _all(reader: Reader, kind: Kind, fields: frozenset[str]) -> None:
    """Every object of a kind, with what it refers to."""
    if kind.parent is None:
        if kind.name not in reader.live.complete:
            reader.listing(kind, {}, to_the_end=True)
        if kind.name not in reader.live.complete:
            reader.live.unlooked[kind.name] = "not all of them were listed"
    else:
        owner = reader.kinds[kind.parent.kind]
        _all(reader, owner, frozenset())
        _children(reader, owner, {name for name, _ in reader.live.observed(owner.name)})
        names = {n for _, o in reader.live.observed(owner.name) for n in o.children or ()}
        unseen = reader.missing(kind, names)
        if kind.reads.batch and unseen:
            reader.many(kind, kind.reads.batch, dict.fromkeys(unseen, fields))
        if reader.missing(kind, names):
            reader.live.unlooked[kind.name] = "some were not shown"
    asked = dict.fromkeys((name for name, _ in reader.live.observed(kind.name)), fields)
    reader.details(kind, asked)
    # A shop that leaves out what is empty shows no more of an object that names nothing.
    empty = reader.intake.sparse and reader.intake.singly.get(kind.name)
    if not empty and reader.lacking(kind, asked):
        reader.live.unlooked[kind.name] = "what some of them name was not shown"


def _children(reader: Reader, kind: Kind, owners: Collection[str]) -> None:
    """Read an object by itself where the listing did not show what is inside it."""
    for name in sorted(owners):
        address = Address(kind.name, name)
        state = reader.live.get(address)
        if isinstance(state, Observed) and state.children is None and kind.reads.single:
            reader.single(kind, name)
            state = reader.live.get(address)
        if isinstance(state, Observed) and state.children is None:
            reader.live.unlooked[reader.intake.children[kind.name].name] = "not shown inside"
