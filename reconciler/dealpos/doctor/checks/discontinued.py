"""Whether lists show what is out of use (dealpos-api.md §14 #21: undocumented)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok

NAME = "discontinued"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """Seen in a list, seen elsewhere and missing from the list, or never seen."""
    shown, hidden, never = [], [], []
    for kind in kinds.values():
        listing = evidence.of(kind.name, Purpose.LISTING)
        if not (kind.retire and kind.reads.hides and listing and listing.rows):
            continue
        if any(kind.retired(row) for row in listing.rows):
            shown.append(listing.operation)
        elif missing := _missing(evidence, kind, listing):
            hidden.append(f"{listing.operation} leaves out the discontinued {missing}")
        else:
            never.append(listing.operation)
    if hidden:
        step = "nothing: what a list lacks is looked for one by one, a request each"
        yield note(NAME, "; ".join(hidden), step)
    elif never:
        also = f"; shown by {' and '.join(shown)}" if shown else ""
        yield note(
            NAME,
            f"none seen in {' and '.join(never)}: there are none, or lists hide them{also}",
            "nothing: what a list lacks is looked for one by one, a request each",
        )
    elif shown:
        yield ok(NAME, f"shown by {' and '.join(shown)}")
    else:
        yield note(NAME, "not tried: no list shows anything", "run this again when one does")


def _missing(evidence: Evidence, kind: Kind, listing: Asked) -> str:
    """A discontinued child that its parent shows and its own complete list does not."""
    whole = listing.total is not None and len(listing.rows) >= listing.total
    if kind.parent is None or not whole:
        return ""
    listed = {kind.named(row) for row in listing.rows}
    for parent in evidence.rows(kind.parent.kind):
        for row in parent.get(kind.parent.key) or ():
            if kind.retired(row) and kind.named(row) not in listed:
                return f"{kind.name} {kind.named(row)}"
    return ""
