"""A body as an object of texts and numbers, whatever a till sends.

No field of Validate and Redeem Coupon is marked as required, and the pages print one field as text
and as number (dealpos-api.md §12, §14 #7), so each reader gives a value for whatever is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.model import codec
from dealpos_reconciler.core.provider.terms import Amount

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_TEXT = 200
"""Characters of a name or number that are kept."""

_MAX_NUMBER = 40
"""Digits of a number; Python refuses to read an integer of some thousand."""
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_EMPTY: Mapping[str, Any] = {}


class BadBody(Exception):
    """A body that is not an object of JSON; `reason` is one word for log and metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_object(body: bytes) -> Mapping[str, Any]:
    """Return the object that a body is, with the keys of every object in lower case.

    Raises BadBody for `too_long`, `nul`, `not_utf8`, `not_json`, `too_deep` and `not_object`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadBody("too_long")
    if b"\0" in body:
        raise BadBody("nul")
    try:
        text = body.decode("utf-8-sig")
        # Not strict: a line end within a note is a reason to frown, not to lose a sale.
        found = json.loads(
            text,
            strict=False,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_number,
            object_pairs_hook=_lower_pairs,
        )
    except UnicodeDecodeError:
        raise BadBody("not_utf8") from None
    except RecursionError:
        raise BadBody("too_deep") from None
    except ValueError:
        raise BadBody("not_json") from None
    if not isinstance(found, dict):
        raise BadBody("not_object")
    _refuse_depth(found)
    return found


def lower_keys(value: Any) -> Any:
    """Return decoded JSON with the keys of every object in lower case, as `read_object` does."""
    if isinstance(value, Mapping):
        return {name.lower(): lower_keys(inner) for name, inner in value.items()}
    return list(map(lower_keys, value)) if isinstance(value, list) else value


def read_text(found: Mapping[str, Any], *names: str) -> str:
    """Return the first of these members that is a text or number, as text without outer blanks."""
    for name in names:
        raw = found.get(name.lower())
        if not isinstance(raw, str):
            raw = "" if (number := _amount(raw)) is None else str(number)
        if text := _UNSENDABLE.sub("", raw).strip():
            return text
    return ""


def read_name(found: Mapping[str, Any], *names: str) -> str:
    """Return a text that is kept or shown, shortened."""
    return read_text(found, *names)[:MAX_TEXT]


def read_amount(found: Mapping[str, Any], *names: str) -> Amount | None:
    """Return the first of these members that is a number, also as text."""
    amounts = (_amount(found.get(name.lower())) for name in names)
    return next((amount for amount in amounts if amount is not None), None)


def read_flag(found: Mapping[str, Any], name: str) -> bool:
    """Return True for a yes in any spelling, and False for anything else."""
    raw = found.get(name.lower())
    try:
        return codec.flag(raw) if isinstance(raw, str | bool | int) else False
    except ValueError:
        return False


def read_moment(found: Mapping[str, Any], *names: str) -> datetime | None:
    """Return the first of these members that is a moment; without a zone where it has none.

    An unset date is `0001-01-01T00:00:00` (dealpos-api.md §12).
    """
    for name in names:
        try:
            moment = datetime.fromisoformat(read_name(found, name))
        except ValueError:
            continue
        if 1970 < moment.year < 9999:
            return moment
    return None


def read_member(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object; an empty one for anything else."""
    raw = found.get(name.lower())
    return raw if isinstance(raw, dict) else _EMPTY


def _amount(raw: Any) -> Amount | None:
    try:
        return codec.number(raw)
    except ValueError:
        return None


def _number(written: str) -> int | Decimal | None:
    """Return a number of JSON as it is written, without a float in between."""
    if len(written) > _MAX_NUMBER:
        return None
    return int(written) if written.lstrip("-").isdigit() else Decimal(written)


def _no_number(_: str) -> None:
    """Return None for NaN and Infinity, which JSON does not have."""


def _lower_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name.lower(): value for name, value in pairs}


def _refuse_depth(found: Any) -> None:
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadBody("too_deep")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
