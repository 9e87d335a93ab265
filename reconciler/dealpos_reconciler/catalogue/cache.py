"""Remember the objects of catalogue files, so that an unchanged file is not parsed again.

An entry is found by the content of its file and by the code that made it, so it can only stand for
the same text. One file for each shop folder lies in the cache folder of the user, outside the shop
and its repository, readable by nobody else. A keyed digest covers it. The key lies in the state
folder of the user: a cache that was restored, copied or edited without the key is not believed.

Files with customers, coupons, exceptions, removals, renames or values of the environment are parsed
at every run.
"""

from __future__ import annotations

import hashlib
import hmac
import marshal
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dealpos_reconciler
from dealpos_reconciler.confined import user_folder

SWITCH = "RECONCILER_CACHE"
"""`off` or `on`; by default it is on, except where the variable `CI` is set."""
MARSHAL_VERSION = 4
_KEY_BYTES = 32

_FOLDERS = ("catalogue", "catalogue/reading", "kinds", "core", "core/model")
"""The folders of the code that decides what an entry contains."""

KnownObjects = list[tuple[str, int, int, str, dict[str, Any]]]
"""The objects of a file: kind, line, column, name of the parent, and validated value."""

KnownOmissions = tuple[int, int, list[str]]
"""The entries of `omit:` that are texts, after line and column of the mapping around them."""
KnownFile = tuple[int, KnownObjects, list[int], KnownOmissions]
"""The characters that aliases add to a file, its objects, the indexes of the dated ones, and what
it omits."""


class Cache:
    """The entries of one shop folder."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.key = key
        self._entries: dict[bytes, bytes] = self._read()
        self._added: dict[bytes, bytes] = {}

    @property
    def is_empty(self) -> bool:
        """Return whether no file is known, so that none needs to be looked up."""
        return not self._entries

    def find(self, digest: bytes) -> KnownFile | None:
        """Return what is known of a file."""
        if (found := self._entries.get(digest)) is None:
            return None
        return load_entry(found)

    def add(self, digest: bytes, entry: bytes) -> None:
        """Take the entry of a file as another process has dumped it; `save` keeps it."""
        self._added[digest] = entry

    def save(self, digests: Mapping[bytes, KnownFile | None]) -> None:
        """Keep the entries of these files, with the new ones; None stands for a known one."""
        known = {**self._entries, **self._added}
        entries = {
            digest: known[digest] if entry is None else dump_entry(entry)
            for digest, entry in digests.items()
        }
        if entries.keys() == self._entries.keys():
            return
        content = marshal.dumps(entries, MARSHAL_VERSION)
        draft = self.path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(self._sign(content) + content)
            draft.replace(self.path)

    def _read(self) -> dict[bytes, bytes]:
        try:
            content = _read_private(self.path)
        except OSError:
            return {}
        signed, body = content[:_KEY_BYTES], memoryview(content)[_KEY_BYTES:]
        # Damaged or foreign bytes never reach `marshal`, which is not made for them.
        if not hmac.compare_digest(signed, self._sign(body)):
            return {}
        found: dict[bytes, bytes] = marshal.loads(body)
        return found

    def _sign(self, content: bytes | memoryview) -> bytes:
        return hmac.digest(self.key, content, "sha256")


def open_cache(root: Path, environment: Mapping[str, str]) -> Cache | None:
    """Return the cache of a shop folder; None where it is off, or no private place is found."""
    usual = "off" if environment.get("CI") else "on"
    if environment.get(SWITCH, usual) != "on":
        return None
    place, state = user_folder("cache"), user_folder("state")
    if place is None or state is None or _is_in_repository(place, root):
        return None
    try:
        _make_private(place)
        _make_private(state)
        key = _read_key(state / "cache.key")
    except OSError:
        return None
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]
    return Cache(place / f"{name}.bin", key)


def digest(content: bytes) -> bytes:
    """Return the name of an entry: of the content of a file, and of the code that reads it."""
    return hashlib.sha256(_code_version() + content).digest()


@cache
def _code_version() -> bytes:
    """Return a digest of the code that decides what an entry contains."""
    package = Path(dealpos_reconciler.__file__).parent
    folders = [package / name for name in _FOLDERS]
    modules = [entry for folder in folders for entry in folder.iterdir() if entry.suffix == ".py"]
    specs = filter(None, map(find_spec, ("pydantic", "pydantic_core", "_ruamel_yaml")))
    modules += [Path(spec.origin) for spec in specs if spec.origin]
    found = sorted((str(m), m.stat().st_mtime_ns, m.stat().st_size) for m in modules)
    return hashlib.sha256(repr((sys.version, found)).encode()).digest()


def _is_in_repository(place: Path, root: Path) -> bool:
    root, place = root.resolve(), place.resolve()
    above = [root, *(folder for folder in root.parents if (folder / ".git").exists())]
    return any(place.is_relative_to(folder) for folder in above)


def _make_private(folder: Path) -> None:
    """Make a folder for this user alone. Raises OSError where others can write there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_shared(folder.lstat(), 0o022)


def _read_private(path: Path) -> bytes:
    """Return a file that only this user can read. Raises OSError for any other."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(file, "rb") as found:
        _refuse_shared(os.fstat(file), 0o077)
        return found.read()


def _refuse_shared(found: os.stat_result, others: int) -> None:
    if os.name == "nt":
        return  # the folders of a user are private there
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & others:
        raise PermissionError


def _read_key(path: Path) -> bytes:
    """Return the key of this user, which is made at the first use. Raises OSError."""
    with suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(os.urandom(_KEY_BYTES))
    key = _read_private(path)
    if len(key) != _KEY_BYTES:
        path.unlink()  # a run was killed between the two, and the next one makes it anew
        raise PermissionError
    return key


def dump_entry(entry: KnownFile) -> bytes:
    """Return the entry of a file as bytes."""
    try:
        return marshal.dumps((False, entry), MARSHAL_VERSION)
    except ValueError:  # fractions
        return marshal.dumps((True, _freeze(entry)), MARSHAL_VERSION)


def load_entry(dumped: bytes) -> KnownFile:
    """Return an entry that this code has dumped."""
    has_fractions, entry = marshal.loads(dumped)
    known: KnownFile = _thaw(entry) if has_fractions else entry
    return known


def _freeze(value: Any) -> Any:
    """Return a value with fractions as sets of one text, which no value of a file contains."""
    if isinstance(value, Decimal):
        return frozenset({str(value)})
    if isinstance(value, dict):
        return {name: _freeze(inner) for name, inner in value.items()}
    return type(value)(map(_freeze, value)) if isinstance(value, (list, tuple)) else value


def _thaw(value: Any) -> Any:
    if isinstance(value, frozenset):
        return Decimal(*value)
    if isinstance(value, dict):
        return {name: _thaw(inner) for name, inner in value.items()}
    return type(value)(map(_thaw, value)) if isinstance(value, (list, tuple)) else value
