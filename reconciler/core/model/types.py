"""The types of a catalogue file's values, from text as written to canonical values.

A file's scalars arrive as text (there is no implicit YAML typing), so each type here decides
what the text means: `007` stays a code, `18000` becomes money, `12_30` becomes an error.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_CODE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
_PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_NAMED = r"^[^\x00-\x1f\x7f]*$"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SCALAR = {"type": ["string", "number", "boolean"]}
# 15 digits are exact in every JSON reader, and enough for any price in any currency.
_MAX_DIGITS = 15


def _amount(written: Any) -> int | Decimal:
    return _exact(written if type(written) is str else "")


@lru_cache(maxsize=10_000)  # a shop has far fewer prices than variants
def _exact(written: str) -> int | Decimal:
    if written.isascii() and len(written) <= _MAX_DIGITS:
        if written.isdigit():
            return int(written)
        whole, dot, cents = written.partition(".")
        if dot and whole.isdigit() and cents.isdigit():
            exact = Decimal(written)
            return int(exact) if exact == int(exact) else exact.normalize()
        if written.startswith("-") and written[1:].replace(".", "", 1).isdigit():
            raise PydanticCustomError("below_zero", "must not be below zero")
    raise PydanticCustomError("amount", "must be a number in plain digits, such as 18000")


def _count(written: Any) -> int:
    amount = _amount(written)
    if isinstance(amount, Decimal):
        raise PydanticCustomError("count", "must be a whole number")
    return amount


def _day(written: Any) -> str:
    if isinstance(written, str) and _DATE.fullmatch(written):
        try:
            found = date.fromisoformat(written)
        except ValueError:
            found = date.min
        if found != date.min:  # which the API uses for "unset" (dealpos-api.md §12)
            return found.isoformat()
    raise PydanticCustomError("day", "must be a date that exists, written YYYY-MM-DD")


def _path(written: Any) -> Any:
    if isinstance(written, str) and not all(
        part and part == part.strip() for part in written.split("/")
    ):
        raise PydanticCustomError(
            "path", "must be names separated by single slashes, such as Drinks/Coffee"
        )
    return written


def _reference(written: Any) -> Any:
    kind, _, name = written.partition("/") if isinstance(written, str) else ("", "", "")
    if not kind or not name:
        raise PydanticCustomError("reference", "must be kind/name, such as variant/1003L")
    return written


Text = Annotated[str, StringConstraints(pattern=_PRINTED), WithJsonSchema(_SCALAR)]
Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=_CODE),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1}),
]
CategoryPath = Annotated[
    str,
    BeforeValidator(_path),
    StringConstraints(min_length=1, pattern=_NAMED),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "pattern": "^[^/]+(/[^/]+)*$"}),
]
Money = Annotated[Any, PlainValidator(_amount), WithJsonSchema({"type": "number", "minimum": 0})]
Count = Annotated[Any, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Day = Annotated[Any, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Name = Annotated[
    str, BeforeValidator(_reference), WithJsonSchema({"type": "string", "pattern": "^[^/]+/."})
]
"""An address as text."""
Flag = bool
