"""Texts about many objects, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence


def join_some(names: Sequence[object], most: int) -> str:
    """Join names with commas, at most `most` of them: `a, b and 3 more`."""
    rest = len(names) - most
    more = f" and {rest:,} more" if rest > 0 else ""
    return ", ".join(map(str, names[:most])) + more
