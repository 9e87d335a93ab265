"""Which rights the credentials lack to read (dealpos-api.md §1: a module and a right)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Outcome
from reconciler.dealpos.doctor.finding import Finding, ok, problem, untried

NAME = "rights"

_UNSEEN = "rights to write show only when something is written"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """VIEW of every module that was asked; a refusal names what it costs."""
    if evidence.refused_throughout:
        yield untried(NAME, "not tried: no operation takes the token")
        return
    refused = [asked for asked in evidence.asked if asked.outcome is Outcome.FORBIDDEN]
    missing = {kinds[asked.kind].module: asked for asked in refused if asked.kind}
    asked = {kinds[a.kind].module for a in evidence.asked if a.kind and a.answered}
    there = ", ".join(f"{module} VIEW" for module in sorted(asked))
    for module, first in sorted(missing.items()):
        names = sorted({a.operation for a in refused if kinds[a.kind].module == module})
        yield problem(
            NAME,
            f"{module} VIEW is missing: HTTP {first.status} on {', '.join(names)}",
            "give it to the group of the API client in DealPOS",
        )
    if there:
        yield ok(NAME, f"{there}: there; {_UNSEEN}")
    elif not missing:
        yield untried(NAME)
