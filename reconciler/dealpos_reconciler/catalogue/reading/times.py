"""Times of day inside braces, which libyaml refuses: `{from: 2026-12-24 06:00, value: 15000}`.

YAML 1.2 allows a colon inside a plain text there, libyaml only outside of braces. So another
character of the same width stands for the colon until the text is parsed.
"""

from __future__ import annotations

import re
from typing import Any

_STAND_IN = "\ue000"
_TIME = re.compile(
    r"(?<=[{, \n])((?:from|until):[ ]+[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2})"
    r":([0-9]{2})(?::([0-9]{2}))?(?=\s*[,}])"
)


def hide_colons(text: str) -> str:
    """Return a text of the same length that libyaml can read."""
    if ("from: " in text or "until: " in text) and _STAND_IN not in text:
        return _TIME.sub(_hide, text)
    return text


def _hide(found: re.Match[str]) -> str:
    return _STAND_IN.join(filter(None, found.groups()))


def show_colons(value: Any) -> Any:
    """Return what was parsed with the colons in their places; mappings and lists are changed."""
    if type(value) is str:
        return value.replace(_STAND_IN, ":") if _STAND_IN in value else value
    if isinstance(value, dict):
        for key, inner in value.items():
            value[key] = show_colons(inner)
    elif isinstance(value, list):
        value[:] = map(show_colons, value)
    return value
