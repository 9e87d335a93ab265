"""Write and read a saved plan: `plan --out` writes it, `apply` reads it.

The file is the document of `plan --format json`. It contains no customer data; approved values of
customers are read from the catalogue files. Its checksum (SHA-256) detects accidents. Between CI
jobs, where somebody could replace the file, a key from the environment proves which job made it
(HMAC-SHA-256).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealpos_reconciler import confined
from dealpos_reconciler.core.diff.change import Action, Marker, fingerprint
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.core.model.desired import Allowance
from dealpos_reconciler.core.model.shape import check_values
from dealpos_reconciler.core.plan.plan import Violation
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import KEY as LEDGER_KEY
from dealpos_reconciler.ledger import how_to_set, read_secret
from dealpos_reconciler.ledger import read_key as read_ledger_key
from dealpos_reconciler.render.json import FORMAT_VERSION, dumps

if TYPE_CHECKING:
    from dealpos_reconciler.core.plan.approved import Approved
    from dealpos_reconciler.core.provider.publication import Publication
    from dealpos_reconciler.render.documents import PlanDocument, ResourceChange, ViolationDocument
    from dealpos_reconciler.render.json import PublicationDocument

KEY = "RECONCILER_PLAN_KEY"
_MAX_BYTES = 128 * 1024 * 1024
_WHERE = "as a secret of both CI jobs"
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
    publication: Publication | None = None
    """The release of provider coupons that it publishes; None for none."""
    as_of: str = ""
    """The day or time that it was made for, where that was not the time of the plan."""


def make_marker(marks: Mapping[str, Any] | None = None) -> Marker:
    """Return the marker of a new plan, or the one that `marks` describes.

    The key is that of the ledger, or else that of signatures. Raises UsageError for a plan whose
    key is not in the environment.
    """
    salt = str(marks["salt"]) if marks else os.urandom(16).hex()
    ledger_key = read_ledger_key()
    keys = [ledger_key.secret if ledger_key else b"", read_secret(KEY, _WHERE) or b"", b""]
    made = [Marker(salt, key) for key in keys]
    if marks is None:
        return max(made, key=lambda marker: bool(marker.key))
    for marker in made:
        if marker.key_mark == marks["key"]:
            return marker
    raise UsageError(
        "the saved plan holds secret values under a key that this run does not have",
        hint=f"set {LEDGER_KEY}, or {KEY}, as it was when the plan was saved",
    )


def write_plan(path: Path, document: Mapping[str, Any], signing: bytes | None = None) -> None:
    """Write `document` with its checksum to a file. Raises UsageError where that fails."""
    text = dumps(sign(document, signing))
    try:
        # The name of a folder may contain bytes that are not UTF-8; JSON escapes them.
        confined.write(path, f"{text}\n".encode(errors="backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def read_plan(path: Path, signing: bytes | None = None) -> SavedPlan:
    """Read a saved plan. Raises UsageError for one that is not valid, modified or not signed."""
    plan = read_document(path, signing)
    with refuse_unknown_values(path):
        marker = make_marker(plan["marks"]) if "marks" in plan else None
        return SavedPlan(
            str(path),
            plan["store"],
            plan["folder"],
            tuple(_read_change(entry, marker) for entry in plan["resource_changes"]),
            tuple(map(read_violation, plan["violations"])),
            read_publication(plan["publication"]) if "publication" in plan else None,
            plan.get("as_of", ""),
        )


def read_document(path: Path, signing: bytes | None = None) -> PlanDocument:
    """Read the document of a saved plan; raises UsageError like `read_plan`."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        document = json.loads(content, parse_float=Decimal) if len(content) <= _MAX_BYTES else None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "resource_changes" not in document:
        hint = "name a shop folder, or a complete file of 'reconciler plan --out'"
        raise UsageError(f"{path} is not a saved plan", hint=hint)
    _check_format(path, str(document.get("format_version", "")))
    _verify(document, str(path), signing)
    from pydantic import TypeAdapter

    from dealpos_reconciler.render import documents

    with refuse_unknown_values(path):
        return TypeAdapter(documents.PlanDocument).validate_python(_exact(document))


@contextmanager
def refuse_unknown_values(path: Path) -> Iterator[None]:
    """Raise UsageError where reading a document meets a value of another version."""
    try:
        yield
    except (ValueError, LookupError):
        why = f"{path} contains values that this version does not know"
        raise UsageError(why, hint=_AGAIN) from None


def _check_format(path: Path, version: str) -> None:
    if not version:
        raise UsageError(f"{path} has no format_version", hint=_AGAIN)
    if _major(version) < _major(FORMAT_VERSION):
        again = f"run 'reconciler plan --out {shlex.quote(str(path))}' again"
        older = f"was saved by an older version of reconciler (format {version})"
        raise UsageError(f"{path} {older}: {again}")
    if _major(version) > _major(FORMAT_VERSION):
        why = f"{path} was saved by a newer version of reconciler (format {version})"
        raise UsageError(why, hint=_AGAIN)


def _major(version: str) -> int:
    major = version.partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 10 else 0


