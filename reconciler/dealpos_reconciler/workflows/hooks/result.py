"""The result of a read that hints have caused; it crosses from one process to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dealpos_reconciler.core.hints import Topic
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.workflows.hooks.words import DriftWords

Result = Literal["judged", "undeclared", "budget", "failed"]


@dataclass(frozen=True, slots=True)
class FoundDrift:
    """One object that is not as declared, by the hand of the shop."""

    address: Address
    state: Topic
    digest: str
    words: DriftWords


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of one read."""

    result: Result
    """`budget`: more requests than allowed were needed; `failed`: see `reason`; both read again."""
    requests: int = 0
    """Requests that were sent, without those for a token."""
    has_connected: bool = False
    """True if a token was asked for."""
    judged: frozenset[Address] | None = frozenset()
    """The objects whose state is known now; None for all."""
    found: tuple[FoundDrift, ...] = ()
    reason: str = ""
