"""The hook of mkdocs: add the generated pages, the README as home, and the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from tools.site import GENERATED, documents

ROOT = Path(__file__).parents[2]
COPIED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


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


def relocate(text: str) -> str:
    """Return a page of the repository's top folder with its links as they are in the site.

    A link to a file that the site does not hold becomes its text.
    """

    def target(link: re.Match[str]) -> str:
        label, path = link["label"], link["path"]
        if path.startswith(("http", "#")):
            return link[0]
        if path.startswith("docs/"):
            return f"[{label}]({path.removeprefix('docs/')})"
        return f"[{label}]({COPIED[path]})" if path in COPIED else label

    return re.sub(r"(?<!!)\[(?P<label>[^\]]*)\]\((?P<path>[^)\s]+)\)", target, text).replace(
        "](docs/images/", "](images/"
    )
