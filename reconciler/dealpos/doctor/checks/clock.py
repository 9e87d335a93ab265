"""How far the shop's clock is from this computer's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Heard
from reconciler.dealpos.doctor.finding import Finding, note, ok

NAME = "clock"

APART = 60.0
"""Seconds that two clocks may be apart without anybody noticing."""


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """By the Date header of the quickest answer."""
    dated = [(heard, seconds) for heard in evidence.heard if (seconds := _ahead(heard)) is not None]
    if not dated:
        yield note(
            NAME,
            "cannot be told: answers carry no Date header",
            "nothing: only the day matters, where coupons expire",
        )
        return
    _, ahead = min(dated, key=lambda pair: pair[0].exchange.seconds)
    if abs(ahead) <= APART:
        yield ok(NAME, f"within {APART:.0f} s of this computer's")
    else:
        way = "ahead of" if ahead > 0 else "behind"
        yield note(
            NAME,
            f"the shop's is {abs(ahead):,.0f} s {way} this computer's",
            "set this computer's clock; coupons expire by the shop's",
        )


def _ahead(heard: Heard) -> float | None:
    """Seconds that the shop is ahead, by one answer."""
    try:
        said = parsedate_to_datetime(heard.exchange.headers.get("date", ""))
    except ValueError:
        return None
    if said.tzinfo is None:
        said = said.replace(tzinfo=UTC)
    return said.timestamp() - heard.at
