"""Dated prices in a sheet: one row is one step, and a row with a day adds or changes a step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from dealpos_reconciler.core.dated import (
    EVER,
    NOTHING,
    Schedule,
    StepProblem,
    Steps,
    at,
    begin,
    find_boundaries,
    find_problems,
    index_at,
)
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.prices.numbers import Amount

_MIDNIGHT = "T00:00"

Span = tuple[str, str]
"""Beginning and end of a step, as a file has them; empty where it has none."""


class Held(NamedTuple):
    """A price in one row: the whole price, or one of its steps."""

    span: Span
    amount: Any


def declared_value(desired: Desired, address: Address) -> Value:
    """Return what the files declare of an object, with the steps of dated prices."""
    schedule = desired.schedule
    known = schedule.values.get(address) if schedule else None
    return desired[address].value if known is None else known


def list_held(price: Any) -> Iterator[Held]:
    """Yield a price by its steps; one without steps is one."""
    if type(price) is tuple:
        yield from (Held(*pair) for pair in zip(*price, strict=True))
    elif price is not None:
        yield Held(("", ""), price)


def span_now(price: Any, schedule: Schedule | None) -> Span:
    """Return the span of the step that holds; empty for a price without steps."""
    if type(price) is not tuple or schedule is None:
        return "", ""
    index = index_at(price[0], schedule.at, schedule.zone)
    return ("", "") if index is None else price[0][index]


def find_amount(price: Any, start: str) -> Amount | None:
    """Return the amount of the step that begins then."""
    found: Amount | None = next(
        (held.amount for held in list_held(price) if _same(held.span[0], start)), None
    )
    return found


def amount_from(price: Any, start: str, zone: tzinfo | None) -> Amount | None:
    """Return the amount that holds from a day on: that of its step, or of the one before it."""
    if not start or zone is None or type(price) is not tuple:
        return find_amount(price, start) if type(price) is tuple else price
    found = at(price, begin(start, zone), zone)
    return None if found is NOTHING else found


def find_end(price: Any, start: str) -> str:
    """Return the end of the step that begins then; empty where it has none."""
    return next((held.span[1] for held in list_held(price) if _same(held.span[0], start)), "")


def put_step(price: Any, span: Span, amount: Amount) -> Any:
    """Return a price with a step; the end of a step stays where the span has none."""
    held = list(list_held(price))
    start, end = span
    index = next((n for n, step in enumerate(held) if _same(step.span[0], start)), None)
    if index is not None:
        former = held[index].span
        held[index] = Held((former[0], end or former[1]), amount)
    else:
        later = (n for n, step in enumerate(held) if step.span[0] > start)
        held.insert(next(later, len(held)), Held(span, amount))
    if len(held) == 1 and held[0].span == ("", ""):
        return amount
    made: Steps = tuple(step.span for step in held), tuple(step.amount for step in held)
    return made


def drop_step(price: Any, start: str, zone: tzinfo) -> Any:
    """Return a price without the step that begins then, if that changes it at no time."""
    rest = [held for held in list_held(price) if not _same(held.span[0], start)]
    if not rest:
        return price
    without: Steps = tuple(held.span for held in rest), tuple(held.amount for held in rest)
    instants = {EVER, *find_boundaries(price[0], zone)}
    if any(at(price, instant, zone) != at(without, instant, zone) for instant in instants):
        return price
    return rest[0].amount if [held.span for held in rest] == [("", "")] else without


def check_steps(price: Any, zone: tzinfo | None) -> StepProblem | None:
    """Return what is wrong with the steps of a price."""
    return next(find_problems(price[0], zone), None) if type(price) is tuple else None


def _same(start: str, other: str) -> bool:
    return start.removesuffix(_MIDNIGHT) == other.removesuffix(_MIDNIGHT)


def has_effect(before: Any, after: Any, schedule: Schedule) -> bool:
    """Return whether two prices, with or without steps, differ at some time from now on."""
    dated = [price for price in (before, after) if type(price) is tuple]
    coming = {b for price in dated for b in find_boundaries(price[0], schedule.zone)}
    instants = {schedule.at, *(instant for instant in coming if instant > schedule.at)}
    return any(
        _amount_at(before, instant, schedule) != _amount_at(after, instant, schedule)
        for instant in instants
    )


def _amount_at(price: Any, instant: datetime, schedule: Schedule) -> Any:
    return at(price, instant, schedule.zone) if type(price) is tuple else price
