"""The cheapest reads that answer the question, as Live: observed, absent, or not read.

Absence needs evidence: a whole listing or a batch that leaves the object out, and, where those
may hide retired objects, a single read that does not find it either (dealpos-api.md §4, §14 #3,
#12, #21). An error is never taken for absence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.core.diff.diff import compare
from reconciler.core.diff.rename import renamed
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, Live, Observed, Wanted, wanted
from reconciler.core.model.references import targets
from reconciler.core.plan.removal import expanded, needed
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading import absence, evidence, siblings
from reconciler.dealpos.reading import completeness as unseen
from reconciler.dealpos.reading import dependents as dependants
from reconciler.dealpos.reading.reader import LONG, Asked, Reader
from reconciler.errors import NotOffered, Rejected, Unreadable

FEW = 50
"""So many single reads are tried before a listing of unknown length."""

SAMPLE = 10
"""So many names are looked for one by one in a shop that shows nothing at all."""


def read(client: Client, desired: Desired, kinds: Kinds, also: Iterable[Address] = ()) -> Live:
    """What the shop has of all that the files declare or refer to, and of `also`."""
    reader = Reader(client, kinds)
    seek(reader, _asked(desired, kinds, also), desired.objects)
    evidence.by_children(reader.live, desired, kinds)
    view = renamed(reader.live, desired, kinds)[0]
    desired = expanded(desired, view, kinds)
    _added(reader, desired, view)
    _deepen(reader, desired)
    dependants.read(reader, desired, view)
    reader.live.reads = client.requests
    return reader.live


def seek(reader: Reader, asked: Wanted, declared: Collection[str] = ()) -> None:
    """Find named objects: observed, absent, or unknown. `declared` kinds are listed to the end."""
    # Children learn their parent from the parent's rows, so parents are read first.
    for kind in sorted(reader.kinds.values(), key=lambda k: (k.parent is not None, k.name)):
        if asked.get(kind.name):
            _kind(reader, kind, asked[kind.name], declared=kind.name in declared)


def _asked(desired: Desired, kinds: Kinds, also: Iterable[Address]) -> Wanted:
    table = {name: _compared(kinds[name], objects) for name, objects in desired.objects.items()}
    entries: list[tuple[str, str, Iterable[str]]] = [(kind, name, ()) for kind, name in also]
    entries += [
        (kind, declared.was, ())
        for kind, objects in desired.objects.items()
        for declared in objects.values()
        if declared.was
    ]
    entries += [(k, name, needed(kinds[k], r)) for (k, name), r in desired.removals.items()]
    entries += [(k, name, ()) for k, names in targets(desired, kinds).items() for name in names]
    return wanted(entries, table)


def _compared(kind: Kind, objects: Mapping[str, Declared]) -> dict[str, frozenset[str]]:
    """The fields of each object that its comparison needs."""
    # Most objects of a kind declare the same keys, so the sets of them are few.
    shapes: dict[tuple[str, ...], frozenset[str]] = {}
    found = {}
    for name, declared in objects.items():
        shape = tuple(declared.value)
        fields = shapes.get(shape)
        if fields is None:
            fields = frozenset(n for n in shape if kind.fields[n].comparable)
            shapes[shape] = fields
        found[name] = fields
    return found


def _added(reader: Reader, desired: Desired, view: Live) -> None:
    """Read what only a scope has made an object of the plan; `view` has the names of `desired`."""
    for kind in reader.kinds.values():
        own = {
            a.name: r
            for a, r in desired.removals.items()
            if a.kind == kind.name and view.get(a) is None
        }
        if names := reader.missing(kind, own):
            _kind(reader, kind, {n: frozenset(needed(kind, own[n])) for n in names}, declared=False)


def _kind(reader: Reader, kind: Kind, asked: Asked, *, declared: bool) -> None:
    """Read what is asked of one kind; what cannot be read becomes unknown, with the reason."""
    try:
        if kind.reads.batch:
            reader.many(kind, kind.reads.batch, asked)
        elif not kind.reads.listed and len(asked) <= FEW:
            for name in sorted(asked):
                reader.single(kind, name)
        elif kind.reads.listed:
            _listed(reader, kind, asked, declared=declared)
        else:
            reader.listing(kind, asked, budget=len(asked))
            for name in reader.missing(kind, asked):
                reader.single(kind, name)
        _settle(reader, kind, asked)
        reader.details(kind, asked)
    except (Rejected, Unreadable) as error:
        if error.operation == "token":
            raise
        reader.unread(kind, asked, error)


def _listed(reader: Reader, kind: Kind, asked: Asked, *, declared: bool) -> None:
    """A whole listing; where a tenant offers none, each object by itself."""
    try:
        reader.listing(kind, asked, to_the_end=declared)
    except NotOffered:
        if kind.reads.single is None:
            raise
        reader.unlisted[kind.name] = set(asked)
        for name in sorted(asked):
            reader.single(kind, name)


def _settle(reader: Reader, kind: Kind, asked: Asked) -> None:
    """Decide what the cheap reads did not show: absent, found after all, or unknown."""
    missing = reader.missing(kind, asked)
    if missing and not kind.reads.listed and kind.name not in reader.live.complete:
        # Only single reads so far, and those prove nothing: the listing decides.
        reader.listing(kind, dict.fromkeys(missing, frozenset()), budget=LONG)
        missing = reader.missing(kind, missing)
        if kind.name not in reader.live.complete:
            _unknown(reader, kind, missing, "the listing is too long to prove that it is absent")
            return
    if missing and kind.reads.hides:
        proven = absence.proven(reader, kind, missing)
        missing = reader.missing(kind, missing)
        if missing and not proven:
            if not reader.finds(kind):
                _unknown(reader, kind, reader.missing(kind, missing), evidence.HIDDEN)
                return
            missing = _unfound(reader, kind, missing)
    unproven = set() if _answers_singly(reader, kind) else reader.unlisted.get(kind.name, set())
    _unknown(reader, kind, unproven.intersection(missing), "this shop offers no read that shows it")
    for name in missing:
        if name not in unproven:
            reader.live.put(Address(kind.name, name), ABSENT)


def _answers_singly(reader: Reader, kind: Kind) -> bool:
    """Whether a single read has found something, so that its "not found" is an answer."""
    single = kind.reads.single
    return single is not None and reader.client.has_answered(single.operation)


def _unknown(reader: Reader, kind: Kind, names: Iterable[str], reason: str) -> None:
    reader.live.unread |= {Address(kind.name, name): reason for name in names}


def _unfound(reader: Reader, kind: Kind, missing: list[str]) -> list[str]:
    """Those of `missing` that single reads do not find either.

    A shop that shows nothing, and of which a few single reads find nothing, hides nothing: the
    first catalogue of a new shop is not asked for object by object.
    """
    listed = kind.parent.kind if kind.parent else kind.name
    empty = listed in reader.live.complete and not any(reader.live.observed(listed))
    sample = missing[:SAMPLE] if empty and kind.retire else missing
    found = [name for name in sample if reader.single(kind, name)]
    if found or sample is missing:
        for name in missing[len(sample) :]:
            reader.single(kind, name)
    return reader.missing(kind, missing)


def _deepen(reader: Reader, desired: Desired) -> None:
    """Read all that a change will rest on: an update sends everything that it does not change.

    Whether a write clears what it leaves out is undocumented (dealpos-api.md §14 #13), so every
    field that the write carries, and every child that a parent's update must name, is read first.
    """
    touched = {}
    different = {name: _changing(reader, kind, desired) for name, kind in reader.kinds.items()}
    for kind in reader.kinds.values():
        call = kind.update or kind.create
        if call is None:
            continue
        changing = different[kind.name]
        carried = frozenset(n for n in call.fields if kind.fields[n].wire.read)
        owners = _owners(reader, kind, desired, different)
        try:
            if changing or owners:
                reader.details(kind, dict.fromkeys(changing | owners, carried))
            _children(reader, kind, changing | owners)
            unseen.refuse(reader, kind, desired, changing)
        except (Rejected, Unreadable) as error:
            for name in changing:
                reader.live.objects[kind.name].pop(name, None)
            reader.unread(kind, changing, error)
        touched[kind.name] = changing | owners
    if any(touched.values()):
        siblings.settle(reader, desired, touched)
    for name, names in touched.items():
        unseen.note(reader, reader.kinds[name], names, desired)


def _owners(
    reader: Reader, kind: Kind, desired: Desired, different: Mapping[str, set[str]]
) -> set[str]:
    """The parents of children that are not as declared: an update of theirs may be the way."""
    child = reader.intake.children.get(kind.name)
    if child is None:
        return set()
    nested = desired.objects.get(child.name, {})
    owners = {nested[name].value.get(kind.name) for name in different[child.name]}
    return {owner for owner in owners if owner is not None}


def _children(reader: Reader, kind: Kind, owners: set[str]) -> None:
    """Read the children of each, where no read has shown them."""
    if kind.name not in reader.intake.children:
        return
    for name in sorted(owners):
        state = reader.observed(kind, name)
        if state is not None and state.children is None:
            reader.single(kind, name)


def _changing(reader: Reader, kind: Kind, desired: Desired) -> set[str]:
    """The declared objects of a kind that are not as declared."""
    states = reader.live.objects.get(kind.name, {})
    changing = set()
    for name, declared in desired.objects.get(kind.name, {}).items():
        state = states.get(name)
        if isinstance(state, Observed) and compare(
            kind, declared.value, state.value, declared.moved
        ):
            changing.add(name)
    return changing
