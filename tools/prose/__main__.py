"""Lint the docs, the open part of the changelog, the generated reference and every message.

`python -m tools.prose` prints each finding with its place and exits with 1 if there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.messages import collect_messages
from tools.prose.rules import findings
from tools.prose.text import sentences, split
from tools.site import GENERATED

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/**/*.md")
CHANGELOG = "CHANGELOG.md"
OPENAPI = ("schemas/dealpos.openapi.yaml", "schemas/provider.openapi.yaml")
OPENAPI_PROSE = ("summary", "description", "x-undocumented", "x-conflict")
NOT_PROSE = {
    "reconciler/dealpos_reconciler/workflows/init.py": "the YAML of the starter files",
    "reconciler/dealpos_reconciler/core/confusables.py": "a table of code points",
}


def main() -> int:
    """Print each finding as `file:line: finding` and return the number of findings, at most 1."""
    found = [*in_pages(), *in_reference(), *in_messages()]
    for line in found:
        sys.stdout.write(f"{line}\n")
    return min(len(found), 1)


def in_pages() -> Iterator[str]:
    """Return the findings in every page and in the open part of the changelog."""
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            yield from lint(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for name in OPENAPI:
        described = YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))
        yield from in_description(name, described)
    yield from lint(CHANGELOG, unreleased((ROOT / CHANGELOG).read_text(encoding="utf-8")))


def in_description(file: str, node: Any, key: str = "") -> Iterator[str]:
    """Return the findings in the sentences of an OpenAPI description."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from in_description(file, inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from in_description(file, inner, key)
    elif isinstance(node, str) and key in OPENAPI_PROSE:
        yield from lint(file, node)


def in_messages() -> Iterator[str]:
    """Return the findings in the messages of the program, help included."""
    for message in collect_messages():
        if message.file not in NOT_PROSE:
            for sentence in message_sentences(message.text):
                for finding in findings(sentence):
                    yield f"{message.file}:{message.line}: {finding}: {sentence}"


def in_reference() -> Iterator[str]:
    """Return the findings in the pages that are generated from the code and the schemas."""
    for module in GENERATED:
        yield from lint(module.PATH, module.render())


def message_sentences(text: str) -> Iterator[str]:
    """Return the sentences of a message; a line of a list or table is a sentence of its own."""
    for paragraph in text.split("\n\n"):
        parts = paragraph.split("\n") if "\b" in paragraph or "  " in paragraph else [paragraph]
        for part in parts:
            yield from split(part.replace("\b", ""))


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
