"""The report of a fleet as a comment: by change first, shops in folds, within the size limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dealpos_reconciler.core.fleet.parity import Parity
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import FINISHED, MemberResult
from dealpos_reconciler.render import comment
from dealpos_reconciler.render.comment import NameList, code, fit_all, size
from dealpos_reconciler.render.fleet import sentences as say
from dealpos_reconciler.render.sections import Verdict
from dealpos_reconciler.render.view import View
from dealpos_reconciler.render.words import amount, group_names

MAX_TABLE_BYTES = 16_000
MAX_FOLD_BYTES = 12_000


def render_fleet(report: FleetReport, view: View) -> str:
    """Return the comment."""
    subject = f"fleet {report.command}"
    verdict = _verdict(report)
    head = _head(report)
    shops = _shops(report)
    table = _parity(report.parity) if report.parity else ""
    tail = _waves(report) + comment.footer(report.file, view)
    allow = comment.allow_fold(say.exception_lines(report, view.made_at), "allow the violations")
    frame = comment.heading(subject, verdict) + head + allow + shops + table + tail
    fitted = fit_all(_listings(report), comment.MAX_COMMENT_BYTES - size(frame))
    missing = sum(found.missing for found in fitted)
    title = comment.heading(subject, verdict, missing)
    listed = (found.text for found in fitted)
    return "".join([title, head, *listed, allow, table, shops, tail])


def _verdict(report: FleetReport) -> Verdict:
    text = say.closing_line(report)
    states = {result.state for result in report.results}
    if report.stopped or not states <= {*FINISHED}:
        return Verdict("refused", text)
    if any(notice.topic == "warning" for notice in report.notices):
        return Verdict("careful", text)
    planned = report.command == "plan" and (report.changes or say.coming_lines(report))
    return Verdict("change" if planned else "calm", text)


def _head(report: FleetReport) -> str:
    lines = [f"Stopped: {code(report.stopped)}", ""] if report.stopped else []
    if report.continue_command:
        lines += [f"To continue: {code(report.continue_command)}", ""]
    return "\n".join(lines) + ("\n" if lines else "")


def _listings(report: FleetReport) -> list[NameList]:
    """Return the sections in the order in which they get their room."""
    found = []
    for topic, title in say.TITLES.items():
        notices = [n for n in report.notices if n.topic == topic]
        sign = "⚠️ " if topic == "warning" else ""
        names = group_names(
            (topic, about) for n in notices for about in (n.about or ("the whole plan",))
        )
        entries = [code(say.notice_line(notice, report)) for notice in notices]
        found.append(NameList(f"{sign}{title} ({amount(len(notices))})", entries, names))
    title = {"plan": "Changes", "apply": "Applied", "audit": "Drift"}[report.command]
    changes = report.changes
    names = group_names((group.change.action, group.change.address) for group in changes)
    lines = [code(say.change_line(group, report)) for group in changes]
    found.append(NameList(f"{title} ({amount(len(lines))})", lines, names))
    if coming := say.coming_lines(report):
        days = {"coming": [line.partition(" ")[0] for line in coming]}
        found.append(NameList("Coming", [code(line) for line in coming], days))
    if report.deviations:
        rows = report.deviations.rows
        entries = [code(say.deviation_line(row, report.labels)) for row in rows]
        names = group_names(("deviation", row.address) for row in rows)
        title = f"Deviations between the shops ({amount(len(rows))})"
        found.append(NameList(title, entries, names))
    return found


def _shops(report: FleetReport) -> str:
    """Return a fold for the shops that are done, and the others in full."""
    done = [result for result in report.results if result.state in FINISHED]
    rest = [result for result in report.results if result.state not in FINISHED]
    parts = []
    if rest:
        lines = comment.bullets(list(_entries(rest, report)), MAX_FOLD_BYTES)
        parts += [f"**Shops that are not done ({amount(len(rest))})**", "", *lines, ""]
    if done:
        summary = f"<details><summary>Shops ({amount(len(done))})</summary>"
        lines = comment.bullets(list(_entries(done, report)), MAX_FOLD_BYTES)
        parts += [summary, "", *lines, "", "</details>", ""]
    return "\n".join(parts) + "\n"


def _entries(results: Sequence[MemberResult], report: FleetReport) -> Iterator[str]:
    for result in results:
        yield f"{say.SIGNS[result.state]} {code(say.shop_line(result, report))}"


def _parity(parity: Parity) -> str:
    """Return the table as a fold, as far as there is room for its rows."""
    head = ["object", "field", *parity.shops]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    room, left = MAX_TABLE_BYTES, len(parity.rows)
    for row in parity.rows:
        cells = [code(cell).replace("|", "\\|") for cell in say.parity_cells(parity, row)]
        line = f"| {' | '.join(cells)} |"
        room -= size(line) + 1
        if room < 0:
            break
        lines.append(line)
        left -= 1
    more = [f"{amount(left)} more rows are not shown (comment size limit).", ""] if left else []
    title = f"<details><summary>Parity: {say.parity_counts(parity)}</summary>"
    body = [*lines, ""] if parity.rows else []
    return "\n".join([title, "", *body, *more, "</details>", "", ""])


def _waves(report: FleetReport) -> str:
    lines = [code(say.wave_line(state)) for state in report.waves]
    return "\n".join([*(f"- {line}" for line in lines), "", ""]) if lines else ""