def _read_change(entry: ResourceChange, marker: Marker | None) -> Approved:
    from dealpos_reconciler.core.plan.approved import Approved

    carried = entry.get("carried", {})
    change, kind = entry["change"], KINDS.get(entry["type"])
    declared = {name: pair["declared"] for name, pair in carried.items()}
    written = {name: pair["written"] for name, pair in carried.items()}
    # The document has masks in the place of values that came from the environment.
    masks = {path[0] for path in entry.get("from_environment", ()) if path}
    for values in (change["before"], change["after"], declared, written):
        if kind and values:
            shown = {name: value for name, value in values.items() if name not in masks}
            check_values(kind, shown, masked=True)
    if None in (*declared.values(), *written.values()):
        raise ValueError("a replacement carries values over, never nothing")
    return Approved(
        Address(entry["type"], entry["name"]),
        Action(entry["action"]),
        tuple(dict.fromkeys(field["path"].partition(".")[0] for field in entry["fields"])),
        change["before"],
        change["after"],
        Source(**entry["source"]) if entry["source"] else None,
        entry.get("previous_address", "").partition("/")[2],
        frozenset(entry.get("implied", ())),
        {name: (declared[name], written[name]) for name in carried},
        tuple(map(tuple, entry.get("from_environment", ()))),
        partial(marker.mark if marker else fingerprint, Address(entry["type"], entry["name"])),
        entry.get("uses_left"),
        entry.get("holds_until", ""),
    )


def read_publication(entry: PublicationDocument) -> Publication:
    """Return the release that a document names, without its contents."""
    from dealpos_reconciler.core.provider.publication import Publication

    # The document itself is composed again: it holds codes that the plan has masks for.
    settings = tuple(entry["settings"])
    return Publication(entry["place"], entry["previous"], entry["digest"], settings=settings)


def read_violation(entry: ViolationDocument) -> Violation:
    """Return a violation of a document."""
    kind, _, name = (entry["address"] or "").partition("/")
    allowed = entry["allowed"]
    return Violation(
        entry["rule"],
        entry["message"],
        entry["measured"],
        entry["limit"],
        entry["unit"],
        Address(kind, name) if kind else None,
        Source(**entry["source"]) if entry["source"] else None,
        allowed
        and Allowance(
            entry["rule"], allowed["reason"], allowed["until"], Source(**allowed["source"])
        ),
        day=entry.get("day", ""),
    )


def _exact(value: Any) -> Any:
    """Return a value of the document in canonical form, with exact numbers."""
    if isinstance(value, Mapping):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return number(value) if isinstance(value, Decimal) else value


def read_key(environment: Mapping[str, str] | None = None) -> bytes:
    """Return the key of the environment; raises UsageError where it is missing or too short."""
    found = read_secret(KEY, _WHERE, environment)
    if found is None:
        raise UsageError(f"{KEY} is not set", hint=how_to_set(_WHERE))
    return found


def sign(document: Mapping[str, Any], signing: bytes | None = None) -> dict[str, Any]:
    """Return `document` with its checksum, and signed where there is a key."""
    signed = {} if signing is None else {"signature": _signature(document, signing)}
    return {**document, "digest": _digest(document), **signed}


def _verify(document: Mapping[str, Any], name: str, signing: bytes | None) -> None:
    if document.get("digest") != _digest(document):
        raise UsageError(
            f"{name} was modified or truncated after it was saved (checksum mismatch)",
            hint="save it again with 'reconciler plan --out'",
        )
    if signing is None:
        return
    if not (signature := str(document.get("signature", ""))):
        hint = "save it with 'reconciler plan --out plan.json --sign'"
        raise UsageError(f"{name} is not signed", hint=hint)
    if not hmac.compare_digest(_bytes(signature), _bytes(_signature(document, signing))):
        hint = f"use the same {KEY} in both jobs"
        raise UsageError(f"{name} was signed with another key", hint=hint)


def _digest(document: Mapping[str, Any]) -> str:
    return f"sha256:{_hash(hashlib.sha256(), document)}"


def _signature(document: Mapping[str, Any], signing: bytes) -> str:
    return f"hmac-sha256:{_hash(hmac.new(signing, digestmod=hashlib.sha256), document)}"


def _hash(made: Any, document: Mapping[str, Any]) -> str:
    for part in _canonical(document):
        made.update(part)
    return str(made.hexdigest())


def _canonical(document: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the text under the checksum, without white space and in the order of the keys."""
    encoder = json.JSONEncoder(
        sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=float
    )
    sign = "{"
    for name in sorted(document.keys() - {"digest", "signature"}):
        yield _bytes(f"{sign}{encoder.encode(name)}:")
        sign = ","
        value = document[name]
        if isinstance(value, list):  # one at a time: the changes are most of a large plan
            yield b"["
            for index, item in enumerate(value):
                yield _bytes(f"{',' if index else ''}{encoder.encode(item)}")
            yield b"]"
        else:
            yield _bytes(encoder.encode(value))
    yield b"}" if sign == "," else b"{}"


def _bytes(text: str) -> bytes:
    # A manipulated file may contain half a surrogate pair, which must not crash the check.
    return text.encode(errors="surrogatepass")
