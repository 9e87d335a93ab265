"""Coming changes of a plan as one sentence and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from typing_extensions import TypedDict

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import ComingChanges, OverdueStep
from dealpos_reconciler.render.json import Number, described
from dealpos_reconciler.render.words import plural

MAX_DAYS = 4
"""Days that a sentence names."""
MAX_CHARACTERS = 90
"""The length of a line of days."""


@described
class ComingDocument(TypedDict):
    """The changes of one later instant."""

    at: str
    """ISO 8601, with the offset of the shop's clock."""
    day: str
    """A day, with the time if it is not its start: `2026-12-24 06:00`."""
    addresses: list[str]
    """The objects that change."""
    prices: int
    """Places at which a price moves."""
    increases: int
    decreases: int
    largest_percent: Number | None
    """The largest price change, of the price before, to one decimal."""
    costs: int
    """Places at which the cost moves."""
    retired: int
    returned: int
    """Objects that are on sale again."""


@described
class OverdueDocument(TypedDict):
    """A value that is due, and that no run has applied."""

    path: str
    since: str
    """ISO 8601, with the offset of the shop's clock."""
    seconds: int


def overdue_documents(steps: Iterable[OverdueStep]) -> list[OverdueDocument]:
    """Return overdue values as data."""
    return [{"path": path, "since": since, "seconds": seconds} for path, since, seconds in steps]


def coming_document(step: ComingChanges) -> ComingDocument:
    """Return the changes of one later instant as data."""
    largest = step.largest_percent
    return {
        "at": step.at,
        "day": step.day,
        "addresses": [str(change.address) for change in step.changes],
        "prices": step.prices,
        "increases": step.increases,
        "decreases": step.decreases,
        "largest_percent": None if largest is None else round(largest, 1),
        "costs": step.costs,
        "retired": step.retired,
        "returned": step.returned,
    }


def read_coming(document: ComingDocument) -> ComingChanges:
    """Return the changes of one later instant from its data: with the objects, not the values."""
    changes = tuple(
        Change(Address.parse(address), Action.UPDATE, "", (), None, None)
        for address in document["addresses"]
    )
    told: dict[str, Any] = {name: told for name, told in document.items() if name != "addresses"}
    return ComingChanges(**told, changes=changes)


def coming_line(coming: Sequence[ComingChanges]) -> str:
    """Return the coming changes as one sentence; empty without any."""
    days = [describe_step(step) for step in coming[:MAX_DAYS]]
    if len(coming) > MAX_DAYS:
        days.append(f"{plural(len(coming) - MAX_DAYS, 'later day')} ('reconciler schedule')")
    return " · ".join(days)


def coming_lines(coming: Sequence[ComingChanges]) -> Iterator[str]:
    """Yield the coming changes in lines that are not long."""
    line = "Coming: " if coming else ""
    for part in coming_line(coming).split(" · ") if coming else ():
        if len(line) + len(part) > MAX_CHARACTERS and line.strip() != "Coming:":
            yield line.rstrip(" ·") + " ·"
            line = "        "
        line += f"{part} · "
    if line:
        yield line.removesuffix(" · ")


def describe_step(step: ComingChanges) -> str:
    """Return one day with its counts: `2026-12-01 142 prices (142 increases, largest +5.6 %)`."""
    parts = []
    if step.prices:
        moves = {"increase": step.increases, "decrease": step.decreases}
        about = [plural(number, word) for word, number in moves.items() if number]
        if step.largest_percent is not None:
            about.append(f"largest {step.largest_percent:+,.1f} %")
        parts.append(f"{plural(step.prices, 'price')} ({', '.join(about)})")
    if step.costs:
        parts.append(plural(step.costs, "cost"))
    if step.retired:
        parts.append(f"{step.retired:,} retired")
    if step.returned:
        parts.append(f"{step.returned:,} on sale again")
    return f"{step.day} {', '.join(parts) or plural(len(step.changes), 'change')}"
