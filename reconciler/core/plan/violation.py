"""Findings that a plan shows above its changes: warnings of lost data, violated guardrails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Allowance


class PlanWarning(NamedTuple):
    """A possible loss of data, and what to do about it."""

    addresses: tuple[Address, ...]
    """The objects that are changed."""
    message: str


def merge_warnings(warnings: Iterable[PlanWarning]) -> Iterator[PlanWarning]:
    """Yield one warning for each message, about all objects that it is said of."""
    merged: dict[str, set[Address]] = {}
    for warning in warnings:
        merged.setdefault(warning.message, set()).update(warning.addresses)
    for message, addresses in merged.items():
        yield PlanWarning(tuple(sorted(addresses)), message)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks."""

    rule: str
    message: str
    """One plain sentence: what would happen, and the limit that it breaks."""
    measured: int | Decimal | None
    """None where the API does not return what it is measured by."""
    limit: int | Decimal | None
    """None where the rule has no limit, such as that of typing errors."""
    unit: str | None
    """The unit of `measured` and `limit`: `percent`, `money`, `days`, `uses`, `objects`."""
    address: Address | None = None
    """The object; None for the plan as a whole."""
    source: Source | None = None
    """The line that asks for it."""
    allowed: Allowance | None = None
    """The exception that covers it; None for a violation that refuses the apply."""


def refusals(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Return those that no exception covers: with any of them, nothing may be applied."""
    return tuple(violation for violation in violations if violation.allowed is None)


def round_share(share: int | Decimal, rounding: str = ROUND_UP) -> Decimal:
    """Return a share of a hundred with one decimal.

    It is rounded away from zero, so that a share over a limit does not read as the limit.
    """
    return Decimal(share).quantize(Decimal("0.1"), rounding)


def percent(share: int | Decimal, rounding: str = ROUND_UP) -> str:
    """Return a share of a hundred for people: `50 %`, `-12.5 %`."""
    return f"{round_share(share, rounding):,}".removesuffix(".0") + " %"
