"""A plan or an audit as annotations on the lines of a pull request, in GitHub's workflow commands.

GitHub shows ten annotations of a type for each step and drops the rest without a word: the
important ones come first, and the tenth says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dealpos_reconciler.core.audit import Audit
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Source
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.plan.plan import Plan, Violation, refusals
from dealpos_reconciler.core.runner_commands import defuse_commands
from dealpos_reconciler.errors import ReconcilerError, SourceError
from dealpos_reconciler.render import findings
from dealpos_reconciler.render.blocks import field_rows
from dealpos_reconciler.render.dates.coming import coming_lines
from dealpos_reconciler.render.money import impact_line, money_line
from dealpos_reconciler.render.rehearsal.words import TITLE, rehearsal_line
from dealpos_reconciler.render.sections import (
    allow_block,
    closing_line,
    explain_as_of,
    find_exception,
    list_look_alikes,
    rank_changes,
)
from dealpos_reconciler.render.view import AuditView, PlanView, View, place_of
from dealpos_reconciler.render.words import (
    ObjectLabels,
    amount,
    plain,
    with_label,
    with_labels,
)

MAX_ANNOTATIONS_OF_A_TYPE = 10
MAX_MESSAGE_CHARACTERS = 2_000
_LEVELS = {
    "error": ("unknown",),
    "warning": ("drifted", "missing", "pending_removal", "blocked"),
    "notice": ("authorising", "unmanaged"),
}


class Annotation(NamedTuple):
    """One annotation; without a source it stands with the run, not with a line."""

    title: str
    message: str
    source: Source | None = None


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return violations as errors, objects left out as warnings, and changes as notices.

    A pull request shows an annotation only near a line that it changes: each change stands at the
    line of its most important field, which `view.locate` finds.
    """
    most = rank_changes(plan.changes, view.kinds)[:MAX_ANNOTATIONS_OF_A_TYPE]
    notices = (_change(change, plan.labels, view) for change in most)
    errors = (_violation(v, plan.labels, view.made_at) for v in refusals(plan.violations))
    lines = [
        f"Store: {_log(plan.store)}",
        *([f"As of: {explain_as_of(plan)}"] if plan.as_of else []),
        *_commands("error", errors, view),
        *_commands("warning", _warnings(plan, view), view),
        *_commands("notice", notices, view, total=len(plan.changes)),
    ]
    if impact := impact_line(view.price_impact(plan.changes), plan.labels):
        lines.append(f"Price impact: {_log(impact)}")
    if view.rehearsal:
        lines.append(f"{TITLE}: {_log(rehearsal_line(plan, view.rehearsal))}")
    lines += coming_lines(plan.coming)
    return "\n".join([*lines, closing_line(plan), ""])


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return unknown objects as errors, drift as warnings, and unmanaged objects as notices."""
    lines = [f"Store: {_log(audit.store)}"]
    for level, states in _LEVELS.items():
        notes = (
            Annotation(
                f"{findings.name_state(state)} {with_label(finding.address, audit.labels)}",
                "\n".join(findings.describe(finding, view.kinds, audit.labels)),
                place_of(finding),
            )
            for state in states
            for finding in audit.of(state)
        )
        lines += _commands(level, notes, view, "audit")
    return "\n".join([*lines, findings.closing_line(audit, view), ""])


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return every problem of an error at its line."""
    problems = error.problems if isinstance(error, SourceError) else ()
    notes = [
        Annotation("reconciler", _add_hint(p.message, p.hint), Source(p.file, p.line, p.column))
        for p in problems
    ] or [Annotation("reconciler", _add_hint(error.message, error.hint))]
    return "\n".join([*_commands("error", notes, view, "log"), ""])


def _add_hint(message: str, hint: str | None) -> str:
    return f"{message}\nhint: {hint}" if hint else message


def _violation(violation: Violation, labels: ObjectLabels, made_at: str) -> Annotation:
    about = f"{with_label(violation.address, labels)}: " if violation.address else ""
    if given := violation.allowed:
        way = f"allowed until {given.until}: {given.reason}"
    else:
        lines = allow_block([find_exception(violation)], made_at)
        way = "\n".join(["To allow it:", *lines])
    sentence = with_labels(plain(violation.message), labels)
    return Annotation(violation.rule, f"{about}{sentence}\n{way}", violation.source)


def _warnings(plan: Plan, view: PlanView) -> Iterator[Annotation]:
    labels = plan.labels
    for warning in plan.warnings:
        about = ", ".join(with_label(address, labels) for address in warning.addresses)
        message = with_labels(warning.message, labels)
        yield Annotation("possible loss of data", f"{about}: {message}")
    for title, found in (("could not be read", plan.unknown), ("blocked", plan.blocked)):
        for address, reason in found:
            yield Annotation(title, f"{with_label(address, labels)}: {with_labels(reason, labels)}")
    yield from (_violation(v, labels, view.made_at) for v in plan.violations if v.allowed)
    title, _, pairs = list_look_alikes(plan)
    yield from (Annotation(title, pair) for pair in pairs)


def _change(change: Change, labels: ObjectLabels, view: PlanView) -> Annotation:
    lines = [
        f"{name}: {before} → {after}" if change.before is not None else f"{name}: {after}"
        for name, before, after, _ in field_rows(change, view.kinds[change.address.kind])
    ]
    if money := money_line(moved_sales(change, view.kinds)):
        lines.append(f"price impact: {money}")
    title = f"{change.action.value} {with_label(change.address, labels)}"
    place = place_of(change)
    if change.source and change.before is not None and change.fields:
        place = view.locate(change.source, change.fields[0].path)
    return Annotation(title, "\n".join(lines) or change.reason, place)


def _commands(
    level: str,
    notes: Iterable[Annotation],
    view: View,
    subject: str = "plan",
    total: int = 0,
) -> Iterator[str]:
    """Yield the annotations of one level, as many as GitHub shows; `subject` holds the rest.

    `total` is how many there are where `notes` are the first of them.
    """
    found = list(notes)
    total = total or len(found)
    most = MAX_ANNOTATIONS_OF_A_TYPE
    shown = found if total <= most else found[: most - 1]
    yield from (_command(level, note, view) for note in shown)
    if rest := total - len(shown):
        more = f"{amount(rest)} more are not shown (limit of GitHub): see the {subject} itself"
        yield _command(level, Annotation("reconciler", more), view)


def _command(level: str, note: Annotation, view: View) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(note, view))
    text = "\n".join(plain(line) for line in note.message.split("\n"))
    if len(text) > MAX_MESSAGE_CHARACTERS:
        text = text[:MAX_MESSAGE_CHARACTERS] + "…"
    return f"::{level} {properties}::{_data(text)}"


def _properties(note: Annotation, view: View) -> Iterator[tuple[str, str]]:
    if note.source:
        # GitHub wants the path from the top of the repository.
        yield "file", view.path_in_repository(note.source.file)
        if note.source.line:
            yield "line", str(note.source.line)
            yield "col", str(note.source.column)
    yield "title", plain(note.title)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _log(text: str) -> str:
    """Return `text` as a line of a log, in which nothing is a command."""
    return defuse_commands(plain(text))
