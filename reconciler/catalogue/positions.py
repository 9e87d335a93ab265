"""Where in a YAML text something stands: looked up again only when a message must say it.

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
class Spot:
    """A value of the text: where it starts, and what is in it."""

    position: Position
    items: list[Spot] = field(default_factory=list)
    pairs: list[tuple[str, Position, Spot]] = field(default_factory=list)

    def mappings(self) -> Iterator[Spot]:
        """This and every mapping below it, each once however often an alias repeats it."""
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

    def child(self, step: str | int) -> tuple[Position, Spot] | None:
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


class Index:
    """The mappings of one text by where they start, for any number of look-ups."""

    def __init__(self, content: str) -> None:
        self.mappings: dict[Position, Spot] = {}
        try:
            top = root(content, lambda parser, event: _spot(parser, event, {}))
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
    """One look-up in one text; see `Index.locate`."""
    return Index(content).locate(start, path, key=key)


def _spot(parser: Any, event: Any, anchors: dict[str, Spot]) -> Spot:
    mark = event.start_mark
    spot = Spot((mark.line + 1, mark.column + 1))
    if isinstance(event, AliasEvent):
        return anchors.get(event.anchor, spot)
    if isinstance(event, SequenceStartEvent):
        while not isinstance(item := parser.get_event(), SequenceEndEvent):
            spot.items.append(_spot(parser, item, anchors))
    elif isinstance(event, MappingStartEvent):
        while not isinstance(key := parser.get_event(), MappingEndEvent):
            name = _spot(parser, key, anchors)
            text = key.value if isinstance(key, ScalarEvent) else ""
            spot.pairs.append((text, name.position, _spot(parser, parser.get_event(), anchors)))
    if event.anchor is not None:
        anchors[event.anchor] = spot
    return spot


def root(text: str, read: Callable[[CParser, Any], Value]) -> Value | None:
    """What `read` makes of the first value of a text; None for an empty one. Raises YAMLError."""
    parser = CParser(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
                return read(parser, event)
    finally:
        parser.dispose()
    return None
