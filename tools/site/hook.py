"""The hook of mkdocs: add the generated pages, the README as home, and the schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from tools.site import GENERATED, documents
from tools.site.copies import COPIED, relocate

ROOT = Path(__file__).parents[2]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each page that no file below docs/ holds."""
    for path, content in pages():
        files.append(File.generated(config, path, content=content))
    return files


def pages() -> Iterator[tuple[str, str]]:
    """Return the path and the content of each page that is made at build time."""
    for module in GENERATED:
        yield module.PATH, module.render()
    for name, path in COPIED.items():
        yield path, relocate((ROOT / name).read_text(encoding="utf-8"))
    yield from documents.published()
