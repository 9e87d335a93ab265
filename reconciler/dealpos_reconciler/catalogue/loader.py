"""Load the catalogue files as Desired, or report every problem at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dealpos_reconciler.catalogue.cache import KnownFile, KnownObjects, KnownOmissions
from dealpos_reconciler.catalogue.entries import (
    KNOWN,
    FileObject,
    HiddenCodes,
    MaskKey,
    new_mask_key,
    objects_to_keep,
    read_renames,
)
from dealpos_reconciler.catalogue.files import (
    SETTINGS_FILE,
    Files,
    ItemSource,
    Problems,
    list_files,
    note_skipped_files,
    source_of_item,
)
from dealpos_reconciler.catalogue.layers.directives import (
    DEFAULTS,
    LAYER_KEYS,
    OMIT,
    hint_on_layer_key,
)
from dealpos_reconciler.catalogue.layers.layered import Layers
from dealpos_reconciler.catalogue.layers.merge import merge_kind
from dealpos_reconciler.catalogue.parallel import MakeEntries, ParsedFile, Parsing
from dealpos_reconciler.catalogue.problems import kind_adapter
from dealpos_reconciler.catalogue.reading.dates import DatedObjects
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.catalogue.sections import (
    ALLOW,
    REMOVED,
    read_allowances,
    read_defaults,
    read_removals,
)
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.catalogue.validation import ObjectValidator
from dealpos_reconciler.core.dated import has_steps
from dealpos_reconciler.core.layers.stack import describe_parts
from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import reveal
from dealpos_reconciler.errors import Problem, SourceError, suggestion
from dealpos_reconciler.kinds import MANAGED

_NO_OWNER: Mapping[str, Any] = MappingProxyType({})
"""The owner of an object at the top: the mapping of its file would keep all nodes in memory."""


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
    folders = shop.folders
    listed = [list_files(shop.root, folder) for folder in folders]
    paths = [path for found in listed for path in found]
    if parsing is None or parsing.paths != paths:
        parsing = Parsing(shop.root, paths, shop.expand)
    frozen = gc.isenabled()
    gc.disable()  # tens of thousands of small containers, none of them garbage
    try:
        problems = Problems(Files(shop.root))
        dated = DatedObjects(at or datetime.now(UTC), shop.timezone, problems)
        names = [[path.relative_to(shop.root).as_posix() for path in found] for found in listed]
        layers = Layers(names, problems) if shop.layers else None
        loader = _Loader(problems, mask_key, dated, layers)
        files = [loader.add_file(file) for file in parsing]
        loader.has_masks = parsing.has_masks
        own = shop.defaults.source(SETTINGS_FILE)
        desired = loader.validate(read_defaults(shop.defaults, loader.problems), own)
    finally:
        if frozen:
            gc.enable()
    if loader.problems.found:
        raise SourceError(loader.problems.found)
    if parsing.cache:
        parsing.cache.save(loader.entries(files))
        parsing.cache = None  # a command that loads the files again has nothing to add
    skipped = (note for folder in folders for note in note_skipped_files(shop.root, folder))
    notes = (*skipped, *loader.codes.notes())
    return replace(desired, notes=notes, schedule=dated.schedule())


def prepare_entries(*, is_layered: bool) -> MakeEntries:
    """Return `make_entries` with the validators made, which two processes then need not make."""
    for kind in filter(_can_be_kept, MANAGED.values()):
        kind_adapter(kind)
    return partial(make_entries, is_layered=is_layered)


def make_entries(
    root: Path, files: Sequence[ParsedFile], *, is_layered: bool
) -> dict[str, KnownFile]:
    """Validate files by themselves, and return what the cache would keep of them, by name.

    Files of layers may hold objects that another layer completes; those are not returned. Nothing
    is returned where a file has a problem: who loads all files reports it.
    """
    problems = Problems(Files(root))
    layers = Layers([[file.name for file in files]], problems) if is_layered else None
    dated = DatedObjects(datetime.now(UTC), None, problems)
    loader = _Loader(problems, new_mask_key, dated, layers)
    read = [loader.add_file(file) for file in files if file.digest]
    for name, entries in loader.gathered.items():
        if _can_be_kept(kind := MANAGED[name]):
            read_renames(kind, entries, problems)
            loader.validator.fill_values(kind, entries)
    made = {} if problems.found else loader.entries(read)
    found = ((file.name, made.get(file.digest or b"")) for file in read)
    return {name: entry for name, entry in found if entry is not None}


def _can_be_kept(kind: Kind) -> bool:
    return not (kind.is_private or kind.secret)


class _Loader:
    def __init__(
        self,
        problems: Problems,
        mask_key: MaskKey,
        dated: DatedObjects,
        layers: Layers | None = None,
    ) -> None:
        self.problems = problems
        self.dated = dated
        self.layers = layers
        self.validator = ObjectValidator(problems, is_layered=layers is not None)
        self.codes = HiddenCodes(mask_key, problems)
        self.has_masks = False
        """True where a value is secret or comes from the environment."""
        self.places: set[tuple[str, int, int]] = set()
        """Places with a problem of the YAML text: a second problem there would repeat it."""
        self.directives: dict[str, list[tuple[Any, Source]]] = {
            key: [] for key in (ALLOW, REMOVED, *(LAYER_KEYS if layers else ()))
        }
        self.gathered: dict[str, list[FileObject]] = {name: [] for name in MANAGED}
        self.tops = {kind.collection: kind for kind in MANAGED.values() if not kind.parent}
        self.nested = {kind.parent.kind: kind for kind in MANAGED.values() if kind.parent}

    def add_file(self, file: ParsedFile) -> ParsedFile:
        """Add the objects of one file, and return it without them."""
        if file.known is None:
            self._add_parsed(file.name, file.node, file.problems)
        else:
            self._add_known(file.name, file.known, {*file.dated})
            self._add_omitted(file.name, file.omitted)
        return file._replace(node=KNOWN, known=None if file.known is None else [])

    def _add_parsed(self, shown: str, root: Node, problems: list[Problem]) -> None:
        """Add the objects of one file, and the problems of its text."""
        self.problems.found.extend(problems)
        self.places |= {(p.file, p.line, p.column) for p in problems}
        top = root.source(shown)
        for key, items in root.items():
            if key not in self.tops and key not in self.directives:
                self._unknown_top(top, key)
            elif key == DEFAULTS:
                self._add_defaults(items, top)
            elif not self._is_list(items, top, key):
                continue
            elif key in self.tops:
                self._gather(self.tops[key], items, top)
            else:
                for index, item in enumerate(items):
                    self.directives[key].append((item, self._place(key, index, item, top)))

    def _place(self, key: str, index: int, item: Any, top: Source) -> Source:
        """Return the place of an entry of a list; of a text to omit, the way to find it."""
        if isinstance(item, Node):
            return item.source(top.file)
        if key == OMIT:
            return source_of_item(top, (key, index))
        return self.problems.files.locate(top, (key, index))

    def _add_defaults(self, items: Any, top: Source) -> None:
        if isinstance(items, Node):
            self.directives[DEFAULTS].append((items, items.source(top.file)))
        else:
            self.problems.add(top, (DEFAULTS,), f"`{DEFAULTS}` must be a mapping")

    def _add_known(self, shown: str, objects: KnownObjects, dated: set[int]) -> None:
        """Add the objects of a file that an earlier run has validated."""
        for index, (name, line, column, owner, value) in enumerate(objects):
            parent = MANAGED[name].parent
            above = {MANAGED[parent.kind].identity: owner} if parent else {}
            source = Source(shown, line, column)
            known = FileObject(KNOWN, source, above, None, value, index in dated)
            self.gathered[name].append(known)

    def _add_omitted(self, shown: str, omitted: KnownOmissions) -> None:
        """Add the entries of `omit:` of a file that is known."""
        line, column, texts = omitted
        top = Source(shown, line, column)
        if texts and self.layers is None:
            self._unknown_top(top, OMIT)
        elif texts:
            found = [(text, source_of_item(top, (OMIT, i))) for i, text in enumerate(texts)]
            self.directives[OMIT].extend(found)

    def entries(self, files: Iterable[ParsedFile]) -> dict[bytes, KnownFile | None]:
        """Return the entry of each file that can be kept; None for one that was known."""
        directives = [entry for entries in self.directives.values() for entry in entries]
        left_out = {place.file for _, place in directives if not isinstance(place, ItemSource)}
        omitted: dict[str, KnownOmissions] = {}
        for text, place in directives:
            if isinstance(place, ItemSource):
                omitted.setdefault(place.file, (place.line, place.column, []))[2].append(text)
        made = objects_to_keep(self.gathered, left_out)
        found = dict[bytes, KnownFile | None]()
        for file in files:
            if file.digest and file.known is not None:
                found[file.digest] = None
            elif file.digest and file.name in made:
                dated = [i for i, (*_, value) in enumerate(made[file.name]) if has_steps(value)]
                texts = omitted.get(file.name, (1, 1, []))
                found[file.digest] = (file.added_characters, made[file.name], dated, texts)
        return found

    def _unknown_top(self, top: Source, key: str) -> None:
        accepted = sorted([*self.tops, *self.directives])
        hint = hint_on_layer_key(key) or suggestion(key, accepted)
        hint = hint or f"accepted: {', '.join(accepted)}"
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

    def validate(self, defaults: Mapping[str, Mapping[str, Any]], own: Source) -> Desired:
        """Return every object in canonical form; problems are collected.

        `own` is the place of `defaults` in the settings.
        """
        places = {kind: dict.fromkeys(values, own) for kind, values in defaults.items()}
        if self.layers:
            defaults = self.layers.read(self.directives, defaults, self.codes)
            for kind, given in self.layers.default_places.items():
                places[kind] = {**given, **places.get(kind, {})}
        kinds = sorted(MANAGED.values(), key=lambda kind: kind.parent is not None)
        objects = {
            kind.name: self._kind(kind, self.gathered[kind.name], defaults.get(kind.name, {}))
            for kind in kinds
        }
        allowed = read_allowances(self.directives[ALLOW], self.problems)
        if self.layers:
            removed = self.layers.find_removals(objects)
            allowed = self.layers.drop_replaced(allowed)
        else:
            entries = self.directives[REMOVED]
            removed = read_removals(entries, objects, self.codes, self.problems)
        # A plan shows a name from the environment as its mask, and the exception to paste too.
        desired = Desired(objects, removals=removed, has_masks=self.has_masks)
        masked = {
            key: address
            for address in desired.masked_addresses()
            for key in (str(address), f"{address.kind}/{reveal(address.name)}")
        }
        allowed = tuple(replace(a, address=masked.get(str(a.address), a.address)) for a in allowed)
        taken_out = self.layers.taken_out if self.layers else {}
        return replace(
            desired,
            allowances=allowed,
            taken_out=taken_out,
            defaults=defaults,
            default_places=places,
        )

    def _kind(
        self, kind: Kind, entries: list[FileObject], defaults: Mapping[str, Any]
    ) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        has_dated_defaults = has_steps(defaults)
        read_renames(kind, entries, self.problems)
        self.codes.conceal(kind, entries)
        self.has_masks |= self.codes.has_masks
        self.validator.has_masks, self.validator.places = self.has_masks, self.places
        self.validator.fill_values(kind, entries)
        for entry in merge_kind(self.layers, kind, entries) if self.layers else entries:
            if (value := entry.valid) is None:
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
                message += describe_parts(entry.source)
                self.problems.add(entry.source, path, message)
            if name in found:
                first = found[name].source
                message = (
                    f"{kind.name}/{name} is declared twice, first at {first.file}:{first.line}"
                )
                self.problems.add(entry.source, (kind.identity,), message, "keep one of the two")
            found[name] = Declared(value, entry.source, entry.was)
        return found
