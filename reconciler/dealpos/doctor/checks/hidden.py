"""Whether a list leaves out by default what its filter can show (dealpos-api.md §10: coupons)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, untried

NAME = "default filter"

_STEP = "nothing: what the list lacks is looked for by its code, a request each"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """A line for each kind whose listing has such a filter."""
    for kind in kinds.values():
        listing = kind.reads.listing
        if listing is None or not listing.wider:
            continue
        first = evidence.of(kind.name, Purpose.LISTING)
        wider = evidence.of(kind.name, Purpose.WIDER)
        if first is None or wider is None:
            yield untried(NAME, f"not tried: {listing.operation} does not answer")
        elif wider.outcome is Outcome.UNASKED:
            yield note(NAME, wider.detail, wider.hint) if wider.hint else untried(NAME)
        else:
            name, value = next(iter(listing.wider.items()))
            yield _one(kind, first, wider, f"{name}={value}")


def _one(kind: Kind, first: Asked, wider: Asked, by: str) -> Finding:
    """What the filter shows beside the plain list."""
    if not wider.answered:
        return note(NAME, f"cannot be told: {by} is not answered ({wider.detail})", _STEP)
    listed = {kind.named(row) for row in first.rows}
    more = [name for row in wider.rows if (name := kind.named(row)) and name not in listed]
    if len(wider.rows) > len(first.rows) and more:
        # A page of the same size holds more, so the plain list was not cut: it has ended.
        found = f"{wider.operation} leaves out {len(more):,} that {by} shows, such as {more[0]}"
        return note(NAME, found, _STEP)
    if more or len(wider.rows) < len(first.rows):
        return note(NAME, f"cannot be told: {by} shows fewer, or others", _STEP)
    return ok(NAME, f"{by} shows no {kind.name} that {wider.operation} leaves out")
