"""Checks of access: host, credentials, permissions to read, rate limit and clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.dealpos.doctor.evidence import Evidence, Purpose, Reply, TimedRecord
from dealpos_reconciler.dealpos.doctor.finding import CheckResult, error, ok, skip, warning
from dealpos_reconciler.dealpos.limit_headers import parse_date, read_limits
from dealpos_reconciler.dealpos.operations import OPERATIONS

HOST = "host"
CREDENTIALS = "credentials"
PERMISSIONS = "permissions"
RATE_LIMIT = "rate limit"
SCOPE = "rate limit scope"
CLOCK = "clock"

MIN_TOKEN_SECONDS = 180.0
"""A token that is valid for less may expire within one rate-limit window."""

MAX_CLOCK_DIFFERENCE_SECONDS = 60.0
"""A difference of two clocks that nobody notices."""


def check_host(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that a DealPOS API answers at the address."""
    token = evidence.question("", Purpose.TOKEN)
    if token and token.reply is not Reply.FORBIDDEN:
        step = token.hint or "check the address and the network, then run the doctor again"
        yield error(HOST, token.failure, step)
    else:
        lost = sum(timed.record.status == 0 for timed in evidence.records)
        suffix = f"; {lost} of {len(evidence.records)} responses were lost" if lost else ""
        yield ok(HOST, f"answers{suffix}")


def check_credentials(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that the shop issues a token, and that an operation accepts it."""
    seconds = evidence.token_lifetime
    if token := evidence.question("", Purpose.TOKEN):
        is_refused = token.reply is Reply.FORBIDDEN
        yield error(CREDENTIALS, token.failure, token.hint) if is_refused else skip(CREDENTIALS)
    elif evidence.token_always_refused:
        yield error(
            CREDENTIALS,
            "the shop issues a token, and every operation refuses it (HTTP 401)",
            "check in DealPOS that the API client is active, and the permissions of its group",
        )
    elif seconds is None:
        yield ok(CREDENTIALS, "accepted; token lifetime unknown (renewed after HTTP 401)")
    elif seconds < MIN_TOKEN_SECONDS:
        step = "no action needed: the token is renewed, with up to 2 requests each time"
        yield warning(CREDENTIALS, f"accepted; token valid for only {seconds:,.0f} s", step)
    else:
        yield ok(CREDENTIALS, f"accepted; token valid for {seconds:,.0f} s")


def check_permissions(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that the API client may read each module (dealpos-api.md §1)."""
    if evidence.token_always_refused:
        yield skip(PERMISSIONS, "skipped: no operation accepts the token")
        return
    asked = [question for question in evidence.questions if question.kind]
    missing: dict[str, set[str]] = {}
    for question in asked:
        if question.reply is Reply.FORBIDDEN:
            right = OPERATIONS[question.operation].right
            missing.setdefault(right, set()).add(f"{question.operation}: HTTP {question.status}")
    for right, refused in sorted(missing.items()):
        found = f"{right} is missing ({', '.join(sorted(refused))})"
        yield error(PERMISSIONS, found, "add it to the group of the API client in DealPOS")
    if granted := {OPERATIONS[q.operation].right for q in asked if q.is_answered}:
        found = f"granted: {', '.join(sorted(granted))}. Write permissions cannot be checked"
        yield ok(PERMISSIONS, found)
    elif not missing:
        yield skip(PERMISSIONS)


def check_rate_limit(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Report the limit that the headers name, whether tokens count, and any HTTP 429."""
    answered = [timed.record for timed in evidence.records if timed.record.status]
    with_headers = [
        (record, remaining)
        for record in answered
        if (remaining := read_limits(record.headers).remaining) is not None
    ]
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
        tokens_count = any(record.operation == "token" for record, _ in with_headers)
        remaining = with_headers[-1][1]
        yield ok(
            RATE_LIMIT,
            f"{evidence.limit:,} requests per {evidence.seconds:,.0f} s, "
            f"{remaining:,} remaining; token requests {'' if tokens_count else 'do not '}count",
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
    fastest = sorted(evidence.records, key=lambda timed: timed.record.seconds)
    differences = (_seconds_ahead(timed) for timed in fastest)
    ahead = next((seconds for seconds in differences if seconds is not None), None)
    if ahead is None:
        step = "no action needed: only the day matters, where coupons expire"
        yield warning(CLOCK, "unknown: no Date header", step)
    elif abs(ahead) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        yield ok(CLOCK, f"within {MAX_CLOCK_DIFFERENCE_SECONDS:.0f} s of this computer's clock")
    else:
        direction = "ahead of" if ahead > 0 else "behind"
        found = f"the shop's clock is {abs(ahead):,.0f} s {direction} this computer's"
        yield warning(CLOCK, found, "set this computer's clock; coupons expire by the shop's clock")


def _counts_around_new_endpoints(evidence: Evidence) -> Iterator[tuple[int, int]]:
    """Yield the requests remaining before and after the first request to each new endpoint."""
    counted = [
        ((record.method, record.path), remaining)
        for record in (timed.record for timed in evidence.records)
        if (remaining := read_limits(record.headers).remaining) is not None
    ]
    met = {endpoint for endpoint, _ in counted[:1]}
    for (_, before), (endpoint, after) in pairwise(counted):
        if endpoint not in met:
            met.add(endpoint)
            yield before, after


def _seconds_ahead(timed: TimedRecord) -> float | None:
    date = parse_date(timed.record.headers.get("date", ""))
    return None if date is None else date - timed.at
