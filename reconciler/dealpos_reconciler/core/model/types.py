"""The types of a catalogue file's values, from text as written to canonical values.

A file's scalars arrive as text (there is no implicit YAML typing), so each type here decides
what the text means: `007` stays a code, `18000` becomes money, `12_30` becomes an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

from dealpos_reconciler.core.dated import (
    FROM,
    MOMENT,
    STEP_KEYS,
    UNTIL,
    VALUE,
    Steps,
    find_order_problems,
    steps_schema,
)
from dealpos_reconciler.core.marks import (
    BeforeValidator,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    custom_error,
)
from dealpos_reconciler.core.model.field import Dated, Sum
from dealpos_reconciler.core.model.masked import SecretText

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails

# A shop may hold codes with a blank at an end; a guardrail refuses to make new ones.
_CODE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_NAMED = r"^[^\x00-\x1f\x7f]*$"
# Thousands in groups of three, or a decimal comma: both are common, and mean different numbers.
_SEPARATED = re.compile(
    r"[0-9]+(?:(?:\.[0-9]{3})+(?:,[0-9]+)?|(?:,[0-9]{3})+(?:\.[0-9]+)?|,[0-9]+)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")
_SCALAR = {"type": ["string", "number", "boolean"]}
_FLAGS = dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True)
_FLAGS |= dict.fromkeys(("false", "f", "no", "n", "off", "0"), False)
_STEP_KEYS = frozenset(STEP_KEYS)
# 15 digits are exact in every JSON reader, and enough for any price in any currency.
_MAX_DIGITS = 15


def format_amount(value: Decimal) -> str:
    """Return a fraction as a file holds it: three digits after the point would be refused."""
    written = f"{value:f}"
    return written + "0" if value >= 1 and written[-4:-3] == "." else written


def _amount(written: Any) -> int | Decimal:
    return _exact(written if isinstance(written, str) else "", True)


@lru_cache(maxsize=10_000)  # a shop has far fewer prices than variants
def _exact(written: str, fractions: bool, /) -> int | Decimal:
    if len(written) < 2 * _MAX_DIGITS and _SEPARATED.fullmatch(written):
        _refuse_separators(written, fractions)
    if written.isascii() and len(written) <= _MAX_DIGITS:
        if written.isdigit():
            return int(written)
        whole, dot, cents = written.partition(".")
        if dot and whole.isdigit() and cents.isdigit():
            exact = Decimal(written)
            return int(exact) if exact == int(exact) else exact.normalize()
        if written.startswith("-") and written[1:].replace(".", "", 1).isdigit():
            raise custom_error("below_zero", "must not be below zero")
    raise custom_error("amount", "must be a number in plain digits, such as 18000")


def _refuse_separators(written: str, fractions: bool) -> None:
    """Raise ValueError for digits in groups; return for what can only be a fraction."""
    separator = written.lstrip("0123456789")[0]
    grouped, _, cents = written.partition("." if separator == "," else ",")
    first, *groups = grouped.split(separator)
    has_groups = int(first) > 0 and len(groups[0]) == 3
    if separator == "." and not has_groups:
        return
    meant = [Decimal(f"{first}{''.join(groups)}.{cents or 0}")] if has_groups else []
    if len(groups) == 1 and not cents:
        meant.append(Decimal(f"{first}.{groups[0]}"))
    values = [
        format_amount(value.normalize()) for value in meant if fractions or value == int(value)
    ]
    if not values or len(values[0]) > _MAX_DIGITS:
        return
    what = "is not in plain digits"
    if separator == "." and len(values) == 2:
        read = f"{meant[1].normalize():f}"
        what = f"reads as {'a fraction' if read == written else read}"
    message = f"{written} {what}: write {', or '.join(values)}"
    raise custom_error("separators", "{said}", {"said": message})


def _count(written: Any) -> int:
    amount = _exact(written if isinstance(written, str) else "", False)
    if isinstance(amount, Decimal):
        raise custom_error("count", "must be a whole number")
    return amount


def _day(written: Any) -> str:
    if isinstance(written, str) and _DATE.fullmatch(written):
        try:
            found = date.fromisoformat(written)
        except ValueError:
            found = date.min
        if found != date.min:  # which the API uses for "unset" (dealpos-api.md §12)
            return found.isoformat()
    raise custom_error("day", "must be a date that exists, written YYYY-MM-DD")


def read_when(written: Any) -> str:
    """Return a day or a time in canonical form; raise ValueError for anything else."""
    found = _MOMENT.fullmatch(written) if isinstance(written, str) else None
    try:
        day = _day(found[1] if found else written)
        if found is None:
            return day
        clock = time.fromisoformat(found[2])
    except ValueError:
        text = "must be a date or a time that exists, written YYYY-MM-DD or YYYY-MM-DD HH:MM"
        raise custom_error("when", text) from None
    return f"{day}T{clock.isoformat('seconds' if clock.second else 'minutes')}"


def _dated_amount(written: Any) -> Any:
    if isinstance(written, str):
        return _exact(written, True)
    return _read_steps(written, _amount) if type(written) is list else _amount(written)


def _flag(written: Any) -> bool:
    word = written.lower() if isinstance(written, str) else ""
    if word not in _FLAGS:
        raise custom_error("bool_parsing", "must be true or false")
    return _FLAGS[word]


def _dated_flag(written: Any) -> Any:
    if type(written) is str and (known := _FLAGS.get(written)) is not None:
        return known
    return _read_steps(written, _flag) if type(written) is list else _flag(written)


def _read_steps(written: list[Any], read: Callable[[Any], Any]) -> Steps:
    """Return the steps of a field; raise ValidationError with every problem at its place."""
    parts: list[Any] = []
    for step in written:
        if isinstance(step, dict):
            parts.append(len(step))
            parts.extend(chain.from_iterable(step.items()))
        else:
            parts.append(step)
    try:
        return _read_parts(read, *parts)
    except TypeError:  # a list or a mapping inside of a step cannot be looked up
        return _check_steps(written, read)


@lru_cache(maxsize=10_000, typed=True)  # secret texts are no plain ones
def _read_parts(read: Callable[[Any], Any], *parts: Any) -> Steps:
    """Return steps given as their parts, one after the other: a mapping with its size first."""
    written: list[Any] = []
    pending = iter(parts)
    for part in pending:
        step = part
        if type(part) is int:
            step = {next(pending): next(pending) for _ in range(part)}
        written.append(step)
    return _check_steps(written, read)


def _check_steps(written: list[Any], read: Callable[[Any], Any]) -> Steps:
    reader = _StepReader(read)
    if not written:
        reader.note((), custom_error("no_steps", "must have at least one step"))
    found = [reader.read(index, step) for index, step in enumerate(written)]
    if reader.wrong:
        from pydantic_core import ValidationError

        for path, message, hint in find_order_problems(tuple(bounds for bounds, _ in found)):
            reader.note(path, custom_error("step_order", message, {"hint": hint}))

        raise ValidationError.from_exception_data("steps", reader.wrong)
    return tuple(bounds for bounds, _ in found), tuple(value for _, value in found)


class _StepReader:
    """Reads one step after the other, and gathers what is wrong."""

    def __init__(self, read_value: Callable[[Any], Any]) -> None:
        self.read_value = read_value
        self.wrong: list[InitErrorDetails] = []

    def note(self, path: tuple[str | int, ...], error: ValueError | str, given: Any = "") -> None:
        # Each error is a `PydanticCustomError`, or the name of one that pydantic has.
        self.wrong.append({"type": error, "loc": path, "input": given})  # type: ignore[typeddict-item]

    def read(self, index: int, step: Any) -> tuple[tuple[str, str], Any]:
        """Return the bounds of a step and its value; a value alone is one without bounds."""
        is_misspelled = isinstance(step, dict) and not step.keys() <= _STEP_KEYS
        if index and not is_misspelled and (not isinstance(step, dict) or FROM not in step):
            message = "needs `from` in every step after the first: `{from: …, value: …}`"
            self.note((index,), custom_error("step", message))
        if not isinstance(step, dict):
            return ("", ""), self._read((index,), self.read_value, step)
        if is_misspelled:
            for key in step.keys() - _STEP_KEYS:
                self.note((index, key), "extra_forbidden")
        if VALUE not in step:
            self.note((index, VALUE), "missing")
        start, end = (
            self._read((index, key), _read_bound, step[key]) if key in step else ""
            for key in (FROM, UNTIL)
        )
        given = step.get(VALUE)
        value = self._read((index, VALUE), self.read_value, given) if VALUE in step else None
        return (start, end), value

    def _read(self, path: tuple[str | int, ...], read: Callable[[Any], Any], given: Any) -> Any:
        try:
            return read(given)
        except ValueError as error:
            self.note(path, error, given)
            return ""


def _read_bound(written: Any) -> str:
    if isinstance(written, SecretText):
        raise custom_error("bound", "must not come from the environment")
    return _read_day(written) if type(written) is str else read_when(written)


@lru_cache(maxsize=1000)  # a shop has few days on which prices change
def _read_day(written: str) -> str:
    return read_when(written)


def _path(written: Any) -> Any:
    if isinstance(written, str) and not all(
        part and part == part.strip() for part in written.split("/")
    ):
        close = "/".join(filter(None, map(str.strip, written.split("/"))))
        raise custom_error(
            "path",
            "must be names separated by single slashes, such as Drinks/Coffee",
            {"close": close},
        )
    return written


def _reference(written: Any) -> Any:
    kind, _, name = written.partition("/") if isinstance(written, str) else ("", "", "")
    if not kind or not name:
        raise custom_error("reference", "must be kind/name, such as variant/1003L")
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
Money = Annotated[
    Any, PlainValidator(_amount), WithJsonSchema({"type": "number", "minimum": 0}), Sum()
]
Count = Annotated[Any, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Day = Annotated[Any, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
WhenInZone = Annotated[
    Any, PlainValidator(read_when), WithJsonSchema({"type": "string", "pattern": MOMENT})
]
"""A day, or a time of day, by the clock of the shop."""
Name = Annotated[
    str, BeforeValidator(_reference), WithJsonSchema({"type": "string", "pattern": "^[^/]+/."})
]
"""An address as text."""
Flag = bool


DatedMoney = Annotated[
    Any,
    PlainValidator(_dated_amount),
    steps_schema({"type": "number", "minimum": 0}, "19000"),
    Sum(),
    Dated(),
]
DatedFlag = Annotated[
    bool, PlainValidator(_dated_flag), steps_schema({"type": "boolean"}, "true"), Dated()
]
