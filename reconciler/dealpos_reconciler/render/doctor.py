"""The results of the doctor: a table for people, a document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from io import StringIO
from typing import Literal, cast

from typing_extensions import TypedDict

from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS, Evidence
from dealpos_reconciler.dealpos.doctor.finding import CheckResult, CheckVerdict
from dealpos_reconciler.render.json import FORMAT_VERSION, described
from dealpos_reconciler.render.words import plain, plural

WIDTH = 80
"""Columns of the table, as in a terminal that nobody has made wider."""

_CHECK_COLUMNS = 22
"""Columns of the first column: the longest operation; longer names of checks are wrapped."""


@described
class CheckResultDocument(TypedDict):
    """One line of the table."""

    check: str
    """The name of the check; an operation such as `variant.list` has a line of its own."""
    verdict: Literal["ok", "warning", "error"]
    """A warning does not stop the tool; an error does."""
    found: str
    next_step: str | None
    """The next step; null where no action is needed."""


@described
class VerdictCounts(TypedDict):
    """Number of lines by verdict."""

    ok: int
    warning: int
    error: int


@described
class DoctorDocument(TypedDict):
    """The document that `reconciler doctor --format json` prints."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    store: str
    findings: list[CheckResultDocument]
    """In the order of the table; a check may have several lines."""
    summary: VerdictCounts
    requests: int
    """Requests that were sent, the token included."""
    budget: int
    """The most requests that are ever sent."""


_STYLES = {CheckVerdict.OK: "green", CheckVerdict.WARNING: "yellow", CheckVerdict.ERROR: "red"}


def doctor_text(evidence: Evidence, results: Sequence[CheckResult], color: bool) -> str:
    """Return the table and a summary line; without `color` there are no control characters."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    table.add_column("check", max_width=_CHECK_COLUMNS)
    table.add_column("verdict", no_wrap=True)
    table.add_column("found, and next step")
    for result in results:
        step = f"\n→ {plain(result.next_step)}" if result.next_step else ""
        table.add_row(
            Text(result.check),
            Text(result.verdict.value, style=_STYLES[result.verdict]),
            Text(plain(result.found) + step),
        )
    out = StringIO()
    console = Console(
        file=out, width=WIDTH, force_terminal=color, color_system="standard" if color else None
    )
    console.print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join([f"Store: {evidence.store}", "", *lines, "", _summary(evidence, results), ""])


def doctor_document(evidence: Evidence, results: Sequence[CheckResult]) -> DoctorDocument:
    """Return the document that `doctor --format json` prints."""
    counts = Counter(result.verdict for result in results)
    return {
        "format_version": FORMAT_VERSION,
        "store": evidence.store,
        "findings": [
            {
                "check": result.check,
                "verdict": result.verdict.value,
                "found": result.found,
                "next_step": result.next_step,
            }
            for result in results
        ],
        "summary": cast("VerdictCounts", {word.value: counts[word] for word in CheckVerdict}),
        "requests": evidence.requests,
        "budget": MAX_REQUESTS,
    }


def _summary(evidence: Evidence, results: Sequence[CheckResult]) -> str:
    counts = Counter(result.verdict for result in results)
    errors = counts[CheckVerdict.ERROR]
    warnings = plural(counts[CheckVerdict.WARNING], "warning")
    numbers = f"{counts[CheckVerdict.OK]} ok, {warnings}, {plural(errors, 'error')}"
    conclusion = "Fix the errors before the first plan." if errors else "This shop is supported."
    return f"Doctor: {numbers}. {conclusion} {plural(evidence.requests, 'request')} used."
