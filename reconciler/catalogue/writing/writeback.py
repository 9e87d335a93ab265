"""Write live values to the files of a shop, and change nothing else in them.

Each file is edited at the characters that must change; the catalogue is then read again, beside
the old one, and must say exactly what was intended, or nothing is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from reconciler import confined
from reconciler.catalogue import loader as source
from reconciler.catalogue.files import list_files
from reconciler.catalogue.settings import Settings
from reconciler.catalogue.syntax import Position, YamlNode, index_mappings, parse_syntax
from reconciler.catalogue.writing.edit import Edits, Unwritable
from reconciler.catalogue.writing.hunks import Hunk, list_hunks, split_lines
from reconciler.catalogue.writing.results import EditedFile
from reconciler.catalogue.writing.steps import take_apart
from reconciler.catalogue.writing.yaml_text import KEEP, YamlEntry
from reconciler.core.dated import has_steps
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.errors import ReconcilerError, SourceError, UsageError
from reconciler.kinds import MANAGED

BOM = b"\xef\xbb\xbf"

GONE = object()
"""Instead of a value: the key is taken out."""

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

    def write_field(self, address: Address, name: str, value: Any, typed: Any) -> None:
        """Make a field what the shop has; raises Unwritable where it cannot stand in the file.

        `value` is what the model will hold then, `typed` what is written for it.
        """
        declared = self.desired[address]
        file = self.file(declared.source.file)
        place = self._find_object(file, address)
        with file.edits.all_or_nothing():
            if name in self._steps_of(address):
                self._write_steps(file, place, address, name, value)
            elif value is GONE:
                self._drop(file, place, address.kind, name)
            else:
                file.edits.set_key(place, name, typed, tuple(MANAGED[address.kind].fields))
        intended = self.intended.setdefault(address, dict(declared.value))
        if value is GONE:
            del intended[name]
        else:
            intended[name] = value

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
        place = self._find_object(file, owner) if owner else file.root
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
            raw = confined.read(self.shop.root, name)
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
                confined.write_below(self.shop.root, name, edited.new)
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None

    def _verify(self, found: Mapping[str, EditedFile]) -> None:
        shop = self.shop
        with tempfile.TemporaryDirectory() as temporary:
            beside = Path(temporary)
            # Content alone: what may not be written to in the shop may be in the copy.
            content = {
                (name := path.relative_to(shop.root)): confined.read(shop.root, name)
                for path in list_files(shop.root, shop.catalogue)
            }
            content |= {Path(name): edited.new for name, edited in found.items()}
            for path, text in content.items():
                (beside / path).parent.mkdir(parents=True, exist_ok=True)
                (beside / path).write_bytes(text)
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

    def _find_object(self, file: CatalogueFile, address: Address) -> YamlNode:
        place = self.desired[address].source
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
