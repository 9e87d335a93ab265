"""A plan as annotations on the lines of a pull request, in GitHub's workflow commands.

GitHub shows ten annotations of a type for each step and drops the rest without a word: the
important ones come first, and the tenth says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.core.diff.change import Change
from reconciler.core.model.address import Source
from reconciler.core.money import moves
from reconciler.core.money import total as money_total
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import Violation, refusals
from reconciler.errors import ReconcilerError, SourceError
from reconciler.render.money import money_line, total_line
from reconciler.render.plan.blocks import rows
from reconciler.render.plan.text import closing
from reconciler.render.plan.verdict import ranked
from reconciler.render.view import PlanView, View
from reconciler.render.words import amount, plain

PER_TYPE = 10
_LONGEST = 2_000


class Note(NamedTuple):
    """One annotation; without a source it stands with the run, not with a line."""

    title: str
    message: str
    source: Source | None = None


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return violations as errors, objects left out as warnings, and changes as notices.

    A pull request shows an annotation only near a line that it changes: each change stands at the
    line of its most important field, which `view.locate` finds.
    """
    kinds, folder = view.kinds, view.repository_path
    notices = (_change(change, view) for change in ranked(plan.changes, kinds)[:PER_TYPE])
    lines = [
        f"Store: {log(plan.store)}",
        *commands("error", (_violation(v) for v in refusals(plan.violations)), folder),
        *commands("warning", _warnings(plan), folder),
        *commands("notice", notices, folder, total=len(plan.changes)),
    ]
    if money := total_line(money_total(plan.changes, kinds)):
        lines.append(f"Money: {log(money)}")
    return "\n".join([*lines, closing(plan, view.usage), ""])


def render_error(error: ReconcilerError, view: View) -> str:
    """Return every problem of an error at its line."""
    problems = error.problems if isinstance(error, SourceError) else ()
    notes = [
        Note("reconciler", _hinted(p.message, p.hint), Source(p.file, p.line, p.column))
        for p in problems
    ] or [Note("reconciler", _hinted(error.message, error.hint))]
    return "\n".join([*commands("error", notes, view.repository_path), ""])


def _hinted(message: str, hint: str) -> str:
    return f"{message}\nhint: {hint}" if hint else message


def _violation(violation: Violation) -> Note:
    named = f"{violation.address}: " if violation.address else ""
    given = violation.allowed
    way = f"allowed until {given.until}: {given.reason}" if given else f"hint: {violation.hint}"
    text = f"{named}{violation.message}\n{way}"
    return Note(violation.rule, text, violation.source)


def _warnings(plan: Plan) -> Iterator[Note]:
    yield from (Note("could not be read", f"{a}: {reason}") for a, reason in plan.unknown)
    yield from (Note("blocked", f"{a}: {reason}") for a, reason in plan.blocked)
    yield from (_violation(v) for v in plan.violations if v.allowed)


def _change(change: Change, view: PlanView) -> Note:
    told = [
        f"{name}: {before} → {after}" if change.before is not None else f"{name}: {after}"
        for name, before, after in rows(change, view.kinds[change.address.kind])
    ]
    if money := money_line(moves(change, view.kinds)):
        told.append(f"money: {money}")
    title = f"{change.action.value} {change.address}"
    place = change.source
    if place and change.before is not None and change.fields:
        place = view.locate(place, change.fields[0].path)
    return Note(title, "\n".join(told) or change.reason, place)


def commands(
    level: str, notes: Iterable[Note], folder: str, subject: str = "plan", total: int = 0
) -> Iterator[str]:
    """The notes of one level, as many as GitHub shows; `subject` holds the rest.

    `total` is how many there are where `notes` are the first of them.
    """
    found = list(notes)
    total = total or len(found)
    shown = found if total <= PER_TYPE else found[: PER_TYPE - 1]
    yield from (_command(level, note, folder) for note in shown)
    if rest := total - len(shown):
        more = f"and {amount(rest)} more, which GitHub would not show: see the {subject} itself"
        yield _command(level, Note("reconciler", more), folder)


def _command(level: str, note: Note, folder: str) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in _properties(note, folder))
    lines = note.message.split("\n")
    text = "\n".join(plain(line) for line in lines)
    return f"::{level} {told}::{_data(text if len(text) <= _LONGEST else text[:_LONGEST] + '…')}"


def _properties(note: Note, folder: str) -> Iterator[tuple[str, str]]:
    if note.source:
        # GitHub wants the path from the top of the repository.
        yield "file", f"{folder}/{note.source.file}" if folder else note.source.file
        if note.source.line:
            yield "line", str(note.source.line)
            yield "col", str(note.source.column)
    yield "title", plain(note.title)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def log(text: str) -> str:
    """`text` as a line of a log, in which nothing is a command."""
    # The runner still reads an older spelling of commands (`##[…]`) anywhere in a line.
    return plain(text).replace("##[", "## [")
