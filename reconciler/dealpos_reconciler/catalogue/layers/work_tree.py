"""Read, write and list files of a shop that lie outside of its folder, in the same git work tree.

The name of such a file begins with `../`. It must be behind no symbolic link, and neither must its
folder: a pull request can contain links.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePosixPath

from dealpos_reconciler import confined

OUTSIDE = "it is outside of the git work tree"
NO_WORK_TREE = "the shop folder is not in a git work tree"
_ABOVE = "../"


def is_outside(name: str) -> bool:
    """Return whether a path from the shop folder leads out of it."""
    return name == ".." or name.startswith(_ABOVE)


class FileReader:
    """Reads files of one shop, whose work tree is looked for once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str, limit: int = -1) -> bytes:
        """Return a file, or its first `limit` bytes. Raises OSError."""
        if not is_outside(name):
            return confined.read(self.root, name, limit)
        top, below = _find_below(self._base, self._top, name)
        return confined.read(top, below, limit, follow=False)

    @cached_property
    def _base(self) -> Path:
        return self.root.resolve()

    @cached_property
    def _top(self) -> Path | None:
        return find_work_tree(self._base)


def read_file(root: Path, name: str, limit: int = -1) -> bytes:
    """Return a file of the shop in `root`, or its first `limit` bytes. Raises OSError."""
    return FileReader(root).read(name, limit)


def write_file(root: Path, name: str, content: bytes) -> None:
    """Write a file of the shop in `root`. Raises OSError."""
    if not is_outside(name):
        confined.write_below(root, name, content)
        return
    top, below = locate(root, name)
    confined.write_below(top, below, content, follow=False)


def find_work_tree(root: Path) -> Path | None:
    """Return the top of the git work tree that a shop folder is in; None outside of any."""
    root = root.resolve()
    return next((top for top in (root, *root.parents) if (top / ".git").exists()), None)


def locate(root: Path, name: str) -> tuple[Path, str]:
    """Return the top of the work tree, and the path of a file or folder from there.

    Raises NotConfined for a path that leaves the work tree.
    """
    return _find_below(root.resolve(), find_work_tree(root), name)


def _find_below(base: Path, top: Path | None, name: str) -> tuple[Path, str]:
    if top is None:
        raise confined.NotConfined(NO_WORK_TREE, name)
    path = Path(os.path.normpath(base / name))
    if not path.is_relative_to(top):
        raise confined.NotConfined(OUTSIDE, name)
    return top, path.relative_to(top).as_posix()


def place_copy(folder: Path, root: Path) -> Path:
    """Return the shop folder of a copy of the work tree in an empty folder, where it is made."""
    (folder / ".git").mkdir()
    top = find_work_tree(root) or root.resolve()
    copy = folder / root.resolve().relative_to(top)
    copy.mkdir(parents=True, exist_ok=True)
    return copy


def refuse_links(root: Path, name: str) -> None:
    """Raise NotConfined for a folder of a shop that is a link, or behind one."""
    base = root.resolve()
    if is_outside(name):
        base, name = locate(root, name)
    path = base
    for part in PurePosixPath(name).parts:
        path /= part
        if path.is_symlink():
            raise confined.NotConfined(confined.LINK, str(path))
