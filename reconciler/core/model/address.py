"""Addresses of objects, and places in files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.core.model.kind import Kinds


class Address(NamedTuple):
    """An object's name everywhere: `product/1003`, `category/Drinks/Coffee`."""

    kind: str
    name: str

    def __str__(self) -> str:
        """`kind/name`."""
        return f"{self.kind}/{self.name}"


def above(address: Address, kinds: Kinds) -> Iterator[Address]:
    """Every object above one in a tree, the nearest first; nothing for a kind that is none."""
    kind, name = address
    while kinds[kind].tree and "/" in name:
        name = name.rpartition("/")[0]
        yield Address(kind, name)


class Source(NamedTuple):
    """Where a file asks for something; line and column count from 1."""

    file: str
    line: int
    column: int
