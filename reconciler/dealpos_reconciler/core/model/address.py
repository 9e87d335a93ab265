"""Addresses of objects, and lines of files, with their texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Address(NamedTuple):
    """An object's name everywhere: `product/1003`, `category/Drinks/Coffee`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that `text` is; raises ValueError for one without a slash."""
        kind, name = text.split("/", 1)
        return cls(kind, name)


class Source(NamedTuple):
    """Where a file asks for something; line and column count from 1."""

    file: str
    line: int
    column: int

    def place_of(self, path: Sequence[str | int]) -> Source:
        """Return the place that asks for the value at `path` inside the object which starts here.

        It is another one where several layers make the object.
        """
        return self


def join_some(names: Sequence[object], most: int) -> str:
    """Join names with commas, at most `most` of them: `a, b and 3 more`."""
    rest = len(names) - most
    more = f" and {rest:,} more" if rest > 0 else ""
    return ", ".join(map(str, names[:most])) + more
