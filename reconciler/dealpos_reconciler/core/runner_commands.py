"""Commands to the runner of a CI job, which names of a file or of the shop must not be.

GitHub, Azure and TeamCity look for `##…[` anywhere in a line, GitHub for `::` at its beginning,
GitLab for the marks of sections.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"##(?=\w*\[)|^\s*:(?=:)|section_(?=(?:start|end):)", re.M | re.I)
_QUOTED = re.compile(r"[#s](?=#\w*\[|ection_(?:start|end):)", re.I)


def defuse_commands(text: str) -> str:
    """Return lines of a log in which no name is a command."""
    return _COMMAND.sub(lambda found: f"{found[0]} ", text)


def escape_commands(text: str) -> str:
    """Return the same JSON, or the same text in double quotes of YAML, without a command."""
    if "##" not in text and "section_" not in text.lower():
        return text  # nearly always; the search below is slow in a long text
    return _QUOTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
