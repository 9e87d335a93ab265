"""Parse files of plain lines, such as `key: value`, in a quarter of the time of libyaml.

Nearly every line of a large catalogue is a key with a text that stands for itself, or with a small
collection such as `{price: 18000}`. A file of nothing else is parsed here, to the value that
libyaml gives. Every other file is left to libyaml: one with anchors, tags, escapes, nulls, several
lines of one text or collection, repeated keys, a `$`, rarer characters, or any mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dealpos_reconciler.catalogue.reading.flow import (
    KEY,
    LETTERS,
    NULLS,
    QUOTED,
    RAW,
    NotPlain,
    read_flow,
    unquote,
)
from dealpos_reconciler.catalogue.reading.node import Node

MAX_CHARACTERS = 8 * 1024 * 1024
"""A longer text may hold more values than one file may."""
MAX_DEPTH = 40
"""A deeper text may be nested deeper than a file may."""
CHUNK = 32 * 1024
"""Characters whose lines are in memory at the same time."""

# YAML 1.1 §9.1.3: a plain text begins with no indicator and contains neither ": " nor " #".
# A `$` may start a variable.
_INNER = '[!"%-9;-~\u00c0-\u024f'
_PLAIN = f"[{LETTERS}(+/]{_INNER} ]*(?::{_INNER}]{_INNER} ]*)*(?<! )"
_COMMENT = rf"(?<![^ \n])#[ -~{LETTERS}]*"
_VALUE = f"{_PLAIN}|{QUOTED}"
# One space after a key is the usual case, and its value the first one that is tried.
_LINE = re.compile(
    rf"( *+(?:- ++)?)(?:({KEY}):(?=[ \n]) ?)?"
    rf"({_VALUE}| *+(?:{RAW}|{_VALUE}))? *(?:{_COMMENT})?\n|(.+)\n"
)

_BRACKETS = ("[", "{")

Line = tuple[str, str, str, str]
"""Spaces with a dash, key, value, and a line that is none of that."""


def parse_block(text: str) -> Node | None:
    """Return the mapping of a text of plain lines, or None for another text."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return _PlainText().build(text)
    except NotPlain:
        return None


def looks_plain(text: str) -> bool:
    """Return whether the first lines of a text are plain, so that libyaml is hardly needed."""
    end = text.rfind("\n", 0, CHUNK) + 1
    try:
        for _, _, written, other in _LINE.findall(text, 0, end):
            if other:
                return False
            if (value := written.lstrip(" ")).startswith(_BRACKETS):
                read_flow(value, 1, 1)
    except NotPlain:
        return False
    return True


class _PlainText:
    """One pass over the lines of one text."""

    def __init__(self) -> None:
        self.open: list[tuple[int, Node | list[Any]]] = []
        """The mappings and lists that hold the present line, each with its column from 0."""
        self.node = Node()
        """The mapping of the last key."""
        self.pending = ""
        """The last key, where its value has yet to come."""
        self.items: list[Any] = []
        """The list of the last text with a dash."""
        self.dash: str | None = None
        """The characters before that text; None once a key has followed."""
        self.names: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        """Values by what is written; keys and values repeat, and are kept once."""

    def build(self, text: str) -> Node:
        """Return the mapping of a text."""
        node, before = self.node, "-"
        names, texts = self.names, self.texts
        for number, (start, key, written, other) in enumerate(_lines(text), 1):
            if not key:
                before = self._add_item(number, start, written, other) or before
                continue
            if start != before:
                node = self._find_node(number, start)
                before = " " * len(start)
            name = names.get(key) or self._read_key(key)
            if name in node:
                raise NotPlain
            if written:
                value = texts.get(written)
                if value is None:
                    value = self._read_value(number, len(start) + len(key) + 3, written)
                node[name] = value
            else:
                self.pending, before = name, "-"
        if self.pending or not self.open:
            raise NotPlain
        found = self.open[0][1]
        return found if isinstance(found, Node) else node

    def _add_item(self, line: int, start: str, written: str, other: str) -> str:
        """Add a text to its list; return a dash, or nothing for a comment or an empty line."""
        if start != self.dash or not written:
            if not written and not other and "-" not in start:
                return ""
            if not written or "-" not in start:
                raise NotPlain
            self.items, self.dash = self._find_list(start.index("-")), start
        value = self.texts.get(written)
        if value is None:
            value = self._read_value(line, len(start) + 1, written)
        self.items.append(value)
        return "-"

    def _find_node(self, line: int, start: str) -> Node:
        """Return the mapping of the key that stands after `start`."""
        column, self.dash = len(start), None
        if "-" in start:
            items = self._find_list(start.index("-"))
            self.node = self._add_mapping(line, column)
            items.append(self.node)
        elif self.pending:
            if column < self.node.column:
                raise NotPlain
            self.node[self.pending] = inner = self._add_mapping(line, column)
            self.node, self.pending = inner, ""
        else:
            self.node = self._find_mapping(line, column)
        return self.node

    def _find_list(self, column: int) -> list[Any]:
        """Return the list whose dash stands in `column`, a new one below a key without value."""
        opened = self.open
        if self.pending:
            if column < self.node.column - 1:
                raise NotPlain
            self.node[self.pending] = items = list[Any]()
            self.pending = ""
            opened.append((column, items))
            return items
        while opened and opened[-1][0] > column:
            opened.pop()
        place, found = opened[-1] if opened else (-1, None)
        if place != column or not isinstance(found, list):
            raise NotPlain
        return found

    def _find_mapping(self, line: int, column: int) -> Node:
        """Return the mapping whose keys stand in `column`; the first one is the root."""
        opened = self.open
        if not opened and column == 0:
            return self._add_mapping(line, 0)
        while opened:
            place, found = opened[-1]
            if place == column and type(found) is Node:
                return found
            # The dashes of a list may stand in the column of the keys around it.
            if place < column:
                break
            opened.pop()
        raise NotPlain

    def _add_mapping(self, line: int, column: int) -> Node:
        if len(self.open) >= MAX_DEPTH:
            raise NotPlain
        node = Node()
        node.line, node.column = line, column + 1
        self.open.append((column, node))
        return node

    def _read_key(self, written: str) -> str:
        """Return what a key means."""
        name = unquote(written)
        if not name:
            raise NotPlain
        self.names[written] = name
        return name

    def _read_value(self, line: int, column: int, written: str) -> Any:
        """Return what a value means whose text begins at a place. Raises NotPlain for a null."""
        value = written.lstrip(" ")
        if value.startswith(_BRACKETS):
            return read_flow(value, line, column + len(written) - len(value))
        if value in NULLS:
            raise NotPlain
        self.texts[written] = text = unquote(value)
        return text


def _lines(text: str) -> Iterator[Line]:
    """Yield every line, taken apart."""
    if not text.endswith("\n"):
        text += "\n"
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + CHUNK) + 1 or len(text)
        yield from _LINE.findall(text, start, end)
        start = end
