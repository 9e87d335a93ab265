"""Load the catalogue files as Desired, or report every problem at once."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconciler.catalogue.directives import (
    ALLOW,
    REMOVED,
    Directives,
    read_allowances,
    read_removals,
)
from reconciler.catalogue.files import Files, list_files
from reconciler.catalogue.parallel import Parsing
from reconciler.catalogue.parser import Expand, Node
from reconciler.catalogue.problems import WAS, explain, kind_adapter, known_keys
from reconciler.catalogue.sections import read_defaults
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.errors import Problem, SourceError, suggestion


@dataclass(slots=True)
class _Gathered:
    """The objects of one kind from all files, in file order, before validation."""

    nodes: list[Node] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    owners: list[Node] = field(default_factory=list)


def load(
    root: Path,
    catalogue: str,
    kinds: Kinds,
    *,
    defaults: Node | None = None,
    expand: Expand | None = None,
    parsing: Parsing | None = None,
) -> Desired:
    """Load every object that the files below `root / catalogue` declare.

    `parsing` is given where it was started before. `defaults` are values by kind, filled in where
    an object omits the key. Raises SourceError with every problem of every file.
    """
    frozen = gc.isenabled()
    gc.disable()  # tens of thousands of small containers, none of them garbage
    try:
        loader = _Loader(root, kinds)
        for shown, node, problems in parsing or Parsing(root, list_files(root, catalogue), expand):
            loader.add_file(shown, node, problems)
        filled, problems = read_defaults(defaults, kinds, loader.files)
        loader.problems += problems
        desired = loader.validate(filled)
    finally:
        if frozen:
            gc.enable()
    if loader.problems:
        raise SourceError(loader.problems)
    return desired


class _Loader:
    def __init__(self, root: Path, kinds: Kinds) -> None:
        self.files = Files(root)
        self.kinds = kinds
        self.problems: list[Problem] = []
        self.places: set[tuple[str, int, int]] = set()
        """Places with a problem of the YAML text: a second problem there would repeat it."""
        self.directives = {
            key: Directives(key, kinds, self.files, self.problems) for key in (ALLOW, REMOVED)
        }
        self.gathered = {name: _Gathered() for name in kinds}
        self.tops = {kind.collection: kind for kind in kinds.values() if not kind.parent}
        self.nested = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}

    def add_file(self, shown: str, root: Node, problems: list[Problem]) -> None:
        """Add the objects of one file, and the problems of its text."""
        self.problems += problems
        self.places |= {(p.file, p.line, p.column) for p in problems}
        for key, items in root.items():
            kind = self.tops.get(key)
            if directives := self.directives.get(key):
                if self._is_list(items, shown, root, key):
                    directives.add_entries(items, shown, root)
            elif kind is None:
                self._unknown_top(shown, root, key)
            elif self._is_list(items, shown, root, key):
                self._gather(kind, items, shown, root)

    def _unknown_top(self, shown: str, root: Node, key: str) -> None:
        place = self.files.locate(Source(shown, root.line, root.column), (key,), key=True)
        accepted = sorted([*self.tops, *self.directives])
        hint = suggestion(key, accepted) or f"accepted: {', '.join(accepted)}"
        owner = next((o for o, inner in self.nested.items() if inner.collection == key), None)
        if owner is not None:
            hint = f"`{key}` belongs inside an entry of `{self.kinds[owner].collection}`"
        self.problems.append(Problem(*place, f"unknown key `{key}`", hint))

    def _is_list(self, items: Any, shown: str, owner: Node, key: str) -> bool:
        if isinstance(items, list):
            return True
        place = self.files.locate(Source(shown, owner.line, owner.column), (key,))
        message = f"`{key}` must be a list (lines that start with a dash)"
        self.problems.append(Problem(*place, message))
        return False

    def _gather(self, kind: Kind, items: list[Any], shown: str, owner: Node) -> None:
        table = self.gathered[kind.name]
        child = self.nested.get(kind.name)
        for index, node in enumerate(items):
            if not isinstance(node, Node):
                start = Source(shown, owner.line, owner.column)
                place = self.files.locate(start, (kind.collection, index))
                message = f"an entry of `{kind.collection}` must be a mapping"
                self.problems.append(Problem(*place, message, "write `- key: value`"))
                continue
            if child and child.collection in node:
                node = node.copy_node()
                inner = node.pop(child.collection)
                if self._is_list(inner, shown, node, child.collection):
                    self._gather(child, inner, shown, node)
            table.nodes.append(node)
            table.files.append(shown)
            table.owners.append(owner)

    def validate(self, defaults: Mapping[str, Mapping[str, Any]]) -> Desired:
        """Return every object in canonical form; problems are collected."""
        objects: dict[str, dict[str, Declared]] = {}
        for name, kind in self.kinds.items():
            objects[name] = self._kind(kind, self.gathered[name], defaults.get(name, {}))
        removed = read_removals(self.directives[REMOVED], objects)
        return Desired(objects, read_allowances(self.directives[ALLOW]), removed)

    def _kind(
        self, kind: Kind, table: _Gathered, defaults: Mapping[str, Any]
    ) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        renames = self._renames(kind, table)
        values = self._values(kind, table)
        for index, (value, node, file) in enumerate(
            zip(values, table.nodes, table.files, strict=True)
        ):
            if value is None:
                continue
            source = Source(file, node.line, node.column)
            name = value[kind.identity]
            if defaults:
                value = {**defaults, **value}
            if kind.parent:
                parent = self.kinds[kind.parent.kind]
                value[parent.name] = table.owners[index].get(parent.identity, "")
            if kind.validate:
                self._check(kind, value, source)
            if name in found:
                self._duplicate(kind, name, source, found[name].source)
            found[name] = Declared(value, source, renames.get(id(node), ""))
        return found

    def _values(self, kind: Kind, table: _Gathered) -> list[Any]:
        """Return one value per node, None for one without identity; every problem is reported."""
        if not table.nodes:
            return []
        try:
            return list(kind_adapter(kind).validate_python(table.nodes))
        except ValidationError as error:
            failing: dict[int, set[str]] = {}
            for found in error.errors(include_url=False):
                index, path = int(found["loc"][0]), tuple(found["loc"][1:])
                failing.setdefault(index, set()).add(str(path[0]) if path else kind.identity)
                self._invalid(kind, table, index, path, found)
            return self._without(kind, table.nodes, failing)

    @staticmethod
    def _without(kind: Kind, nodes: list[Node], failing: Mapping[int, set[str]]) -> list[Any]:
        """Return the values without the failing keys, so that other rules can still check them."""
        usable = [i for i in range(len(nodes)) if kind.identity not in failing.get(i, ())]
        stripped = [
            {key: value for key, value in nodes[i].items() if key not in failing.get(i, ())}
            for i in usable
        ]
        values: list[Any] = [None] * len(nodes)
        for i, value in zip(usable, kind_adapter(kind).validate_python(stripped), strict=True):
            values[i] = value
        return values

    def _invalid(
        self, kind: Kind, table: _Gathered, index: int, path: tuple[Any, ...], found: Any
    ) -> None:
        # A failing key of a mapping is reported at (…, key, "[key]").
        path = tuple(step for step in path if step != "[key]")
        own = kind.fields.get(str(path[0])) if path else None
        message, hint = explain(
            {**found, "loc": path},
            known_keys(kind, self.nested.get(kind.name)),
            not (own and own.private),
        )
        node = table.nodes[index]
        source = Source(table.files[index], node.line, node.column)
        is_key = found["type"] == "extra_forbidden"
        place = self.files.locate(source, path, key=is_key)
        identity = node.get(kind.identity)
        owner = f"{kind.name}/{identity}: " if isinstance(identity, str) else f"{kind.name}: "
        if place not in self.places:
            self.problems.append(Problem(*place, owner + message, hint))

    def _renames(self, kind: Kind, table: _Gathered) -> dict[int, str]:
        """Take `was:` off the nodes of a kind that can be renamed."""
        renames: dict[int, str] = {}
        if not kind.rename:
            return renames
        for index, node in enumerate(table.nodes):
            if WAS in node:
                table.nodes[index] = node = node.copy_node()
                was = node.pop(WAS)
                try:
                    former = kind_adapter(kind).validate_python([{kind.identity: was}])
                    renames[id(node)] = former[0][kind.identity]
                    self._rename(kind, node, table.files[index], renames)
                except ValidationError:
                    place = self.files.locate(
                        Source(table.files[index], node.line, node.column), (WAS,)
                    )
                    owner = f"{kind.name}/{node.get(kind.identity, '')}"
                    message = f"{owner}: `{WAS}` must be the former `{kind.identity}`"
                    self.problems.append(Problem(*place, message))
        return renames

    def _rename(self, kind: Kind, node: Node, file: str, renames: Mapping[int, str]) -> None:
        """Report a former name that is not possible."""
        was, now = renames[id(node)], node.get(kind.identity)
        complaint = ""
        if was == now:
            complaint = "is its present name"
        elif kind.tree and isinstance(now, str) and now.startswith(f"{was}/"):
            complaint = "contains the new one: an object cannot move below itself"
        elif list(renames.values()).count(was) > 1:
            complaint = "is used by another entry too"
        if complaint:
            place = self.files.locate(Source(file, node.line, node.column), (WAS,))
            message = f"{kind.name}/{now}: the former name `{was}` {complaint}"
            self.problems.append(Problem(*place, message))

    def _check(self, kind: Kind, value: Mapping[str, Any], source: Source) -> None:
        assert kind.validate is not None
        for path, complaint in kind.validate(value):
            place = self.files.locate(source, path)
            address = Address(kind.name, value[kind.identity])
            name = path[0] if path else ""
            self.problems.append(Problem(*place, f"{address}: `{name}` {complaint}"))

    def _duplicate(self, kind: Kind, name: str, source: Source, first: Source) -> None:
        message = f"{kind.name}/{name} is declared twice, first at {first.file}:{first.line}"
        place = self.files.locate(source, (kind.identity,))
        self.problems.append(Problem(*place, message, "keep one of the two"))
