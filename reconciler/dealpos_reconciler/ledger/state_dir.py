"""`.reconciler/`: small JSON documents beside the shop's files, with a section for each store.

Every one of them may be lost: a file that is missing, broken or cannot be written costs a request
or a note, not a run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealpos_reconciler import confined
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.errors import UsageError

FOLDER = ".reconciler"
_SALT, _SALT_BYTES = "salt", 32


def load_json(text: str | bytes) -> Any:
    """Return a JSON document with exact numbers; raise ValueError for one that is not finite.

    An editor may have put a byte order mark before it.
    """
    return json.loads(text, parse_float=number, parse_constant=number)


@dataclass(frozen=True, slots=True)
class StateDir:
    """The folder of one shop for what runs remember; safe to delete."""

    root: Path
    """The shop folder."""
    masked: dict[Address, Address] = field(default_factory=dict, compare=False, repr=False)
    """Addresses with a code from the environment, by the mask that files of the tool hold."""

    def parse(self, name: str) -> Address:
        """Return the object that a file of the tool names."""
        return self.resolve(Address.parse(name))

    def resolve(self, address: Address) -> Address:
        """Return the object that an address in a file of the tool stands for."""
        return self.masked.get(address, address)

    @property
    def path(self) -> Path:
        """The folder itself; it need not exist."""
        return self.root / FOLDER

    def create(self) -> Path:
        """Make the folder where it is missing, hidden from git.

        Raises OSError, and UsageError where the folder or a file in it must not be opened.
        """
        with suppress(FileExistsError):
            self.path.mkdir()
        if self.path.is_symlink():
            raise self._refuse(self.path, confined.LINK)
        if not self.path.is_dir():
            raise self._refuse(self.path, "it is not a folder")
        # The database and the locks are opened by their libraries, which follow links.
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise self._refuse(Path(entry.path), confined.LINK)
                if not (entry.is_file() or entry.is_dir()):
                    raise self._refuse(Path(entry.path), confined.NOT_REGULAR)
        if not (self.path / ".gitignore").exists():
            self.write(".gitignore", b"*\n")
        return self.path

    def write(self, file: str, content: bytes) -> None:
        """Replace a file. Raises OSError, UsageError where it must not be opened."""
        try:
            confined.write_below(self.root, f"{FOLDER}/{file}", content, follow=False)
        except confined.NotConfined as error:
            raise self._refuse(self.path / file, error.why) from None

    def read(self, file: str) -> bytes:
        """Return the content of a file. Raises OSError, UsageError where it must not be opened."""
        try:
            return confined.read(self.root, f"{FOLDER}/{file}", follow=False)
        except confined.NotConfined as error:
            raise self._refuse(self.path / file, error.why) from None
        except NotADirectoryError:
            raise self._refuse(self.path, "it is not a folder") from None

    def read_salt(self) -> bytes:
        """Return a random key that the folder keeps; another one where it cannot be written."""
        with suppress(OSError):
            if len(found := self.read(_SALT)) == _SALT_BYTES:
                return found
        made = os.urandom(_SALT_BYTES)
        with suppress(OSError):
            self.create()
            self.write(_SALT, made)
        return made

    def stores(self, file: str) -> list[str]:
        """Return the stores that have a section in `file`."""
        return sorted(self._read(file))

    def section(self, file: str, store: str) -> dict[str, Any]:
        """Return the section of `store` in `file`; empty where it is missing or unreadable."""
        found = self._read(file).get(store)
        return found if isinstance(found, dict) else {}

    def save_section(self, file: str, store: str, content: Mapping[str, Any]) -> bool:
        """Replace the section of `store` in `file`; False where the folder cannot be written.

        The file is replaced as a whole and forced to disk: a crash leaves the old or the new.
        """
        known = self._read(file)
        if content:
            known[store] = dict(content)
        elif known.pop(store, None) is None:
            return True
        text = json.dumps(known, indent=2, default=float, ensure_ascii=False)
        try:
            self.create()
            # Half a surrogate pair that somebody wrote into the file is an escape in JSON.
            self.write(file, text.encode(errors="backslashreplace"))
        except OSError:
            return False
        return True

    def _read(self, file: str) -> dict[str, Any]:
        try:
            known = load_json(self.read(file))
        except (OSError, ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}

    def _refuse(self, path: Path, why: str) -> UsageError:
        hint = "delete it, and look at the commit that brought it: it may be an attack"
        return UsageError(f"{path} is not used: {why}", hint=hint)
