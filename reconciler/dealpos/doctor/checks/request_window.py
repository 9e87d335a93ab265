"""Checks of the rate limit: its headers, its scope, and the clock of the shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import pairwise

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, TimedRecord
from reconciler.dealpos.doctor.finding import CheckResult, ok, skip, warning
from reconciler.dealpos.observer import RequestRecord
from reconciler.dealpos.request_window import parse_count

RATE_LIMIT = "rate limit"
SCOPE = "rate limit scope"
CLOCK = "clock"

MAX_CLOCK_DIFFERENCE_SECONDS = 60.0
"""A difference of two clocks that nobody notices."""


def check_rate_limit(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Report the limit that the headers name, whether tokens count, and any HTTP 429."""
    answered = [timed.record for timed in evidence.records if timed.record.status]
    with_headers = [record for record in answered if "ratelimit-remaining" in record.headers]
    refused = sum(record.status == 429 for record in answered)
    if not answered:
        yield skip(RATE_LIMIT)
    elif refused:
        times = "once" if refused == 1 else f"{refused} times"
        yield warning(
            RATE_LIMIT,
            f"HTTP 429 {times}: other integrations use the same rate limit",
            "find them in the usage log of DealPOS (Setup > More Menu > API Configuration); 'plan' "
            "waits for the next window",
        )
    elif not with_headers:
        yield warning(
            RATE_LIMIT,
            "no RateLimit headers; the documented 50 requests per 180 s are assumed",
            "no action needed: requests are counted here, without those of other integrations",
        )
    else:
        tokens_count = any(record.operation == "token" for record in with_headers)
        remaining = with_headers[-1].headers.get("ratelimit-remaining", "")
        yield ok(
            RATE_LIMIT,
            f"{evidence.limit:,} requests per {evidence.seconds:,.0f} s, "
            f"{remaining[:12]} remaining; token requests {'' if tokens_count else 'do not '}count",
        )


def check_rate_limit_scope(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check whether all endpoints share one window (API §3: the page contradicts itself)."""
    pairs = list(_counts_around_new_endpoints(evidence))
    shared = sum(after < before for before, after in pairs)
    if not pairs:
        step = "no action needed: one window for all endpoints is assumed"
        yield warning(SCOPE, "unknown: no RateLimit headers", step)
    elif 2 * shared >= len(pairs):
        yield ok(SCOPE, "one window for all endpoints")
    else:
        step = (
            "no action needed: one window for all is assumed, so the tool is slower than possible"
        )
        yield warning(SCOPE, "one window for each endpoint", step)


def check_clock(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Compare the clocks by the Date header of the fastest response."""
    dated = [
        (timed.record.seconds, ahead)
        for timed in evidence.records
        if (ahead := _seconds_ahead(timed)) is not None
    ]
    if not dated:
        step = "no action needed: only the day matters, where coupons expire"
        yield warning(CLOCK, "unknown: no Date header", step)
        return
    ahead = min(dated, key=lambda pair: pair[0])[1]
    if abs(ahead) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        yield ok(CLOCK, f"within {MAX_CLOCK_DIFFERENCE_SECONDS:.0f} s of this computer's clock")
    else:
        direction = "ahead of" if ahead > 0 else "behind"
        found = f"the shop's clock is {abs(ahead):,.0f} s {direction} this computer's"
        yield warning(CLOCK, found, "set this computer's clock; coupons expire by the shop's clock")


def _counts_around_new_endpoints(evidence: Evidence) -> Iterator[tuple[int, int]]:
    """Yield the requests remaining before and after the first request to each new endpoint."""
    records = (timed.record for timed in evidence.records)
    counted = [record for record in records if _remaining(record) is not None]
    met = {(record.method, record.path) for record in counted[:1]}
    for before, after in pairwise(counted):
        if (after.method, after.path) not in met:
            met.add((after.method, after.path))
            yield _remaining(before) or 0, _remaining(after) or 0


def _remaining(record: RequestRecord) -> int | None:
    return parse_count(record.headers.get("ratelimit-remaining", ""))


def _seconds_ahead(timed: TimedRecord) -> float | None:
    """Return the seconds that the shop's clock is ahead, by one response."""
    try:
        date = parsedate_to_datetime(timed.record.headers.get("date", ""))
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return date.timestamp() - timed.at
