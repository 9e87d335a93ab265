"""Syntax tree of a YAML text (positions for messages, offsets for edits), and its errors.

Reading a shop keeps one position per mapping. The tree is made of the one file that a message
names or an edit changes, which costs milliseconds and keeps the fast path free of bookkeeping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from _ruamel_yaml import CParser
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from dealpos_reconciler.catalogue.reading.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    lean,
)
from dealpos_reconciler.catalogue.reading.times import hide_colons, show_colons
from dealpos_reconciler.errors import Problem

_CONFLICT = re.compile(r"^(?:(?:<{7}|>{7}|\|{7})(?: [^\r\n]*)?|={7})(?=\r?$)", re.MULTILINE)
_ANCHOR = re.compile(r"&\S+\s*")

_HINTS = {
    "found unexpected ':'": "put quotes around a value that contains a colon",
    "mapping values are not allowed in this context": "put quotes around a value that holds a "
    "colon; keys of one object begin in the same column",
    "found character that cannot start any token": "indent with spaces, not with tabs; put quotes "
    "around a value that begins with @, % or `",
    "did not find expected ',' or '}'": "close the brace, or put quotes around a value that "
    'contains one, such as "${NAME}"',
    "did not find expected ',' or ']'": "close the bracket",
    "found unknown escape character": "put single quotes around a value that contains a backslash",
    "found unexpected end of stream": "close the quote that is opened here",
}
"""Hints by the message of libyaml."""

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
    """True if it is inside brackets or braces, or is such a collection itself."""
    anchor: str = ""
    style: str = ""
    """Of a scalar: empty when plain, else its first character."""
    text: str = ""
    pairs: Sequence[YamlPair] = ()
    items: Sequence[YamlNode] = ()
    target: YamlNode | None = None
    """The value that an alias repeats."""

    def pair(self, key: str) -> YamlPair | None:
        """Return the pair that is written under `key` here, not what a merge brings."""
        return next((pair for pair in self.pairs if pair.key.text == key), None)

    def walk(self) -> Iterator[YamlNode]:
        """Yield this value and every one inside it; what an alias repeats is not inside it."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += node.items
            if node.pairs:
                pending += [pair.value for pair in node.pairs]

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
            return own.key.position, own.value.target or own.value
        merges = (pair.value for pair in node.pairs if pair.key.text == "<<")
        for merge in (value.target or value for value in merges):
            for source in merge.items or [merge]:
                if found := source.child(step):
                    return found
        return None


class YamlPair(NamedTuple):
    """One key of a mapping, with its value."""

    key: YamlNode
    value: YamlNode


class PositionIndex:
    """The mappings of one text by their position, for several look-ups."""

    def __init__(self, content: str) -> None:
        try:
            self.mappings = index_mappings(parse_syntax(content))
        except (RecursionError, YAMLError):
            # Nested beyond any use, or broken further on: the places of mappings have to do.
            self.mappings = {}

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


class StopReading(Exception):
    """Reading further would only repeat the problem."""


def parse_syntax(text: str) -> YamlNode | None:
    """Return the root of a text; None for an empty one. Raises YAMLError for what is no YAML."""
    parser = CParser(hide_colons(text))
    try:
        with lean():
            while parser.check_event():
                event = parser.get_event()
                if isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
                    return _TreeBuilder(parser, text).read(event, False)
    finally:
        parser.dispose()
    return None


def index_mappings(root: YamlNode | None) -> dict[Position, YamlNode]:
    """Return the mappings of a text by their position."""
    return {node.position: node for node in (root.walk() if root else ()) if node.pairs}


def merge_conflicts(content: str, shown: str) -> list[Problem]:
    """Return a problem for each conflict of a git merge that is not resolved."""
    # One character is found at once; an expression would look at every line of every file.
    if not any(sign in content and sign * 7 in content for sign in "<=>"):
        return []
    marks = list(_CONFLICT.finditer(content))
    # What is left of a half-resolved one has no beginning.
    marks = [mark for mark in marks if mark[0].startswith("<")] or marks[:1]
    hint = "keep the lines that hold, and delete those that begin with <<<<<<<, ======= and >>>>>>>"
    lines = [content.count("\n", 0, mark.start()) + 1 for mark in marks]
    told = [f"unresolved git merge conflict: `{mark[0]}`" for mark in marks]
    return [
        Problem(shown, line, 1, message, hint) for line, message in zip(lines, told, strict=True)
    ]


def yaml_problem(error: YAMLError, content: str, shown: str) -> Problem:
    """Return `error` as a problem; `shown` is the name of the file in messages."""
    if isinstance(error, ReaderError):
        # What the reader gives as its position counts bytes.
        before = content[: content.find(chr(error.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = f"the character #x{error.character:02x} is not allowed"
        return Problem(shown, line, column, f"broken YAML: {what}", "delete it")
    if isinstance(error, MarkedYAMLError):
        what = error.problem or error.context or "cannot be read"
        # A quote that is never closed ends with the file, where nobody would look for it.
        last = what == "found unexpected end of stream"
        mark = (last and error.context_mark) or error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return Problem(shown, line, column, f"broken YAML: {what}", _HINTS.get(what))
    what = str(error).splitlines()[0]
    return Problem(shown, 0, 0, f"broken YAML: {what}")


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
            value = show_colons(event.value)
            node = YamlNode("scalar", position, start, end, flow, anchor, style, value)
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
        node.pairs = pairs = list[YamlPair]()
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key = self.read(event, node.flow)
            pairs.append(YamlPair(key, self.read(self.parser.get_event(), node.flow)))
            node.end = pairs[-1].value.end
        return event

    def _read_items(self, node: YamlNode) -> Any:
        """Read the items of a list; return the event that ends it."""
        node.items = items = list[YamlNode]()
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            items.append(self.read(event, node.flow))
            node.end = items[-1].end
        return event
