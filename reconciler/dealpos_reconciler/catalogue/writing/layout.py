"""Make entries of live objects, choose the file of each, and write new files as text.

Each top category has one file with its objects; objects without a category go to a file of their
kind. A name that is taken gets a number: an existing file is never touched.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Literal, get_origin, get_type_hints

from dealpos_reconciler.catalogue.writing.export import Exportable, is_unset
from dealpos_reconciler.catalogue.writing.layer_edits import place_in
from dealpos_reconciler.catalogue.writing.yaml_text import YamlEntry, texts
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.codec import DAY
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.kinds import MANAGED

MAX_VALUES = 200_000
"""Values of one file; the parser accepts five times as many."""

MAX_NAME_CHARACTERS = 60
"""Characters of a file's name."""

_DEVICES = {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
_RESERVED = frozenset({"con", "prn", "aux", "nul", *_DEVICES})
"""Names that cannot be files on Windows."""


Filled = Mapping[str, Mapping[str, Any]]
"""Values that are filled into objects of a kind that leave them out."""


def shared_defaults(found: Exportable) -> dict[str, dict[str, Any]]:
    """Return the values to write as defaults: flags and choices that most objects share."""
    filled: dict[str, dict[str, Any]] = {}
    for kind_name, objects in sorted(found.values.items()):
        for name in _switches(MANAGED[kind_name]):
            shown = [value[name] for value in objects.values() if name in value]
            if len(shown) == len(objects) > 1:
                value, count = Counter(shown).most_common(1)[0]
                if count * 2 > len(objects):
                    filled.setdefault(kind_name, {})[name] = value
    return filled


@cache
def _switches(kind: Kind) -> tuple[str, ...]:
    """Return the fields with few values: a value that most objects share is then a default."""
    return tuple(
        name
        for name, base in get_type_hints(kind.model).items()
        if (base is bool or get_origin(base) is Literal) and name not in kind.required
    )


def make_entries(found: Exportable, live: Live, filled: Filled) -> list[YamlEntry]:
    """Return the entries to write, children inside their parents, given the defaults `filled`."""
    made: dict[Address, YamlEntry] = {}
    top: list[YamlEntry] = []
    for name, values in found.values.items():
        kind = MANAGED[name]
        given = filled.get(name, {})
        for code, value in values.items():
            address = Address(name, code)
            if (lost := _conflict_with_defaults(kind, value, given, live.get(address))) is not None:
                found.skip(address, lost)
                continue
            entry = YamlEntry(address, typed_values(kind, _own_fields(kind, value, given)))
            made[address] = entry
            _place(entry, found, made, top)
    return top


def _place(
    entry: YamlEntry, found: Exportable, made: Mapping[Address, YamlEntry], top: list[YamlEntry]
) -> None:
    owner = found.above.get(entry.address)
    if owner is None:
        top.append(entry)
    elif found.desired.get(owner):
        found.beside.setdefault(owner, []).append(entry)
    elif owner in made:
        made[owner].children.append(entry)
        made[owner].collection = MANAGED[entry.address.kind].collection
    else:
        found.skip(entry.address, f"{owner} is not imported")


def _conflict_with_defaults(kind: Kind, value: Value, given: Value, state: object) -> str | None:
    """Return the reason why an object conflicts with these defaults, or None."""
    live = state.value if isinstance(state, Observed) else {}
    for name, inner in given.items():
        differs = name not in value and name in live and live[name] != inner
        if differs and kind.fields[name].comparable:
            return (
                f"`defaults` give it `{name}: {texts(inner)}`, and a file cannot hold its own value"
            )
    complaints = kind.validate({**given, **value}) if kind.validate else ()
    for path, _ in complaints:
        return f"`defaults` conflict with its `{path[0]}`"
    return None


def typed_values(kind: Kind, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return dates as dates, so that they are written without quotes."""
    return {
        name: date.fromisoformat(inner) if inner and kind.fields[name].wire.codec is DAY else inner
        for name, inner in value.items()
    }


def _own_fields(kind: Kind, value: Value, filled: Value) -> dict[str, Any]:
    """Return the fields of an entry, given the defaults `filled` for the ones that it omits."""
    return {
        name: inner
        for name, inner in value.items()
        if name == kind.identity
        or (inner != filled[name] if name in filled else _is_worth_writing(kind, name, inner))
    }


def _is_worth_writing(kind: Kind, name: str, value: Any) -> bool:
    """Return whether a value is worth a line: it is not what a reader would assume."""
    if name in kind.required:
        return True
    wire = kind.fields[name].wire
    assumed = kind.create.defaults if kind.create else {}
    taken = any(key in assumed and assumed[key] == wire.codec.encode(value) for key in wire.write)
    return not (is_unset(value) or taken)


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


def file_of_similar(entry: YamlEntry, desired: Desired, folder: str = "") -> str | None:
    """Return the file with the most objects like an entry, or None where there is none.

    Objects of the same kind and category come first, then any of the category, then of its top.
    `folder` is the layer that counts, where the shop has some.
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
        if files := Counter(file for d in similar for file in _files_of(d, folder)):
            return min(files, key=lambda name: (-files[name], name))
    return None


def _files_of(declared: Declared, folder: str) -> list[str]:
    """Return the files that declare an object; of several layers, the one in `folder`."""
    if not folder:
        return [declared.source.file]
    source = place_in(declared, folder)
    return [source.file] if source else []


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
