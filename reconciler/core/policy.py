"""The words of a guardrail: what it found in a plan, and the reviewed exceptions from it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.state import Address, Source


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception from a guardrail that a reviewer agreed to (`allow:` in a catalogue file)."""

    rule: str
    reason: str
    until: str
    """The last day on which it holds, `YYYY-MM-DD`."""
    source: Source
    address: Address | None = None
    """The object it is for; None for the plan as a whole."""


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
