"""Objects that were applied once and are gone from the shop."""

from __future__ import annotations

from typing import NamedTuple


class UsesSeen(NamedTuple):
    """The uses of a promotion, as they were last seen in the shop."""

    used: int
    """Uses spent, of all its replacements together."""
    limit: int
    """Uses that it had in all."""
