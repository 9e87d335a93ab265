"""A ledger as a JSON document, an object a line, so that a difference of two can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.core.ledger.ledger import AppliedRun, Ledger, LedgerEntry
from reconciler.core.model.address import Address
from reconciler.errors import UsageError

VERSION = "1.0"
REBUILD = "'reconciler history --rebuild'"


def dump(ledger: Ledger, store: str) -> str:
    """The document."""
    objects = [(str(a), _entry_document(ledger.entries[a])) for a in sorted(ledger.entries)]
    applies = [
        {
            "when": run.when,
            "commit": run.commit,
            "changes": {str(a): v for a, v in run.changes.items()},
        }
        for run in ledger.applies
    ]
    lines = [f"{_line(name)}: {_line(entry)}" for name, entry in objects]
    return (
        f'{{\n"format_version": {_line(VERSION)},\n"store": {_line(store)},\n'
        f'"objects": {{{_lines(lines)}}},\n"applies": [{_lines(map(_line, applies))}]\n}}\n'
    )


def load(text: str, store: str, name: str) -> Ledger:
    """The ledger that a document holds; raises UsageError for what is none, or another store's."""
    hint = f"recreate it from the files and the shop with {REBUILD}"
    try:
        document = json.loads(text)
        version, known = document["format_version"], document["store"]
        if version.partition(".")[0] != VERSION.partition(".")[0]:
            raise UsageError(f"{name} has the newer format {version}", hint=hint)
        if known != store:
            why = f"{name} belongs to another store ({known}, not {store})"
            own = "give each store its own folder or branch"
            raise UsageError(why, hint=f"{own}, or recreate it with {REBUILD}")
        entries = {_address(a): _entry(e) for a, e in document["objects"].items()}
        return Ledger(entries, tuple(map(_apply, document["applies"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{name} is not a valid ledger, or it is incomplete", hint=hint) from None


def _entry_document(entry: LedgerEntry) -> dict[str, Any]:
    kept = [
        {"path": list(path), "written": asked, "kept": held}
        for path, (asked, held) in entry.kept.items()
    ]
    return {
        "values": entry.values,
        "when": entry.when,
        "commit": entry.commit,
        **({"kept": kept} if kept else {}),
        **({"used": entry.used} if entry.used else {}),
    }


def _entry(document: Mapping[str, Any]) -> LedgerEntry:
    kept = {_path(e["path"]): (e["written"], e["kept"]) for e in document.get("kept", ())}
    used = document.get("used", 0)
    entry = LedgerEntry(document["values"], document["when"], document["commit"], kept, used)
    if not isinstance(entry.values, dict) or not isinstance(used, (int, float)):
        raise TypeError
    _texts(entry.when, entry.commit)
    return entry


def _path(keys: Any) -> tuple[str, ...]:
    if not isinstance(keys, list) or not keys:
        raise TypeError
    _texts(*keys)
    return tuple(keys)


def _apply(document: Mapping[str, Any]) -> AppliedRun:
    changes = {_address(a): action for a, action in document["changes"].items()}
    _texts(document["when"], document["commit"], *changes.values())
    return AppliedRun(document["when"], document["commit"], changes)


def _texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError


def _address(text: str) -> Address:
    kind, slash, name = text.partition("/")
    if not slash:
        raise ValueError(text)
    return Address(kind, name)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _lines(lines: Any) -> str:
    joined = ",\n".join(lines)
    return f"\n{joined}\n" if joined else ""
