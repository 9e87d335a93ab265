"""Choose the file of each entry, and write new files as text.

Each top category has one file with its objects; objects without a category go to a file of their
kind. A name that is taken gets a number: an existing file is never touched.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from reconciler.catalogue.writing.yaml_text import YamlEntry
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind
from reconciler.kinds import MANAGED

MAX_VALUES = 200_000
"""Values of one file; the parser accepts five times as many."""

MAX_NAME_CHARACTERS = 60
"""Characters of a file's name."""

_DEVICES = {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
_RESERVED = frozenset({"con", "prn", "aux", "nul", *_DEVICES})
"""Names that cannot be files on Windows."""


def files(
    made: Sequence[YamlEntry], taken: Collection[str], schema: str = ""
) -> dict[str, tuple[str, list[YamlEntry]]]:
    """Return name, text and entries of each new file; `schema` is where editors find the schema."""
    homes: dict[str, list[YamlEntry]] = {}
    for entry in made:
        homes.setdefault(_top_of(entry), []).append(entry)
    names = {name.casefold() for name in taken}
    found: dict[str, tuple[str, list[YamlEntry]]] = {}
    for top in sorted(homes):
        for part in _parts(sorted(homes[top], key=_order)):
            name = _free(slug(top), names)
            found[name] = (text(part, schema), part)
    return found


def _top_of(entry: YamlEntry) -> str:
    """Return the top category of an object, else the collection of its kind."""
    kind = MANAGED[entry.address.kind]
    return _path_of(kind, entry.value).partition("/")[0] or kind.collection


def _path_of(kind: Kind, value: Mapping[str, Any]) -> str:
    """Return the category path that an object has or belongs to; empty where there is none."""
    if kind.tree:
        return str(value[kind.identity])
    for name, references in kind.referring_fields:
        for reference in references:
            if MANAGED[reference.kind].tree and not (reference.keys or reference.under):
                return str(value.get(name, ""))
    return ""


def file_of_similar(entry: YamlEntry, desired: Desired) -> str | None:
    """Return the file with the most objects like an entry, or None where there is none.

    Objects of the same kind and category come first, then any of the category, then of its top.
    """
    kind = MANAGED[entry.address.kind]
    path = _path_of(kind, entry.value)
    top = path.partition("/")[0]
    tests: tuple[Callable[[Kind, str], bool], ...] = (
        lambda other, where: other is kind and where == path,
        lambda other, where: bool(path) and where == path,
        lambda other, where: bool(path) and where.partition("/")[0] == top,
    )
    tops = [(MANAGED[a.kind], d) for a, d in desired if MANAGED[a.kind].parent is None]
    for test in tests:
        similar = (d for other, d in tops if test(other, _path_of(other, d.value)))
        if files := Counter(declared.source.file for declared in similar):
            return min(files, key=lambda name: (-files[name], name))
    return None


def _order(entry: YamlEntry) -> tuple[str, str, str]:
    kind = MANAGED[entry.address.kind]
    return kind.collection, _path_of(kind, entry.value), entry.address.name


def _parts(entries: Sequence[YamlEntry]) -> Iterable[list[YamlEntry]]:
    part: list[YamlEntry] = []
    weight = 0
    for entry in entries:
        more = _weight(entry.whole())
        if part and weight + more > MAX_VALUES:
            yield part
            part, weight = [], 0
        part.append(entry)
        weight += more
    yield part


def _weight(value: Any) -> int:
    """Return the number of values in a tree, as a reader counts them."""
    if isinstance(value, Mapping):
        return 1 + sum(map(_weight, value.values()))
    return 1 + sum(map(_weight, value)) if isinstance(value, list) else 1


def text(entries: Sequence[YamlEntry], schema: str) -> str:
    """Return a file with these entries, each under the collection of its kind."""
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    collection = ""
    for entry in entries:
        key = MANAGED[entry.address.kind].collection
        if key != collection:
            lines += ["", f"{key}:"] if collection else [f"{key}:"]
            collection = key
        lines += entry.lines(2)
    return "\n".join(lines) + "\n"


def slug(top: str) -> str:
    """Return a file name that a person would give, without its suffix."""
    letters = unicodedata.normalize("NFC", top).casefold()
    words = "".join(c if c.isalnum() else " " for c in letters)[:MAX_NAME_CHARACTERS].split()
    name = "-".join(words) or "catalogue"
    return f"{name}-" if name in _RESERVED else name


def _free(name: str, names: set[str]) -> str:
    number, file = 1, f"{name}.yaml"
    while unicodedata.normalize("NFC", file).casefold() in names:
        number += 1
        file = f"{name}-{number}.yaml"
    names.add(file.casefold())
    return file
