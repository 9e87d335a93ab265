"""YAML syntax tree with character offsets, for edits in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from reconciler.catalogue import positions as position
from reconciler.errors import ReconcilerError

_ANCHOR = re.compile(r"&\S+\s*")


@dataclass(slots=True)
class YamlNode:
    """One value: its characters from `start` up to `end`, without its anchor."""

    sort: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    flow: bool
    """Whether it stands inside brackets or braces, or is such a collection itself."""
    style: str = ""
    """Of a scalar: empty when plain, else its first character."""
    anchor: str = ""
    text: str = ""
    pairs: list[YamlPair] = field(default_factory=list)
    items: list[YamlNode] = field(default_factory=list)

    def pair(self, key: str) -> YamlPair | None:
        """The pair that is written under `key` here, not what a merge brings."""
        return next((pair for pair in self.pairs if pair.key == key), None)

    def aliases(self) -> set[str]:
        """The anchors that something in here repeats."""
        found = {self.anchor} if self.sort == "alias" else set()
        for inner in (*self.items, *(pair.value for pair in self.pairs)):
            found |= inner.aliases()
        return found

    def anchors(self) -> set[str]:
        """The anchors that stand in here."""
        found = {self.anchor} if self.anchor and self.sort != "alias" else set()
        for inner in (*self.items, *(pair.value for pair in self.pairs)):
            found |= inner.anchors()
        return found


@dataclass(slots=True)
class YamlPair:
    """One key of a mapping, with its value."""

    key: str
    start: int
    end: int
    """Of the key itself."""
    value: YamlNode


def parse_syntax(text: str) -> YamlNode | None:
    """The root of a text; None for an empty one. Raises ReconcilerError for what is no YAML."""
    try:
        return position.root(text, lambda parser, event: _place(parser, event, text, False))
    except YAMLError:
        raise ReconcilerError("a file has changed while it was being edited") from None


def find_node(root: YamlNode, path: Sequence[str | int]) -> YamlNode | None:
    """The value at a path; None where an alias or a merge stands in between."""
    place = root
    for step in path:
        if isinstance(step, int):
            if step >= len(place.items):
                return None
            place = place.items[step]
        else:
            pair = place.pair(step)
            if pair is None:
                return None
            place = pair.value
    return place if place.sort != "alias" else None


def _place(parser: Any, event: Any, text: str, inside: bool) -> YamlNode:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, AliasEvent):
        return YamlNode("alias", start, end, inside, anchor=event.anchor)
    anchor = event.anchor or ""
    if anchor and (match := _ANCHOR.match(text, start)):
        start = match.end()
    if isinstance(event, ScalarEvent):
        # A block scalar ends where the next token begins.
        end = max(start, start + len(text[start:end].rstrip()))
        return YamlNode("scalar", start, end, inside, event.style or "", anchor, event.value)
    if isinstance(event, MappingStartEvent):
        return _map(
            parser, YamlNode("map", start, end, bool(event.flow_style), anchor=anchor), text
        )
    return _list(parser, YamlNode("list", start, end, bool(event.flow_style), anchor=anchor), text)


def _map(parser: Any, place: YamlNode, text: str) -> YamlNode:
    while not isinstance(event := parser.get_event(), MappingEndEvent):
        key = _place(parser, event, text, place.flow)
        value = _place(parser, parser.get_event(), text, place.flow)
        place.pairs.append(YamlPair(key.text, key.start, key.end, value))
    place.end = event.end_mark.index if place.flow else place.pairs[-1].value.end
    return place


def _list(parser: Any, place: YamlNode, text: str) -> YamlNode:
    while not isinstance(event := parser.get_event(), SequenceEndEvent):
        place.items.append(_place(parser, event, text, place.flow))
    place.end = event.end_mark.index if place.flow else place.items[-1].end
    return place
