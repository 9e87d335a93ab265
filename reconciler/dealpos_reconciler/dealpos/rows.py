"""Rows of a response, in every envelope that is documented or that other clients have met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.look_alike import fold_key
from dealpos_reconciler.errors import UnexpectedResponse

Row = Mapping[str, Any]

UNDOCUMENTED_SHAPE_HINT = "report this line: DealPOS does not document a response of this shape"

# dealpos-api.md §0: `Data` is documented, `DataArray` is the key that a public integration reads.
_ENVELOPES = ("Data", "DataArray")
_TOTALS = ("RecordsCount", "TotalCount")

_MAX_DEPTH = 3
_MAX_KEYS = 12
_MAX_KEY_CHARACTERS = 60
_TYPES = {str: "text", bool: "boolean", int: "number", float: "number", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one response, and the total number of objects where the response has it."""

    rows: list[Row]
    total: int | None = None
    nulls: int = 0
    """Null entries of the list: a batch may show a missing name so (dealpos-api.md §13)."""

    @property
    def expected_pages(self) -> int:
        """Return how many pages of this size the total makes; 1 where there is no total."""
        return ceil(self.total / len(self.rows)) if self.total and self.rows else 1

    @property
    def keys(self) -> frozenset[str]:
        """Return every key that any row has; a row without one of them holds null there."""
        return frozenset().union(*self.rows)


def parse_rows(operation: str, answer: Any) -> Rows:
    """Return the rows of a response to a read of many objects.

    Raises UnexpectedResponse with the shape of the response where it is not a list of objects.
    """
    total = None
    entries = answer
    if isinstance(answer, Mapping):
        entries = next((answer[key] for key in _ENVELOPES if key in answer), None)
        written = next((answer[key] for key in _TOTALS if answer.get(key) is not None), None)
        total = _parse_total(written)
        if entries is None and total == 0:
            entries = []
    if isinstance(entries, list):
        rows = [row for row in entries if row is not None]
        if all(isinstance(row, Mapping) for row in rows):
            return Rows(rows, total, len(entries) - len(rows))
    raise UnexpectedResponse(
        operation,
        f"expected a list of objects, got {describe_shape(answer)}",
        hint=UNDOCUMENTED_SHAPE_HINT,
    )


def parse_name(answer: Any, kind: Kind, name: str) -> str | None:
    """Return the name of the object in a response to a single read of `name`, whichever it is.

    Of several objects, the one is meant whose name looks like the requested one.
    """
    answer = unwrap(answer)
    if not isinstance(answer, list):
        return kind.identity_of(answer)
    names = [found for row in answer if (found := kind.identity_of(row)) is not None]
    return next((found for found in names if fold_key(found) == fold_key(name)), None)


def parse_single(answer: Any, kind: Kind, name: str) -> Row | None:
    """Return the object in a response to a single read, if it is the one that was requested."""
    answer = unwrap(answer)
    if isinstance(answer, list):
        answer = next((row for row in answer if kind.identity_of(row) == name), None)
    return answer if kind.identity_of(answer) == name else None


def describe_shape(answer: Any, depth: int = _MAX_DEPTH) -> str:
    """Return keys and types without values, which may be private.

    Example: `{Data: [2 × {Code: text, UnitPrice: number}], RecordsCount: text}`.
    """
    if isinstance(answer, Mapping):
        return _describe_object(answer, depth)
    if isinstance(answer, list):
        if not answer:
            return "[]"
        inner = describe_shape(answer[0], depth - 1) if depth else "…"
        return f"[{len(answer)} × {inner}]"
    return _TYPES[type(answer)]


def describe_envelope(answer: Any) -> str:
    """Return the envelope of a response by its keys, without their values."""
    if isinstance(answer, list):
        return "a bare array"
    if not isinstance(answer, Mapping):
        return "nothing" if answer is None else "a bare value"
    keys = [key for key, value in answer.items() if isinstance(value, list)]
    totals = [key for key in _TOTALS if key in answer]
    return " + ".join([*keys, *totals]) if len(keys) == 1 else "an object"


def _describe_object(answer: Mapping[str, Any], depth: int) -> str:
    if not depth:
        return "{…}" if answer else "{}"
    keys = list(answer)[:_MAX_KEYS]
    shown = [f"{_describe_key(key)}: {describe_shape(answer[key], depth - 1)}" for key in keys]
    more = [f"… {len(answer) - _MAX_KEYS} more"] if len(answer) > _MAX_KEYS else []
    return "{" + ", ".join([*shown, *more]) + "}"


def _describe_key(key: str) -> str:
    """Return a key spelled like a key of the API; anything else, such as an address, as `…`."""
    usual = key.isascii() and key.replace("_", "").isalnum() and len(key) <= _MAX_KEY_CHARACTERS
    return key if usual and not any(c.isdigit() for c in key) else "…"


def unwrap(answer: Any) -> Any:
    """Return the content of an envelope, or the answer itself where it has none."""
    if isinstance(answer, Mapping):
        return next((answer[key] for key in _ENVELOPES if key in answer), answer)
    return answer


def _parse_total(written: Any) -> int | None:
    """Return a total, which may be text or a float (API §14 #7); None for anything else."""
    try:
        count = number(written)
    except ValueError:
        return None
    return count if isinstance(count, int) and count >= 0 else None
