"""A ledger as a JSON document, an object a line, so that a difference of two can be read."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from typing_extensions import TypedDict

from dealpos_reconciler.core.ledger.ledger import AppliedRun, Ledger, LedgerEntry
from dealpos_reconciler.core.marks import Bounds
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.shape import adapter_of
from dealpos_reconciler.core.runner_commands import escape_commands
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.ledger.rewrites import (
    AddressText,
    PairDocument,
    pairs_document,
    parse_pairs,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = "1.0"
REBUILD = "'reconciler history --rebuild'"


class HeadDocument(TypedDict):
    """The keys by which a ledger of another version or store is known."""

    format_version: str
    store: str


class EntryDocument(TypedDict):
    """The values of one object that were last applied."""

    values: dict[str, Any]
    when: str
    commit: str
    kept: NotRequired[list[PairDocument]]
    used: NotRequired[Annotated[int, Bounds(ge=0)]]


class AppliedRunDocument(TypedDict):
    """One run that changed the shop."""

    when: str
    commit: str
    changes: dict[AddressText, str]


class LedgerDocument(HeadDocument):
    """The whole document."""

    objects: dict[AddressText, EntryDocument]
    applies: list[AppliedRunDocument]
    deleted: NotRequired[list[AddressText]]


@cache
def _shape(document: type[Any]) -> TypeAdapter[Any]:
    return adapter_of(document)


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
    gone = _lines(_line(str(address)) for address in sorted(ledger.deleted))
    rest = f',\n"deleted": [{gone}]' if gone else ""
    lines = [f"{_line(name)}: {_line(entry)}" for name, entry in objects]
    return (
        f'{{\n"format_version": {_line(VERSION)},\n"store": {_line(store)},\n'
        f'"objects": {{{_lines(lines)}}},\n"applies": [{_lines(map(_line, applies))}]{rest}\n}}\n'
    )


def load(text: str, store: str, name: str) -> Ledger:
    """Return the ledger in a document; raises UsageError for another store's, or a broken one."""
    hint = f"recreate it from the files and the shop with {REBUILD}"
    try:
        head = _shape(HeadDocument).validate_python(content := json.loads(text), strict=True)
        version, known = head["format_version"], head["store"]
        if version.partition(".")[0] != VERSION.partition(".")[0]:
            raise UsageError(f"{name} has the newer format {version}", hint=hint)
        if known != store:
            why = f"{name} belongs to another store ({known}, not {store})"
            own = "give each store its own folder or branch"
            raise UsageError(why, hint=f"{own}, or recreate it with {REBUILD}")
        document = _shape(LedgerDocument).validate_python(content, strict=True)
        entries = {Address.parse(a): _entry(e) for a, e in document["objects"].items()}
        deleted = frozenset(map(Address.parse, document.get("deleted", ())))
        return Ledger(entries, tuple(map(_apply, document["applies"])), deleted)
    except (ValueError, RecursionError):
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


def _entry(document: EntryDocument) -> LedgerEntry:
    kept = parse_pairs(document.get("kept", ()))
    used = document.get("used", 0)
    return LedgerEntry(document["values"], document["when"], document["commit"], kept, used)


def _apply(document: AppliedRunDocument) -> AppliedRun:
    changes = {Address.parse(a): action for a, action in document["changes"].items()}
    return AppliedRun(document["when"], document["commit"], changes)


def _line(value: Any) -> str:
    return escape_commands(json.dumps(value, ensure_ascii=False, default=float))


def _lines(lines: Any) -> str:
    joined = ",\n".join(lines)
    return f"\n{joined}\n" if joined else ""
