"""What of the shop was taken into the files, what was not, and the files it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.catalogue.writing.results import LeftOut
from reconciler.core.model.address import Address, Source


@dataclass(frozen=True, slots=True)
class Take:
    """One field that the shop has otherwise than the files say."""

    address: Address
    field: str
    declared: Any
    live: Any
    """As the shop has it; what of it a file can say is decided when it is written."""
    source: Source
    """Where the object is declared."""


@dataclass(slots=True)
class Adopted:
    """What one run of adopt did, or would do."""

    takes: Sequence[Take] = ()
    new: Sequence[Address] = ()
    refused: Sequence[LeftOut] = ()
    files: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """Old and new content by name."""
