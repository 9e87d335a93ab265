"""Small pieces of Markdown: tables, code spans, docstrings as paragraphs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def code(text: object) -> str:
    """Return a code span that holds `text`, whatever back quotes it has."""
    fence = "``" if "`" in str(text) else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a cell may hold Markdown, and its line breaks become spaces."""
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown: without indentation, indented drawings as code blocks."""
    return inspect.cleandoc(docstring or "")


def first_sentence(docstring: str | None) -> str:
    """Return the first paragraph of a docstring as one line."""
    return re.sub(r"\s+", " ", prose(docstring).partition("\n\n")[0])


def cited(text: str) -> str:
    """Return text with each citation of the API facts as a link to the section."""

    def link(found: re.Match[str]) -> str:
        anchor = f"s{found['section'].rstrip('.').replace('.', '-')}"
        row = found["row"]
        return f"[{found[0]}](../dealpos-api.md#{f'{anchor}-{row}' if row else anchor})"

    citation = r"\b(?:dealpos-api\.md|API)\s+§(?P<section>\d+(?:\.\d+)?)(?:\s+#(?P<row>\d+))?"
    return re.sub(citation, link, text)


def page(title: str, *parts: str, source: str) -> str:
    """Return a page with its title, its parts, and the module that its facts come from."""
    note = f"<!-- Generated from {source} when the site is built; edit that, not this page. -->"
    text = "\n\n".join([f"# {title}", note, *(part.strip() for part in parts if part)])
    return f"{cited(text)}\n"
