"""Messages of the package: every text in its code that can reach a person."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import dealpos_reconciler
from dealpos_reconciler.cli.main import cli

PACKAGE = Path(dealpos_reconciler.__file__).parent
PLACE = f"reconciler/{PACKAGE.name}"
ELIDED = "…"
APART = ("sandbox",)
"""Packages whose texts are the answers of a server, not messages of this tool."""

_PATTERNS = ("re.compile", "re.search", "re.fullmatch", "re.match", "re.sub", "re.findall")
"""Functions whose texts are regular expressions."""

_NO_TEXT = re.compile(r"\{#.*?#\}|\{%.*?%\}|<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, order=True)
class Message:
    """One text with its place; `…` stands for a value that is filled in."""

    file: str
    line: int
    text: str


def collect_messages() -> list[Message]:
    """Return all messages of the package, in order of file and line.

    A message is either

    - a string or f-string of two words or more anywhere in `reconciler/dealpos_reconciler/`
      (arguments of errors, notes, warnings, problems, hints, texts of renderers), except
      docstrings, regular expressions, URLs and what is in the sandbox, or
    - the text of a page template (`reconciler/dealpos_reconciler/render/templates/*.j2`), or
    - the help of a command, group or option, which may be one word; its line is 0, and its file is
      the command (`reconciler plan --out`).

    Literals that stand side by side are one message, as they are to Python. The parts of an
    f-string that are text themselves (`{'a few' if n else 'no'}`) are messages of their own.
    """
    found = [*_texts_in_code(), *_texts_in_templates(), *_help(cli, "reconciler")]
    return sorted(found)


def _texts_in_code() -> Iterator[Message]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name.parts[0] not in APART:
            yield from texts_of(f"{PLACE}/{name.as_posix()}", path.read_text(encoding="utf-8"))


def _texts_in_templates() -> Iterator[Message]:
    for path in sorted(PACKAGE.rglob("*.j2")):
        # What is no text is replaced by its line ends alone, so that the lines can be counted.
        source = _NO_TEXT.sub(
            lambda found: "\0" + "\n" * found[0].count("\n"), path.read_text("utf-8")
        )
        source = _VALUE.sub(ELIDED, source)
        for found in re.finditer(r"[^\0]+", source):
            text = " ".join(found[0].split())
            if _is_prose(text):
                before = source[: found.end() - len(found[0].lstrip())]
                name = path.relative_to(PACKAGE).as_posix()
                yield Message(f"{PLACE}/{name}", before.count("\n") + 1, text)


def texts_of(file: str, source: str) -> Iterator[Message]:
    """Yield the messages in the source of one module."""
    tree = ast.parse(source)
    passed_over = {id(node) for node in _without_message(tree)}
    for node in ast.walk(tree):
        if id(node) in passed_over:
            continue
        text = _text(node)
        if text is not None and _is_prose(text):
            yield Message(file, getattr(node, "lineno", 0), text)


def _without_message(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes whose text reaches nobody, or is a part of another text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value  # a docstring, also below a constant
        elif isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            yield from ast.walk(node.format_spec)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _PATTERNS:
            yield from (part for argument in node.args[:1] for part in ast.walk(argument))
        elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            yield from ast.walk(node.annotation)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ELIDED for part in node.values
        )
    return None


def _is_prose(text: str) -> bool:
    """Return whether a text has two words: `GET /Variant`, `a.b` and `\\s+ x` have not."""
    words = [word.strip("'\"`.,:;()!?—") for word in text.split()]
    return sum(word.isalpha() and not word.isupper() for word in words) >= 2


def _help(command: click.Command, name: str) -> Iterator[Message]:
    texts: list[tuple[str, Any]] = [(name, command.help), (name, command.epilog)]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            texts.append((f"{name} {parameter.opts[-1]}", parameter.help))
    yield from (Message(place, 0, text) for place, text in texts if text)
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            yield from _help(below, f"{name} {word}")
