"""Addresses of objects, and places in files."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """An object's name everywhere: `product/1003`, `category/Drinks/Coffee`."""

    kind: str
    name: str

    def __str__(self) -> str:
        """`kind/name`."""
        return f"{self.kind}/{self.name}"


class Source(NamedTuple):
    """Where a file asks for something; line and column count from 1."""

    file: str
    line: int
    column: int
