"""Syntax tree of a YAML text: lines and columns for messages, character offsets for edits.

Reading a shop keeps one position per mapping. The tree is made of the one file that a message
names or an edit changes, which costs milliseconds and keeps the fast path free of bookkeeping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from _ruamel_yaml import CParser
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

_ANCHOR = re.compile(r"&\S+\s*")

Position = tuple[int, int]
"""Line and column, counted from 1."""

Steps = tuple[str | int, ...]
"""Keys and indexes from a mapping to a value inside it."""


@dataclass(slots=True)
class YamlNode:
    """One value: its characters from `start` up to `end`, without its anchor."""

    sort: Literal["scalar", "map", "list", "alias"]
    position: Position
    """The place where the value starts, with its anchor."""
    start: int
    end: int
    flow: bool
    """Whether it stands inside brackets or braces, or is such a collection itself."""
    anchor: str = ""
    style: str = ""
    """Of a scalar: empty when plain, else its first character."""
    text: str = ""
    pairs: list[YamlPair] = field(default_factory=list)
    items: list[YamlNode] = field(default_factory=list)
    target: YamlNode | None = None
    """The value that an alias repeats."""

    def pair(self, key: str) -> YamlPair | None:
        """Return the pair that is written under `key` here, not what a merge brings."""
        return next((pair for pair in self.pairs if pair.key == key), None)

    def walk(self) -> Iterator[YamlNode]:
        """Yield this value and every one inside it; what an alias repeats is not inside it."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += [*node.items, *(pair.value for pair in node.pairs)]

    def aliases(self) -> set[str]:
        """Return the anchors that are repeated in here."""
        return {node.anchor for node in self.walk() if node.sort == "alias"}

    def anchors(self) -> set[str]:
        """Return the anchors that are defined in here."""
        return {node.anchor for node in self.walk() if node.anchor and node.sort != "alias"}

    def child(self, step: str | int) -> tuple[Position, YamlNode] | None:
        """Return the position of a key, and its value; through aliases and `<<:`."""
        node = self.target or self
        if isinstance(step, int):
            item = node.items[step] if step < len(node.items) else None
            return (item.position, item.target or item) if item else None
        if own := node.pair(step):
            return own.position, own.value.target or own.value
        for merge in (pair.value.target or pair.value for pair in node.pairs if pair.key == "<<"):
            for source in merge.items or [merge]:
                if found := source.child(step):
                    return found
        return None


@dataclass(slots=True)
class YamlPair:
    """One key of a mapping, with its value."""

    key: str
    position: Position
    start: int
    end: int
    """Of the key itself."""
    value: YamlNode


class PositionIndex:
    """The mappings of one text by their position, for several look-ups."""

    def __init__(self, content: str) -> None:
        self.mappings: dict[Position, YamlNode] = {}
        try:
            top = parse_syntax(content)
        except (RecursionError, YAMLError):
            return  # nested beyond any use, or broken further on: the places of mappings have to do
        for node in top.walk() if top else ():
            if node.pairs:
                self.mappings[node.position] = node

    def locate(self, start: Position, path: Sequence[str | int], *, key: bool = False) -> Position:
        """Return the position of the value (or the key) at `path` below the mapping at `start`.

        The nearest thing that exists is named where the path itself is not in the text.
        """
        node = self.mappings.get(start)
        if node is None:
            return start
        position = node.position
        for step in path:
            found = node.child(step)
            if found is None:
                break
            named, node = found
            position = named if key else node.position
        return position


def parse_syntax(text: str) -> YamlNode | None:
    """Return the root of a text; None for an empty one. Raises YAMLError for what is no YAML."""
    parser = CParser(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
                return _TreeBuilder(parser, text).read(event, False)
    finally:
        parser.dispose()
    return None


def find_node(root: YamlNode, path: Sequence[str | int]) -> YamlNode | None:
    """Return the value at a path; None where an alias or a merge stands in between."""
    node = root
    for step in path:
        if isinstance(step, int):
            if step >= len(node.items):
                return None
            node = node.items[step]
        elif pair := node.pair(step):
            node = pair.value
        else:
            return None
    return node if node.sort != "alias" else None


class _TreeBuilder:
    def __init__(self, parser: CParser, text: str) -> None:
        self.parser = parser
        self.text = text
        self.anchors: dict[str, YamlNode] = {}

    def read(self, event: Any, flow: bool) -> YamlNode:
        """Return the value that begins with `event`; `flow` inside brackets or braces."""
        mark, start, end = event.start_mark, event.start_mark.index, event.end_mark.index
        position, anchor = (mark.line + 1, mark.column + 1), event.anchor or ""
        if isinstance(event, AliasEvent):
            target = self.anchors.get(anchor)
            return YamlNode("alias", position, start, end, flow, anchor, target=target)
        if anchor and (match := _ANCHOR.match(self.text, start)):
            start = match.end()
        if isinstance(event, ScalarEvent):
            # A block scalar ends where the next token begins.
            end = max(start, start + len(self.text[start:end].rstrip()))
            style = event.style or ""
            node = YamlNode("scalar", position, start, end, flow, anchor, style, event.value)
        else:
            sort: Literal["map", "list"] = "map" if isinstance(event, MappingStartEvent) else "list"
            node = YamlNode(sort, position, start, end, bool(event.flow_style), anchor)
            last = self._read_pairs(node) if sort == "map" else self._read_items(node)
            node.end = last.end_mark.index if node.flow else node.end
        if anchor:
            self.anchors[anchor] = node
        return node

    def _read_pairs(self, node: YamlNode) -> Any:
        """Read the pairs of a mapping; return the event that ends it."""
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key = self.read(event, node.flow)
            value = self.read(self.parser.get_event(), node.flow)
            node.pairs.append(YamlPair(key.text, key.position, key.start, key.end, value))
            node.end = value.end
        return event

    def _read_items(self, node: YamlNode) -> Any:
        """Read the items of a list; return the event that ends it."""
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            node.items.append(self.read(event, node.flow))
            node.end = node.items[-1].end
        return event
