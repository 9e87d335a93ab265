"""JSON documents: encoding, the parts that several of them have, and the document of an error.

Each document is a type. The renderer is checked against it and the schema in `schemas/` is made
from it, so that neither can say something that the other does not. New keys may be added; readers
ignore what they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Annotated, Any

from typing_extensions import TypedDict

from dealpos_reconciler.core.diff.change import ORIGINS, FieldChange
from dealpos_reconciler.core.marks import WithJsonSchema, with_config
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.runner_commands import escape_commands
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.render.words import ObjectLabels

FORMAT_VERSION = "2.0"
"""The version of every document; the part before the dot rises when a reader must change."""


def one_of(words: Iterable[str]) -> WithJsonSchema:
    """Return the schema of a text that is one of `words`."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


Number = Annotated[int | Decimal, WithJsonSchema({"type": "number"})]
Side = Annotated[str, one_of(ORIGINS)]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]

# Keys are described by the text below them; no other key is there.
described = with_config(use_attribute_docstrings=True, extra="forbid")


@described
class OriginDocument(TypedDict, total=False):
    """The side that changed since the last apply, where a ledger tells."""

    origin: Side
    """pending: the files changed; drifted: the shop changed; conflict: both changed."""


@described
class SourceDocument(TypedDict):
    """The place in a catalogue file that asks for something."""

    file: str
    """The path from the shop folder."""
    line: int
    """Counts from 1."""
    column: int
    """Counts from 1."""


@described
class FieldSourceDocument(TypedDict, total=False):
    """The place of one field, where another layer declares it than the object's place says."""

    source: SourceDocument


@described
class ObjectDocument(TypedDict):
    """An object, and its name for people."""

    address: str
    """`kind/name`, such as `variant/1003L`."""
    label: str | None
    """The name for people, such as `Cappuccino, Large`; null where there is none."""


@described
class UnsafeStopDocument(ObjectDocument):
    """An object that is half written from the write `after` on, counted from 1, to `until`."""

    after: int
    until: int
    why: str


@described
class ApiUsageDocument(TypedDict):
    """Requests of the plan, in the API's rate limit."""

    reads: int
    """Requests that the plan has used."""
    writes: int
    verification: int
    """Requests that read back what was written, and once more what is replaced."""
    requests: int
    """All requests of an apply, its own reads included; of a saved plan, at most so many."""
    windows: int
    """Rate-limit windows that an apply needs."""
    seconds: int


@described
class InterruptionsDocument(TypedDict):
    """The points at which an apply can be interrupted, one after each write."""

    points: int
    unsafe: list[UnsafeStopDocument]


@described
class MarksDocument(TypedDict):
    """The salt and the key of the marks in this plan, which are HMAC-SHA-256."""

    salt: str
    """Random, 128 bits, for this plan alone. Without a key it is the key."""
    key: str | None
    """The mark of the key from the environment; null without one."""


@described
class PublicationDocument(TypedDict):
    """A release of provider coupons, which is published after the changes in the shop."""

    place: str
    """The provider: its host, or its store."""
    previous: int
    """The release that it follows; 0 where none is published."""
    number: int
    digest: str
    """The digest of the release: a saved plan publishes this one or none."""
    settings: list[str]
    """The changes that no change of a coupon shows, for people."""


def object_document(address: Address, labels: ObjectLabels) -> ObjectDocument:
    """Return an object as data."""
    return {"address": str(address), "label": labels.get(address)}


def origin_of(field: FieldChange) -> OriginDocument:
    """Return the side on which a difference arose, as data."""
    return {"origin": field.origin} if field.origin else {}


def source_document(source: Source) -> SourceDocument:
    """Return a place in a file as data."""
    return {"file": source.file, "line": source.line, "column": source.column}


def dumps(document: Any) -> str:
    """Return a document as JSON text; exact numbers stay numbers."""
    return "".join(iterate_text(document))


def iterate_text(document: Any) -> Iterator[str]:
    """Yield the same text in parts: that of a large plan would take as much memory as the plan."""
    if not isinstance(document, dict) or not document:
        yield escape_commands(_lay_out(document, "\n"))
        return
    sign = "{"
    for name, value in document.items():
        yield f"{sign}\n  {_encode(name)}: "
        sign = ","
        if isinstance(value, list) and value:
            for index, item in enumerate(value):
                yield escape_commands(f"{',' if index else '['}\n    {_lay_out(item, _INNER)}")
            yield "\n  ]"
        else:
            yield escape_commands(_lay_out(value, "\n  "))
    yield "\n}"


def _lay_out(value: Any, line: str) -> str:
    """Return JSON text as `json.dumps(indent=2)` does, in a third of the time."""
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is int:
        return str(value)
    if not isinstance(value, (dict, list, tuple)):
        return _encode(value)
    inner = f"{line}  "
    if isinstance(value, dict):
        items = [
            f"{encode_basestring(name)}: {_lay_out(item, inner)}" for name, item in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}" if items else "{}"
    items = [_lay_out(item, inner) for item in value]
    return f"[{inner}{f',{inner}'.join(items)}{line}]" if items else "[]"


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


_INNER = "\n    "
_encode = json.JSONEncoder(ensure_ascii=False, default=_number).encode


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """Return the document of an error: its message, and every problem with its place."""
    return {
        "error": error.message,
        "hint": error.hint,
        "problems": [asdict(p) for p in error.problems],
    }
