"""A rehearsal in words: one line for every format, and the lines below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dealpos_reconciler.core.model.address import join_some
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.rehearsal import LABEL, Consequence, Rehearsal
from dealpos_reconciler.render.words import (
    ObjectLabels,
    duration,
    group_names,
    plain,
    plural,
    with_label,
    with_labels,
)

TITLE = "Rehearsal on the built-in twin"
MAX_NAMES = 5
"""Objects that a line names; the JSON document names all."""


def rehearsal_line(plan: Plan, rehearsal: Rehearsal) -> str:
    """Return the result of a rehearsal in one line."""
    if rehearsal.impossible:
        return f"not possible: {plain(rehearsal.impossible)}"
    if not rehearsal.stops.points:
        return "the plan sends the shop no request"
    windows = plural(rehearsal.windows, "rate-limit window")
    sent = plural(rehearsal.requests, "request")
    quote = "" if rehearsal.is_as_quoted else f" (the plan names {rehearsal.quoted:,})"
    parts = [
        f"{sent}{quote} in {windows} ({duration(rehearsal.seconds)})",
        plural(len(rehearsal.errors), "error"),
        _end_state(rehearsal),
        f"{rehearsal.stops.safe:,} of {rehearsal.stops.points:,} stop points are safe",
    ]
    if tried := len(rehearsal.behaviours):
        differing = f"{len(rehearsal.differing):,} of {tried:,}"
        parts.append(f"{differing} undocumented behaviours change the end state")
    return ", ".join(parts)


def _end_state(rehearsal: Rehearsal) -> str:
    if rehearsal.left:
        return f"a second plan changes {plural(len(rehearsal.left), 'object')}"
    return "end state unknown" if rehearsal.errors else "end state as declared"


def rehearsal_details(plan: Plan, rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    """Yield the lines below: a sign that says what kind of line it is, and the text."""
    labels = plan.labels
    for found in rehearsal.errors:
        yield "✗", f"not applied or not verified: {_consequence(found, labels)}"
    for found in rehearsal.left:
        yield "✗", f"a second plan still changes {_consequence(found, labels)}"
    if rehearsal.unexpected_stops(plan.interruptions):
        for stop in rehearsal.stops.unsafe:
            about = with_label(stop.address, labels)
            yield "✗", f"stop point {stop.after:,} is not safe: {about}: {plain(stop.why)}"
    for behaviour in rehearsal.differing:
        yield "?", f"if {behaviour.sentence}: {join_consequences(behaviour.consequences, labels)}"
    if rehearsal.differing and rehearsal.sample[0] < rehearsal.sample[1]:
        tried, all_ = rehearsal.sample
        yield "•", f"undocumented behaviours were tried on {tried:,} of {all_:,} writes"
    yield "•", LABEL


def join_consequences(found: Iterable[Consequence], labels: ObjectLabels) -> str:
    """Return the objects whose end state differs, each with the difference."""
    shared = group_names((each.what, _name(each, labels)) for each in found)
    return "; ".join(
        f"{join_some(names, MAX_NAMES)} ({with_labels(plain(what), labels)})"
        for what, names in shared.items()
    )


def _name(found: Consequence, labels: ObjectLabels) -> str:
    return with_label(found.address, labels) if found.address else "the whole plan"


def _consequence(found: Consequence, labels: ObjectLabels) -> str:
    return f"{_name(found, labels)}: {with_labels(plain(found.what), labels)}"
