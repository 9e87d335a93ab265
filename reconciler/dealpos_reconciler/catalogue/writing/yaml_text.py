"""Objects and values as YAML text: plain where nobody can mistake it, else in double quotes.

Our own reader takes every scalar for text; other tools guess. What any of them could
take for a number, a date, a flag or null is quoted where text is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.look_alike import escape_unseen
from dealpos_reconciler.core.model.types import format_amount
from dealpos_reconciler.core.runner_commands import defuse_commands, escape_commands

_START = re.compile(r"[^\W_]|[_/(]")
_GUESSED = re.compile(
    r"(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)"
    # 1003, 1_000, 1e3, 0x1F, 1:30, 2026-12-31, 2026-12-31T10:00:00Z
    r"|0[xob][0-9a-f_]*|[0-9][0-9_,.:-]*(?:e[-+]?[0-9_.]*)?(?:[t ][0-9:.+z -]*)?",
    re.IGNORECASE,
)

GONE = object()
"""Instead of a value: the key is taken out."""
KEEP = object()
"""Instead of a value: what the file has stays."""

INDENT_SPACES = 2
"""Spaces of indentation for a nested value."""


@dataclass(slots=True)
class YamlEntry:
    """An object for a file."""

    address: Address
    value: dict[str, Any]
    """Its fields as text, numbers, flags, dates, lists and mappings."""
    children: list[YamlEntry] = field(default_factory=list)
    collection: str = ""
    """The key that its children stand under."""

    def whole(self) -> dict[str, Any]:
        """Return its fields, and its children under their key."""
        nested = {self.collection: [c.whole() for c in self.children]} if self.children else {}
        return {**self.value, **nested}

    def addresses(self) -> Iterator[Address]:
        """Return the addresses of the object and of those nested in it."""
        yield self.address
        for child in self.children:
            yield from child.addresses()

    def lines(self, indent: int) -> Iterator[str]:
        """Return the entry as an item of a list, indented by `indent` spaces."""
        lead = " " * indent + "- "
        for line in self._body(indent + INDENT_SPACES):
            yield lead + line.lstrip(" ") if lead else line
            lead = ""

    def _body(self, indent: int) -> Iterator[str]:
        for key, value in self.value.items():
            yield from pair(key, value, indent)
        if self.children:
            yield " " * indent + f"{self.collection}:"
            for child in self.children:
                yield from child.lines(indent + INDENT_SPACES)


def plain(value: Any) -> str:
    """Return the text of a value without quotes, as our own parser reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format_amount(value)
    return str(value)


def escape_placeholders(text: str) -> str:
    """Return `text` escaped for a catalogue file, in which `${NAME}` is filled in."""
    return text.replace("${", "$${")


def scalar(value: Any, *, flow: bool = False) -> str:
    """Return a value as it is written in a file; `flow` inside brackets or braces."""
    if isinstance(value, (bool, int, Decimal, date)):
        return plain(value)
    text = str(value)
    return text if _bare(text, flow) else quote(text)


def quote(text: str) -> str:
    """Return `text` in double quotes, on one line, with escapes for what nobody would see."""
    return escape_commands(escape_unseen(json.dumps(text, ensure_ascii=False)))


def is_seen(text: str) -> bool:
    """Return whether a reader of the file sees the whole text, and a CI job no command in it."""
    return escape_unseen(text) == text == defuse_commands(text)


def _paragraph(text: str) -> list[str] | None:
    """Return the lines of a block literal (after `|-`) with `text`, or None."""
    lines = text.split("\n")
    fits = len(lines) > 1 and all(map(is_seen, lines))
    if not fits or not lines[0] or not lines[-1] or lines[0][0] == " ":
        return None
    return lines if all(line == line.rstrip() for line in lines) else None


def _bare(text: str, flow: bool) -> bool:
    """Return whether `text` needs no quotes in any reader."""
    if not _START.match(text) or not is_seen(text) or text != text.rstrip():
        return False
    if ": " in text or " #" in text or text.endswith(":") or _GUESSED.fullmatch(text):
        return False
    return not (flow and re.search("[][{},:?]", text))


def texts(value: Any, text: Callable[[Any], str] = plain) -> Any:
    """Return a value as a reader gets it from the file; `text` gives that of one scalar."""
    if isinstance(value, dict):
        return {key: texts(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner, text) for inner in value]
    return text(value)


def pair(key: str, value: Any, indent: int) -> Iterator[str]:
    """Return the lines of `key: value`, indented by `indent` spaces."""
    lead = " " * indent + f"{scalar(key)}:"
    if isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
        yield lead
        for inner_key, inner in value.items():
            yield " " * (indent + INDENT_SPACES) + f"{scalar(inner_key)}: {flow(inner)}"
        return
    lines = _paragraph(escape_placeholders(value)) if isinstance(value, str) else None
    if lines is None:
        yield f"{lead} {flow(value)}"
        return
    yield f"{lead} |-"
    for line in lines:
        yield " " * (indent + INDENT_SPACES) + line if line else ""


def flow(value: Any, *, inside: bool = False) -> str:
    """Return a value on one line."""
    if isinstance(value, dict):
        pairs = (f"{scalar(k, flow=True)}: {flow(v, inside=True)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, inside=True) for item in value) + "]"
    return scalar(escape_placeholders(value) if isinstance(value, str) else value, flow=inside)
