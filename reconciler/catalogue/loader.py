"""Load the catalogue files as Desired, or report every problem at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from reconciler.catalogue.cache import KnownFile, KnownObjects
from reconciler.catalogue.entries import (
    KNOWN,
    READ,
    FileObject,
    HiddenCodes,
    MaskKey,
    new_mask_key,
    objects_to_keep,
    read_renames,
)
from reconciler.catalogue.files import Files, Problems, list_files, note_skipped_files
from reconciler.catalogue.parallel import ParsedFile, Parsing
from reconciler.catalogue.problems import (
    WAS,
    Explained,
    explain_all,
    kind_adapter,
    known_keys,
    private_fields,
)
from reconciler.catalogue.reading.dates import DatedObjects
from reconciler.catalogue.reading.node import Node
from reconciler.catalogue.sections import (
    ALLOW,
    REMOVED,
    read_allowances,
    read_defaults,
    read_removals,
)
from reconciler.catalogue.settings import Settings
from reconciler.core.dated import has_steps
from reconciler.core.model.address import Source
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.kind import Kind
from reconciler.core.model.masked import copy_masks, is_masked, reveal
from reconciler.core.model.secret import SECRET
from reconciler.errors import Problem, SourceError, suggestion
from reconciler.kinds import MANAGED

_NO_OWNER: Mapping[str, Any] = MappingProxyType({})
"""The owner of an object at the top: the mapping of its file would keep all nodes in memory."""
_SLICE = 500
"""Objects that are validated at a time, so that their nodes make room for the next ones."""


def load(
    shop: Settings,
    parsing: Parsing | None = None,
    mask_key: MaskKey = new_mask_key,
    at: datetime | None = None,
) -> Desired:
    """Load every object that the files of a shop declare; `parsing` may have been started before.

    `mask_key` gives the key of the masks that stand for secret codes. Dated values are those that
    count at an instant: now, unless `at` names it. Raises SourceError with every problem of every
    file.
    """
    paths = list_files(shop.root, shop.catalogue)
    if parsing is None or parsing.paths != paths:
        parsing = Parsing(shop.root, paths, shop.expand)
    frozen = gc.isenabled()
    gc.disable()  # tens of thousands of small containers, none of them garbage
    try:
        problems = Problems(Files(shop.root))
        dated = DatedObjects(at or datetime.now(UTC), shop.timezone, problems)
        loader = _Loader(problems, mask_key, dated)
        files = [loader.add_file(file) for file in parsing]
        loader.has_masks = parsing.has_masks
        desired = loader.validate(read_defaults(shop.defaults, loader.problems))
    finally:
        if frozen:
            gc.enable()
    if loader.problems.found:
        raise SourceError(loader.problems.found)
    if parsing.cache:
        parsing.cache.save(loader.entries(files))
        parsing.cache = None  # a command that loads the files again has nothing to add
    notes = (*note_skipped_files(shop.root, shop.catalogue), *loader.codes.notes())
    return replace(desired, notes=notes, schedule=dated.schedule())


class _Loader:
    def __init__(self, problems: Problems, mask_key: MaskKey, dated: DatedObjects) -> None:
        self.problems = problems
        self.dated = dated
        self.codes = HiddenCodes(mask_key, problems)
        self.has_masks = False
        """True where a value is secret or comes from the environment."""
        self.places: set[tuple[str, int, int]] = set()
        """Places with a problem of the YAML text: a second problem there would repeat it."""
        self.directives: dict[str, list[tuple[Any, Source]]] = {ALLOW: [], REMOVED: []}
        self.gathered: dict[str, list[FileObject]] = {name: [] for name in MANAGED}
        self.tops = {kind.collection: kind for kind in MANAGED.values() if not kind.parent}
        self.nested = {kind.parent.kind: kind for kind in MANAGED.values() if kind.parent}

    def add_file(self, file: ParsedFile) -> ParsedFile:
        """Add the objects of one file, and return it without them."""
        if file.known is None:
            self._add_parsed(file.name, file.node, file.problems)
        else:
            self._add_known(file.name, file.known, {*file.dated})
        return file._replace(node=KNOWN, known=None if file.known is None else [])

    def _add_parsed(self, shown: str, root: Node, problems: list[Problem]) -> None:
        """Add the objects of one file, and the problems of its text."""
        self.problems.found.extend(problems)
        self.places |= {(p.file, p.line, p.column) for p in problems}
        top = root.source(shown)
        for key, items in root.items():
            if key not in self.tops and key not in self.directives:
                self._unknown_top(top, key)
            elif not self._is_list(items, top, key):
                continue
            elif key in self.tops:
                self._gather(self.tops[key], items, top)
            else:
                for index, item in enumerate(items):
                    is_node, path = isinstance(item, Node), (key, index)
                    place = item.source(shown) if is_node else self.problems.files.locate(top, path)
                    self.directives[key].append((item, place))

    def _add_known(self, shown: str, objects: KnownObjects, dated: set[int]) -> None:
        """Add the objects of a file that an earlier run has validated."""
        for index, (name, line, column, owner, value) in enumerate(objects):
            parent = MANAGED[name].parent
            above = {MANAGED[parent.kind].identity: owner} if parent else {}
            source = Source(shown, line, column)
            known = FileObject(KNOWN, source, above, None, value, index in dated)
            self.gathered[name].append(known)

    def entries(self, files: Iterable[ParsedFile]) -> dict[bytes, KnownFile | None]:
        """Return the entry of each file that can be kept; None for one that was known."""
        left_out = {place.file for items in self.directives.values() for _, place in items}
        made = objects_to_keep(self.gathered, left_out)
        found = dict[bytes, KnownFile | None]()
        for file in files:
            if file.digest and file.known is not None:
                found[file.digest] = None
            elif file.digest and file.name in made:
                dated = [i for i, (*_, value) in enumerate(made[file.name]) if has_steps(value)]
                found[file.digest] = (file.added_characters, made[file.name], dated)
        return found

    def _unknown_top(self, top: Source, key: str) -> None:
        accepted = sorted([*self.tops, *self.directives])
        hint = suggestion(key, accepted) or f"accepted: {', '.join(accepted)}"
        owner = next((o for o, inner in self.nested.items() if inner.collection == key), None)
        if owner is not None:
            hint = f"`{key}` belongs inside an entry of `{MANAGED[owner].collection}`"
        self.problems.add(top, (key,), f"unknown key `{key}`", hint, key=True)

    def _is_list(self, items: Any, owner: Source, key: str) -> bool:
        if isinstance(items, list):
            return True
        self.problems.add(owner, (key,), f"`{key}` must be a list (lines that start with a dash)")
        return False

    def _gather(
        self, kind: Kind, items: list[Any], start: Source, owner: Mapping[str, Any] = _NO_OWNER
    ) -> None:
        table = self.gathered[kind.name]
        child = self.nested.get(kind.name)
        for index, node in enumerate(items):
            if not isinstance(node, Node):
                message = f"an entry of `{kind.collection}` must be a mapping"
                path = (kind.collection, index)
                self.problems.add(start, path, message, "write `- key: value`")
                continue
            source = node.source(start.file)
            if child and child.collection in node:
                node = node.copy_node()
                inner = node.pop(child.collection)
                if self._is_list(inner, source, child.collection):
                    self._gather(child, inner, source, node)
            table.append(FileObject(node, source, owner))

    def validate(self, defaults: Mapping[str, Mapping[str, Any]]) -> Desired:
        """Return every object in canonical form; problems are collected."""
        objects = {
            name: self._kind(kind, self.gathered[name], defaults.get(name, {}))
            for name, kind in MANAGED.items()
        }
        removed = read_removals(self.directives[REMOVED], objects, self.codes, self.problems)
        allowed = read_allowances(self.directives[ALLOW], self.problems)
        # A plan shows a name from the environment as its mask, and the exception to paste too.
        desired = Desired(objects, removals=removed, has_masks=self.has_masks)
        masked = {
            key: address
            for address in desired.masked_addresses()
            for key in (str(address), f"{address.kind}/{reveal(address.name)}")
        }
        allowed = tuple(replace(a, address=masked.get(str(a.address), a.address)) for a in allowed)
        return replace(desired, allowances=allowed)

    def _kind(
        self, kind: Kind, entries: list[FileObject], defaults: Mapping[str, Any]
    ) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        has_dated_defaults = has_steps(defaults)
        read_renames(kind, entries, self.problems)
        self.codes.conceal(kind, entries)
        self.has_masks |= self.codes.has_masks
        for value, entry in zip(self._values(kind, entries), entries, strict=True):
            if value is None:
                continue
            name = value[kind.identity]
            if defaults:
                value = {**defaults, **value}
            if kind.parent:
                parent = MANAGED[kind.parent.kind]
                value[parent.name] = entry.owner.get(parent.identity, "")
            if entry.dated or has_dated_defaults:
                value = self.dated.resolve(kind, value, entry.source)
            for path, complaint in kind.validate(value) if kind.validate else ():
                message = f"{kind.name}/{name}: `{path[0] if path else ''}` {complaint}"
                self.problems.add(entry.source, path, message)
            if name in found:
                first = found[name].source
                message = (
                    f"{kind.name}/{name} is declared twice, first at {first.file}:{first.line}"
                )
                self.problems.add(entry.source, (kind.identity,), message, "keep one of the two")
            found[name] = Declared(value, entry.source, entry.was)
        return found

    def _values(self, kind: Kind, entries: list[FileObject]) -> list[Any]:
        """Return one value per entry, None for one without identity; every problem is reported."""
        fresh = [entry for entry in entries if entry.valid is None]
        for start in range(0, len(fresh), _SLICE):
            part = fresh[start : start + _SLICE]
            for entry, value in zip(part, self._validate(kind, part), strict=True):
                entry.valid, entry.node = value, READ
                entry.dated = value is not None and has_steps(value)
        return [entry.valid for entry in entries]

    def _validate(self, kind: Kind, entries: list[FileObject]) -> list[Any]:
        if not entries:
            return []
        try:
            nodes = [entry.node for entry in entries]
            return self._mask(nodes, kind_adapter(kind).validate_python(nodes))
        except ValidationError as error:
            failing: dict[int, set[str]] = {}
            nested, more = self.nested.get(kind.name), [WAS] if kind.rename else []
            more += [SECRET] if kind.secret else []
            top = [*kind.model.__annotations__, *more, *([nested.collection] if nested else [])]
            for wrong in explain_all(error, known_keys(kind, top), private_fields(kind)):
                failing.setdefault(wrong.entry, set()).add(str((*wrong.path, kind.identity)[0]))
                self._report_invalid(kind, entries[wrong.entry], wrong)
            return self._without(kind, [entry.node for entry in entries], failing)

    def _mask(self, nodes: list[Any], values: list[Any]) -> list[Any]:
        """Return the values, those under masks that are secret or come from the environment."""
        if not self.has_masks:
            return values
        return [
            copy_masks(node, value) if is_masked(node) else value
            for node, value in zip(nodes, values, strict=True)
        ]

    def _without(self, kind: Kind, nodes: list[Node], failing: Mapping[int, set[str]]) -> list[Any]:
        """Return the values without the failing keys, so that other rules can still check them."""
        usable = [i for i in range(len(nodes)) if kind.identity not in failing.get(i, ())]
        stripped = [
            {key: value for key, value in nodes[i].items() if key not in failing.get(i, ())}
            for i in usable
        ]
        values: list[Any] = [None] * len(nodes)
        valid = self._mask(stripped, kind_adapter(kind).validate_python(stripped))
        for i, value in zip(usable, valid, strict=True):
            values[i] = value
        return values

    def _report_invalid(self, kind: Kind, entry: FileObject, wrong: Explained) -> None:
        identity = entry.node.get(kind.identity)
        owner = f"{kind.name}/{identity}" if isinstance(identity, str) else kind.name
        place = self.problems.files.locate(entry.source, wrong.path, key=wrong.is_key)
        if place not in self.places:
            self.problems.found.append(Problem(*place, f"{owner}: {wrong.message}", wrong.hint))
