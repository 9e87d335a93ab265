"""A rehearsal as a part of the plan's document, and its trace as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated

from typing_extensions import TypedDict

from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.rehearsal import LABEL, Consequence, Rehearsal
from dealpos_reconciler.render.json import InterruptionsDocument, described, one_of
from dealpos_reconciler.render.words import ObjectLabels

PASSED, FAILED, IMPOSSIBLE = RESULTS = ("passed", "failed", "impossible")


@described
class ConsequenceDocument(TypedDict):
    """An object that ends in another state than planned."""

    address: str | None
    """`kind/name`; null for the plan as a whole."""
    label: str | None
    """The name for people; null where there is none."""
    what: str
    """The fields that differ, or the reason why a change is not applied; for people."""


@described
class BehaviourDocument(TypedDict):
    """A behaviour that the documentation leaves open, tried in a run of its own."""

    name: str
    """The choice of the sandbox with its value, such as `put_omitted=clear`."""
    sentence: str
    """The behaviour, for people."""
    consequences: list[ConsequenceDocument]
    """The objects whose end state differs; empty where it is the same."""


@described
class RehearsalDocument(TypedDict):
    """The result of `plan --rehearse`: an apply to a twin of the shop in memory."""

    result: Annotated[str, one_of(RESULTS)]
    """failed: the apply would not do what the plan says, even as documented."""
    note: str
    """The limit of every rehearsal, for people."""
    reason: str | None
    """The reason why nothing could be rehearsed; null where it was."""
    requests: int
    """Requests that the apply has sent to the twin, its own reads included."""
    quoted: int
    """Requests that the plan names."""
    windows: int
    """Rate-limit windows that the apply has used, by the virtual clock."""
    seconds: int
    """The virtual time of the apply."""
    errors: list[ConsequenceDocument]
    """Changes that were not applied and verified."""
    left: list[ConsequenceDocument]
    """Objects that a second plan would still change."""
    interruptions: InterruptionsDocument
    """The stop points, as the twin showed the objects at each of them."""
    behaviours: list[BehaviourDocument]
    """The undocumented behaviours that were tried: those that the steps touch."""
    tried_writes: int
    """Writes that these were tried on."""
    writes: int
    """Writes of the plan."""


def rehearsal_document(plan: Plan, rehearsal: Rehearsal) -> RehearsalDocument:
    """Return a rehearsal as data."""
    labels = plan.labels
    result = PASSED if rehearsal.passed(plan.interruptions) else FAILED
    return {
        "result": IMPOSSIBLE if rehearsal.impossible else result,
        "note": LABEL,
        "reason": rehearsal.impossible,
        "requests": rehearsal.requests,
        "quoted": rehearsal.quoted,
        "windows": rehearsal.windows,
        "seconds": rehearsal.seconds,
        "errors": _consequences(rehearsal.errors, labels),
        "left": _consequences(rehearsal.left, labels),
        "interruptions": {
            "points": rehearsal.stops.points,
            "unsafe": [
                {
                    "after": stop.after,
                    "until": stop.until,
                    "address": str(stop.address),
                    "label": labels.get(stop.address),
                    "why": stop.why,
                }
                for stop in rehearsal.stops.unsafe
            ],
        },
        "behaviours": [
            {
                "name": found.name,
                "sentence": found.sentence,
                "consequences": _consequences(found.consequences, labels),
            }
            for found in rehearsal.behaviours
        ],
        "tried_writes": rehearsal.sample[0],
        "writes": rehearsal.sample[1],
    }


def _consequences(found: Iterable[Consequence], labels: ObjectLabels) -> list[ConsequenceDocument]:
    return [
        {
            "address": str(each.address) if each.address else None,
            "label": labels.get(each.address) if each.address else None,
            "what": each.what,
        }
        for each in found
    ]


def trace_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield each request of a rehearsal as one line of JSON."""
    for sent in rehearsal.trace:
        line = {
            "method": sent.method,
            "path": sent.path,
            "status": sent.status,
            "seconds": sent.seconds,
            "step": sent.step,
        }
        yield json.dumps(line, ensure_ascii=False) + "\n"
