"""Whether the address is a shop's API."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, ok, problem

NAME = "host"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """Something answered there, and it speaks JSON where the API does."""
    token = evidence.of("", Purpose.TOKEN)
    if token is None or token.outcome is Outcome.FORBIDDEN:
        lost = sum(heard.exchange.status == 0 for heard in evidence.heard)
        silent = f"; {lost} of {len(evidence.heard)} answers were lost" if lost else ""
        yield ok(NAME, f"answers{silent}")
        return
    step = token.hint or "check the address and the network, then run this again"
    yield problem(NAME, token.detail, step)
