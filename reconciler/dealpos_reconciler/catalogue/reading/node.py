"""The mapping that every parser of the catalogue gives."""

from __future__ import annotations

from typing import Any

from dealpos_reconciler.core.model.address import Source


class Node(dict[str, Any]):
    """A mapping that knows where it starts; line and column count from 1."""

    __slots__ = ("column", "line")

    line: int
    column: int

    def copy_node(self) -> Node:
        """Return a copy at the same place; an alias may share the original."""
        twin = Node(self)
        twin.line, twin.column = self.line, self.column
        return twin

    def source(self, file: str) -> Source:
        """Return the place where the mapping starts in `file`."""
        return Source(file, self.line, self.column)


def empty_node() -> Node:
    """Return the mapping of an empty file."""
    node = Node()
    node.line = node.column = 1
    return node
