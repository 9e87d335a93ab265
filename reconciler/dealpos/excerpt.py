"""An answer in outline, for messages: keys and types, never a value, since any could be private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEPTH = 3
_KEYS = 12
_LENGTH = 60
_TYPES = {str: "text", bool: "yes or no", int: "number", float: "number", type(None): "null"}


def outline(answer: Any, depth: int = _DEPTH) -> str:
    """`{Data: [2 × {Code: text, UnitPrice: number}], RecordsCount: text}`."""
    if isinstance(answer, Mapping):
        return _object(answer, depth)
    if isinstance(answer, list):
        if not answer:
            return "[]"
        inner = outline(answer[0], depth - 1) if depth else "…"
        return f"[{len(answer)} × {inner}]"
    return _TYPES.get(type(answer), "something else")


def _object(answer: Mapping[str, Any], depth: int) -> str:
    if not answer:
        return "{}"
    if not depth:
        return "{…}"
    shown = [f"{_name(key)}: {outline(answer[key], depth - 1)}" for key in list(answer)[:_KEYS]]
    more = [f"… {len(answer) - _KEYS} more"] if len(answer) > _KEYS else []
    return "{" + ", ".join([*shown, *more]) + "}"


def _name(key: str) -> str:
    """A key as the API spells its keys; what is none, such as an address, is not repeated."""
    usual = key.isascii() and key.replace("_", "").isalnum() and len(key) <= _LENGTH
    return key if usual and not any(c.isdigit() for c in key) else "…"
