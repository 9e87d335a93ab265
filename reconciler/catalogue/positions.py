"""Find line and column of a path in a YAML text; only a message needs them.

Reading a shop keeps one position per mapping; composing the one file that an error names costs
milliseconds and keeps the fast path free of bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

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

Value = TypeVar("Value")

Position = tuple[int, int]
"""Line and column, counted from 1."""


@dataclass(slots=True)
class PositionNode:
    """A value of the text, with its position and its content."""

    position: Position
    items: list[PositionNode] = field(default_factory=list)
    pairs: list[tuple[str, Position, PositionNode]] = field(default_factory=list)

    def mappings(self) -> Iterator[PositionNode]:
        """Yield this and every mapping below it, each once although aliases may repeat it."""
        pending = [self]
        seen: set[int] = set()
        while pending:
            spot = pending.pop()
            if id(spot) not in seen:
                seen.add(id(spot))
                if spot.pairs:
                    yield spot
                pending.extend(spot.items)
                pending.extend(value for _, _, value in spot.pairs)

    def child(self, step: str | int) -> tuple[Position, PositionNode] | None:
        """Position of the key, and the value, of one step down; through `<<:` where needed."""
        if isinstance(step, int):
            return (self.items[step].position, self.items[step]) if step < len(self.items) else None
        for name, position, value in self.pairs:
            if name == step:
                return position, value
        merged = [value for name, _, value in self.pairs if name == "<<"]
        for source in [spot for value in merged for spot in (value.items or [value])]:
            if (found := source.child(step)) is not None:
                return found
        return None


class PositionIndex:
    """The mappings of one text by their position, for several look-ups."""

    def __init__(self, content: str) -> None:
        self.mappings: dict[Position, PositionNode] = {}
        try:
            top = root(content, lambda parser, event: _read_node(parser, event, {}))
            for spot in top.mappings() if top else ():
                self.mappings[spot.position] = spot
        except (RecursionError, YAMLError):
            pass  # nested beyond any use, or broken further on: the places of mappings have to do

    def locate(self, start: Position, path: Sequence[str | int], *, key: bool = False) -> Position:
        """Position of the value (or the key) at `path` below the mapping that starts at `start`.

        The nearest thing that exists is named where the path itself is not in the text.
        """
        spot = self.mappings.get(start)
        if spot is None:
            return start
        position = spot.position
        for step in path:
            found = spot.child(step)
            if found is None:
                break
            named, spot = found
            position = named if key else spot.position
        return position


def locate(
    content: str, start: Position, path: Sequence[str | int], *, key: bool = False
) -> Position:
    """One look-up in one text; see `PositionIndex.locate`."""
    return PositionIndex(content).locate(start, path, key=key)


def _read_node(parser: Any, event: Any, anchors: dict[str, PositionNode]) -> PositionNode:
    mark = event.start_mark
    spot = PositionNode((mark.line + 1, mark.column + 1))
    if isinstance(event, AliasEvent):
        return anchors.get(event.anchor, spot)
    if isinstance(event, SequenceStartEvent):
        while not isinstance(item := parser.get_event(), SequenceEndEvent):
            spot.items.append(_read_node(parser, item, anchors))
    elif isinstance(event, MappingStartEvent):
        while not isinstance(key := parser.get_event(), MappingEndEvent):
            name = _read_node(parser, key, anchors)
            text = key.value if isinstance(key, ScalarEvent) else ""
            spot.pairs.append(
                (text, name.position, _read_node(parser, parser.get_event(), anchors))
            )
    if event.anchor is not None:
        anchors[event.anchor] = spot
    return spot


def root(text: str, read: Callable[[CParser, Any], Value]) -> Value | None:
    """Return the result of `read` on the first value; None for an empty text. Raises YAMLError."""
    parser = CParser(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
                return read(parser, event)
    finally:
        parser.dispose()
    return None
