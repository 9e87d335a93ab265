"""Parse files of plain lines, such as `key: value`, in a quarter of the time of libyaml.

Nearly every line of a large catalogue is a key with a text that stands for itself. A file of
nothing else is parsed here, to the value that libyaml gives. Every other file is left to libyaml:
one with flow collections, anchors, tags, escapes, nulls, several lines of one text, repeated keys,
a `$`, rarer characters, or any mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dealpos_reconciler.catalogue.reading.node import Node

MAX_CHARACTERS = 8 * 1024 * 1024
"""A longer text may hold more values than one file may."""
MAX_DEPTH = 40
"""A deeper text may be nested deeper than a file may."""
CHUNK = 32 * 1024
"""Characters whose lines are in memory at the same time."""

_LETTERS = "0-9A-Z_a-z\u00c0-\u024f"
# YAML 1.1 §9.1.3: a plain text begins with no indicator and contains neither ": " nor " #".
# A `$` may start a variable.
_INNER = '[!"%-9;-~\u00c0-\u024f'
_PLAIN = f"[{_LETTERS}(+/]{_INNER} ]*(?::{_INNER}]{_INNER} ]*)*(?<! )"
_QUOTED = rf"""\"[ !#%-\[\]-~{_LETTERS}]*\"|'[ -#%&(-~{_LETTERS}]*'"""
_KEY = rf"[{_LETTERS}][{_LETTERS} ./&()'+%-]{{0,200}}(?<! )"
_COMMENT = rf"(?<![^ \n])#[ -~{_LETTERS}]*"
_LINE = re.compile(
    rf"( *(?:- +)?)(?:({_KEY}):(?=[ \n]) *)?({_PLAIN}|{_QUOTED})? *(?:{_COMMENT})?\n|(.+)\n"
)
_MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
_PAIR = rf"(?:from|until|value): +(?:{_MOMENT}|[0-9]+(?:\.[0-9]+)?|true|false)"
_STEP = re.compile(rf"( *- +)\{{({_PAIR}(?:, +{_PAIR}){{0,2}})\}} *(?:{_COMMENT})?")
"""A step of a dated value in braces, the one collection that may stand on a plain line."""
_NULLS = frozenset({"null", "Null", "NULL"})

Line = tuple[str, str, str, str]
"""Spaces with a dash, key, value, and a line that is none of that."""


class _NotPlain(Exception):
    """Stops at a line that libyaml has to read."""


def parse_block(text: str) -> Node | None:
    """Return the mapping of a text of plain lines, or None for another text."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return _PlainText().build(text)
    except _NotPlain:
        return None


def looks_plain(text: str) -> bool:
    """Return whether the first lines of a text are plain, so that libyaml is hardly needed."""
    end = text.rfind("\n", 0, CHUNK) + 1
    others = {other for *_, other in _LINE.findall(text, 0, end)} - {""}
    return all(map(_STEP.fullmatch, others))


class _PlainText:
    """One pass over the lines of one text."""

    def __init__(self) -> None:
        self.open: list[tuple[int, Node | list[Any]]] = []
        """The mappings and lists that hold the present line, each with its column from 0."""
        self.node = Node()
        """The mapping of the last key."""
        self.pending = ""
        """The last key, where its value has yet to come."""
        self.names: dict[str, str] = {}
        self.steps: dict[str, tuple[int, int, dict[str, str]]] = {}
        """Steps in braces by their lines, which objects share: see `_read_step`."""
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
            if key in node:
                raise _NotPlain
            key = names.setdefault(key, key)
            if written:
                node[key] = texts.get(written) or self._read_text(written)
            else:
                self.pending, before = key, "-"
        if self.pending or not self.open:
            raise _NotPlain
        found = self.open[0][1]
        return found if isinstance(found, Node) else node

    def _add_item(self, line: int, start: str, written: str, other: str) -> str:
        """Add a text to its list; return a dash, or nothing for a comment or an empty line."""
        if other:
            if (step := self.steps.get(other)) is None:
                step = self.steps[other] = _read_step(other)
            dash, column, pairs = step
            node = Node(pairs)
            node.line, node.column = line, column
            self._find_list(dash).append(node)
            return "-"
        if "-" not in start:
            if written:
                raise _NotPlain
            return ""
        if not written:
            raise _NotPlain
        self._find_list(start.index("-")).append(self._read_text(written))
        return "-"

    def _find_node(self, line: int, start: str) -> Node:
        """Return the mapping of the key that stands after `start`."""
        column = len(start)
        if "-" in start:
            items = self._find_list(start.index("-"))
            self.node = self._add_mapping(line, column)
            items.append(self.node)
        elif self.pending:
            if column < self.node.column:
                raise _NotPlain
            self.node[self.pending] = inner = self._add_mapping(line, column)
            self.node, self.pending = inner, ""
        else:
            self.node = self._find_mapping(line, column)
        return self.node

    def _find_list(self, column: int) -> list[Any]:
        """Return the list whose dash stands in `column`, a new one below a key without value."""
        if self.pending:
            if column < self.node.column - 1:
                raise _NotPlain
            self.node[self.pending] = items = list[Any]()
            self.pending = ""
            self.open.append((column, items))
            return items
        self._close_beyond(column)
        place, found = self.open[-1] if self.open else (-1, None)
        if place != column or not isinstance(found, list):
            raise _NotPlain
        return found

    def _find_mapping(self, line: int, column: int) -> Node:
        """Return the mapping whose keys stand in `column`; the first one is the root."""
        if not self.open and column == 0:
            return self._add_mapping(line, 0)
        self._close_beyond(column)
        if self.open and self.open[-1][0] == column and isinstance(self.open[-1][1], list):
            self.open.pop()  # its dashes stand in the column of the keys around it
        place, found = self.open[-1] if self.open else (-1, None)
        if place != column or not isinstance(found, Node):
            raise _NotPlain
        return found

    def _add_mapping(self, line: int, column: int) -> Node:
        if len(self.open) >= MAX_DEPTH:
            raise _NotPlain
        node = Node()
        node.line, node.column = line, column + 1
        self.open.append((column, node))
        return node

    def _close_beyond(self, column: int) -> None:
        """Close the mappings and lists that stand farther right."""
        while self.open and self.open[-1][0] > column:
            self.open.pop()

    def _read_text(self, written: str) -> str:
        """Return what a value means. Raises _NotPlain for a null."""
        if written in _NULLS:
            raise _NotPlain
        text = written[1:-1] if written[0] in "\"'" else written
        self.texts[written] = text
        return text


def _read_step(line: str) -> tuple[int, int, dict[str, str]]:
    """Return where the dash and the brace of a step stand, the dash from 0, and its pairs.

    Raises _NotPlain for another line, and for a key that is there twice.
    """
    if (found := _STEP.fullmatch(line)) is None:
        raise _NotPlain
    pairs: dict[str, str] = {}
    for pair in found[2].split(","):
        key, _, written = pair.partition(":")
        if (key := key.strip()) in pairs:
            raise _NotPlain
        pairs[key] = written.strip()
    return found[1].index("-"), len(found[1]) + 1, pairs


def _lines(text: str) -> Iterator[Line]:
    """Yield every line, taken apart."""
    if not text.endswith("\n"):
        text += "\n"
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + CHUNK) + 1 or len(text)
        yield from _LINE.findall(text, start, end)
        start = end
