"""Places inside the files of a shop: where a value of an object stands, for a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.error import YAMLError

from reconciler.catalogue.positions import Index
from reconciler.core.model.address import Source
from reconciler.errors import Problem, SourceError

SETTINGS_FILE = "reconciler.yaml"
"""The settings of a shop, in its folder."""


@dataclass(frozen=True, slots=True)
class Files:
    """The catalogue's files, so that a message can say where inside an object; read when asked."""

    root: Path
    indexes: dict[str, Index | None] = field(default_factory=dict)

    def locate(self, source: Source, path: tuple[str | int, ...], *, key: bool = False) -> Source:
        """The place of `path` inside the object that starts at `source`."""
        if source.file not in self.indexes:
            self.indexes[source.file] = self._index(source.file)
        index = self.indexes[source.file]
        if index is None:
            return source
        line, column = index.locate((source.line, source.column), path, key=key)
        return Source(source.file, line, column)

    def _index(self, file: str) -> Index | None:
        try:
            return Index((self.root / file).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, YAMLError):
            return None


def inside(folder: str) -> bool:
    """Whether what the settings name is a folder inside the shop's."""
    return not Path(folder).is_absolute() and ".." not in Path(folder).parts


def paths(root: Path, catalogue: str) -> list[Path]:
    """The catalogue files, sorted; raises SourceError when there is no such folder."""
    folder = root / catalogue
    if not folder.is_dir():
        hint = f"create it, or set `catalogue:` in {SETTINGS_FILE} to the folder of the files"
        raise SourceError([Problem(catalogue, 0, 0, "folder not found", hint)])
    found = (p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml"))
    # A link to nowhere is told where it is read; a pipe would be waited for, for ever.
    return sorted(p for p in found if p.is_file() or not p.exists())
