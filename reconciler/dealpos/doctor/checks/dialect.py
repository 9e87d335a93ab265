"""Which generations of the documentation the answered routes fit (dealpos-api.md §0).

Only reads of one object tell: a list may answer and not heed where its parameters stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok
from reconciler.dealpos.operations import OPERATIONS

NAME = "generation"

_ALL = "ABC"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """Those that print what answers, without those that print what is not offered."""
    there, missing = _told(evidence)
    if not there and not missing:
        step = "nothing: each read takes the route that answers"
        yield note(NAME, "cannot be told: no object was read by itself", step)
        return
    fits = set(_ALL).intersection(*map(set, there.values())).difference(*missing.values())
    which = " or ".join(sorted(fits)) or "no single one of A, B and C"
    told = [f"answered: {_named(there)}"] if there else []
    told += [f"not offered: {_named(missing)}"] if missing else []
    yield ok(NAME, f"{which}; {'; '.join(told)}")


def _told(evidence: Evidence) -> tuple[dict[str, str], dict[str, str]]:
    """Routes that answered and routes that are not offered, with the generations that print them.

    What every generation prints tells nothing, and is left out.
    """
    there: dict[str, str] = {}
    missing: dict[str, str] = {}
    for asked in evidence.every(Purpose.KNOWN):
        printed = {f"{r.method} {r.path}": r for r in OPERATIONS[asked.operation].routes}
        gone = set(asked.passed_over)
        if asked.outcome is Outcome.NOT_OFFERED:
            gone.add(asked.route)
        for name, route in printed.items():
            if route.generations == _ALL:
                continue
            if name in gone:
                missing[name] = route.generations
            elif asked.rows and name == asked.route:
                there[name] = route.generations
    return there, missing


def _named(routes: dict[str, str]) -> str:
    return ", ".join(f"{route} ({' and '.join(of)})" for route, of in routes.items())
