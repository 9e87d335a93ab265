"""The package shows its structure: small folders, few levels of imports, unique names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.shop import ROOT

PACKAGE = ROOT / "reconciler" / "dealpos_reconciler"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__init__.py"]
PACKAGES = [path.parent for path in FILES if path.name == "__init__.py" and path.parent != PACKAGE]

MAX_PACKAGES = 13
MAX_TOP_MODULES = 4
MAX_FOLDER_MODULES = 13
MAX_MODULE_LINES = 300
MAX_LEVELS = 10

SHARED_CLASS_NAMES = {"Rule"}
"""Each guardrail is a module with one class `Rule`; the file is its name."""

VERBS = {"embed", "exceed", "feed", "heed", "need", "proceed", "seed", "speed", "succeed"}
"""Verbs that end like a participle."""

FORBIDS = re.compile(r"\b(never|nothing|no|not|only|without)\b", re.IGNORECASE)

IRREGULAR = """
begun bound brought built cut done drawn driven fed felt forgotten found given gone grown held
hidden kept known laid left lost made meant met paid proven said seen sent shown spent taken told
thought understood woken won written
"""
"""Participles that do not end in -ed."""

RIDDLES = ("What", "Whether", "Why", "Those", "How", "As", "That", "It")
"""First words of a docstring that hide its subject."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node


def attribute_docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Give the texts that follow an assignment, each with its line."""
    for node in ast.walk(tree_of(path)):
        body = getattr(node, "body", ())
        for above, below in pairwise(body if isinstance(body, list) else ()):
            if isinstance(above, ast.Assign | ast.AnnAssign) and isinstance(below, ast.Expr):
                value = below.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield below.lineno, value.value


def test_the_top_of_the_package_fits_on_one_screen() -> None:
    packages = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    modules = [path.name for path in PACKAGE.glob("*.py")]
    assert len(packages) <= MAX_PACKAGES
    assert len(modules) <= MAX_TOP_MODULES, modules


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_folder_has_few_modules(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_FOLDER_MODULES


def lines_of(path: Path) -> int:
    """Return the number of lines of a module, without those of its imports."""
    nodes = tree_of(path).body
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    lines = len(path.read_text(encoding="utf-8").splitlines())
    return lines - sum((node.end_lineno or 0) - node.lineno + 1 for node in imports)


def test_no_module_is_long() -> None:
    long = {place(path, 1): n for path in FILES if (n := lines_of(path)) > MAX_MODULE_LINES}
    assert not long, long


def test_a_class_name_exists_once() -> None:
    found = defaultdict(list)
    for path in FILES:
        for node in definitions(path):
            if isinstance(node, ast.ClassDef) and node.name not in SHARED_CLASS_NAMES:
                found[node.name].append(place(path, node.lineno))
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert not twice, twice


def imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module == "dealpos_reconciler":
        return [f"dealpos_reconciler.{alias.name}" for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []


def imports_between_parts() -> dict[str, set[str]]:
    """Each part with the parts that it imports anywhere: at the top, in a function, for a type."""
    parts: dict[str, set[str]] = {}
    for path in FILES:
        if path == PACKAGE / "__init__.py":
            continue
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        imported = parts.setdefault(part, set())
        for node in ast.walk(tree_of(path)):
            for module in imported_modules(node):
                if module.startswith("dealpos_reconciler."):
                    imported.add(module.split(".")[1])
    return {part: (imported - {part}) & parts.keys() for part, imported in parts.items()}


def longest_chain(
    imports: dict[str, set[str]], part: str, above: tuple[str, ...] = ()
) -> list[str]:
    assert part not in above, f"imports run in a circle: {' → '.join([*above, part])}"
    chains = (longest_chain(imports, name, (*above, part)) for name in sorted(imports[part]))
    return [part, *max(chains, key=len, default=[])]


def test_imports_have_few_levels() -> None:
    """The levels of imports are the parts of the longest chain from one part to the next.

    A part is a package or a module directly below `dealpos_reconciler`. Every import counts: at the
    top of a module, inside a function, and for a type alone. There is no cycle to condense.
    """
    imports = imports_between_parts()
    chain = max((longest_chain(imports, part) for part in imports), key=len)
    assert len(chain) <= MAX_LEVELS, " → ".join(chain)


def test_a_package_says_in_three_lines_what_it_is_for() -> None:
    """Three lines: objects that come in, objects that go out, and what never happens there."""
    found = []
    for folder in PACKAGES:
        text = ast.get_docstring(tree_of(folder / "__init__.py")) or ""
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 3 or not FORBIDS.search(text):
            found.append(f"{folder.relative_to(ROOT)}: {text}")
    assert not found, "\n".join(found)


def is_participle(name: str) -> bool:
    word = name.strip("_")
    return "_" not in word and (
        word in IRREGULAR.split() or (word.endswith("ed") and word not in VERBS)
    )


def is_adjective(node: ast.FunctionDef) -> bool:
    """Return whether a name may be an adjective: a property, or a function that returns a bool."""
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    returns = ast.unparse(node.returns) if node.returns else ""
    return bool(decorators & {"property", "cached_property"}) or returns == "bool"


def test_a_function_is_named_by_a_verb_and_not_by_a_participle() -> None:
    """Values may be named by participles: properties, and functions that return a boolean."""
    found = [
        f"{place(path, node.lineno)} {node.name}"
        for path in FILES
        for node in definitions(path)
        if isinstance(node, ast.FunctionDef) and is_participle(node.name) and not is_adjective(node)
    ]
    assert not found, "\n".join(found)


def test_a_docstring_begins_with_its_subject() -> None:
    found = []
    for path in [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        for node in [tree_of(path), *definitions(path)]:
            text = ast.get_docstring(node) or ""
            if re.match(rf"({'|'.join(RIDDLES)})\b", text):
                line = getattr(node, "lineno", 1)
                found.append(f"{place(path, line)} {text.splitlines()[0]}")
        for line, text in attribute_docstrings(path):
            if re.match(rf"({'|'.join(RIDDLES)})\b", text):
                found.append(f"{place(path, line)} {text.splitlines()[0]}")
    assert not found, "\n".join(found)
