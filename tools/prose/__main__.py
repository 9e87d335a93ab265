"""Lint the docs, the open part of the changelog and the messages: `python -m tools.prose`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.prose.rules import findings
from tools.prose.text import sentences

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/**/*.md")
CHANGELOG = "CHANGELOG.md"


def main() -> int:
    """Print each finding as `file:line: finding` and return the number of findings, at most 1."""
    found = list(in_pages())
    for line in found:
        sys.stdout.write(f"{line}\n")
    return min(len(found), 1)


def in_pages() -> Iterator[str]:
    """Return the findings in every page and in the open part of the changelog."""
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            yield from lint(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    yield from lint(CHANGELOG, unreleased((ROOT / CHANGELOG).read_text(encoding="utf-8")))


def lint(name: str, markdown: str) -> Iterator[str]:
    """Return the findings in one page."""
    for line, sentence in sentences(markdown):
        for finding in findings(sentence):
            yield f"{name}:{line}: {finding}: {sentence}"


def unreleased(changelog: str) -> str:
    """Return the open part of the changelog below blank lines, so that lines keep numbers."""
    found = re.search(r"^## \[Unreleased\].*?(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found:
        return ""
    return "\n" * changelog[: found.start()].count("\n") + found[0]


if __name__ == "__main__":
    sys.exit(main())
