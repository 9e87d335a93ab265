"""`.reconciler/`: small JSON documents beside the shop's files, with a section for each store.

Every one of them may be lost: a file that is missing, broken or cannot be written costs a request
or a note, not a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler import atomic


@dataclass(frozen=True, slots=True)
class StateDir:
    """The folder of one shop for what runs remember; safe to delete."""

    root: Path
    """The shop folder."""

    @property
    def path(self) -> Path:
        """The folder itself; it need not exist."""
        return self.root / ".reconciler"

    def create(self) -> Path:
        """Make the folder where it is missing, hidden from git. May raise OSError."""
        self.path.mkdir(exist_ok=True)
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return self.path

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
            atomic.write(self.create() / file, text.encode())
        except OSError:
            return False
        return True

    def _read(self, file: str) -> dict[str, Any]:
        try:
            text = (self.path / file).read_text(encoding="utf-8")
            known = json.loads(text, parse_float=Decimal)
        except (OSError, ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}
