"""Dated values: the steps of a field, and the one that holds at an instant.

A field holds one value, or steps: a pair of the bounds of each step and the values. Bounds are days
or times by the clock of the shop, as the file has them. A day that ends a step belongs to it; a
time that ends a step does not. Of the steps that hold, the one with the latest beginning counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from dealpos_reconciler.core.marks import WithJsonSchema
from dealpos_reconciler.core.model.address import Address

FROM, UNTIL, VALUE = STEP_KEYS = ("from", "until", "value")

Bounds = tuple[tuple[str, str], ...]
"""Beginning and end of each step; empty where it has none."""
Steps = tuple[Bounds, tuple[Any, ...]]
Spans = tuple[tuple[datetime, datetime], ...]
"""The first instant of each step, and the first instant after it."""

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$"
"""The pattern of a day or a time."""

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NOTHING = object()
"""Instead of a value: no step holds."""


class StepProblem(NamedTuple):
    """Something in the steps of a field that cannot be."""

    path: tuple[str | int, ...]
    """The path inside the field."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """The objects with dated values, and the instant that the others were resolved at."""

    at: datetime
    zone: tzinfo
    values: Mapping[Address, Mapping[str, Any]] = field(default_factory=dict)
    """Every declared value of an object, dated ones as steps."""


def begin(written: str, zone: tzinfo) -> datetime:
    """Return the first instant of a day, or the instant of a time: the first of two.

    Where clocks skip the time, the instant at which they do.
    """
    wall = datetime.fromisoformat(written)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall_clock(found, zone) == wall:
        return found
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _wall_clock(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after


def skips(written: str, zone: tzinfo) -> bool:
    """Return whether the clocks of the shop skip a time; a day is never skipped."""
    return "T" in written and _wall_clock(begin(written, zone), zone).isoformat() != (
        datetime.fromisoformat(written).isoformat()
    )


def _wall_clock(instant: datetime, zone: tzinfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _end(written: str, zone: tzinfo) -> datetime:
    """Return the first instant after a day or a time that ends a step."""
    if "T" in written:
        return begin(written, zone)
    following = datetime.fromisoformat(written) + timedelta(days=1)
    return begin(following.date().isoformat(), zone)


@lru_cache(maxsize=4096)  # a shop has few days on which prices change
def find_spans(bounds: Bounds, zone: tzinfo) -> Spans:
    """Return the span of each step."""
    return tuple(
        (begin(start, zone) if start else EVER, _end(end, zone) if end else NEVER)
        for start, end in bounds
    )


@lru_cache(maxsize=4096)
def index_at(bounds: Bounds, instant: datetime, zone: tzinfo) -> int | None:
    """Return the index of the step that counts at an instant; None where no step holds."""
    holding = [
        (start, index)
        for index, (start, end) in enumerate(find_spans(bounds, zone))
        if start <= instant < end
    ]
    return max(holding)[1] if holding else None


def at(steps: Steps, instant: datetime, zone: tzinfo) -> Any:
    """Return the value that counts at an instant; NOTHING where no step holds."""
    index = index_at(steps[0], instant, zone)
    return NOTHING if index is None else steps[1][index]


def find_boundaries(bounds: Bounds, zone: tzinfo) -> set[datetime]:
    """Return the instants at which another step may start to count."""
    return {*chain.from_iterable(find_spans(bounds, zone))} - {EVER, NEVER}


def find_problems(bounds: Bounds, zone: tzinfo | None) -> Iterator[StepProblem]:
    """Yield what cannot be in the bounds of steps."""
    if zone is None:
        hint = "set `timezone: Asia/Jakarta` in reconciler.yaml"
        yield StepProblem((), "needs the time zone of the shop", hint)
    for index, (start, end) in enumerate(bounds):
        for key, written in ((FROM, start), (UNTIL, end)):
            if zone is not None and written and skips(written, zone):
                message = f"has a `{key}` that does not exist: clocks skip {show(written)}"
                yield StepProblem((index, key), message, "write the hour after it")
    yield from find_order_problems(bounds, zone or UTC)


def find_order_problems(bounds: Bounds, zone: tzinfo = UTC) -> Iterator[StepProblem]:
    """Yield steps that begin together, and those that end before they begin."""
    seen = dict[datetime, int]()
    for index, ((start, _), (first, after)) in enumerate(
        zip(bounds, find_spans(bounds, zone), strict=True)
    ):
        if first in seen and first != EVER:
            message = f"has two steps from {show(start)}"
            yield StepProblem((index, FROM), message, "remove one of the two")
        elif after <= first:
            message = f"has a step from {show(start)} that ends before it begins"
            hint = f"write a later `{UNTIL}`; a day is the last one, a time is not included"
            yield StepProblem((index, UNTIL), message, hint)
        seen.setdefault(first, index)


def find_next_change(
    value: Mapping[str, Any], required: frozenset[str], instant: datetime, zone: tzinfo
) -> datetime | None:
    """Return the instant of the next change of an object's declared values, after another one."""
    bounds = {bounds for _, (bounds, _) in list_steps(value)}
    coming = {b for each in bounds for b in find_boundaries(each, zone) if b > instant}
    now = resolve(value, required, instant, zone) if coming else {}
    return next((b for b in sorted(coming) if resolve(value, required, b, zone) != now), None)


