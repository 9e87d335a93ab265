"""Markdown to sentences, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ *```")
_ITEM = re.compile(r"^ *(?:[-*]|\d+\.) +")
_END = re.compile(r"(?<=[.!?:])[\"”)*]*\s+(?=[\"“(*`]*[A-Z0-9`\u2013-])")
_ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|etc|vs)\.")
CODE = "Code"


def sentences(markdown: str) -> Iterator[tuple[int, str]]:
    """Return the sentences of a page: of paragraphs, list items, headings and table cells."""
    for line, block in _blocks(markdown):
        yield from ((line, part) for part in split(block))


def split(text: str) -> list[str]:
    """Return the sentences of one paragraph."""
    text = _ABBREVIATIONS.sub(lambda found: found[1].replace(".", ""), plain(text))
    return [part.strip() for part in _END.split(text) if part.strip()]


def plain(text: str) -> str:
    """Return text without markup: code becomes one word, and a link its label."""
    text = re.sub(r"<!--.*?-->|<[a-z/][^>]*>", "", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"``.*?``|`[^`]*`", CODE, text)
    return re.sub(r"\s+", " ", re.sub(r"\*\*|(?<!\w)[*_]|[*_](?!\w)", "", text)).strip()


def _blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Return paragraphs, items, headings and cells; blocks of code and comments are left out."""
    markdown = re.sub(
        r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), markdown, flags=re.DOTALL
    )
    block: list[str] = []
    start, fenced = 1, False
    for number, line in enumerate([*markdown.splitlines(), ""], 1):
        if _FENCE.match(line):
            fenced, line = not fenced, ""
        elif fenced:
            line = ""
        row = line.startswith("|")
        if block and (row or not line.strip() or line.startswith("#") or _ITEM.match(line)):
            yield start, " ".join(block)
            block = []
        if row:
            yield from (
                (number, cell) for cell in re.split(r"(?<!\\)\|", line) if cell.strip(" -:")
            )
        elif line.startswith("#"):
            yield number, line.lstrip("# ")
        elif line.strip():
            start = start if block else number
            block.append(_ITEM.sub("", line).strip())
