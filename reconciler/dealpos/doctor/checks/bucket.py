"""Whether all endpoints share one request window (API §3: the page contradicts itself)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence
from reconciler.dealpos.doctor.finding import Finding, note, ok
from reconciler.dealpos.observer import RequestRecord
from reconciler.dealpos.request_window import parse_count

NAME = "shared window"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """The count goes down from one endpoint to the next, or each has its own."""
    pairs = list(_first_meetings(evidence))
    if not pairs:
        yield note(
            NAME,
            "cannot be told without RateLimit headers",
            "nothing: one window for all endpoints is assumed",
        )
        return
    shared = sum(after < before for before, after in pairs)
    if 2 * shared >= len(pairs):
        yield ok(NAME, "one window for all endpoints: the count goes down across them")
    else:
        yield note(
            NAME,
            "each endpoint has a window of its own: the count starts anew with each",
            "nothing: one window for all is assumed, so the tool is slower than it might be",
        )


def _first_meetings(evidence: Evidence) -> Iterator[tuple[int, int]]:
    """What was left before and after the first request to each endpoint but the first."""
    met: set[tuple[str, str]] = set()
    told = [h.exchange for h in evidence.heard if _left(h.exchange) is not None]
    if told:
        met.add((told[0].method, told[0].path))
    for before, after in pairwise(told):
        if (after.method, after.path) not in met:
            met.add((after.method, after.path))
            yield _left(before) or 0, _left(after) or 0


def _left(exchange: RequestRecord) -> int | None:
    return parse_count(exchange.headers.get("ratelimit-remaining", ""))
