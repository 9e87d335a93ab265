"""Whether the shop gives a token, and takes it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, problem, untried

NAME = "credentials"

SHORT = 180.0
"""Seconds below which a token may not outlive one request window."""


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """A token was given, for so long, and at least one operation takes it."""
    token = evidence.of("", Purpose.TOKEN)
    if token is not None:
        yield _refused(token.outcome, token.detail, token.hint)
        return
    if evidence.refused_throughout:
        yield problem(
            NAME,
            "the shop gives a token, and every operation refuses it (HTTP 401)",
            "see in DealPOS whether the API client is active, and what its group may do",
        )
        return
    life = evidence.lifetime
    if life is None:
        yield ok(NAME, "accepted; the shop does not say how long a token lives (HTTP 401 tells)")
    elif life < SHORT:
        step = "nothing: it is renewed on the way, at up to 2 requests each time"
        yield note(NAME, f"accepted; a token lives {life:,.0f} s only", step)
    else:
        yield ok(NAME, f"accepted; a token lives {life:,.0f} s")


def _refused(outcome: Outcome, detail: str, hint: str) -> Finding:
    if outcome is Outcome.FORBIDDEN:
        return problem(NAME, detail, hint)
    return untried(NAME)
