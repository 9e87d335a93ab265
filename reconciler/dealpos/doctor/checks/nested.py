"""Whether what is out of use is shown inside its parent (undocumented, as API §14 #21 is).

A plan rests on it: what a parent's update does to a child that it does not list is undocumented
too (dealpos-api.md §6.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kind, Kinds, Parent
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Purpose, Row
from reconciler.dealpos.doctor.finding import Finding, note, ok

NAME = "shown inside"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """A line for each kind that lives inside another's objects."""
    for kind in kinds.values():
        if kind.parent and kind.retire:
            yield _one(evidence, kind, kind.parent)


def _one(evidence: Evidence, kind: Kind, parent: Parent) -> Finding:
    rows = [row for above in evidence.rows(parent.kind) for row in _inside(above, parent)]
    seen = next((kind.named(row) for row in rows if kind.retired(row)), None)
    if seen:
        return ok(
            NAME, f"a {parent.kind} shows its {kind.retire} {kind.collection}, such as {seen}"
        )
    if not rows:
        found = f"not tried: no {parent.kind} with {kind.collection} was seen"
        return note(NAME, found, "run this again when there is one")
    listing = evidence.of(parent.kind, Purpose.LISTING)
    missing = _missing(evidence, kind, rows)
    if missing and listing and _ended(evidence, listing):
        found = (
            f"no {parent.kind} that {listing.operation} shows has the {kind.retire} {kind.name} "
            f"{missing}: {parent.kind}s leave it out, or the list its {parent.kind}"
        )
    else:
        found = f"none seen in a {parent.kind}: there are none, or they are left out"
    step = (
        f"declare {kind.retire} {kind.collection}: an update of the {parent.kind} then lists them; "
        "where it can be avoided, each is updated by itself"
    )
    return note(NAME, found, step)


def _inside(above: Row, parent: Parent) -> list[Row]:
    items = above.get(parent.key)
    return items if isinstance(items, list) else []


def _missing(evidence: Evidence, kind: Kind, inside: list[Row]) -> str | None:
    """One that is out of use by a read of its own, and inside no parent that was seen."""
    shown = {kind.named(row) for row in inside}
    names = (kind.named(row) for row in evidence.rows(kind.name) if kind.retired(row))
    return next((name for name in names if name not in shown), None)


def _ended(evidence: Evidence, listing: Asked) -> bool:
    """Whether the first page is known to be the whole list."""
    if listing.total is not None:
        return len(listing.rows) >= listing.total
    second = evidence.of(listing.kind, Purpose.SECOND_PAGE)
    return second is not None and second.answered and not second.shows_more_than(listing)
