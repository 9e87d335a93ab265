"""Parse mappings in braces and lists in brackets that stand on one line with nothing unusual.

What is read here are texts without escapes, colons and characters with a meaning in YAML. Anything
else is left to libyaml.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from dealpos_reconciler.catalogue.reading.node import Node

LETTERS = "0-9A-Z_a-z\u00c0-\u024f"
QUOTED = rf"""\"[ !#%-\[\]-~{LETTERS}]*\"|'[ -#%&(-~{LETTERS}]*'"""
KEY = (
    rf"""[{LETTERS}][{LETTERS} ./&()'+%-]{{0,200}}(?<! )"""
    rf"""|\"[ !#%-\[\]-~{LETTERS}]{{0,200}}\"|'[ -#%&(-~{LETTERS}]{{0,200}}'"""
)
RAW = r"[\[{][^#$\n]*[\]}]"
"""A collection on one line, before it is read."""
NULLS = frozenset({"null", "Null", "NULL"})
MAX_FLOW_DEPTH = 8
"""Collections inside of one another that are read here."""
_MAX_KNOWN_CHARACTERS = 200
"""Longer texts hardly occur twice."""

# YAML 1.1 §9.1.3: inside of brackets, a plain text contains none of `,[]{}` and no `?`.
_INNER = r"!\"%-+\--9;->@-Z\\^-z|~\u00c0-\u024f"
_TEXT = rf"[{LETTERS}(+/][{_INNER} ]*(?<! )|{QUOTED}"
_MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_ITEM = re.compile(rf" *(?:({KEY}): +)?({_MOMENT}|{_TEXT}|[\[{{])")
_EMPTY = re.compile(r"\[ *\]|\{ *\}")
_SIGN = re.compile(r" *([,\]}]) *")
_MOMENT_KEYS = ("from", "until")
"""The keys after which the parser of other files reads a time without quotes."""


class NotPlain(Exception):
    """Stops at a text that libyaml has to read."""


class _Mapping(NamedTuple):
    """A mapping without its place."""

    offset: int
    """Characters before its brace."""
    pairs: dict[str, Any]
    is_flat: bool
    """True if its values are texts."""


def read_flow(written: str, line: int, column: int) -> Any:
    """Return the collection that begins at a place. Raises NotPlain for another text."""
    read = _read_known if len(written) <= _MAX_KNOWN_CHARACTERS else _read_whole
    return _place(read(written), line, column)


def unquote(written: str) -> str:
    """Return what a text means: without its quotes, where it has any."""
    return written[1:-1] if written[0] in "\"'" else written


def _read_whole(text: str) -> Any:
    """Return a collection without places."""
    known, end = _read_collection(text, 0, 1)
    if end != len(text):
        raise NotPlain
    return known


_read_known = lru_cache(maxsize=10_000)(_read_whole)  # a shop has far fewer prices than variants


def _read_collection(text: str, start: int, depth: int) -> tuple[Any, int]:
    """Return the collection that opens at `start`, without places, and where it ends."""
    if depth > MAX_FLOW_DEPTH:
        raise NotPlain
    if empty := _EMPTY.match(text, start):
        return ([] if text[start] == "[" else _Mapping(start, {}, True)), empty.end()
    if text[start] == "[":
        return _read_list(text, start, depth)
    pairs, is_flat = dict[str, Any](), True
    at, end, sign = start + 1, start, ","
    while sign == ",":
        key, value, at = _read_item(text, at, depth)
        if key is None or (name := unquote(key)) in pairs:
            raise NotPlain
        pairs[name] = value
        is_flat = is_flat and type(value) is str
        at, end, sign = _read_sign(text, at)
    if sign != "}":
        raise NotPlain
    return _Mapping(start, pairs, is_flat), end


def _read_list(text: str, start: int, depth: int) -> tuple[list[Any], int]:
    items = []
    at, end, sign = start + 1, start, ","
    while sign == ",":
        key, value, at = _read_item(text, at, depth)
        if key is not None:
            raise NotPlain
        items.append(value)
        at, end, sign = _read_sign(text, at)
    if sign != "]":
        raise NotPlain
    return items, end


def _read_item(text: str, start: int, depth: int) -> tuple[str | None, Any, int]:
    """Return the key of an item as it is written, its value, and where it ends."""
    if (found := _ITEM.match(text, start)) is None:
        raise NotPlain
    key, value, end = found[1], found[2], found.end()
    if value in ("[", "{"):
        value, end = _read_collection(text, end - 1, depth + 1)
    elif value in NULLS or (":" in value and value[0] not in "\"'" and key not in _MOMENT_KEYS):
        raise NotPlain
    else:
        value = unquote(value)
    return key, value, end


def _read_sign(text: str, start: int) -> tuple[int, int, str]:
    """Return where the next item begins, where the sign before it ends, and the sign."""
    if (found := _SIGN.match(text, start)) is None:
        raise NotPlain
    return found.end(), found.end(1), found[1]


def _place(known: Any, line: int, column: int) -> Any:
    """Return a collection at a place of the file."""
    kind = type(known)
    if kind is str:
        return known
    if kind is list:
        return [item if type(item) is str else _place(item, line, column) for item in known]
    offset, pairs, is_flat = known
    node = Node(pairs)
    node.line, node.column = line, column + offset
    if not is_flat:
        for key, inner in pairs.items():
            node[key] = _place(inner, line, column)
    return node
