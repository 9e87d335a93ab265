"""Proof of absence: when an object that no read has shown is known to be absent.

dealpos-api.md §14 #3, #12 and #21: lists may hide objects, and "not found" is undocumented. An
object that is taken for absent too early would be created a second time.
"""

from __future__ import annotations

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, Live
from reconciler.dealpos.reading.paging import DOCUMENTED_BATCH_ROWS
from reconciler.dealpos.reading.reader import Reader

MAY_BE_HIDDEN = "lists may hide it, and this shop has no endpoint for a single object"
"""The reason for unknown of an object that a complete listing does not show."""


def reads_prove_absence(reader: Reader, kind: Kind, missing: list[str]) -> bool:
    """Return whether listings and batches are enough to call `missing` absent.

    True only if they include retired objects, and if the listing did not shift while it was
    paged: an object that is removed meanwhile moves another one to a page that was already read
    (dealpos-api.md §13: stability is undocumented). A listing of several pages is read twice.
    """
    states = [state for _, state in reader.live.iterate_observed(kind.name)]
    if not kind.retire or not any(state.value.get(kind.retire) for state in states):
        return False
    if kind.reads.batch or kind.name in reader.unlisted:
        return True  # they were requested by name
    listed = reader.live.listings.get(kind.name)
    if listed is None:
        return False  # not read to its end: some shops show their first page alone
    pages = listed.requests(DOCUMENTED_BATCH_ROWS)
    if pages == 1:
        return True
    if len(missing) <= pages:
        return False  # single reads cost no more than a second listing
    reader.read_listing(kind, dict.fromkeys(missing, frozenset()), to_the_end=True)
    same = reader.live.listings.get(kind.name) == listed
    return same and listed.count == sum(1 for _ in reader.live.iterate_observed(kind.name))


def accept_new_parents(live: Live, desired: Desired, kinds: Kinds) -> None:
    """Call a parent absent that may be hidden where none of its declared children exists.

    dealpos-api.md §6.4: two API generations print no read of a single product. A product has
    variants, and those are read by name: where none of them exists, a product that the complete
    list does not show is new. A note says so.
    """
    for child in kinds.values():
        if child.parent is None or child.parent.kind not in live.complete:
            continue
        kind = kinds[child.parent.kind]
        new = [
            address
            for address, reason in live.read_errors.items()
            if address.kind == kind.name
            and reason == MAY_BE_HIDDEN
            and _has_no_child(live, desired, child, address)
        ]
        for address in new:
            del live.read_errors[address]
            live.put(address, ABSENT)
        if new:
            names = ", ".join(f"`{address}`" for address in new)
            live.notes.append(
                f"{names}: treated as new. Neither the {kind.name} list nor any of the "
                f"{child.collection} shows them, and this shop has no endpoint for a single "
                f"{kind.name}"
            )


def _has_no_child(live: Live, desired: Desired, child: Kind, parent: Address) -> bool:
    names = [
        name
        for name, declared in desired.objects.get(child.name, {}).items()
        if declared.value[parent.kind] == parent.name
    ]
    return bool(names) and all(live.get(Address(child.name, name)) is ABSENT for name in names)
