"""The words of a guardrail: what it found in a plan, and how it measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Allowance


@dataclass(frozen=True, slots=True)
class Violation:
    """What a guardrail has against a plan."""

    rule: str
    message: str
    """What would happen, in the shop's words."""
    measured: str
    limit: str
    hint: str
    """How to allow it."""
    address: Address | None = None
    """The object; None for the plan as a whole."""
    source: Source | None = None
    """The line that asks for it."""
    allowed: Allowance | None = None
    """The exception that covers it; None for a violation that refuses the apply."""


def refusals(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Those that no exception covers: with any of them, nothing may be applied."""
    return tuple(violation for violation in violations if violation.allowed is None)


def percent(share: int | Decimal, rounding: str = ROUND_UP) -> str:
    """A share of a hundred for people: `50 %`, `-12.5 %`.

    Rounded away from nothing, so that what is over a limit does not read as the limit.
    """
    tenths = Decimal(share).quantize(Decimal("0.1"), rounding)
    return f"{tenths:,}".removesuffix(".0") + " %"
