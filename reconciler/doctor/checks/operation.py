"""Each read that the tool needs: the route that answers it, and in which form.

What the tool does without a read is in `live`: a kind that can still be read another way costs
more requests, and no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reconciler.core.kind import Kind, Kinds
from reconciler.doctor.evidence import Asked, Evidence, Outcome, Purpose, retired
from reconciler.doctor.finding import Finding, note, ok, problem, untried

_LATER = "nothing: `plan` finds it out when it needs it"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """A line for every read of every kind."""
    for kind in kinds.values():
        for name, purposes in _needed(kind):
            yield _one(evidence, kind, name, purposes)


def _needed(kind: Kind) -> Iterator[tuple[str, tuple[Purpose, ...]]]:
    """The operations of a kind's reads, with the questions that tell of them, the best first."""
    reads = kind.reads
    if reads.listing:
        yield reads.listing.operation, (Purpose.LISTING,)
    if reads.batch:
        yield reads.batch.operation, (Purpose.BATCH_KNOWN, Purpose.BATCH)
    if reads.single:
        yield reads.single.operation, (Purpose.KNOWN, Purpose.UNKNOWN)


def _one(evidence: Evidence, kind: Kind, name: str, purposes: tuple[Purpose, ...]) -> Finding:
    asked = next((a for p in purposes if (a := evidence.of(kind.name, p))), None)
    if asked is None or asked.outcome is Outcome.UNASKED:
        return _unasked(kind, name, asked)
    if asked.purpose is Purpose.UNKNOWN:
        return _only_unknown(kind, name, asked)
    if asked.answered:
        return _answered(evidence, kind, name, asked)
    if evidence.refused_throughout:
        return untried(name, f"{asked.route}: HTTP {asked.status}")
    if asked.outcome is Outcome.FORBIDDEN:
        step = f"give the group of the API client {kind.module} VIEW"
        return problem(name, f"{asked.route}: HTTP {asked.status}, a right is missing", step)
    verdict, step = _without(evidence, kind, asked)
    return verdict(name, _failed(asked), step)


def _failed(asked: Asked) -> str:
    """What went wrong, with its route."""
    if asked.outcome is Outcome.NOT_OFFERED:
        return f"not offered: {', '.join([*asked.passed_over, asked.route])}"
    said = asked.detail or f"HTTP {asked.status}"
    return f"{asked.route}: {said}" if asked.route else said


def _unasked(kind: Kind, name: str, asked: Asked | None) -> Finding:
    if asked is None:
        return untried(name, f"not tried: it needs {kind.module} VIEW too")
    return note(name, asked.detail, asked.hint) if asked.hint else untried(name, asked.detail)


def _only_unknown(kind: Kind, name: str, asked: Asked) -> Finding:
    """No object was there to read: a "not found" may also mean "no such operation"."""
    if asked.status == 404 or asked.outcome is Outcome.NOT_OFFERED:
        found = f"cannot be told: no {kind.name} was seen, and an unknown one gives HTTP 404"
        return note(name, found, f"run this again when the shop has a {kind.name}")
    if asked.outcome in (Outcome.REFUSED, Outcome.ANSWERED):
        return ok(name, f"{asked.route} (no {kind.name} was seen to read)")
    return note(name, f"{asked.route}: HTTP {asked.status}", _LATER)


def _answered(evidence: Evidence, kind: Kind, name: str, asked: Asked) -> Finding:
    broken = _misunderstood(kind, asked)
    if broken:
        return problem(name, f"{asked.route}: {broken}", "report it, with this line")
    others = f" (not offered: {', '.join(asked.passed_over)})" if asked.passed_over else ""
    if asked.purpose is Purpose.KNOWN and not asked.rows:
        found = f"{asked.route} answers {asked.form} for an object that a list shows{others}"
        return note(name, found, f"`plan` calls a {kind.name} unknown where only this can tell")
    if asked.purpose is Purpose.LISTING and not asked.rows and any(evidence.rows(kind.name)):
        found = f"{asked.route} lists none, though the shop has a {kind.name}"
        return note(name, found, "nothing: what a list lacks is read by name")
    return ok(name, f"{asked.route}: {_size(asked)}{others}")


def _size(asked: Asked) -> str:
    if asked.purpose is Purpose.KNOWN:
        return "one object"
    total = f" of {asked.total:,}" if asked.total is not None else ""
    rows = "row" if len(asked.rows) == 1 and not total else "rows"
    return f"{asked.form}, {len(asked.rows):,}{total} {rows}"


def _misunderstood(kind: Kind, asked: Asked) -> str:
    """Why rows of an answer would be of no use; empty where all are."""
    for row in asked.rows:
        if kind.named(row) is None:
            return f"rows do not show the {kind.identity} (they show: {', '.join(sorted(row))})"
        try:
            kind.decode(row)
        except (ValueError, TypeError, AttributeError) as error:
            return f"a row is not understood: {error}"
    return ""


def _without(evidence: Evidence, kind: Kind, asked: Asked) -> tuple[partial[Finding], str]:
    """What it means that a kind lacks this read."""
    reads = kind.reads
    again = "run this again; if it stays, show this line to DealPOS"
    others = {
        purpose
        for purpose in (Purpose.BATCH, Purpose.BATCH_KNOWN, Purpose.KNOWN)
        if (other := evidence.of(kind.name, purpose)) and other.answered
    }
    if reads.single and evidence.of(kind.name, Purpose.KNOWN) is None:
        others.add(Purpose.KNOWN)  # nothing speaks against it: no object was there to read
    listing = evidence.of(kind.name, Purpose.LISTING)
    listed = listing is not None and listing.answered
    if reads.single and asked.operation == reads.single.operation:
        if any(retired(kind, row) for row in evidence.rows(kind.name)):
            return partial(note), "nothing: lists show what is out of use too"
        step = f"{again}; until then nothing new of this kind is planned, it stays unknown"
        return partial(problem), step
    if reads.batch and asked.operation == reads.batch.operation:
        return (partial(note), "nothing: lists are read instead") if listed else _stuck(again)
    if asked.outcome is Outcome.NOT_OFFERED and others:
        return partial(note), "nothing: objects are read one by one, a request each"
    if others & {Purpose.BATCH, Purpose.BATCH_KNOWN}:
        return partial(note), "nothing: objects are read by code, 100 in a request"
    return _stuck(again)


def _stuck(again: str) -> tuple[partial[Finding], str]:
    return partial(problem), again
