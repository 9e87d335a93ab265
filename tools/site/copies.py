"""Pages of the repository's top folder, as pages of the site."""

from __future__ import annotations

import re

COPIED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


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
