"""Write and read a saved plan: `plan --out` writes it, `apply` reads it.

The file is the document of `plan --format json`. It contains no customer data; approved values of
customers are read from the catalogue files.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler import atomic
from reconciler.core.diff.change import Action
from reconciler.core.model.address import Address, Source
from reconciler.core.model.codec import number
from reconciler.core.model.desired import Allowance
from reconciler.core.plan.approved import Approved
from reconciler.core.plan.plan import Violation
from reconciler.errors import UsageError
from reconciler.render.json import FORMAT_VERSION
from reconciler.workflows import signature as seal

_AGAIN = "save the plan again with this version of reconciler"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """An approved plan."""

    name: str
    store: str
    folder: str
    """The shop's folder, as seen from where the plan was made."""
    changes: tuple[Approved, ...]
    violations: tuple[Violation, ...]
    """The violations of its guardrails, those with an exception included."""


def write_plan(path: Path, document: Mapping[str, Any], signing: bytes | None = None) -> None:
    """Write `document` with its checksum to a file. Raises UsageError where that fails."""
    text = json.dumps(seal.sign(document, signing), indent=2, ensure_ascii=False, default=float)
    try:
        # The name of a folder may contain bytes that are not UTF-8; JSON escapes them.
        atomic.write(path, f"{text}\n".encode(errors="backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def read_plan(path: Path, signing: bytes | None = None) -> SavedPlan:
    """Read a saved plan. Raises UsageError for one that is not valid, modified or not signed."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "resource_changes" not in document:
        hint = "name a shop folder, or a complete file of 'reconciler plan --out'"
        raise UsageError(f"{path} is not a saved plan", hint=hint)
    _check_format(path, str(document.get("format_version", "")))
    seal.verify(document, str(path), signing)
    try:
        return SavedPlan(
            str(path),
            document["store"],
            _text(document.get("folder", ".")),
            tuple(_changes(document["resource_changes"])),
            tuple(map(_violation, document.get("violations", ()))),
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        why = f"{path} contains values that this version does not know"
        raise UsageError(why, hint=_AGAIN) from None


def _check_format(path: Path, version: str) -> None:
    """Raise UsageError for a plan in the format of an older or a newer version."""
    if not version:
        raise UsageError(f"{path} has no format_version", hint=_AGAIN)
    if _major(version) < _major(FORMAT_VERSION):
        again = f"run 'reconciler plan --out {shlex.quote(str(path))}' again"
        older = f"{path} was saved by an older version of reconciler (format {version})"
        raise UsageError(f"{older}: {again}")
    if _major(version) > _major(FORMAT_VERSION):
        newer = f"{path} was saved by a newer version of reconciler (format {version})"
        raise UsageError(newer, hint=_AGAIN)


def _major(version: str) -> int:
    major = version.partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 10 else 0


def _changes(entries: Iterable[Mapping[str, Any]]) -> Iterable[Approved]:
    for entry in entries:
        change, source = entry["change"], entry.get("source")
        yield Approved(
            Address(_text(entry["type"]), _text(entry["name"])),
            Action(entry["action"]),
            tuple(dict.fromkeys(field["path"].partition(".")[0] for field in entry["fields"])),
            _object(change["before"]),
            _object(change["after"]),
            Source(source["file"], source["line"], source["column"]) if source else None,
            entry.get("previous_address", "").partition("/")[2],
            frozenset(entry.get("implied", ())),
            {
                name: (_exact(pair["declared"]), _exact(pair["written"]))
                for name, pair in entry.get("carried", {}).items()
            },
            number(entry["uses_left"]) if "uses_left" in entry else None,
        )


def _violation(entry: Mapping[str, Any]) -> Violation:
    kind, _, name = (entry["address"] or "").partition("/")
    address = Address(kind, name) if kind else None
    return Violation(
        entry["rule"],
        entry["message"],
        _number(entry["measured"]),
        _number(entry["limit"]),
        entry["unit"],
        address,
        Source(**entry["source"]) if entry["source"] else None,
        _allowance(entry["rule"], entry["allowed"]),
    )


def _number(value: Any) -> int | Decimal | None:
    return None if value is None else number(value)


def _allowance(rule: str, entry: Mapping[str, Any] | None) -> Allowance | None:
    if entry is None:
        return None
    return Allowance(rule, entry["reason"], entry["until"], Source(**entry["source"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _object(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict | None):
        raise TypeError
    found: dict[str, Any] | None = _exact(value)
    return found


def _exact(value: Any) -> Any:
    """Return a value of the document in canonical form, with exact numbers."""
    if isinstance(value, Mapping):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return number(value) if isinstance(value, Decimal) else value
