"""List the catalogue files, and locate a value in them for a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reconciler.catalogue.parser import Node
from reconciler.catalogue.syntax import PositionIndex, Steps
from reconciler.core.model.address import Source
from reconciler.errors import Problem, SourceError

SETTINGS_FILE = "reconciler.yaml"
"""The file name of the settings in a shop folder."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a shop, read again only when a message has to name a line."""

    root: Path
    indexes: dict[str, PositionIndex | None] = field(default_factory=dict)

    def locate(self, source: Source, path: Steps, *, key: bool = False) -> Source:
        """Return the place of `path` inside the object that starts at `source`."""
        if source.file not in self.indexes:
            self.indexes[source.file] = self._index(source.file)
        index = self.indexes[source.file]
        if index is None:
            return source
        line, column = index.locate((source.line, source.column), path, key=key)
        return Source(source.file, line, column)

    def _index(self, file: str) -> PositionIndex | None:
        try:
            return PositionIndex((self.root / file).read_text(encoding="utf-8-sig"))
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


def is_inside(folder: str) -> bool:
    """Return whether a folder of the settings is inside the shop folder."""
    return not Path(folder).is_absolute() and ".." not in Path(folder).parts


def list_files(root: Path, catalogue: str) -> list[Path]:
    """Return the catalogue files, sorted. Raises SourceError where the folder does not exist."""
    folder = root / catalogue
    if not folder.is_dir():
        hint = f"create it, or set `catalogue:` in {SETTINGS_FILE} to the folder of the files"
        raise SourceError([Problem(catalogue, 0, 0, "folder not found", hint)])
    found = (p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml"))
    # A broken link is reported when it is read. Reading a pipe would never end, so it is skipped.
    return sorted(p for p in found if p.is_file() or not p.exists())
