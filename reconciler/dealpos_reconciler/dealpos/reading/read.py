"""The live state for a plan: the cheapest reads that show each object, or prove it absent.

An object is absent on proof alone: a complete listing or a batch leaves it out and, where those
may hide retired objects, a single read does not find it either (dealpos-api.md §4, §14 #3, #12,
#21). An error is never taken for absence.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from contextlib import suppress
from functools import cache, partial
from itertools import chain

from dealpos_reconciler.core.diff.diff import differs
from dealpos_reconciler.core.diff.rename import apply_renames
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired, referenced_names
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed, Wanted, gather_wanted
from dealpos_reconciler.core.model.look_alike import list_spellings
from dealpos_reconciler.core.model.secret import conceal_live
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.core.plan.removal import expand_removals, fields_for_removal
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading import proof
from dealpos_reconciler.dealpos.reading.dependents import collect_seen_again, read_dependents
from dealpos_reconciler.dealpos.reading.ended import read_hidden_fields
from dealpos_reconciler.dealpos.reading.readback import read_recent_singly
from dealpos_reconciler.dealpos.reading.reader import MAX_PROOF_PAGES, Reader, RequestedFields
from dealpos_reconciler.errors import (
    OperationUnavailable,
    OutcomeUnknown,
    Rejected,
    UnexpectedResponse,
)

MIN_LISTED_NAMES = 3
"""Names for which a page of a listing of unknown length is tried before single reads."""

MAX_SPELLINGS = 2_000
"""Other spellings of new keys that are asked for, a hundred in one request."""

MAX_SAMPLE_READS = 10
"""Names that are looked up one by one in a shop that shows no object at all."""


def read_live(
    client: Client,
    desired: Desired,
    kinds: Kinds,
    also: Iterable[Address] = (),
    listed: Collection[str] = (),
    elsewhere: Live | None = None,
    deleted: Collection[Address] = (),
    *,
    look: bool = False,
) -> Live:
    """Read all that the files declare or refer to in the shop, `also`, and the `listed` kinds.

    Removals that are known to be `deleted` are not looked for, unless to `look` at their list is
    asked for; a list that is read may show them all the same.
    """
    reader = Reader(client, {name: kind for name, kind in kinds.items() if kind.home == SHOP})
    reader.declared = desired.objects
    for name in (n for n in listed if n in reader.kinds and not desired.objects.get(n)):
        reader.read_listing(kinds[name], {}, to_the_end=True)
    known = set(deleted).intersection(desired.removals)
    find(reader, _collect_requested(desired, kinds, also, known), desired.objects)
    find(reader, collect_seen_again(reader, desired, known, look=look))
    reader.live.include(elsewhere or Live())
    read_recent_singly(reader)
    proof.accept_new_parents(reader.live, desired, kinds)
    _read_look_alikes(reader, desired)
    view = apply_renames(reader.live, desired, kinds)[0]
    desired = expand_removals(desired, view, kinds)
    _read_pruned(reader, desired, view)
    _read_fields_for_writes(reader, desired)
    read_dependents(reader, desired, view)
    reader.live.reads = client.requests
    conceal_live(reader.live, desired, kinds, client.store.mask_key)
    return reader.live


def find(reader: Reader, requested: Wanted, declared: Collection[str] = ()) -> None:
    """Find named objects: observed, absent, or unknown.

    The kinds in `declared` are listed to the end, so that objects that no file declares are known.
    """
    asked = [(kind, names) for kind in reader.parents_first if (names := requested.get(kind.name))]
    with reader.ahead.plan(reader.ahead.choose(asked[1:], declared)):
        for kind, names in asked:
            _read_kind(reader, kind, names, declared=kind.name in declared)


def _collect_requested(
    desired: Desired, kinds: Kinds, also: Iterable[Address], deleted: Container[Address]
) -> Wanted:
    table = {name: _compared_fields(kinds[name], o) for name, o in desired.objects.items()}
    renamed = ((k, d.was) for k, named in desired.objects.items() for d in named.values() if d.was)
    referenced = ((k, n) for k, names in referenced_names(desired, kinds).items() for n in names)
    named = [(k, name, ()) for k, name in chain(also, renamed, referenced)]
    removed = [
        (*address, fields_for_removal(kinds[address.kind], removal))
        for address, removal in desired.removals.items()
        if address not in deleted
    ]
    return gather_wanted(chain(named, removed), table)


def _compared_fields(kind: Kind, objects: Mapping[str, Declared]) -> dict[str, frozenset[str]]:
    @cache  # Most objects of a kind declare the same keys, so one set serves many of them.
    def comparable(keys: tuple[str, ...]) -> frozenset[str]:
        return frozenset(key for key in keys if kind.fields[key].comparable)

    return {name: comparable(tuple(declared.value)) for name, declared in objects.items()}


def _read_look_alikes(reader: Reader, desired: Desired) -> None:
    """Ask for other spellings of new children where the rows of parents do not show children.

    Elsewhere the rows of all parents name what a new key may look like.
    """
    for kind in (kind for kind in reader.kinds.values() if kind.parent and kind.reads.batch):
        batch, parents = kind.reads.batch, reader.live.iterate_observed(kind.parent_kind or "")
        if batch is None or all(state.children is not None for _, state in parents):
            continue
        known = reader.live.objects.get(kind.name, {})
        declared = desired.objects.get(kind.name, {})
        new = [name for name in declared if known.get(name) is ABSENT]
        spellings = set().union(*map(list_spellings, new)) - known.keys()
        is_offered = reader.client.has_answered(batch.operation)
        if is_offered and 0 < len(spellings) <= MAX_SPELLINGS:
            with suppress(Rejected, UnexpectedResponse):  # a warning less
                reader.read_batches(kind, batch, spellings)


def _read_pruned(reader: Reader, desired: Desired, view: Live) -> None:
    """Read objects that a prune scope added to the plan; `view` has the names of `desired`."""
    unread = [(a, removal) for a, removal in desired.removals.items() if view.get(a) is None]
    for kind in reader.kinds.values():
        own = {address.name: removal for address, removal in unread if address.kind == kind.name}
        if names := reader.find_missing(kind, own):
            fields = {n: frozenset(fields_for_removal(kind, own[n])) for n in names}
            _read_kind(reader, kind, fields, declared=False)


def _read_kind(reader: Reader, kind: Kind, asked: RequestedFields, *, declared: bool) -> None:
    """Read the requested objects of one kind; those that cannot be read become unknown."""
    try:
        if kind.reads.batch:
            rule_out = partial(proof.rule_out_unlisted, reader, kind)
            reader.read_many(kind, kind.reads.batch, asked, rule_out)
        elif kind.reads.prefer_listing:
            _read_whole_listing(reader, kind, asked, declared=declared)
        else:
            _read_some(reader, kind, asked)
        _resolve_missing(reader, kind, asked)
        reader.read_missing_fields(kind, asked)
    except (Rejected, UnexpectedResponse) as error:
        if error.operation == "token":
            raise
        reader.mark_unread(kind, asked, error)


def _read_some(reader: Reader, kind: Kind, asked: RequestedFields) -> None:
    """Read a few of many objects: by a listing, as long as it costs no more than single reads.

    Objects with fields that its rows do not show are read singly in any case.
    """
    shown = kind.reads.listing.fields if kind.reads.listing else frozenset()
    listed = {name: fields for name, fields in asked.items() if fields <= shown}
    if len(listed) >= MIN_LISTED_NAMES and kind.name not in reader.live.complete:
        with suppress(Rejected, OutcomeUnknown, UnexpectedResponse):  # single reads may answer
            reader.read_listing(kind, listed, budget=len(listed))
    reader.read_singles(kind, reader.find_missing(kind, asked))


def _read_whole_listing(
    reader: Reader, kind: Kind, asked: RequestedFields, *, declared: bool
) -> None:
    """Read a whole listing; where the shop offers none, read each object by itself."""
    if kind.name in reader.live.complete:
        return
    try:
        reader.read_listing(kind, asked, to_the_end=declared)
    except OperationUnavailable:
        if kind.reads.single is None:
            raise
        reader.unlisted[kind.name] = set(asked)
        reader.read_singles(kind, sorted(asked))


def _resolve_missing(reader: Reader, kind: Kind, asked: RequestedFields) -> None:
    """Decide on objects that the cheap reads did not show: absent, found after all, or unknown."""
    missing = reader.find_missing(kind, asked)
    if missing and not kind.reads.prefer_listing and kind.name not in reader.live.complete:
        # Only single reads so far, and those prove nothing: the listing decides.
        reader.read_listing(kind, dict.fromkeys(missing, frozenset()), budget=MAX_PROOF_PAGES)
        missing = reader.find_missing(kind, missing)
        if kind.name not in reader.live.complete:
            reader.mark_unread(kind, missing, "the list is too long to prove that it is absent")
            return
    if missing and kind.reads.hides:
        is_proven = proof.reads_prove_absence(reader, kind, missing)
        missing = reader.find_missing(kind, missing)
        if missing and not is_proven:
            proof.rule_out(reader, kind, missing)
            missing = reader.find_missing(kind, missing)
        if missing and not is_proven:
            if not reader.can_read_singly(kind):
                missing = reader.find_missing(kind, missing)
                reader.mark_unread(kind, missing, proof.MAY_BE_HIDDEN)
                return
            missing = _confirm_by_single_reads(reader, kind, missing)
            missing = proof.accept_denied(reader, kind, missing)
    unproven = _unproven(reader, kind).intersection(missing)
    reader.mark_unread(kind, unproven, "this shop has no endpoint that returns it")
    existing = (reader.builder.existing.get(kind.name) or set()).intersection(missing)
    reader.mark_unread(kind, existing, "the shop has it, and no endpoint returns it")
    for name in reader.find_missing(kind, missing):
        reader.live.put(Address(kind.name, name), ABSENT)


def _unproven(reader: Reader, kind: Kind) -> set[str]:
    """Return names that only single reads could show, where none has ever found an object."""
    single = kind.reads.single
    is_answered = single is not None and reader.client.has_answered(single.operation)
    return set() if is_answered else reader.unlisted.get(kind.name, set())


def _confirm_by_single_reads(reader: Reader, kind: Kind, missing: list[str]) -> list[str]:
    """Return those of `missing` that single reads do not find either.

    In a shop that shows no object, and of which a few single reads find none, the others are not
    asked for: the first catalogue of a new shop would cost a request for each object.
    """
    listed = kind.parent.kind if kind.parent else kind.name
    empty = listed in reader.live.complete and not any(reader.live.iterate_observed(listed))
    sample = missing[:MAX_SAMPLE_READS] if empty and kind.retire else missing
    found = [name for name in sample if reader.read_single(kind, name)]
    if found or sample is missing:
        reader.read_singles(kind, missing[len(sample) :])
    return reader.find_missing(kind, missing)


def _read_fields_for_writes(reader: Reader, desired: Desired) -> None:
    """Read every field and child that the writes of this plan will carry.

    dealpos-api.md §14 #13: it is undocumented whether a write clears what it leaves out, so an
    update carries all fields, also those that it does not change.
    """
    touched = {}
    changed = {name: _changed_names(reader, kind, desired) for name, kind in reader.kinds.items()}
    for kind in reader.kinds.values():
        if (call := kind.update or kind.create) is None:
            continue
        changing = changed[kind.name]
        carried = frozenset(n for n in call.fields if kind.fields[n].wire.read)
        parents = _parents_of_changed(reader, kind, desired, changed)
        try:
            if changing or parents:
                reader.read_missing_fields(kind, dict.fromkeys(changing | parents, carried))
                read_hidden_fields(reader, kind, dict.fromkeys(changing, carried))
            reader.read_children(kind, sorted(changing | parents))
            proof.refuse_blind_updates(reader, kind, desired, changing)
        except (Rejected, UnexpectedResponse) as error:
            for name in changing:
                reader.live.objects[kind.name].pop(name, None)
            reader.mark_unread(kind, changing, error)
        touched[kind.name] = changing | parents
    if any(touched.values()):
        proof.mark_complete_parents(reader, desired, touched)
    for name, names in touched.items():
        proof.note_unread_fields(reader, reader.kinds[name], names, desired)


def _parents_of_changed(
    reader: Reader, kind: Kind, desired: Desired, changed: Mapping[str, set[str]]
) -> set[str]:
    """Return the parents of changed children: a parent's update may write them."""
    if (child := reader.builder.children.get(kind.name)) is None:
        return set()
    nested = desired.objects.get(child.name, {})
    values = (nested[name].value for name in changed[child.name])
    return {value[kind.name] for value in values if value.get(kind.name) is not None}


def _changed_names(reader: Reader, kind: Kind, desired: Desired) -> set[str]:
    states = reader.live.objects.get(kind.name, {})
    return {
        name
        for name, declared in desired.objects.get(kind.name, {}).items()
        if isinstance(state := states.get(name), Observed)
        and not state.contains(declared.value)
        and differs(kind, declared.value, state.value, declared.changed_derived_fields)
    }
