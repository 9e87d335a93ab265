"""The index of errors: each class with its meaning, exit code, messages and hints."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from dealpos_reconciler import errors
from tools.site.markdown import code, page, prose, table

PATH = "reference/errors.md"
PACKAGE = Path(errors.__file__).parent
_ELIDED = "…"


def render() -> str:
    """Return a section for each error, with the messages that the package raises it with."""
    raised = messages()
    intro = (
        "An error is printed on standard error as `error: message`, most of them with a `hint:`. "
        f"`{_ELIDED}` stands for a value in a message. "
        "In `--format json` an error is a document with the same text."
    )
    sections = (_section(kind, raised.get(kind.__name__, ())) for kind in kinds())
    return page("Error index", intro, *sections, source="reconciler/dealpos_reconciler/errors.py")


def kinds() -> Iterator[type[errors.ReconcilerError]]:
    """Return every error class, each parent before its children."""

    def below(kind: type[errors.ReconcilerError]) -> Iterator[type[errors.ReconcilerError]]:
        yield kind
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    yield from below(errors.ReconcilerError)


def messages() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the message and hint of each error that the package makes, by class name."""
    names = {kind.__name__ for kind in kinds()}
    found: dict[str, dict[tuple[str, str], None]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" in path.relative_to(PACKAGE).parts[:1]:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (name := _name(node.func)) in names:
                texts = [text for argument in node.args if (text := _text(argument))]
                hint = next((_text(k.value) for k in node.keywords if k.arg == "hint"), "")
                if texts and texts[-1] != _ELIDED:
                    found.setdefault(name, {})[texts[-1], hint] = None
    return {name: tuple(sorted(texts)) for name, texts in found.items()}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _text(node: ast.expr) -> str:
    """Return a literal or an f-string as text, each value in it elided."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) or _ELIDED for value in node.values)
    if isinstance(node, ast.FormattedValue):
        return _ELIDED
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_text(node.left) or _ELIDED) + (_text(node.right) or _ELIDED)
    return ""


def _section(kind: type[errors.ReconcilerError], raised: tuple[tuple[str, str], ...]) -> str:
    above = kind.__mro__[1].__name__
    parent = f" A form of [{code(above)}](#{above.lower()})." if above != "Exception" else ""
    rows = [(code(text), code(hint) if hint else "") for text, hint in raised]
    return "\n\n".join(
        [
            f"## {kind.__name__}",
            prose(kind.__doc__),
            f"Exit code {kind.exit_code}.{parent}",
            table(("message", "hint"), rows) if rows else "",
        ]
    )
