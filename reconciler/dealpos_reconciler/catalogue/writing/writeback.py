"""Write live values to the files of a shop, and change nothing else in them.

Each file is edited at the characters that must change; the catalogue is then read again, beside
the old one, and must say exactly what was intended, or nothing is written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue.files import list_files
from dealpos_reconciler.catalogue.layers.folders import Layer
from dealpos_reconciler.catalogue.layers.work_tree import place_copy, read_file, write_file
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.catalogue.syntax import Position, YamlNode, index_mappings, parse_syntax
from dealpos_reconciler.catalogue.writing import layout
from dealpos_reconciler.catalogue.writing.edit import Edits, Unwritable
from dealpos_reconciler.catalogue.writing.hunks import Hunk, list_hunks, split_lines
from dealpos_reconciler.catalogue.writing.layer_edits import (
    FieldEdit,
    assign_edits,
    assign_to_layer,
    find_common_file,
    list_parts,
    place_in,
)
from dealpos_reconciler.catalogue.writing.patches import LayerPatches
from dealpos_reconciler.catalogue.writing.results import EditedFile
from dealpos_reconciler.catalogue.writing.steps import take_apart
from dealpos_reconciler.catalogue.writing.yaml_text import GONE, KEEP, YamlEntry
from dealpos_reconciler.core.dated import has_steps
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.errors import ReconcilerError, SourceError, UsageError
from dealpos_reconciler.kinds import MANAGED

BOM = b"\xef\xbb\xbf"

_CHANGED = "a file has changed while it was being edited"


@dataclass(slots=True)
class CatalogueFile:
    """One catalogue file, as text to be edited."""

    name: str
    raw: bytes
    root: YamlNode | None
    mappings: dict[Position, YamlNode]
    edits: Edits


@dataclass(slots=True)
class Writeback:
    """Edits of the files of a shop, collected before any file is written."""

    shop: Settings
    desired: Desired
    files: dict[str, CatalogueFile] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    """New files, by name from the shop's folder."""
    intended: dict[Address, dict[str, Any]] = field(default_factory=dict)
    """The values to write for declared objects."""
    intended_steps: dict[Address, Mapping[str, Any]] = field(default_factory=dict)
    """The values of dated objects with their steps, as they will be declared."""
    added: set[Address] = field(default_factory=set)
    layer: Layer | None = None
    """The layer to write to; None writes to the last one that declares the field."""
    patches: LayerPatches = field(init=False)

    def __post_init__(self) -> None:
        self.patches = LayerPatches(self.desired)

    def write_field(self, address: Address, name: str, value: Any, typed: Any) -> None:
        """Make a field what the shop has; raises Unwritable where it cannot stand in the file.

        `value` is what the model will hold then, `typed` what is written for it.
        """
        declared = self.desired[address]
        if self.layer and value is not GONE:
            layers = self.shop.layers
            edits = [assign_to_layer(address, declared, name, typed, layers, self.layer)]
        else:
            edits = assign_edits(declared, name, typed, is_gone=value is GONE)
        with ExitStack() as stack:
            for edit in edits:
                if edit.source:
                    stack.enter_context(self.file(edit.source.file).edits.all_or_nothing())
            for edit in edits:
                self._write_part(edit, address, name, value)
        intended = self.intended.setdefault(address, dict(declared.value))
        if value is GONE:
            del intended[name]
        else:
            intended[name] = value

    def _write_part(self, edit: FieldEdit, address: Address, name: str, value: Any) -> None:
        """Write a field, or its part, in one layer."""
        if edit.source is None:
            if name in self._steps_of(address):
                raise Unwritable("it has steps in another layer")
            self.patches.add_field(address, name, edit.value)
            return
        file = self.file(edit.source.file)
        place = self.find_object(file, edit.source)
        if name in self._steps_of(address):
            self._write_steps(file, place, address, name, value)
        elif value is GONE:
            self._drop(file, place, address.kind, name)
        else:
            file.edits.set_key(place, name, edit.value, tuple(MANAGED[address.kind].fields))

    def _steps_of(self, address: Address) -> dict[str, Any]:
        """Return the dated fields of an object with their steps, as edited so far."""
        schedule = self.desired.schedule
        if schedule is None or address not in schedule.values:
            return {}
        known = self.intended_steps.get(address, schedule.values[address])
        return {name: held for name, held in known.items() if has_steps({name: held})}

    def _write_steps(
        self, file: CatalogueFile, place: YamlNode, address: Address, name: str, value: Any
    ) -> None:
        schedule = self.desired.schedule
        assert schedule is not None
        if value is GONE:
            raise Unwritable("the shop has no value for its steps: edit them by hand")
        known = self.intended_steps.get(address, schedule.values[address])
        made = take_apart(schedule, (name,), known[name], value)
        for path, index, step in made.edits:
            file.edits.set_step(place, path, index, step)
        if made.rest is not KEEP:
            file.edits.set_key(place, name, made.rest, tuple(MANAGED[address.kind].fields))
        self.intended_steps[address] = {**known, name: made.declared}

    def add_entries(
        self, name: str, owner: Address | None, key: str, entries: list[YamlEntry]
    ) -> None:
        """Put new entries into a list of a file: at its top, or inside a declared object."""
        file = self.file(name)
        place = self._find_owner(file, owner) if owner else file.root
        if place is None:
            raise Unwritable(f"{name} is empty")
        file.edits.append(place, key, entries)
        self.added |= {address for entry in entries for address in entry.addresses()}

    def patch_parent(self, owner: Address, entries: list[YamlEntry]) -> None:
        """Put new entries into a declared object that the layer to write to does not have."""
        self.patches.nested.setdefault(owner, []).extend(entries)
        self.added |= {address for entry in entries for address in entry.addresses()}

    def create_file(self, name: str, text: str, entries: Iterable[YamlEntry]) -> None:
        """Create a new file."""
        self.created[name] = text
        self.added |= {address for entry in entries for address in entry.addresses()}

    def file(self, name: str) -> CatalogueFile:
        """Return a catalogue file; it is read when it is first edited."""
        if name not in self.files:
            raw = read_file(self.shop.root, name)
            text = raw.decode("utf-8-sig")
            try:
                root = parse_syntax(text)
            except YAMLError:
                raise ReconcilerError(_CHANGED) from None
            edits = Edits(text, root)
            self.files[name] = CatalogueFile(name, raw, root, index_mappings(root), edits)
        return self.files[name]

    def finish(self) -> dict[str, EditedFile]:
        """Return every changed file; raise if it declares anything else."""
        found: dict[str, EditedFile] = {}
        self._add_patches()
        for file in self.files.values():
            try:
                new = file.edits.result()
            except Unwritable as error:
                raise _unsafe_edit(f"{file.name}: {error}") from None
            if new != file.edits.text:
                mark = BOM if file.raw.startswith(BOM) else b""
                hunks = [*list_hunks(file.edits.text, file.edits.list_edits())]
                found[file.name] = EditedFile(file.raw, mark + new.encode(), hunks)
        for name, text in self.created.items():
            found[name] = EditedFile(b"", text.encode(), [Hunk(0, [], split_lines(text))])
        if found:
            self._verify(found)
        return found

    def save(self, found: Mapping[str, EditedFile]) -> None:
        """Write what `finish` gave; raises UsageError where a file cannot be written."""
        try:
            for name, edited in found.items():
                (self.shop.root / name).parent.mkdir(parents=True, exist_ok=True)
                write_file(self.shop.root, name, edited.new)
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None

    def _verify(self, found: Mapping[str, EditedFile]) -> None:
        shop = self.shop
        with tempfile.TemporaryDirectory() as temporary:
            beside = place_copy(Path(temporary), shop.root)
            # Content alone: what may not be written to in the shop may be in the copy.
            folders = shop.folders
            paths = [path for folder in folders for path in list_files(shop.root, folder)]
            names = [path.relative_to(shop.root).as_posix() for path in paths]
            content = {name: read_file(shop.root, name) for name in names}
            content |= {name: edited.new for name, edited in found.items()}
            for name, text in content.items():
                copy = Path(os.path.normpath(beside / name))
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(text)
            try:
                schedule = self.desired.schedule
                after = source.load(
                    replace(shop, root=beside), at=schedule.at if schedule else None
                )
            except SourceError as error:
                raise _unsafe_edit(str(error.problems[0])) from None
        said = {address: declared.value for address, declared in after}
        wanted = {address: self.intended.get(address, d.value) for address, d in self.desired}
        wrong = [a for a in wanted if said.get(a) != wanted[a]]
        if schedule:
            steps = after.schedule.values if after.schedule else {}
            meant = {**schedule.values, **self.intended_steps}
            wrong += [
                a for a in meant if _fields_with_steps(steps, a) != _fields_with_steps(meant, a)
            ]
        wrong += sorted(self.added.symmetric_difference(said.keys() - wanted.keys()))
        if wrong:
            raise _unsafe_edit(str(wrong[0]))

    def _add_patches(self) -> None:
        """Add the entries that a layer gets, to a file of it or to a new one."""
        folder = self.layer.folder if self.layer else self.shop.catalogue
        new: list[YamlEntry] = []
        for address, entry in sorted(self.patches.entries().items()):
            source = place_in(self.desired[address], folder)
            collection = MANAGED[address.kind].collection
            if source:
                file = self.file(source.file)
                file.edits.append(self.find_object(file, source), entry.collection, entry.children)
            elif name := find_common_file(self.desired, address.kind, folder):
                root = self.file(name).root
                assert root is not None
                self.file(name).edits.append(root, collection, [entry])
            else:
                new.append(entry)
        if new:
            taken = {path.name for path in (self.shop.root / folder).iterdir()}
            (name, (text, _)), *_ = layout.files(new, taken).items()
            self.created[f"{folder}/{name}"] = text

    def _find_owner(self, file: CatalogueFile, address: Address) -> YamlNode:
        sources = [part.source for part in list_parts(self.desired[address])]
        return self.find_object(file, next(s for s in sources if s.file == file.name))

    def find_object(self, file: CatalogueFile, place: Source) -> YamlNode:
        """Return the mapping of an object in a file. Raises ReconcilerError."""
        if (place.line, place.column) not in file.mappings:
            raise ReconcilerError(_CHANGED)
        return file.mappings[place.line, place.column]

    def _drop(self, file: CatalogueFile, place: YamlNode, kind: str, name: str) -> None:
        filled = name in self.shop.defaults.get(kind, ())
        if filled or place.pair(name) is None or place.pair("<<") is not None:
            raise Unwritable("the shop has no value, and an anchor or `defaults` give it one")
        file.edits.remove_key(place, name)


def _fields_with_steps(found: Mapping[Address, Mapping[str, Any]], address: Address) -> Any:
    value = found.get(address, {})
    return {name: held for name, held in value.items() if has_steps({name: held})}


def _unsafe_edit(what: str) -> ReconcilerError:
    return ReconcilerError(
        f"could not edit the files safely; no file was changed: {what}",
        hint="adopt other addresses or fields, and edit this one by hand",
    )
