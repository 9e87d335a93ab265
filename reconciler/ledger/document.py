"""A ledger as a JSON document, an object a line, so that a difference of two can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.core.ledger.ledger import AppliedRun, Ledger, LedgerEntry
from reconciler.core.model.address import Address
from reconciler.errors import UsageError
from reconciler.ledger.rewrites import pairs_document, parse_pair

VERSION = "1.0"
REBUILD = "'reconciler history --rebuild'"


def dump(ledger: Ledger, store: str) -> str:
    """Return the document."""
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
    """Return the ledger in a document; raises UsageError for another store's, or a broken one."""
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
        entries = {Address.parse(a): _entry(e) for a, e in document["objects"].items()}
        return Ledger(entries, tuple(map(_apply, document["applies"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        why = "is not a valid ledger, or it is incomplete"
        if "\n<<<<<<< " in f"\n{text}":
            why = "has an unresolved git merge conflict"
        raise UsageError(f"{name} {why}", hint=hint) from None


def _entry_document(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "values": entry.values,
        "when": entry.when,
        "commit": entry.commit,
        **({"kept": pairs_document(entry.kept)} if entry.kept else {}),
        **({"used": entry.used} if entry.used else {}),
    }


def _entry(document: Mapping[str, Any]) -> LedgerEntry:
    kept, used = dict(map(parse_pair, document.get("kept", ()))), document.get("used", 0)
    entry = LedgerEntry(document["values"], document["when"], document["commit"], kept, used)
    _check(dict, entry.values)
    _check(int, used)
    _check(str, entry.when, entry.commit)
    return entry


def _apply(document: Mapping[str, Any]) -> AppliedRun:
    changes = {Address.parse(a): action for a, action in document["changes"].items()}
    _check(str, document["when"], document["commit"], *changes.values())
    return AppliedRun(document["when"], document["commit"], changes)


def _check(shape: type, *values: Any) -> None:
    if not all(isinstance(value, shape) for value in values):
        raise TypeError


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _lines(lines: Any) -> str:
    joined = ",\n".join(lines)
    return f"\n{joined}\n" if joined else ""
