"""The report of a fleet for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dealpos_reconciler.core.fleet.parity import Parity
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import FINISHED
from dealpos_reconciler.render.fleet import sentences as say
from dealpos_reconciler.render.view import View
from dealpos_reconciler.render.words import plain

_STYLES = {True: "green", False: "red"}


def render_fleet(report: FleetReport, view: View) -> str:
    """Return the report: notices, changes, deviations, shops, waves, and one closing line."""
    return "\n".join(_report(report, view)) + "\n"


def _report(report: FleetReport, view: View) -> Iterator[str]:
    for topic, title in say.TITLES.items():
        found = [n for n in report.notices if n.topic == topic]
        yield from _section(
            f"{title} ({len(found):,})", [say.notice_line(notice, report) for notice in found]
        )
    title = "To allow the violations, add this to a catalogue file:"
    yield from _section(title, say.exception_lines(report, view.made_at))
    title = {"plan": "Changes", "apply": "Applied", "audit": "Drift"}[report.command]
    lines = [say.change_line(group, report) for group in report.changes]
    yield from _section(f"{title} ({len(lines):,})", lines)
    yield from _section("Coming", say.coming_lines(report))
    if report.deviations:
        rows = list(say.deviation_lines(report.deviations, report.labels))
        yield from _section(f"Deviations between the shops ({len(rows):,})", rows)
    if report.parity:
        yield from _parity(report.parity)
    yield f"Shops ({len(report.results):,})"
    for result in report.results:
        sign = view.paint(_STYLES[result.state in FINISHED], say.SIGNS[result.state])
        yield f"  {sign} {say.shop_line(result, report)}"
    yield ""
    if report.waves:
        yield from _section("Waves", list(map(say.wave_line, report.waves)))
    if report.stopped:
        yield f"Stopped: {plain(report.stopped)}"
    if report.continue_command:
        yield f"To continue: {plain(report.continue_command)}"
    yield say.closing_line(report)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines)
        yield ""


def _parity(parity: Parity) -> Iterator[str]:
    """Yield the parity table with columns as wide as their cells."""
    yield f"Parity: {say.parity_counts(parity)}"
    rows = [say.parity_cells(parity, row) for row in parity.rows]
    if rows:
        table = [["object", "field", *parity.shops], *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for cells in table:
            padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            yield f"  {'  '.join(padded)}".rstrip()
    yield ""
