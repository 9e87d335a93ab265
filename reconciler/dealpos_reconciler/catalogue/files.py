"""List the catalogue files, and locate a value in them for a message."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue.layers.work_tree import is_outside, read_file, refuse_links
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.catalogue.syntax import PositionIndex, Steps
from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.errors import Problem, SourceError, UsageError

SETTINGS_FILE = "reconciler.yaml"
"""The file name of the settings in a shop folder."""

SUFFIXES = (".yaml", ".yml")
"""The ends of the names of catalogue files."""

_SIMILAR = re.compile(r"\.?reconciler\.ya?ml(\..*)?", re.IGNORECASE)
_SETTINGS_NAMES = ("reconciler.yaml", "reconciler.yml")

MAX_NAMED = 5
"""Skipped files that are named one by one."""


class ItemSource(Source):
    """The place of a text in a list, as that of the mapping around it and the path from there."""

    path: Steps = ()


def source_of_item(top: Source, path: Steps) -> Source:
    """Return the place of a text, which `Files.locate` finds when a message needs it."""
    found = ItemSource(*top)
    found.path = path
    return found


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a shop, read again only when a message has to name a line."""

    root: Path
    indexes: dict[str, PositionIndex | None] = field(default_factory=dict)

    def locate(self, source: Source, path: Steps, *, key: bool = False) -> Source:
        """Return the place of `path` inside the object that starts at `source`."""
        source = source.place_of(path)
        if isinstance(source, ItemSource):
            path = (*source.path, *path)
        if source.file not in self.indexes:
            self.indexes[source.file] = self._index(source.file)
        index = self.indexes[source.file]
        if index is None:
            return source
        line, column = index.locate((source.line, source.column), path, key=key)
        return Source(source.file, line, column)

    def _index(self, file: str) -> PositionIndex | None:
        try:
            return PositionIndex(read_file(self.root, file).decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            return None


@dataclass(frozen=True, slots=True)
class Problems:
    """Problems of the files, each at its place, collected to be reported together."""

    files: Files
    found: list[Problem] = field(default_factory=list)

    def add(
        self,
        source: Source,
        path: Steps,
        message: str,
        hint: str | None = None,
        *,
        key: bool = False,
    ) -> None:
        """Add a problem of the value (or the key) at `path` in the object at `source`."""
        self.found.append(Problem(*self.files.locate(source, path, key=key), message, hint))

    def add_setting(
        self, node: Node, path: Steps, message: str, hint: str | None = None, *, key: bool = False
    ) -> None:
        """Add a problem at `path` in a mapping of the settings."""
        self.add(node.source(SETTINGS_FILE), path, message, hint, key=key)


def find_root(start: Path) -> Path:
    """Return the nearest folder with settings from `start` upwards, within its git work tree.

    Returns `start` where none has any, and outside of git: settings of a stranger are not picked
    up. A file with another name counts, so that it is reported and not passed over.
    """
    above = [start, *start.parents]
    top = next((number for number, folder in enumerate(above) if (folder / ".git").exists()), 0)
    for folder in above[: top + 1]:
        with suppress(OSError):
            if any(_SIMILAR.fullmatch(name) for name in os.listdir(folder)):
                return folder
    return start


def has_file(root: Path) -> bool:
    """Return whether a folder has settings; raise UsageError where they have another name.

    A run that ignored them would apply without the guardrails and the ledger that they set.
    """
    try:
        names = [name for name in sorted(os.listdir(root)) if _SIMILAR.fullmatch(name)]
    except OSError as error:
        raise UsageError(f"{root} cannot be read: {error.strerror}") from None
    if SETTINGS_FILE in names:
        names.remove(SETTINGS_FILE)
        for other in names:
            if other.casefold() in _SETTINGS_NAMES:
                why = f"{root} has two settings files: {SETTINGS_FILE} and {other}"
                raise UsageError(why, hint=f"keep the settings in {SETTINGS_FILE}, delete {other}")
        return True
    for other in names:
        why = f"the settings in {root} are not read: {other} must be named {SETTINGS_FILE}"
        command = f"mv {shlex.quote(str(root / other))} {shlex.quote(str(root / SETTINGS_FILE))}"
        raise UsageError(why, hint=f"to rename it, run: {command}")
    return False


def needs_reading(root: Path, environment: Mapping[str, str], without_file: bool) -> bool:
    """Return whether the folder has settings; raise UsageError where it needs them."""
    if has_file(root):
        return True
    if not environment.get("DEALPOS_URL"):
        hint = f"to make it a shop folder, run: reconciler init {shlex.quote(str(root))}"
        raise UsageError(f"{root} is not a shop folder: {SETTINGS_FILE} not found", hint=hint)
    if not without_file:
        why = f"DEALPOS_URL is set, but {root} has no {SETTINGS_FILE} with guardrails and ledger"
        path = shlex.quote(str(root / SETTINGS_FILE))
        raise UsageError(why, hint=f"to use the defaults, run: touch {path}")
    return False


def is_inside(folder: str) -> bool:
    """Return whether a folder of the settings is inside the shop folder."""
    return not Path(folder).is_absolute() and ".." not in Path(folder).parts


def list_files(root: Path, catalogue: str) -> list[Path]:
    """Return the catalogue files, sorted. Raises SourceError where the folder does not exist."""
    folder = root / catalogue
    if not folder.is_dir():
        hint = f"create it, or set `catalogue:` in {SETTINGS_FILE} to the folder of the files"
        raise SourceError([Problem(catalogue, 0, 0, "folder not found", hint)])
    # What is no regular file, or a link that leads out of the folder, is refused when it is read.
    return sorted(path for path in _walk(root, catalogue) if path.suffix in SUFFIXES)


def note_skipped_files(root: Path, catalogue: str) -> tuple[str, ...]:
    """Return a note on each file in the catalogue folder that is not read, texts (`.md`) aside."""
    expected = (*SUFFIXES, ".md")
    found = sorted(p for p in _walk(root, catalogue) if p.suffix not in expected)
    why = f"is not read: its name does not end in {' or '.join(SUFFIXES)}"
    notes = [f"{path.relative_to(root).as_posix()} {why}" for path in found[:MAX_NAMED]]
    if len(found) > MAX_NAMED:
        notes.append(f"{len(found) - MAX_NAMED:,} more files in {catalogue} are not read")
    return tuple(notes)


def _walk(root: Path, catalogue: str) -> Iterator[Path]:
    """Yield the files in the catalogue folder; what is hidden belongs to a system or an editor."""

    def refuse(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        raise SourceError([Problem(name, 0, 0, f"cannot be read: {error.strerror}")])

    if is_outside(catalogue):
        try:
            refuse_links(root, catalogue)
        except confined.NotConfined as error:
            raise SourceError([Problem(catalogue, 0, 0, f"cannot be read: {error.why}")]) from None
    elif not (root / catalogue).resolve().is_relative_to(root.resolve()):
        raise SourceError([Problem(catalogue, 0, 0, f"cannot be read: {confined.OUTSIDE}")])
    for folder, folders, names in os.walk(root / catalogue, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for link in (path for name in folders if (path := Path(folder, name)).is_symlink()):
            shown = link.relative_to(root).as_posix()
            why = "is a link to a folder, and what is behind it is not read"
            raise SourceError([Problem(shown, 0, 0, why, "move the files themselves here")])
        yield from (Path(folder, name) for name in names if not name.startswith("."))
