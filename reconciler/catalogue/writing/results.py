"""What an import did: the files, what is in none of them, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.core.model.address import Address
from reconciler.errors import ReconcilerError


class LeftOut(NamedTuple):
    """What of the shop is in no file, and why."""

    address: Address
    field: str
    """Empty for the whole object."""
    reason: str


@dataclass(slots=True)
class Imported:
    """What an import did."""

    store: str
    files: dict[str, Counter[str]] = field(default_factory=dict)
    """The files that were written, with the objects of each kind in them."""
    left_out: list[LeftOut] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Addresses or collections that could not be read, and why."""
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    cut: ReconcilerError | None = None
    """What ended the reading early; what had been read is written all the same."""
