"""Write live values to the files of a shop, and change nothing else in them.

Each file is edited at the characters that must change; the catalogue is then read again, beside
the old one, and must say exactly what was intended, or nothing is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from reconciler import atomic
from reconciler.catalogue import loader as source
from reconciler.catalogue.files import list_files
from reconciler.catalogue.parser import UnsetName, parse
from reconciler.catalogue.settings import Settings
from reconciler.catalogue.syntax import Steps, YamlNode, find_node, parse_syntax
from reconciler.catalogue.writing.edit import Edits, Unwritable
from reconciler.catalogue.writing.yaml_text import YamlEntry
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.errors import ReconcilerError, SourceError, UsageError

BOM = b"\xef\xbb\xbf"

GONE = object()
"""Instead of a value: the key is taken out."""


@dataclass(slots=True)
class CatalogueFile:
    """One catalogue file, as text to be edited."""

    name: str
    raw: bytes
    text: str
    root: YamlNode | None
    paths: dict[Address, Steps]
    edits: Edits


@dataclass(slots=True)
class Writeback:
    """Edits of the files of a shop, collected before any file is written."""

    shop: Settings
    kinds: Kinds
    desired: Desired
    files: dict[str, CatalogueFile] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    """New files, by name from the shop's folder."""
    intended: dict[Address, dict[str, Any]] = field(default_factory=dict)
    """The values to write for declared objects."""
    added: set[Address] = field(default_factory=set)

    def write_field(self, address: Address, name: str, value: Any, typed: Any) -> None:
        """Make a field what the shop has; raises Unwritable where it cannot stand in the file.

        `value` is what the model will hold then, `typed` what is written for it.
        """
        declared = self.desired[address]
        file = self.file(declared.source.file)
        place = self._object(file, address)
        with file.edits.all_or_nothing():
            if value is GONE:
                self._drop(file, place, address.kind, name)
            else:
                file.edits.set_key(place, name, typed, tuple(self.kinds[address.kind].fields))
        intended = self.intended.setdefault(address, dict(declared.value))
        if value is GONE:
            del intended[name]
        else:
            intended[name] = value

    def add_entries(
        self, name: str, owner: Address | None, key: str, entries: list[YamlEntry]
    ) -> None:
        """Put new entries into a list of a file: at its top, or inside a declared object."""
        file = self.file(name)
        place = self._object(file, owner) if owner else file.root
        if place is None:
            raise Unwritable(f"{name} is empty")
        file.edits.append(place, key, entries)
        self.added |= {address for entry in entries for address in entry.addresses()}

    def create_file(self, name: str, text: str, entries: Iterable[YamlEntry]) -> None:
        """Create a new file."""
        self.created[name] = text
        self.added |= {address for entry in entries for address in entry.addresses()}

    def file(self, name: str) -> CatalogueFile:
        """Return a catalogue file; it is read when it is first edited."""
        if name not in self.files:
            raw = (self.shop.root / name).read_bytes()
            text = raw.decode("utf-8-sig")
            try:
                root = parse_syntax(text)
            except YAMLError:
                why = "a file has changed while it was being edited"
                raise ReconcilerError(why) from None
            paths = dict(self._paths(parse(text, name)[0]))
            self.files[name] = CatalogueFile(name, raw, text, root, paths, Edits(text, root))
        return self.files[name]

    def finish(self) -> dict[str, tuple[bytes, bytes]]:
        """Return old and new content of every changed file; raise if it declares anything else."""
        found: dict[str, tuple[bytes, bytes]] = {}
        for file in self.files.values():
            try:
                new = file.edits.result()
            except Unwritable as error:
                raise _unsafe_edit(f"{file.name}: {error}") from None
            if new != file.text:
                mark = BOM if file.raw.startswith(BOM) else b""
                found[file.name] = (file.raw, mark + new.encode())
        found |= {name: (b"", text.encode()) for name, text in self.created.items()}
        if found:
            self._verify(found)
        return found

    def save(self, found: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Write what `finish` gave; raises UsageError where a file cannot be written."""
        try:
            for name, (_, new) in found.items():
                (self.shop.root / name).parent.mkdir(parents=True, exist_ok=True)
                atomic.write(self.shop.root / name, new)
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None

    def _verify(self, found: Mapping[str, tuple[bytes, bytes]]) -> None:
        shop = self.shop
        with tempfile.TemporaryDirectory() as temporary:
            beside = Path(temporary)
            # Content alone: what may not be written to in the shop may be in the copy.
            content = {name: (shop.root / name).read_bytes() for name in self._names()}
            for name, text in (content | {name: new for name, (_, new) in found.items()}).items():
                (beside / name).parent.mkdir(parents=True, exist_ok=True)
                (beside / name).write_bytes(text)
            try:
                after = source.load(
                    beside, shop.catalogue, self.kinds, defaults=shop.defaults, expand=shop.expand
                )
            except SourceError as error:
                raise _unsafe_edit(str(error.problems[0])) from None
        said = {address: declared.value for address, declared in after}
        wanted = {address: self.intended.get(address, d.value) for address, d in self.desired}
        wrong = [a for a in wanted if said.get(a) != wanted[a]]
        wrong += sorted(self.added.symmetric_difference(said.keys() - wanted.keys()))
        if wrong:
            raise _unsafe_edit(str(wrong[0]))

    def _names(self) -> list[str]:
        """Return the catalogue files, relative to the shop's folder."""
        root = self.shop.root
        if not (root / self.shop.catalogue).is_dir():
            return []
        return [path.relative_to(root).as_posix() for path in list_files(root, self.shop.catalogue)]

    def _object(self, file: CatalogueFile, address: Address) -> YamlNode:
        path = file.paths.get(address)
        place = find_node(file.root, path) if file.root and path else None
        if place is None or place.sort != "map":
            raise Unwritable("its entry is written elsewhere, behind an anchor")
        return place

    def _drop(self, file: CatalogueFile, place: YamlNode, kind: str, name: str) -> None:
        given: Mapping[str, Any] = self.shop.defaults or {}
        if place.pair(name) is None or place.pair("<<") is not None or name in given.get(kind, ()):
            raise Unwritable("the shop has no value, and an anchor or `defaults` give it one")
        file.edits.remove_key(place, name)

    def _paths(self, tree: Mapping[str, Any]) -> Iterator[tuple[Address, Steps]]:
        """Return the place of each object of a file."""
        for kind in self.kinds.values():
            if kind.parent is None:
                yield from self._paths_in_list(kind, tree.get(kind.collection), (kind.collection,))

    def _paths_in_list(
        self, kind: Kind, items: Any, above: Steps
    ) -> Iterator[tuple[Address, Steps]]:
        for index, node in enumerate(items if isinstance(items, list) else ()):
            path = (*above, index)
            yield Address(kind.name, self._expand(node.get(kind.identity, ""))), path
            for child in self.kinds.values():
                if child.parent and child.parent.kind == kind.name:
                    inner = (*path, child.collection)
                    yield from self._paths_in_list(child, node.get(child.collection), inner)

    def _expand(self, written: str) -> str:
        try:
            return self.shop.expand(written)
        except UnsetName:
            return ""


def _unsafe_edit(what: str) -> ReconcilerError:
    return ReconcilerError(
        f"could not edit the files safely; no file was changed: {what}",
        hint="adopt other addresses or fields, and edit this one by hand",
    )
