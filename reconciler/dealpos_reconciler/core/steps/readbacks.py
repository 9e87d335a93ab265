"""Choose the reads that confirm writes: at once, or together with all others at the end of a run.

What only needs to be known by the end is read by the pages of a listing. The first object of each
shape is read back at once: it shows whether this shop keeps such objects as they are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Literal, NamedTuple

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.readback import Proof
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.steps.step import Step

_NEAR = timedelta(days=2)
"""Time by which a promotion outlives a run of a day in every time zone."""


class Expected(NamedTuple):
    """A written object that is read back at the end of a run."""

    address: Address
    proof: Proof
    gone: bool = False
    """True if it was deleted."""
    needs_list: bool = False
    """True if a listing must show it."""


class Group(NamedTuple):
    """The objects of one kind that are read back together, by name."""

    proofs: dict[str, Proof]
    gone: set[str]
    needs_list: bool = False
    """True if a listing is read in any case."""


class ReadChoice(NamedTuple):
    """The cheapest way to read named objects that are known to exist, and its requests."""

    read: Literal["batch", "single", "listing"]
    requests: int
    apart: int = 0
    """The single reads among them that a listing needs beside it."""


def count_readbacks(steps: Sequence[Step], kinds: Kinds, pages: Mapping[str, ListingStats]) -> int:
    """Return the requests that read what `steps` write, at once and at the end of a run."""
    pages = grow_listings(pages, (change for step in steps for change in step.changes))
    groups = gather(expected for step in steps for expected in _expect(step))
    late = (choose_readback(kinds[n], group, pages.get(n)) for n, group in groups.items())
    return sum(choice.requests for choice in late) + sum(step.reads_at_once for step in steps)


def grow_listings(
    listed: Mapping[str, ListingStats], changes: Iterable[Change]
) -> dict[str, ListingStats]:
    """Return the sizes of listings as they are after these changes."""
    made = {c.address: c.action for c in changes}
    more = Counter(a.kind for a, action in made.items() if action is Action.CREATE)
    more.subtract(a.kind for a, action in made.items() if action is Action.DELETE)
    return {
        name: replace(was, count=max(was.count + more[name], 0)) for name, was in listed.items()
    }


def _expect(step: Step) -> Iterator[Expected]:
    """Yield what is read back at the end of a run that carries out `step`."""
    is_late = step.undo is None or step.proven_by is not None
    for address, proof in step.proofs.items():
        if is_late:
            gone = step.action is Action.DELETE
            yield Expected(address, proof, gone, step.proven_by is not None)
        elif proof.listing_only:
            yield Expected(address, proof.after_single, needs_list=True)


def gather(expected: Iterable[Expected]) -> dict[str, Group]:
    """Return the objects by kind."""
    found: dict[str, Group] = {}
    for address, proof, gone, needs_list in expected:
        group = found.setdefault(address.kind, Group({}, set()))
        group.proofs[address.name] = proof
        if gone:
            group.gone.add(address.name)
        if needs_list and not group.needs_list:
            found[address.kind] = group._replace(needs_list=True)
    return found


def choose_readback(kind: Kind, group: Group, listed: ListingStats | None) -> ReadChoice:
    """Return the read that shows what became of a group in the fewest requests."""
    apart = len(find_apart(kind, group, listed))
    to_the_end = bool(group.gone)
    if group.needs_list:
        return ReadChoice("listing", _count_pages(listed, to_the_end) + apart, apart)
    return choose_read(kind, len(group.proofs), listed, apart, to_the_end)


def find_apart(kind: Kind, group: Group, listed: ListingStats | None) -> set[str]:
    """Return the objects that need single reads beside the listing of a kind.

    They have fields that its rows do not show, or it may leave them out though they exist.
    """
    shown = _shown_by_listing(kind, listed)
    return {
        name
        for name, proof in group.proofs.items()
        if not proof.visible <= shown or (proof.hidden and name in group.gone)
    }


def choose_read(
    kind: Kind, count: int, listed: ListingStats | None, apart: int = 0, to_the_end: bool = False
) -> ReadChoice:
    """Return the read that shows `count` named objects of a kind in the fewest requests.

    `listed` says how many pages a listing has that shows them, where one was read; `apart` of them
    need single reads too. With `to_the_end` it must prove that it shows no others.
    """
    choices = []
    if kind.reads.batch:
        choices.append(ReadChoice("batch", ceil(count / kind.reads.batch.limit)))
    elif kind.reads.single:
        choices.append(ReadChoice("single", count))
    if kind.reads.listing and (listed is not None or not choices):
        choices.append(ReadChoice("listing", _count_pages(listed, to_the_end) + apart, apart))
    return min(choices, key=lambda choice: choice.requests)


def choose_times(
    steps: Sequence[Step],
    kinds: Kinds,
    pages: Mapping[str, ListingStats],
    unlisted: Set[Address],
    today: str,
) -> tuple[Step, ...]:
    """Return the steps, each with the time at which it is read back.

    `unlisted` are deleted objects that no listing has shown. `today` is `YYYY-MM-DD`; where it is
    empty, any promotion with a last day may end during the run.
    """
    after = grow_listings(pages, (change for step in steps for change in step.changes))
    steps = [_mark_hidden(step, kinds, unlisted, today) for step in steps]
    for name in dict.fromkeys(step.kind for step in steps if step.undo):
        late = _find_late(steps, kinds[name], pages.get(name))
        is_read = any(p.listing_only for s in steps if s.kind == name for p in s.proofs.values())
        if len(late) > (0 if is_read else _count_pages(after.get(name))):
            steps = [replace(step, proven_by=late.get(step.id)) for step in steps]
    return tuple(steps)


def _mark_hidden(step: Step, kinds: Kinds, unlisted: Set[Address], today: str) -> Step:
    """Return a step with the objects marked that a listing may leave out though they exist."""
    hidden = {
        change.address: replace(step.proofs[change.address], hidden=True)
        for change in step.changes
        if change.address in unlisted
        or _may_end(kinds[change.address.kind], change.after or change.before or {}, today)
    }
    return replace(step, proofs={**step.proofs, **hidden}) if hidden else step


def _may_end(kind: Kind, value: Value, today: str) -> bool:
    """Return whether a promotion may be over before the end of a run, or is (API §10)."""
    end = value.get(kind.expiry_field) if kind.expiry_field else None
    if kind.expiry_field and value.get(kind.use_counts[1]) == 0:
        return True
    # A day in year 1 is an unset date (dealpos-api.md §12).
    if not isinstance(end, str) or end <= "0001-01-01":
        return False
    return not today or end <= (date.fromisoformat(today) + _NEAR).isoformat()


def _find_late(steps: Iterable[Step], kind: Kind, listed: ListingStats | None) -> dict[int, int]:
    """Return the creations of a kind that are read back at the end, each with the one before.

    Nothing waits for them, and the listing shows all that they write.
    """
    steps = list(steps)
    needed = frozenset().union(*(step.waits for step in steps))
    shown, first = _shown_by_listing(kind, listed), dict[object, int]()
    late = {}
    for step in (step for step in steps if step.kind == kind.name and step.undo):
        (change,) = step.changes
        proof = step.proofs[change.address]
        is_new = change.action is Action.CREATE and not change.is_replacement
        is_certain = len(step.requests[-1].bodies) == 1 and not proof.hidden
        if is_new and is_certain and step.id not in needed and proof.visible <= shown:
            before = first.setdefault(_shape_of(kind, change), step.id)
            if before != step.id:
                late[step.id] = before
    return late


def _shape_of(kind: Kind, change: Change) -> object:
    """Return what objects have in common that a shop treats alike: their type and their fields."""
    value = change.after or {}
    return frozenset(value), value.get(kind.type_field)


def _shown_by_listing(kind: Kind, listed: ListingStats | None) -> Set[str]:
    """Return the fields that a listing shows: as it was read, or as it is documented."""
    documented = kind.reads.listing.fields if kind.reads.listing else frozenset()
    return (listed.fields if listed else None) or documented or kind.fields.keys()


def _count_pages(listed: ListingStats | None, to_the_end: bool = False) -> int:
    return listed.requests(to_the_end=to_the_end) if listed else 1
