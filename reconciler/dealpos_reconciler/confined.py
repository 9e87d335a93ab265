"""Read and write files so that no link leads out of a folder, and a crash leaves a whole file.

A pull request can contain links and replace any file of the shop folder. A link to a device hangs
a CI job; one to a file of the machine publishes its lines, or overwrites it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

OUTSIDE = "it is a link that leads out of the folder"
LINK = "it is a link"
BEHIND_LINK = "it is behind a link"
NOT_REGULAR = "it is not a regular file"

# Windows has neither: there a link that appears between check and use is followed.
_OPENAT = os.open in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | _NO_LINK | getattr(os, "O_DIRECTORY", 0)


_DRAFT = re.compile(r"\..+\.([0-9]+)\.[0-9a-f]{8}\.draft")

_USER_FOLDERS = {"state": ("XDG_STATE_HOME", ".local/state"), "cache": ("XDG_CACHE_HOME", ".cache")}


class NotConfined(OSError):
    """A file that must not be opened, and why."""

    def __init__(self, why: str, path: str) -> None:
        super().__init__(errno.EPERM, why, path)
        self.why = why


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one file: its name in an open folder, or its whole path without one."""

    name: str
    folder: int | None
    path: str
    """The path for messages."""

    def mode(self) -> int | None:
        """Return the mode of the file, None where there is none.

        Raises OSError for anything else.
        """
        try:
            mode = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.path)
        if not stat.S_ISREG(mode):
            raise NotConfined(LINK if stat.S_ISLNK(mode) else NOT_REGULAR, self.path)
        return mode

    def open(self, flags: int, mode: int = 0o666) -> int:
        """Open the file; a link or a device that has just taken its place is refused."""
        file = os.open(self.name, flags | _NO_LINK, mode, dir_fd=self.folder)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise NotConfined(NOT_REGULAR, self.path)
        return file

    def beside(self, name: str) -> Place:
        """Return the place of another file in the same folder."""
        whole = os.path.join(os.path.dirname(self.path), name)
        return Place(whole if self.folder is None else name, self.folder, whole)


def read(root: Path, name: str | Path, limit: int = -1, *, follow: bool = True) -> bytes:
    """Return a file below `root`, or its first `limit` bytes.

    `follow` allows links that stay below `root`. Raises OSError, also for no regular file.
    """
    with locate(root, name, follow=follow) as place:
        if place.mode() is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.path)
        with os.fdopen(place.open(_READ), "rb") as file:
            return file.read(limit)


def write(path: Path, content: bytes) -> None:
    """Replace a file as a whole, through a draft beside it, forced to disk.

    A file that was there keeps its mode. Raises OSError, also for a link.
    """
    write_below(path.parent, path.name, content, follow=False)


def write_below(root: Path, name: str | Path, content: bytes, *, follow: bool = True) -> None:
    """Write a file below `root`; `follow` allows links that stay below it, and they stay links."""
    with locate(root, name, follow=follow) as place:
        mode = place.mode()
        # Two that write at once must not mix their content.
        name = os.path.basename(place.name)
        draft = place.beside(f".{name}.{os.getpid()}.{os.urandom(4).hex()}.draft")
        # A link that somebody put in the way of the draft is not written through.
        file = draft.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(file, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            if mode is not None:
                os.chmod(draft.name, stat.S_IMODE(mode), dir_fd=draft.folder)
            os.replace(draft.name, place.name, src_dir_fd=draft.folder, dst_dir_fd=place.folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft.name, dir_fd=draft.folder)
            raise
        with suppress(OSError):
            _finish(place)


def _finish(place: Place) -> None:
    """Force the folder of a file to disk, and remove drafts that killed processes left there."""
    if place.folder is None:  # Windows, which syncs no folder
        names = os.listdir(os.path.dirname(place.path))
    else:
        folder = os.open(".", os.O_RDONLY, dir_fd=place.folder)
        try:
            os.fsync(folder)
            names = os.listdir(folder)
        finally:
            os.close(folder)
    for name in names:
        if (found := _DRAFT.fullmatch(name)) and not _may_be_alive(int(found[1])):
            os.unlink(place.beside(name).name, dir_fd=place.folder)


def _may_be_alive(process: int) -> bool:
    """Return whether a process may still be there, which nobody can ask on Windows."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def locate(root: Path, name: str | Path, *, follow: bool = True) -> Iterator[Place]:
    """Open the folder of a file below `root` for as long as it is used; see `read`."""
    path, parts = os.path.join(root, name), Path(name).parts
    if follow and _OPENAT and (direct := _open_folder(root, parts)) is not None:
        try:
            yield Place(parts[-1], direct, path)
        finally:
            os.close(direct)
        return
    base = os.path.realpath(root)
    parts = _resolve(base, path) if follow else parts
    if not _OPENAT:
        yield Place(os.path.join(base, *parts), None, path)
        return
    folder = os.open(base, _FOLDER)
    try:
        for part in parts[:-1]:
            above, folder = folder, _enter(folder, part, path)
            os.close(above)
        yield Place(parts[-1] if parts else ".", folder, path)
    finally:
        os.close(folder)


def _open_folder(root: Path, parts: tuple[str, ...]) -> int | None:
    """Open the folder of a file where no part of the path below `root` is a link: nearly always.

    Return None for any other path, which takes three times as long.
    """
    if not parts or os.path.isabs(parts[0]) or ".." in parts:
        return None
    try:
        folder = os.open(root, _FOLDER & ~_NO_LINK)
    except OSError:
        return None
    try:
        for part in parts[:-1]:
            above, folder = folder, os.open(part, _FOLDER, dir_fd=folder)
            os.close(above)
        if not stat.S_ISLNK(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_mode):
            return folder
    except OSError:
        pass
    os.close(folder)
    return None


def _resolve(base: str, path: str) -> tuple[str, ...]:
    real = os.path.realpath(path)
    above = os.path.join(base, "")
    if os.path.normcase(os.path.join(real, "")[: len(above)]) != os.path.normcase(above):
        raise NotConfined(OUTSIDE, path)
    return Path(real[len(above) :]).parts


def _enter(folder: int, part: str, path: str) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError:
        if stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode):
            raise NotConfined(BEHIND_LINK, path) from None
        raise


def create_private(path: Path) -> None:
    """Create a file for its owner alone, where it is absent. Raises OSError.

    A folder that is made for it is ignored by git.
    """
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
        (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def private_draft(target: Path) -> Iterator[Path]:
    """Give a file for its owner alone that replaces `target` after the block, forced to disk.

    It is removed where the block fails. Raises OSError.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        _sync(draft)
        os.replace(draft, target)
        _sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def user_folder(purpose: str) -> Path | None:
    """Return the folder of this user for `state` or `cache`; None for a user without a home."""
    variable, usual = _USER_FOLDERS[purpose]
    base = os.environ.get(variable) or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(base) if base else Path.home() / usual) / "reconciler"
    except RuntimeError:
        return None
