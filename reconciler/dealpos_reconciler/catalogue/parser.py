"""Parse YAML text to plain values that know their line and column.

Built on libyaml's events in one pass: scalars keep their text (no implicit typing), mappings
remember their line and column, everything else is looked up again only when an error must name
it. The round-trip loader is fifteen times slower and is left to edits.

Limits, so that hostile files cannot exhaust a CI runner: 32 MiB a file, 60 levels, a million values
that aliases repeat, and a limit for the text that aliases and `${NAME}` add to all files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from _ruamel_yaml import CParser
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, SequenceEndEvent

from dealpos_reconciler.catalogue.environment import (
    Expander,
    TooMuchText,
    UnreadableName,
    mask_names,
    names_in,
)
from dealpos_reconciler.catalogue.layers.work_tree import read_file
from dealpos_reconciler.catalogue.reading.block import parse_block
from dealpos_reconciler.catalogue.reading.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    lean,
)
from dealpos_reconciler.catalogue.reading.node import Node, empty_node
from dealpos_reconciler.catalogue.reading.times import hide_colons, show_colons
from dealpos_reconciler.catalogue.syntax import (
    PositionIndex,
    StopReading,
    merge_conflicts,
    yaml_problem,
)
from dealpos_reconciler.core.model.masked import SecretText
from dealpos_reconciler.errors import Problem

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 60
MAX_VALUES = MAX_BYTES // 4  # a file of nothing but `{}` would fill the memory
MAX_REPEATED = 1_000_000
MAX_PROBLEMS = 1_000  # a list of a million dashes has two million

_MANY_PROBLEMS = f"has {MAX_PROBLEMS:,} problems or more: the rest was not read"
_SPLIT = "split it into several files"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


Parsed = tuple[Node, list[Problem]]
"""The mapping of a file, empty for an empty file, and every problem of its text."""


def read(root: Path, shown: str, expand: Expander | None = None) -> Parsed:
    """Parse a file; `shown` is its path below the shop folder `root`."""
    try:
        return parse_bytes(read_file(root, shown, MAX_BYTES + 1), shown, expand)
    except OSError as error:
        return empty_node(), [Problem(shown, 0, 0, f"cannot be read: {error.strerror}")]


def parse_bytes(raw: bytes, shown: str, expand: Expander | None = None) -> Parsed:
    """Parse the content of a file; see `read`."""
    try:
        if len(raw) <= MAX_BYTES:
            return parse(raw.decode("utf-8-sig"), shown, expand)
        problem = Problem(shown, 0, 0, f"is larger than {MAX_BYTES // 1024 // 1024} MiB", _SPLIT)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(shown, line, 1, "is not UTF-8 text", "save the file as UTF-8")
    return empty_node(), [problem]


def parse(content: str, shown: str, expand: Expander | None = None) -> Parsed:
    """Parse a text; see `read`."""
    if (plain := parse_block(content)) is not None:
        return plain, []
    return parse_events(content, shown, expand)


def parse_events(content: str, shown: str, expand: Expander | None = None) -> Parsed:
    """Parse any text with libyaml; see `read`."""
    if conflicts := merge_conflicts(content, shown):
        return empty_node(), conflicts
    builder = _NodeBuilder(content, shown, expand)
    root = None
    try:
        root = builder.build()
    except YAMLError as error:
        builder.problems.append(yaml_problem(error, content, shown))
    except StopReading:
        pass  # the reason is among the problems
    if root is not None and not isinstance(root, Node):
        hint = "start with a key such as products:"
        builder.problems.append(Problem(shown, 1, 1, "must be a mapping", hint))
    return root if isinstance(root, Node) else empty_node(), builder.problems


class _NodeBuilder:
    """One pass over the events of one file."""

    def __init__(self, content: str, shown: str, expand: Expander | None) -> None:
        self.content = content
        self.shown = shown
        self.expand = expand if "${" in content else None
        self.problems: list[Problem] = []
        self.growth = expand or Expander({})
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        """The value of each anchor, with the values and the characters that an alias repeats."""
        self.end = 0
        """The character after the last mapping or sequence."""
        self.values = 0
        self.aliased_values = 0
        self.repeated: list[tuple[Any, Node, str]] = []

    def problem(self, event: Any, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.shown, mark.line + 1, mark.column + 1, message, hint))
        if len(self.problems) == MAX_PROBLEMS:
            self.problems.append(Problem(self.shown, 0, 0, _MANY_PROBLEMS))
            raise StopReading

    def _stop(self, event: Any, message: str, hint: str | None = None) -> NoReturn:
        self.problem(event, message, hint)
        raise StopReading

    def build(self) -> Any:
        """Return the root value, or None for an empty file."""
        readable = hide_colons(self.content)
        parser = CParser(readable)
        try:
            with lean():
                root = self._document(parser)
            return root if readable == self.content else show_colons(root)
        finally:
            parser.dispose()
            self._report_duplicates()
            self.problems.sort()

    def _document(self, parser: Any) -> Any:
        root: Any = None
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._stop(event, "contains more than one document", "remove the ---")
                root = self._value(parser, parser.get_event(), 0)
        return root

    def _report_duplicates(self) -> None:
        index = PositionIndex(self.content if self.repeated else "")
        for event, node, key in self.repeated:
            line, _ = index.locate((node.line, node.column), (key,), key=True)
            self.problem(event, f"duplicate key `{key}`, first on line {line}")

    def _value(self, parser: Any, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        if depth >= MAX_DEPTH:
            self._stop(event, f"is nested deeper than {MAX_DEPTH} levels")
        self._check_tag(event)
        before, added = self.values, self.growth.added_characters
        self._count(event, 1)
        value = (self._mapping if kind is MappingStartEvent else self._sequence)(
            parser, event, depth
        )
        if event.anchor is not None:
            characters = self.end - event.start_mark.index + self.growth.added_characters - added
            self.anchors[event.anchor] = (value, self.values - before, characters)
        return value

    def _sequence(self, parser: Any, start: Any, depth: int) -> list[Any]:
        items = []
        while type(event := parser.get_event()) is not SequenceEndEvent:
            items.append(self._value(parser, event, depth + 1))
        self.end = event.end_mark.index
        return items

    def _mapping(self, parser: Any, start: Any, depth: int) -> Node:
        node, mark = Node(), start.start_mark
        node.line, node.column = mark.line + 1, mark.column + 1
        merges: list[Any] = []
        next_event = parser.get_event
        while type(event := next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.problem(event, "a key must be plain text")
                self._value(parser, event, depth + 1)
                self._value(parser, next_event(), depth + 1)
                continue
            key = event.value
            if event.tag is not None or event.anchor is not None:
                self._check_key(event)
            inner = next_event()
            # Nearly every value of a shop is a plain scalar: no call for those.
            if (
                type(inner) is ScalarEvent
                and inner.tag is None
                and inner.anchor is None
                and (value := inner.value) not in _NULLS
                and (self.expand is None or "${" not in value)
            ):
                self.values += 1
            else:
                value = self._pair_value(parser, event, inner, depth)
            if key == "<<" and event.implicit[0]:
                merges.append((inner, value))
            elif key in node:
                self.repeated.append((event, node, key))
            else:
                node[key] = value
        self.end = event.end_mark.index
        self._count(start, 0)
        for inner, value in merges:
            self._merge(node, inner, value)
        return node

    def _pair_value(self, parser: Any, key: Any, inner: Any, depth: int) -> Any:
        """Return the value of a pair; report the rest of a number such as 18,000 in braces."""
        if key.value.isdigit() and inner.start_mark.index == key.end_mark.index:
            message = f"the comma before `{key.value}` ends the value inside braces"
            self.problem(key, message, "write numbers in plain digits, such as 18000")
            return ""
        return self._value(parser, inner, depth + 1)

    def _check_key(self, key: Any) -> None:
        """Refuse a key with a tag; remember one with an anchor."""
        self._check_tag(key)
        if key.anchor is not None:
            self.anchors[key.anchor] = (key.value, 1, len(key.value))

    def _merge(self, node: Node, event: Any, value: Any) -> None:
        """Fill in what `<<:` brings; keys written beside it win, then the earlier source."""
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, Node):
                self.problem(event, "`<<` must be a mapping or a list of mappings")
                return
            for key, merged in source.items():
                node.setdefault(key, merged)

    def _scalar(self, event: Any) -> str:
        self._count(event, 1)
        written: str = event.value
        self._check_tag(event)
        if written in _NULLS and event.implicit[0]:
            hint = 'omit the key to keep the live value; write "" for empty text, [] or {} for none'
            self.problem(event, "null is not allowed here", hint)
        elif self.expand is not None and "${" in written:
            try:
                filled = self.expand(written)
                written = SecretText(filled, mask_names(written)) if names_in(written) else filled
            except UnreadableName as error:
                self._refuse(event, error)
        if event.anchor is not None:
            self.anchors[event.anchor] = (written, 1, len(written))
        return written

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            self.problem(event, f"`*{event.anchor}` has no anchor `&{event.anchor}` before it")
            return ""
        value, values, characters = self.anchors[event.anchor]
        self._count(event, values)
        self.aliased_values += values
        if self.aliased_values > MAX_REPEATED:
            hint = "an alias that is repeated inside other aliases multiplies its values"
            self._stop(event, f"aliases repeat more than {MAX_REPEATED:,} values", hint)
        try:
            self.growth.add(characters)
        except TooMuchText as error:
            self._refuse(event, error)
        return value

    def _count(self, event: Any, values: int) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            self._stop(event, f"contains more than {MAX_VALUES:,} values", _SPLIT)

    def _refuse(self, event: Any, error: UnreadableName) -> None:
        report = self._stop if isinstance(error, TooMuchText) else self.problem
        report(event, str(error), error.hint)

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            message = f"the YAML tag `{event.tag}` is not allowed"
            self.problem(event, message, "write the plain value")
