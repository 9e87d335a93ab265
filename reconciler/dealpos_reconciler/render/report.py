"""The report of an apply: text for people, JSON for programs, and the type of its document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NotRequired, cast

from typing_extensions import TypedDict

from dealpos_reconciler.core.report import Outcome, Report
from dealpos_reconciler.render.documents import Verb
from dealpos_reconciler.render.json import (
    FORMAT_VERSION,
    Moment,
    ObjectDocument,
    described,
    object_document,
    one_of,
)
from dealpos_reconciler.render.view import ReportView
from dealpos_reconciler.render.words import (
    ObjectLabels,
    amount,
    plain,
    plural,
    with_label,
    with_labels,
)

SIGNS = {"applied": "✓", "unverified": "?", "failed": "✗", "stale": "!", "skipped": "⊘"}
_STYLES = {"applied": "green", "failed": "red"}
Status = Annotated[str, one_of(SIGNS)]


@described
class OutcomeDocument(ObjectDocument):
    """The result of one planned change."""

    action: Verb
    status: Status
    message: str


@described
class StatusesDocument(TypedDict):
    """Outcomes by status."""

    applied: int
    unverified: int
    """Accepted by the API, and no read has shown the result."""
    failed: int
    stale: int
    """Not applied, since the object was changed in the shop after the plan was made."""
    skipped: int


@described
class PublishedDocument(TypedDict):
    """The result of publishing a release."""

    place: str
    number: int
    status: Status
    message: str


@described
class ReportDocument(TypedDict):
    """Output of `reconciler apply --format json`: the results, not the plan."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    finished_at: Moment
    """The time at which the apply ended, UTC."""
    store: str
    outcomes: list[OutcomeDocument]
    summary: StatusesDocument
    requests: int
    """All requests of the run."""
    verified: int
    """Changes that a read has confirmed."""
    release: NotRequired[PublishedDocument]
    """The release of provider coupons, where the plan had one."""
    stopped: NotRequired[str]
    """The reason why the run ended early."""
    continue_command: NotRequired[str]
    """The command that applies the rest."""


def report_text(report: Report, view: ReportView) -> str:
    """Return the result of every change, and one closing line."""
    return "\n".join(_report(report, view)) + "\n"


def _report(report: Report, view: ReportView) -> Iterator[str]:
    yield from (_outcome(outcome, report.labels, view) for outcome in report.outcomes)
    yield ""
    if made := report.published:
        done = made.status == "applied"
        said = "published (verified)" if done else plain(made.message)
        yield f"Provider: release {made.number:,} at {plain(made.place)}: {said}"
    if report.stopped:
        yield f"Stopped early: {plain(report.stopped)}"
    if view.continue_command:
        yield f"To continue: {plain(view.continue_command)}"
    yield _closing_line(report)


def _outcome(outcome: Outcome, labels: ObjectLabels, view: ReportView) -> str:
    sign = view.paint(_STYLES.get(outcome.status, "yellow"), SIGNS[outcome.status])
    message = with_labels(plain(outcome.message), labels)
    return (
        f"{sign} {outcome.action.value} {with_label(outcome.address, labels)} "
        f"{outcome.status}{f': {message}' if message else ''}"
    )


def _closing_line(report: Report) -> str:
    counts = report.counts()
    verified = f"({amount(report.verified)} verified)"
    requests = plural(report.requests, "request")
    if report.complete and not (counts["applied"] or report.published):
        in_place = plural(len(report.outcomes), "change")
        return f"Nothing to do: {in_place} already in place (verified), {requests}"
    if counts["applied"] == len(report.outcomes) and (report.outcomes or report.complete):
        return f"Apply complete: {plural(counts['applied'], 'change')} {verified}, {requests}"
    applied = f"{amount(counts['applied'])} applied {verified}"
    rest = (f", {amount(counts[s])} {s}" for s in SIGNS if s != "applied" and counts[s])
    return f"Apply incomplete: {applied}{''.join(rest)}, {requests}"


def report_document(report: Report, view: ReportView) -> ReportDocument:
    """Return the document that `apply --format json` prints.

    A run that ended early and can be continued says why it ended, and which command does the rest.
    """
    document: ReportDocument = {
        "format_version": FORMAT_VERSION,
        "finished_at": view.made_at,
        "store": report.store,
        "outcomes": [
            {
                **object_document(outcome.address, report.labels),
                "action": outcome.action.value,
                "status": outcome.status,
                "message": outcome.message,
            }
            for outcome in report.outcomes
        ],
        "summary": cast("StatusesDocument", report.counts()),
        "requests": report.requests,
        "verified": report.verified,
    }
    if made := report.published:
        document["release"] = {
            "place": made.place,
            "number": made.number,
            "status": made.status,
            "message": made.message,
        }
    if view.continue_command:
        document["stopped"] = report.stopped or ""
        document["continue_command"] = view.continue_command
    return document
