"""The report of an apply: text for people, JSON for programs, and the type of its document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NotRequired, cast

from typing_extensions import TypedDict

from reconciler.core.report import Report
from reconciler.render.plan.documents import Verb, described, one_of
from reconciler.render.view import Paint, no_paint
from reconciler.render.words import counted, plain

Status = Annotated[str, one_of(("applied", "failed", "stale", "skipped"))]
_STATUS = {"applied": "✓", "failed": "✗", "stale": "!", "skipped": "-"}


@described
class OutcomeDocument(TypedDict):
    """What became of one planned change."""

    address: str
    action: Verb
    status: Status
    message: str


@described
class Statuses(TypedDict):
    """Outcomes by status."""

    applied: int
    failed: int
    stale: int
    skipped: int


@described
class ReportDocument(TypedDict):
    """What `reconciler apply --format json` prints: what happened, never what was planned."""

    store: str
    outcomes: list[OutcomeDocument]
    summary: Statuses
    requests: int
    """Everything that was sent."""
    verified: int
    """Changes that were read back as they should be."""
    stopped: NotRequired[str]
    """Why the run ended early."""
    going_on: NotRequired[str]
    """The command that does the rest."""


def report_text(report: Report, paint: Paint = no_paint, going_on: str = "") -> str:
    """What an apply did: everything that went wrong by name, and one closing line.

    `going_on` is the command that does what is left.
    """
    return "\n".join(_report(report, paint, going_on)) + "\n"


def _report(report: Report, paint: Paint, going_on: str) -> Iterator[str]:
    colours = {"applied": "green", "failed": "red", "stale": "yellow", "skipped": "yellow"}
    for outcome in report.outcomes:
        sign = paint(colours[outcome.status], _STATUS[outcome.status])
        said = f": {plain(outcome.message)}" if outcome.message else ""
        yield f"{sign} {plain(str(outcome.address))} {outcome.action.value} {outcome.status}{said}"
    yield ""
    if report.stopped:
        yield f"Ended early: {plain(report.stopped)}"
    if going_on:
        yield f"To go on: {plain(going_on)}"
    counts = report.counts()
    rest = [f"{counts[name]:,} {name}" for name in ("failed", "stale", "skipped") if counts[name]]
    applied = f"{counts['applied']:,} applied ({report.verified:,} verified)"
    yield f"Applied: {', '.join([applied, *rest])}; {counted(report.requests, 'request')}"


def report_document(report: Report, going_on: str = "") -> ReportDocument:
    """Return the document that `apply --format json` prints.

    A run that ended early and can be continued says why it ended, and which command does the rest.
    """
    document: ReportDocument = {
        "store": report.store,
        "outcomes": [
            {
                "address": str(outcome.address),
                "action": outcome.action.value,
                "status": outcome.status,
                "message": outcome.message,
            }
            for outcome in report.outcomes
        ],
        "summary": cast("Statuses", report.counts()),
        "requests": report.requests,
        "verified": report.verified,
    }
    if going_on:
        document |= {"stopped": report.stopped or "", "going_on": going_on}
    return document
