"""Between the API's JSON and plain values: one codec per shape, lenient when reading.

The documentation prints the same field as number, string or boolean word in different places
(dealpos-api.md §13, §14 #7), so reading accepts every documented form and answers one canonical
value: text as `str`, money as `int` (or `Decimal` where the server keeps cents), flags as `bool`,
dates as `YYYY-MM-DD`. Canonical on both sides means that `==` decides what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from dealpos_reconciler.core.model.masked import reveal_all

_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
_MAX_DIGITS = 30
"""Beyond any price: expanding 1e100000 would only burn time."""
# dealpos-api.md §13: ISO, with a space for its T too, and `31 Jul 2019`.
_DAYS = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y")


def keep(value: Any) -> Any:
    """Return a value that files and shop write alike."""
    return value


@dataclass(frozen=True, slots=True)
class Codec:
    """The way in which one shape of value is read and written.

    `decode` takes what the server sent (never None) and raises ValueError for what it cannot
    be; `encode` gives the documented write form; `empty` is what a null or left-out key means.
    """

    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any] = keep
    empty: Any = None
    plain: type | None = None
    """A type that needs no decoding: what most values of a large shop arrive as."""
    whole: frozenset[str] = frozenset()
    """The members that the API documents as integers; the empty name is the value itself."""


def text(raw: Any) -> str:
    """Return text; numbers and flags become the text that a file would hold."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (int, float, Decimal)):
        return str(number(raw))
    raise ValueError("text was expected")


def number(raw: Any) -> int | Decimal:
    """Return an exact number: `int` when whole, else `Decimal`, so that 107.07 equals 107.07."""
    if type(raw) is int:
        return raw
    if isinstance(raw, bool) or not isinstance(raw, (str, float, Decimal)):
        raise ValueError("a number was expected")
    try:
        exact = Decimal(str(raw).strip())
    except InvalidOperation:
        raise ValueError("a number was expected") from None
    if not exact.is_finite() or abs(exact.adjusted()) > _MAX_DIGITS:
        raise ValueError("a number was expected")
    whole = int(exact)
    return whole if whole == exact else exact.normalize()


def flag(raw: Any) -> bool:
    """Return a yes or no, also from a word (dealpos-api.md §14 #7)."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _WORDS:
        raise ValueError("yes or no was expected")
    return _WORDS[word]


def day(raw: Any) -> str:
    """Return a date as `YYYY-MM-DD`; the unset date 0001-01-01 (dealpos-api.md §12) is none."""
    written = str(raw).strip()
    if not written:
        return ""
    candidate = written[:10] if written[4:5] == "-" else written
    if candidate[7:8] == "-":  # nearly every date; a tenth of the time of the loop below
        with suppress(ValueError):
            return "" if date.fromisoformat(candidate).year == 1 else candidate
    for form in _DAYS:
        try:
            parsed = datetime.strptime(candidate, form)  # noqa: DTZ007 - dates carry no zone
        except ValueError:
            continue
        return "" if parsed.year == 1 else parsed.date().isoformat()
    raise ValueError("a date was expected")


def _texts(raw: Any) -> list[str]:
    if not isinstance(raw, list):
        raise ValueError("a list was expected")
    return [text(item) for item in raw]


def _number_out(value: Any) -> Any:
    value = reveal_all(value)
    return float(value) if isinstance(value, Decimal) else value


TEXT = Codec(text, empty="", plain=str)
NUMBER = Codec(number, _number_out, plain=int)
# dealpos-api.md §6, §7, §10: a price with cents may be read, and is documented as an integer.
INTEGER = replace(NUMBER, whole=frozenset({""}))
FLAG = Codec(flag, empty=False, plain=bool)
# dealpos-api.md §10: the text says "true", the sample sends "No"; the sample's words are sent.
YES_NO = Codec(flag, lambda value: "Yes" if value else "No", False)
DAY = Codec(day, empty="")
TEXTS = Codec(_texts, empty=[])


def _table(
    raw: Any,
    key: str,
    members: Sequence[tuple[str, str, type | None, Callable[[Any], Any], Any]],
) -> dict[str, dict[str, Any]]:
    if not isinstance(raw, list):
        raise ValueError("a list was expected")
    table: dict[str, dict[str, Any]] = {}
    for item in raw:
        if type(item) is not dict or item.get(key) is None:
            raise ValueError(f"an item without `{key}`")
        name = item[key]
        table[name if type(name) is str else text(name)] = entry = {}
        for ours, theirs, plain, decode, empty in members:
            if theirs in item:
                if type(value := item[theirs]) is plain:
                    entry[ours] = value
                else:
                    entry[ours] = empty if value is None else decode(value)
    return table


def keyed_list(key: str, **members: tuple[str, Codec]) -> Codec:
    """Return a codec for a list of objects with a natural key: `{key: {member: value}}`.

    `members` maps our member name to the API's and its codec. In that form reordering is
    invisible and a path reads `outlet_prices.Bandung.price`.
    """

    def encode(value: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {key: name}
            | {
                theirs: codec.encode(entry[ours])
                for ours, (theirs, codec) in members.items()
                if ours in entry
            }
            for name, entry in value.items()
        ]

    whole = frozenset(ours for ours, (_, codec) in members.items() if codec.whole)
    columns = [(n, key, c.plain, c.decode, c.empty) for n, (key, c) in members.items()]
    return Codec(partial(_table, key=key, members=columns), encode, {}, whole=whole)
