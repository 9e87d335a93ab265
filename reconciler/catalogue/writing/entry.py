"""One object as an entry of a file: its keys with typed values, and the entries nested in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.catalogue.writing.scalar import escape_placeholders, paragraph, plain, scalar
from reconciler.core.model.address import Address

STEP = 2
"""Spaces of indentation for a nested value."""


@dataclass(slots=True)
class YamlEntry:
    """An object for a file."""

    address: Address
    value: dict[str, Any]
    """Its fields as text, numbers, flags, dates, lists and mappings."""
    children: list[YamlEntry] = field(default_factory=list)
    collection: str = ""
    """The key that its children stand under."""

    def tree(self) -> dict[str, Any]:
        """Return the entry as a reader of the file gets it: text, lists and mappings."""
        found = {key: texts(value) for key, value in self.value.items()}
        if self.children:
            found[self.collection] = [child.tree() for child in self.children]
        return found

    def addresses(self) -> Iterator[Address]:
        """Return the addresses of the object and of those nested in it."""
        yield self.address
        for child in self.children:
            yield from child.addresses()

    def lines(self, indent: int) -> Iterator[str]:
        """Return the entry as an item of a list, indented by `indent` spaces."""
        lead = " " * indent + "- "
        for line in self._body(indent + STEP):
            yield lead + line.lstrip(" ") if lead else line
            lead = ""

    def _body(self, indent: int) -> Iterator[str]:
        for key, value in self.value.items():
            yield from pair(key, value, indent)
        if self.children:
            yield " " * indent + f"{self.collection}:"
            for child in self.children:
                yield from child.lines(indent + STEP)


def texts(value: Any) -> Any:
    """Return a value as a reader gets it from the file."""
    if isinstance(value, dict):
        return {key: texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return plain(value)


def pair(key: str, value: Any, indent: int) -> Iterator[str]:
    """Return the lines of `key: value`, indented by `indent` spaces."""
    lead = " " * indent + f"{scalar(key)}:"
    if isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
        yield lead
        for inner_key, inner in value.items():
            yield " " * (indent + STEP) + f"{scalar(inner_key)}: {flow(inner)}"
        return
    lines = paragraph(escape_placeholders(value)) if isinstance(value, str) else None
    if lines is None:
        yield f"{lead} {flow(value)}"
        return
    yield f"{lead} |-"
    for line in lines:
        yield " " * (indent + STEP) + line if line else ""


def flow(value: Any, *, inside: bool = False) -> str:
    """Return a value on one line."""
    if isinstance(value, dict):
        pairs = (f"{scalar(k, flow=True)}: {flow(v, inside=True)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, inside=True) for item in value) + "]"
    return scalar(escape_placeholders(value) if isinstance(value, str) else value, flow=inside)