def show(written: str) -> str:
    """Return a day or a time as people write it: `2026-12-24 06:00`."""
    return written.replace("T", " ")


def show_instant(instant: datetime, zone: tzinfo) -> str:
    """Return an instant by the clock of the shop: a day, with the time if it is not its start."""
    local = instant.astimezone(zone)
    day = local.date().isoformat()
    return day if begin(day, zone) == instant else f"{local:%Y-%m-%d %H:%M}"


def has_steps(value: Mapping[str, Any]) -> bool:
    """Return whether a field of an object, or an entry of a map in it, is dated."""
    for held in value.values():
        kind = type(held)
        if kind is tuple or (kind is dict and _has_dated_entry(held)):
            return True
    return False


def _has_dated_entry(entries: Mapping[str, Any]) -> bool:
    for entry in entries.values():
        if type(entry) is dict:
            for inner in entry.values():
                if type(inner) is tuple:
                    return True
    return False


def list_steps(value: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Steps]]:
    """Return every dated field of an object, with its path."""
    found: list[tuple[tuple[str, ...], Steps]] = []
    for name, held in value.items():
        kind = type(held)
        if kind is tuple:
            found.append(((name,), held))
        elif kind is dict and _has_dated_entry(held):
            for key, entry in held.items():
                for member, inner in entry.items() if type(entry) is dict else ():
                    if type(inner) is tuple:
                        found.append(((name, key, member), inner))
    return found


def resolve(
    value: Mapping[str, Any], required: frozenset[str], instant: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Return an object with the values that count at an instant.

    A field of which no step holds is left out, and so is an entry of a map without a member that is
    `required` there.
    """
    found = dict(value)
    for path, steps in list_steps(value):
        put_value(found, value, path, at(steps, instant, zone), required)
    return found


def put_value(
    found: dict[str, Any],
    value: Mapping[str, Any],
    path: Sequence[str],
    now: Any,
    required: frozenset[str],
) -> None:
    """Put the present value of a dated field into `found`, which began as a copy of `value`."""
    name, *inside = path
    if not inside:
        if now is NOTHING:
            del found[name]
        else:
            found[name] = now
        return
    key, member = inside
    if found[name] is value[name]:
        found[name] = dict(value[name])
    entries = found[name]
    if key not in entries:  # a member that it needs is gone
        return
    if entries[key] is value[name][key]:
        entries[key] = dict(entries[key])
    if now is not NOTHING:
        entries[key][member] = now
    elif member in required:
        del entries[key]
    else:
        del entries[key][member]


def describe_moment(description: str) -> dict[str, Any]:
    """Return the schema of a day or a time, with a description."""
    return {"type": "string", "pattern": MOMENT, "description": description}


def steps_schema(value: dict[str, Any], example: str) -> WithJsonSchema:
    """Return the schema of a field that holds a value like `example`, or steps."""
    step = {
        "type": "object",
        "properties": {
            FROM: describe_moment("The first day, or time. Example: `2026-12-01`."),
            UNTIL: describe_moment("The last day, or a time. Example: `2026-12-26`."),
            VALUE: value | {"description": f"The value of the step. Example: `{example}`."},
        },
        "required": [VALUE],
        "additionalProperties": False,
    }
    steps = {"type": "array", "minItems": 1, "items": {"oneOf": [value, step]}}
    return WithJsonSchema({"oneOf": [value, steps]})
