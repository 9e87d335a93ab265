"""Proof that an object is absent, and that a write of one would clear nothing that no read shows.

dealpos-api.md §14 #3, #12 and #21: lists may hide objects, reads of a product its discontinued
variants, and "not found" is undocumented. An object that is taken for absent too early would be
created a second time. dealpos-api.md §6.2 and §14 #13: it is undocumented whether a write clears
what it leaves out, and whether a product's update deletes the variants that it does not list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from itertools import chain

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Batch, Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.look_alike import fold_key
from dealpos_reconciler.core.plan.children import hidden_children
from dealpos_reconciler.core.steps.step import split_batches
from dealpos_reconciler.dealpos.reading.ended import shows_ended, wider_proves_absence
from dealpos_reconciler.dealpos.reading.live_builder import Children
from dealpos_reconciler.dealpos.reading.paging import DOCUMENTED_BATCH_ROWS
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.dealpos.rows import Rows, parse_rows
from dealpos_reconciler.errors import OutcomeUnknown, Rejected, UnexpectedResponse

MAY_BE_HIDDEN = "lists may hide it, and this shop has no endpoint for a single object"
"""The reason for unknown of an object that a complete listing does not show."""


def reads_prove_absence(reader: Reader, kind: Kind, missing: list[str]) -> bool:
    """Return whether listings and batches are enough to call `missing` absent.

    True only if they include objects out of use, and if the listing did not shift while it was
    paged: an object that is removed meanwhile moves another one to a page that was already read
    (dealpos-api.md §13: stability is undocumented). A listing of several pages is read twice.
    """
    if not (shows_retired(reader, kind) or shows_ended(reader, kind)):
        return wider_proves_absence(reader, kind, missing)
    if kind.reads.batch or kind.name in reader.unlisted:
        return True  # they were requested by name
    listed = reader.live.listings.get(kind.name)
    if listed is None or kind.name not in reader.live.complete:
        return False  # not read to its end: some shops show their first page alone
    pages = listed.requests(DOCUMENTED_BATCH_ROWS)
    if pages == 1:
        return True
    if len(missing) <= pages:
        return False  # single reads cost no more than a second listing
    reader.read_listing(kind, dict.fromkeys(missing, frozenset()), to_the_end=True)
    same = reader.live.listings.get(kind.name) == listed
    return same and listed.count == sum(1 for _ in reader.live.iterate_observed(kind.name))


def shows_retired(reader: Reader, kind: Kind) -> bool:
    """Return whether a listing or a batch has shown a retired object.

    One that a single read has shown as well may have been hidden by all others.
    """
    singly = reader.builder.read_singly.get(kind.name, set())
    states = reader.live.iterate_observed(kind.name)
    return bool(kind.retire) and any(
        state.value.get(kind.retire) and name not in singly for name, state in states
    )


def rule_out_unlisted(reader: Reader, kind: Kind, names: Iterable[str]) -> None:
    """Call those of `names` absent that a complete listing and `rule_out` do not show.

    Where listings show retired objects, or the rows of a parent name one, a batch shows it.
    """
    if not shows_retired(reader, kind):
        parents = reader.builder.parents
        rule_out(reader, kind, (name for name in names if (kind.name, name) not in parents))


def rule_out(reader: Reader, kind: Kind, names: Iterable[str]) -> None:
    """Call those of `names` absent that a read which includes retired objects does not show.

    Each request also names an object that exists; an answer without it proves nothing.
    """
    existing = reader.builder.existing.setdefault(kind.name, set())
    asked = sorted(set(names).difference(existing or ()))
    if kind.reads.proof is None or existing is None or not asked:
        return
    known = _pick_known(reader, kind, asked)
    for chunk in split_batches(asked, kind.reads.proof.limit - len(known)) if known else ():
        found = _read_existing(reader, kind.reads.proof, [*known, *chunk])
        shown = {kind.identity_of(row) or "" for row in found.rows}
        if not shown.issuperset(known):
            reader.builder.existing[kind.name] = None
            return
        existing.update(shown.intersection(chunk))
        reader.note_spellings(kind, chunk, found)
        for name in reader.find_missing(kind, set(chunk) - shown):
            reader.live.put(Address(kind.name, name), ABSENT)


def _pick_known(reader: Reader, kind: Kind, names: Iterable[str]) -> list[str]:
    """Return an object that exists, and a retired one if any is known, unlike all of `names`."""
    alike = set(map(fold_key, names))
    states = reader.live.iterate_observed(kind.name)
    retired = (name for name, state in states if state.value.get(kind.retire))
    observed = (name for name, _ in reader.live.iterate_observed(kind.name))
    nested = (name for child, name in reader.builder.parents if child == kind.name)
    found = (
        next((name for name in each if fold_key(name) not in alike), None)
        for each in (chain(observed, nested), retired)
    )
    return list(dict.fromkeys(name for name in found if name is not None))


def _read_existing(reader: Reader, read: Batch, names: list[str]) -> Rows:
    """Return the rows of the objects that exist; none where the shop does not answer that."""
    try:
        answer = reader.client.call(read.operation, {read.key: names, **read.constants})
        return parse_rows(read.operation, answer)
    except (Rejected, OutcomeUnknown, UnexpectedResponse) as error:
        if error.operation == "token":
            raise
        return Rows([])


def accept_denied(reader: Reader, kind: Kind, missing: list[str]) -> list[str]:
    """Return those of `missing` that are absent where objects are read by another field.

    dealpos-api.md §9: two API generations print no read of a customer by code. One whose code the
    complete list does not show, and whose email no customer has, is new. A note says so.
    """
    other = kind.reads.other
    if other is None or kind.name not in reader.client.routes.by_other_field:
        return missing
    denied = reader.denied.get(kind.name, set())
    undecided = [name for name in missing if name not in denied]
    reason = f"this shop finds a {kind.name} by {other.field} only: declare its {other.field}"
    reader.mark_unread(kind, undecided, reason)
    new = [name for name in missing if name in denied]
    if new:
        names = ", ".join(f"`{Address(kind.name, name)}`" for name in new)
        reader.live.notes.append(
            f"{names}: treated as new. Neither the {kind.name} list nor a read by {other.field} "
            f"shows them, and this shop has no endpoint that reads a {kind.name} by "
            f"{kind.identity}"
        )
    return new


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
    declared = desired.objects.get(child.name, {})
    names = [name for name in declared if declared[name].value[parent.kind] == parent.name]
    return bool(names) and all(live.get(Address(child.name, name)) is ABSENT for name in names)


def mark_complete_parents(
    reader: Reader, desired: Desired, touched: Mapping[str, Collection[str]]
) -> None:
    """Record in Live which changed parents are known with all of their children.

    A type of read is complete if it has shown a retired child, and has not left out a child that
    a read of the child itself shows. `touched` are names of changed objects by kind.
    """
    missing = hidden_children(desired, reader.live, reader.kinds)
    for parent_kind, child in reader.builder.children.items():
        parents = {Address(parent_kind, name) for name in touched.get(parent_kind, ())}
        added = {name for parent in parents for name in missing.get(parent, ())}
        if added and child.parent:
            written = child.parent.update.fields
            carried = frozenset(n for n in written if child.fields[n].wire.read)
            # Fields that stay unread are recorded as unseen, which blocks the update.
            with suppress(Rejected, UnexpectedResponse):
                reader.read_missing_fields(child, dict.fromkeys(added, carried))
        hiding = {read for parent in missing for read in _reads_of_children(reader, parent)}
        complete = reader.builder.reads_showing_retired(reader.kinds[parent_kind]) - hiding
        reader.live.children_complete |= {
            p for p in parents if _reads_of_children(reader, p) & complete
        }


def refuse_blind_updates(
    reader: Reader, kind: Kind, desired: Desired, changing: Collection[str]
) -> None:
    """Record objects whose update would overwrite something that no read has shown.

    An update that requires a key would send an empty one; a parent's update without its children
    could delete them (dealpos-api.md §6.2, §7).
    """
    call = kind.update
    if call is None:
        return
    child = reader.builder.children.get(kind.name)
    required = [n for n in call.fields if set(kind.fields[n].wire.write) & set(call.defaults)]
    for name in sorted(changing):
        if (state := reader.get_observed(kind, name)) is None:
            continue
        declared = desired.objects[kind.name][name].value
        missing = [f"`{n}`" for n in required if n not in state.value and n not in declared]
        if child and state.children is None:
            missing.append(f"the {child.collection}")
        if missing:
            fields = ", ".join(missing)
            reason = f"the API does not return {fields}, which an update would overwrite"
            reader.live.blind_updates[Address(kind.name, name)] = f"not updated: {reason}"


def note_unread_fields(
    reader: Reader, kind: Kind, names: Collection[str], desired: Desired
) -> None:
    """Record fields that a write of these objects or their children carries and no read shows."""
    call = kind.update or kind.create
    assert call is not None
    child = reader.builder.children.get(kind.name)
    added: Mapping[Address, list[str]] = {}
    if child and names:
        owners = {Address(kind.name, name) for name in names}
        added = hidden_children(desired, reader.live, reader.kinds, owners)
    empty: set[str] = set()
    for name in sorted(names):
        if (state := reader.get_observed(kind, name)) is None:
            continue
        empty |= _unread_fields(reader, kind, name, call.fields, state.value)
        if child:
            _note_children(reader, child, state, added.get(Address(kind.name, name), ()))
    if empty:
        fields = ", ".join(f"`{n}`" for n in sorted(empty))
        reader.live.notes.append(
            f"{kind.name} {fields}: treated as empty. This shop leaves out empty fields, and "
            "returned none of these; a write leaves them out too"
        )


def _note_children(reader: Reader, child: Kind, parent: Observed, added: Collection[str]) -> None:
    assert child.parent is not None
    shown = parent.children or {}
    for name in (*shown, *added):
        row, state = shown.get(name, {}), reader.get_observed(child, name)
        value = {**row, **state.value} if state else row
        _unread_fields(reader, child, name, child.parent.update.fields, value)


def _unread_fields(
    reader: Reader, kind: Kind, name: str, carried: Iterable[str], value: Value
) -> frozenset[str]:
    """Return the fields that a call carries and no read has shown, where they count as empty.

    They do in a shop that leaves out empty keys, once its single read was asked. In any other
    shop they are recorded in Live as unseen, and none is returned.
    """
    fields = kind.fields
    missing = frozenset(
        n for n in carried if fields[n].wire.read and not fields[n].internal and n not in value
    )
    builder = reader.builder
    if not missing or (builder.omits_empty_keys and builder.read_singly.get(kind.name)):
        return missing
    address = Address(kind.name, name)
    known = reader.live.unread_fields.get(address, frozenset())
    reader.live.unread_fields[address] = known | missing
    return frozenset()


def _reads_of_children(reader: Reader, parent: Address) -> frozenset[str]:
    state = reader.get_observed(reader.kinds[parent.kind], parent.name)
    shown = state.children if state else None
    return shown.reads if isinstance(shown, Children) else frozenset()
