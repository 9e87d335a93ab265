"""How a batch read answers when one of its codes does not exist (API §13: undocumented)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, untried

NAME = "unknown in a batch"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """Left out, or the whole batch refused."""
    batches = [a for a in evidence.every(Purpose.BATCH) if a.outcome is not Outcome.UNASKED]
    if not batches:
        yield untried(NAME, "not tried: no batch read was possible")
    for asked in batches:
        yield _one(evidence, asked)


def _one(evidence: Evidence, asked: Asked) -> Finding:
    if asked.answered:
        empty = asked.entries - len(asked.rows)
        how = "stands there as null" if empty > 0 else "is left out"
        return ok(NAME, f"{asked.operation}: an unknown code {how}")
    without = evidence.of(asked.kind, Purpose.BATCH_KNOWN)
    if without is not None and without.answered:
        return note(
            NAME,
            f"{asked.operation}: one unknown code and the whole batch is refused "
            f"(HTTP {asked.status})",
            "nothing: lists are read instead, where something new is declared",
        )
    return untried(NAME, f"cannot be told: {asked.operation} does not answer")
