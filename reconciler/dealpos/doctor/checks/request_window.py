"""The request window that the headers tell (dealpos-api.md §3)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence
from reconciler.dealpos.doctor.finding import Finding, note, ok, untried

NAME = "rate limit"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """Limit and window by the shop's word, whether tokens count, and any 429."""
    heard = [h.exchange for h in evidence.heard if h.exchange.status]
    if not heard:
        yield untried(NAME)
        return
    told = [e for e in heard if "ratelimit-remaining" in e.headers]
    closed = sum(e.status == 429 for e in heard)
    if closed:
        step = "see in DealPOS which integrations use the window; `plan` waits for it"
        times = "once" if closed == 1 else f"{closed} times"
        yield note(NAME, f"HTTP 429 came {times}: other programs spend the window", step)
    elif not told:
        yield note(
            NAME,
            "no RateLimit headers; 50 requests per 180 s are assumed, as documented",
            "nothing: requests are counted here; others' requests are not seen",
        )
    else:
        tokens = any(e.operation == "token" for e in told)
        left = told[-1].headers.get("ratelimit-remaining", "")
        yield ok(
            NAME,
            f"{evidence.limit:,} requests per {evidence.seconds:,.0f} s, {left[:12]} left; "
            f"a request for a token {'counts too' if tokens else 'does not count'}",
        )
