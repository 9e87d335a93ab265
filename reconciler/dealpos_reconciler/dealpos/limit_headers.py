"""Response headers of the rate limit, in each form that servers send.

dealpos-api.md §3 documents `RateLimit-Limit`, `-Remaining` and `-Policy` (draft 06). Draft 07 joins
them in `RateLimit: limit=50, remaining=9, reset=30`, later ones name the policies:
`RateLimit: "default";r=9;t=30` and `RateLimit-Policy: "default";q=50;w=180`. Other servers send
`X-RateLimit-*`. Each value is taken from the first of these forms that has it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import NamedTuple

_MAX_CHARACTERS = 400
"""A longer header says nothing about a rate limit; parsing one of 90 kB would take long."""

# Longer numbers mean nothing that a shop could promise, or that a clock could wait for.
_COUNT, _SECONDS = r"[0-9]{1,12}", r"[0-9]{1,6}"

_FIRST_TIMESTAMP = 1_000_000_000
"""A larger `X-RateLimit-Reset` is a time in seconds since 1970, not a duration."""

Item = tuple[str, dict[str, str]]


class LimitHeaders(NamedTuple):
    """The rate limit as a response describes it; None where it does not say."""

    limit: int | None
    """Requests of a window."""
    seconds: float | None
    """Length of a window."""
    remaining: int | None
    reset: float | None
    """Seconds until the window ends."""


def read_limits(headers: Mapping[str, str]) -> LimitHeaders:
    """Return what the headers of a response say of the rate limit."""
    current = _read_current(headers)
    texts = [headers.get("ratelimit-limit", ""), headers.get("x-ratelimit-limit", "")]
    limit = _first_count(texts[0].partition(",")[0], current.get("limit", ""), texts[1])
    policy = _choose_policy(headers, current.get("name"), limit)
    ends = [headers.get("ratelimit-reset", ""), current.get("reset", "")]
    ends.append(headers.get("x-ratelimit-reset", ""))
    return LimitHeaders(
        policy[0] if policy else limit,
        policy[1] if policy else None,
        _first_count(
            headers.get("ratelimit-remaining", ""),
            current.get("remaining", ""),
            headers.get("x-ratelimit-remaining", ""),
        ),
        next((s for text in ends if (s := _parse_reset(text, headers)) is not None), None),
    )


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None where it is neither.

    A date is compared with the `Date` of the response, because the clocks may differ.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(_COUNT, text):
        return float(text)
    end = parse_date(text)
    return None if end is None else max(end - _now(headers), 0.0)


def parse_date(text: str) -> float | None:
    """Return an HTTP date as seconds since 1970; None where it is not one."""
    try:
        date = parsedate_to_datetime(text[:40])
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _now(headers: Mapping[str, str]) -> float:
    """Return the time of a response by the server's clock, else by this computer's."""
    sent = parse_date(headers.get("date", ""))
    return time.time() if sent is None else sent


def _first_count(*texts: str) -> int | None:
    """Return the first of the texts that is a number of requests."""
    return next((int(text) for text in texts if re.fullmatch(_COUNT, text)), None)


def _parse_reset(text: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until a window ends, from a duration or a time."""
    if re.fullmatch(_SECONDS, text):
        return float(text)
    if re.fullmatch(_COUNT, text) and int(text) >= _FIRST_TIMESTAMP:
        return max(int(text) - _now(headers), 0.0)
    return None


def _read_current(headers: Mapping[str, str]) -> dict[str, str]:
    """Return limit, remaining, reset and policy name of `RateLimit`, for the scarcest policy."""
    items = list(_items(headers.get("ratelimit", "")))
    joined = dict(head.split("=", 1) for head, _ in items if "=" in head)
    if joined:
        return joined
    counted = (
        {"name": head, "remaining": p["r"], "reset": p.get("t", "")}
        for head, p in items
        if re.fullmatch(_COUNT, p.get("r", ""))
    )
    return min(counted, key=lambda item: int(item["remaining"]), default={})


def _choose_policy(
    headers: Mapping[str, str], name: str | None, limit: int | None
) -> tuple[int, float] | None:
    """Return limit and window of the policy in force: by name, by limit, else the strictest."""
    texts = (headers.get("ratelimit-policy", ""), headers.get("ratelimit-limit", ""))
    items = chain.from_iterable(map(_items, texts))
    policies: list[tuple[str, int, float]] = []
    for head, parameters in items:
        quota = head if re.fullmatch(_COUNT, head) else parameters.get("q", "")
        window = parameters.get("w", "")
        counts_requests = parameters.get("qu", "requests") == "requests"
        if counts_requests and re.fullmatch(_COUNT, quota) and re.fullmatch(_SECONDS, window):
            policies.append((head, int(quota), float(window)))
    policies = [policy for policy in policies if policy[1] and policy[2]]
    chosen = min(
        policies,
        key=lambda policy: (policy[0] != name, policy[1] != limit, policy[1] / policy[2]),
        default=None,
    )
    return chosen and chosen[1:]


def _items(text: str) -> Iterator[Item]:
    """Yield the items of a list with their parameters: `50;w=180, "day";q=9` has two."""
    for item in text.split(",") if len(text) <= _MAX_CHARACTERS else ():
        head, *rest = (part.strip() for part in item.split(";"))
        pairs = (part.partition("=") for part in rest)
        yield head, {key.strip(): value.strip().strip('"') for key, _, value in pairs}
