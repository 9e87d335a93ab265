"""Dependents: everything that could block a deletion, because it refers to the deleted object.

Read only where something is to be deleted. What cannot be read is recorded in Live, and blocks the
deletions of objects that it could refer to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed, Wanted, gather_wanted
from dealpos_reconciler.core.plan.removal import fields_for_removal
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.dealpos.reading.stock import read_stock
from dealpos_reconciler.errors import Rejected, UnexpectedResponse


def read_dependents(reader: Reader, desired: Desired, view: Live) -> None:
    """Read whatever could refer to an object that `desired` deletes, or is inside of it.

    `view` is the shop under the names that `desired` gives.
    """
    doomed = {
        address
        for address, removal in desired.removals.items()
        if removal.delete
        and address.kind in reader.kinds
        and isinstance(view.get(address), Observed)
    }
    kinds = {address.kind for address in doomed}
    read_stock(reader, sorted(doomed))
    for kind in reader.parents_first:
        fields = _referring_fields(kind, kinds)
        # A delete may name its object by a value that another object might share.
        named_by = kind.delete.fields if kind.delete else ()
        is_shared = kind.tree or not all(kind.fields[name].identity for name in named_by)
        try:
            if fields or (is_shared and kind.name in kinds):
                _read_all(reader, kind, fields)
            _read_children(reader, kind, [a.name for a in sorted(doomed) if a.kind == kind.name])
        except (Rejected, UnexpectedResponse) as error:
            reader.live.references_unknown[kind.name] = error.operation


def collect_seen_again(
    reader: Reader, desired: Desired, deleted: Collection[Address], *, look: bool
) -> Wanted:
    """Call removals absent that an earlier run has deleted, and return those that are seen again.

    A list has shown them, or the row of a parent names them. With `look`, these lists are read.
    """
    live, again = reader.live, []
    for name in sorted({address.kind for address in deleted}.intersection(reader.kinds)):
        owner = reader.kinds[reader.kinds[name].parent_kind or name]
        if look and owner.name not in live.complete:
            with suppress(Rejected, UnexpectedResponse):
                reader.read_listing(owner, {}, to_the_end=True)
    for address in sorted(deleted):
        kind = reader.kinds.get(address.kind)
        if kind is None or address in live.read_errors:
            continue
        if live.get(address) is None and (kind.name, address.name) not in reader.builder.parents:
            live.put(address, ABSENT)
        elif live.get(address) is not ABSENT:
            again.append((*address, fields_for_removal(kind, desired.removals[address])))
    return gather_wanted(again)


def _referring_fields(kind: Kind, deleted: Collection[str]) -> frozenset[str]:
    """Return the fields in which an object of `kind` names one of the deleted kinds."""
    return frozenset(
        name
        for name, marks in kind.referring_fields
        if name != kind.parent_kind
        and kind.fields[name].wire.read
        and any(mark.kind in deleted for mark in marks)
    )


def _read_all(reader: Reader, kind: Kind, fields: frozenset[str]) -> None:
    if kind.parent is None:
        if kind.name not in reader.live.complete:
            reader.read_listing(kind, {}, to_the_end=True)
        if kind.name not in reader.live.complete:
            reader.live.references_unknown[kind.name] = "the list is incomplete"
    else:
        parent = reader.kinds[kind.parent.kind]
        _read_all(reader, parent, frozenset())
        shown = sorted(name for name, _ in reader.live.iterate_observed(parent.name))
        _read_children(reader, parent, shown)
        names = {n for _, o in reader.live.iterate_observed(parent.name) for n in o.children or ()}
        missing = reader.find_missing(kind, names)
        if kind.reads.batch and missing:
            reader.read_many(kind, kind.reads.batch, dict.fromkeys(missing, fields))
        if reader.find_missing(kind, names):
            reader.live.references_unknown[kind.name] = "some were not returned"
    asked = dict.fromkeys((name for name, _ in reader.live.iterate_observed(kind.name)), fields)
    reader.read_missing_fields(kind, asked)
    # In a shop that leaves out empty keys, an object without these keys refers to nothing.
    empty = reader.builder.omits_empty_keys and reader.builder.read_singly.get(kind.name)
    if not empty and reader.missing_fields(kind, asked):
        reader.live.references_unknown[kind.name] = "their references were not returned"


def _read_children(reader: Reader, kind: Kind, parents: Iterable[str]) -> None:
    """Read the children of each parent; note where the shop does not return them."""
    if reader.read_children(kind, parents):
        child = reader.builder.children[kind.name]
        reader.live.references_unknown[child.name] = f"not returned with their {kind.name}"
