"""The part of a large set of cases that `make test` runs; `make deep` runs all of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

DEEP = bool(os.environ.get("DEEP"))

T = TypeVar("T")


def thinned(cases: Iterable[T], nth: int) -> list[T]:
    """Return every n-th case, or all of them."""
    return list(cases)[:: 1 if DEEP else nth]


def amount(few: int, many: int) -> int:
    """Return how many examples are tried."""
    return many if DEEP else few
