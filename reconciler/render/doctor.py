"""What the doctor found: a table for people, a document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from io import StringIO
from typing import Literal

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from reconciler.dealpos.doctor.evidence import BUDGET, Evidence
from reconciler.dealpos.doctor.finding import Finding, Verdict
from reconciler.render.json import FORMAT_VERSION
from reconciler.render.words import counted, plain

WIDTH = 100
"""Columns of the table: what a CI log shows without breaking lines."""

_described = with_config(ConfigDict(use_attribute_docstrings=True))


@_described
class FindingLine(TypedDict):
    """One line of the table."""

    check: str
    """What was looked at; an operation such as `variant.list` has a line of its own."""
    verdict: Literal["ok", "note", "problem"]
    """A note is what the tool copes with; a problem stops it."""
    found: str
    next_step: str | None
    """What to do about it; null where all is well."""


@_described
class Verdicts(TypedDict):
    """Lines by verdict."""

    ok: int
    note: int
    problem: int


@_described
class ExaminationDocument(TypedDict):
    """What `reconciler doctor --format json` prints."""

    format_version: str
    """The part before the dot changes when a reader must."""
    store: str
    findings: list[FindingLine]
    """In the order of the table; a check may have several lines."""
    summary: Verdicts
    requests: int
    """Everything that was sent, the token included."""
    budget: int
    """The most that is ever sent."""


_STYLES = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.PROBLEM: "red"}


def examination_text(evidence: Evidence, findings: Sequence[Finding], colour: bool) -> str:
    """The table and one closing line; the same in a pipe, without its colours."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    table.add_column("check", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("found", ratio=6)
    table.add_column("next step", ratio=4)
    for finding in findings:
        table.add_row(
            Text(finding.check),
            Text(finding.verdict.value, style=_STYLES[finding.verdict]),
            Text(plain(finding.found)),
            Text(plain(finding.next_step)),
        )
    out = StringIO()
    console = Console(
        file=out, width=WIDTH, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return (
        "\n".join([f"Store: {evidence.store}", "", *lines, "", _closing(evidence, findings)]) + "\n"
    )


def _closing(evidence: Evidence, findings: Sequence[Finding]) -> str:
    counts = Counter(finding.verdict for finding in findings)
    told = f"{counts[Verdict.OK]} ok, {counted(counts[Verdict.NOTE], 'note')}"
    spent = f"{counted(evidence.requests, 'request')} spent"
    if problems := counts[Verdict.PROBLEM]:
        stops = "stops" if problems == 1 else "stop"
        return f"Doctor: {told}, {counted(problems, 'problem')} that {stops} the tool; {spent}"
    return f"Doctor: {told}, no problem: the tool can work here; {spent}"


def examination_document(evidence: Evidence, findings: Sequence[Finding]) -> ExaminationDocument:
    """The document that `doctor --format json` prints."""
    counts = Counter(finding.verdict for finding in findings)
    return {
        "format_version": FORMAT_VERSION,
        "store": evidence.store,
        "findings": [
            {
                "check": finding.check,
                "verdict": finding.verdict.value,
                "found": finding.found,
                "next_step": finding.next_step or None,
            }
            for finding in findings
        ],
        "summary": {
            "ok": counts[Verdict.OK],
            "note": counts[Verdict.NOTE],
            "problem": counts[Verdict.PROBLEM],
        },
        "requests": evidence.requests,
        "budget": BUDGET,
    }
