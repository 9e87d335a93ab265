"""Each read that the tool needs: the route that answers it, and in which form.

What the tool does without a read is in `live`: a kind that can still be read another way costs
more requests, and no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, problem, untried
from reconciler.dealpos.rows import describe_shape

_AGAIN = "run this again; if it stays, show this line to DealPOS"
_LATER = "nothing: `plan` finds it out when it needs it"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """A line for every read of every kind."""
    for kind in kinds.values():
        for name, purposes in _needed(kind):
            yield _one(evidence, kinds, kind, name, purposes)


def _needed(kind: Kind) -> Iterator[tuple[str, tuple[Purpose, ...]]]:
    """The operations of a kind's reads, with the questions that tell of them, the best first."""
    reads = kind.reads
    if reads.listing:
        yield reads.listing.operation, (Purpose.LISTING,)
    if reads.batch:
        yield reads.batch.operation, (Purpose.BATCH_KNOWN, Purpose.BATCH)
    if reads.single:
        yield reads.single.operation, (Purpose.KNOWN, Purpose.UNKNOWN)


def _one(
    evidence: Evidence, kinds: Kinds, kind: Kind, name: str, purposes: tuple[Purpose, ...]
) -> Finding:
    asked = next((a for p in purposes if (a := evidence.of(kind.name, p))), None)
    if asked is None or asked.outcome is Outcome.UNASKED:
        return _unasked(kind, name, asked)
    if asked.purpose is Purpose.UNKNOWN:
        return _only_unknown(evidence, kind, name, asked)
    if asked.answered:
        return _answered(evidence, kind, name, asked)
    if evidence.refused_throughout:
        return untried(name, f"{asked.route}: HTTP {asked.status}")
    if asked.outcome is Outcome.FORBIDDEN:
        step = f"give the group of the API client {kind.module} VIEW"
        return problem(name, f"{asked.route}: HTTP {asked.status}, a right is missing", step)
    verdict, step = _without(evidence, kinds, kind, asked)
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


def _only_unknown(evidence: Evidence, kind: Kind, name: str, asked: Asked) -> Finding:
    """No object was there to read: a "not found" may also mean "no such operation"."""
    if _surely_missing(asked):
        if not _listed(evidence, kind):
            return problem(name, _failed(asked), _AGAIN)
        step = f"nothing while the shop has no {kind.name}; run this again when it has one"
        return note(name, _failed(asked), step)
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
            return f"rows do not show the {kind.identity} (they are {describe_shape(row)})"
        try:
            kind.decode(row)
        except (ValueError, TypeError, AttributeError) as error:
            return f"a row is not understood: {error}"
    return ""


def _without(
    evidence: Evidence, kinds: Kinds, kind: Kind, asked: Asked
) -> tuple[partial[Finding], str]:
    """What it means that a kind lacks this read."""
    reads = kind.reads
    if reads.single and asked.operation == reads.single.operation:
        return _without_single(evidence, kinds, kind, asked)
    if reads.batch and asked.operation == reads.batch.operation:
        if _listed(evidence, kind):
            return partial(note), "nothing: lists are read instead"
        return partial(problem), _AGAIN
    if asked.outcome is Outcome.NOT_OFFERED and _named(evidence, kind):
        how = "objects are read one by one, a request each"
        if reads.single and not _answers(evidence, kind, Purpose.KNOWN):
            return partial(note), f"nothing, if {reads.single.operation} answers: {how}"
        return partial(note), f"nothing: {how}"
    if _batched(evidence, kind):
        return partial(note), "nothing: objects are read by code, 100 in a request"
    return partial(problem), _AGAIN


def _without_single(
    evidence: Evidence, kinds: Kinds, kind: Kind, asked: Asked
) -> tuple[partial[Finding], str]:
    """What it means that no single object can be read: nothing can be proved absent by it."""
    if any(kind.retired(row) for row in evidence.rows(kind.name)):
        return partial(note), "nothing: lists show what is out of use too"
    if asked.outcome is Outcome.NOT_OFFERED and _listed(evidence, kind):
        # dealpos-api.md §6.4, §9: two generations print no read of a single product or customer.
        child = next((k for k in kinds.values() if k.parent and k.parent.kind == kind.name), None)
        if child and _proves_absence(evidence, child):
            step = (
                f"nothing: a {kind.name} that the list lacks is new where none of its "
                f"{child.collection} exists, else it stays unknown"
            )
            return partial(note), step
        if not kind.reads.listed:
            # The files name a few of many, which seldom change.
            step = (
                f"enter new and changed {kind.collection} in DealPOS: they are compared as far as "
                "the list shows them, and not written"
            )
            return partial(note), step
    step = f"{_AGAIN}; until then nothing new of this kind is planned, it stays unknown"
    return partial(problem), step


def _proves_absence(evidence: Evidence, kind: Kind) -> bool:
    """Whether reads of a kind tell what is not there, as `live` goes about it."""
    if not _listed(evidence, kind) and not _batched(evidence, kind):
        return False
    known = evidence.of(kind.name, Purpose.KNOWN)
    unspoken = known is None or known.answered or known.outcome is Outcome.UNASKED
    return unspoken or any(kind.retired(row) for row in evidence.rows(kind.name))


def _listed(evidence: Evidence, kind: Kind) -> bool:
    return _answers(evidence, kind, Purpose.LISTING)


def _batched(evidence: Evidence, kind: Kind) -> bool:
    return _answers(evidence, kind, Purpose.BATCH, Purpose.BATCH_KNOWN)


def _named(evidence: Evidence, kind: Kind) -> bool:
    """Whether objects can be read by name, or nothing speaks against it: none was there to read."""
    if _batched(evidence, kind) or _answers(evidence, kind, Purpose.KNOWN):
        return True
    unknown = evidence.of(kind.name, Purpose.UNKNOWN)
    untold = evidence.of(kind.name, Purpose.KNOWN) is None
    return kind.reads.single is not None and untold and not (unknown and _surely_missing(unknown))


def _answers(evidence: Evidence, kind: Kind, *purposes: Purpose) -> bool:
    return any(a.answered for a in evidence.every(*purposes) if a.kind == kind.name)


def _surely_missing(asked: Asked) -> bool:
    """Whether no route is offered, and no answer could as well mean "not found"."""
    refused = {e.status for e in asked.exchanges if e.operation == asked.operation}
    return asked.outcome is Outcome.NOT_OFFERED and 404 not in refused
