"""The schema of the store: numbered files of SQL, applied forward only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

from dealpos_reconciler.errors import ProviderError

Dialect = Literal["sqlite", "postgres"]


def scripts(dialect: Dialect) -> dict[int, str]:
    """Return the text of each schema file by its number."""
    folder = files("dealpos_reconciler.provider") / "schema" / dialect
    found = {
        int(file.name.partition("_")[0]): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }
    return dict(sorted(found.items()))


def pending(dialect: Dialect, version: int, place: str) -> dict[int, str]:
    """Return the scripts that a store of that version lacks. Raises ProviderError if it is newer.

    `place` names the store in the message.
    """
    known = scripts(dialect)
    newest = max(known)
    if version > newest:
        raise ProviderError(
            f"{place} has schema version {version}; this reconciler knows versions up to {newest}",
            hint="install the reconciler that wrote it, or restore the backup from before",
        )
    return {number: text for number, text in known.items() if number > version}


def statements(script: str) -> Iterator[str]:
    """Yield the statements of an SQLite script one by one: a script at once would commit first."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(text):
            yield text
            text = ""
