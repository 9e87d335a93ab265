"""A plan as a comment on a pull request: Markdown within what a host takes, whatever the plan.

Everything that comes from files or shop stands in code, where nothing is markup, a mention or a
link. Warnings, removals and violations are named before anything else has room; the first line
counts what could not be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source
from reconciler.core.model.kind import Kinds
from reconciler.core.money import sum_price_impact
from reconciler.core.plan.plan import Plan, PlanWarning, Violation, refusals
from reconciler.errors import ReconcilerError
from reconciler.render import comment
from reconciler.render.comment import NameList, code, fit_all, size
from reconciler.render.money import impact_line
from reconciler.render.plan import sections
from reconciler.render.plan.blocks import MEANINGS, block, line
from reconciler.render.plan.text import usage_line
from reconciler.render.plan.violations import allow_block, violation_sentence
from reconciler.render.view import PlanView, View, place
from reconciler.render.words import (
    ObjectLabels,
    amount,
    group_names,
    moment,
    with_label,
    with_labels,
)

MAX_ALLOW_BLOCK_BYTES = 8_000
_ALWAYS_COUNTED = ("create", "update", "retire", "delete", "unchanged")


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a comment: verdict, warnings, counts, removals, folds, footer."""
    kinds, labels = view.kinds, plan.labels
    tail = _asides(plan) + comment.footer(plan.store, view)
    actions = sorted({change.action for change in plan.changes}, key=lambda a: -a.severity)
    head = _head(plan, view)
    allow = _allow_fold(plan, view)
    verdict = sections.summarize_plan(plan)
    frame = comment.heading("plan", verdict) + head + allow + tail
    frames = size(frame) + _frames(actions)
    listings = [_warnings(plan.warnings, labels), *_listings(plan)]
    fitted = fit_all(listings, comment.MAX_COMMENT_BYTES - frames)
    warnings, violations, *others = (found.text for found in fitted)
    seen = violations + allow + "".join(others)
    room = comment.MAX_COMMENT_BYTES - frames - sum(size(found.text) for found in fitted)
    texts = _blocks(plan.changes, kinds, labels, room) or _lines(plan.changes, kinds, labels, room)
    ranked = sections.rank_changes(plan.changes, kinds)
    folds = "".join(_fold_of(action, ranked, texts) for action in actions)
    title = comment.heading("plan", verdict, sum(found.missing for found in fitted))
    return title + warnings + head + seen + folds + tail


def _head(plan: Plan, view: PlanView) -> str:
    made = f", plan made at {moment(view.made_at)}" if view.made_at else ""
    counts = plan.counts()
    shown = {word: number for word, number in counts.items() if number or word in _ALWAYS_COUNTED}
    lines = [f"Store: {comment.short(plan.store)}{made}", "", *comment.count_table(shown)]
    if impact := impact_line(sum_price_impact(plan.changes, view.kinds), plan.labels):
        lines += [f"Price impact: {comment.short(impact, comment.MAX_SENTENCE_CHARACTERS)}", ""]
    lines += [f"API usage: {usage_line(plan, view.usage)}", ""]
    return "\n".join(lines) + "\n"


def _at(source: Source | None) -> str:
    return f" — {code(place(source))}" if source else ""


def _warnings(warnings: Sequence[PlanWarning], labels: ObjectLabels) -> NameList:
    names = group_names(address for warning in warnings for address in warning.addresses)
    entries = [
        f"{', '.join(code(with_label(address, labels)) for address in warning.addresses)}: "
        f"{code(with_labels(warning.message, labels))}"
        for warning in warnings
    ]
    return NameList(f"⚠️ Warnings: possible loss of data ({len(warnings):,})", entries, names)


def _listings(plan: Plan) -> list[NameList]:
    """Return the objects that must be seen, in the order in which they get their room."""
    labels = plan.labels
    refused, allowed = (_violations(*section, labels) for section in sections.list_violations(plan))
    reasons = [_reasons(*section, labels) for section in sections.list_reasons(plan)]
    return [refused, _removals(sections.find_removals(plan), labels), allowed, *reasons]


def _violations(
    title: str, effect: str, found: Sequence[Violation], labels: ObjectLabels
) -> NameList:
    names = group_names((code(v.rule), str(v.address or "the whole plan")) for v in found)
    entries = [_violation(violation, labels) for violation in found]
    return NameList(f"{title} ({len(found):,}){effect}", entries, names)


def _violation(violation: Violation, labels: ObjectLabels) -> str:
    about = code(with_label(violation.address, labels)) if violation.address else "the whole plan"
    message = code(violation_sentence(violation, labels))
    entry = f"{code(violation.rule)} {about}: {message}"
    given = violation.allowed
    if given:
        entry += f" — allowed until {code(given.until)}: {code(given.reason)}{_at(given.source)}"
        return entry
    return entry + _at(violation.source)


def _allow_fold(plan: Plan, view: PlanView) -> str:
    """Return the exceptions that would allow the violations, as one block that can be pasted."""
    refused = refusals(plan.violations)
    text = "\n".join(allow_block(refused, view.made_at))
    if not refused or size(text) > MAX_ALLOW_BLOCK_BYTES or "```" in text:
        return ""
    return _fold("To allow the violations, add this to a catalogue file", [text], language="yaml")


def _removals(found: Sequence[Change], labels: ObjectLabels) -> NameList:
    names = group_names(
        (f"{change.action.value} {change.address.kind}", change.address.name) for change in found
    )
    entries = [_removal(change, labels) for change in found]
    return NameList(f"Removals and replacements ({len(found):,})", entries, names)


def _removal(change: Change, labels: ObjectLabels) -> str:
    meaning = MEANINGS.get(change.action)
    object_ = f"{change.action.value} {code(with_label(change.address, labels))}"
    return f"{object_}{f' ({meaning})' if meaning else ''}{_at(change.source)}"


def _reasons(
    title: str, meaning: str, found: Sequence[tuple[Address, str]], labels: ObjectLabels
) -> NameList:
    names = group_names(address for address, _ in found)
    entries = [
        f"{code(with_label(address, labels))}: {code(with_labels(reason, labels))}"
        for address, reason in found
    ]
    return NameList(f"{title} ({len(found):,}): {meaning}", entries, names)


def _frames(actions: Iterable[Action]) -> int:
    """Return the room that the folds take beside the changes in them."""
    return sum(size(_fold(f"{action.value} (9,999,999)", [""], "x" * 99)) for action in actions)


def _blocks(
    changes: Iterable[Change], kinds: Kinds, labels: ObjectLabels, room: int
) -> dict[Address, str] | None:
    """Return every change in full; None where there is no room for that."""
    texts = {}
    for change in changes:
        text = "\n".join(block(change, kinds, labels)) + "\n"
        room -= size(text) + 1
        if room < 0:
            return None
        texts[change.address] = text
    return texts


def _lines(
    changes: Iterable[Change], kinds: Kinds, labels: ObjectLabels, room: int
) -> dict[Address, str]:
    """Return a line for each change, the important ones first, as long as there is room."""
    texts = {}
    for change in sections.rank_changes(changes, kinds):
        text = line(change, kinds, labels)
        if size(text) < room:
            room -= size(text) + 1
            texts[change.address] = text
    return texts


def _fold_of(action: Action, ranked: Iterable[Change], texts: Mapping[Address, str]) -> str:
    """Return the changes of one action, the largest price changes first."""
    changes = [change for change in ranked if change.action is action]
    shown = [texts[change.address] for change in changes if change.address in texts]
    elided = len(changes) - len(shown)
    note = f"{amount(elided)} more changes are not shown (comment size limit)."
    return _fold(f"{action.value} ({amount(len(changes))})", shown, note if elided else "")


def _fold(summary: str, lines: Sequence[str], note: str = "", language: str = "diff") -> str:
    parts = [f"<details><summary>{summary}</summary>", ""]
    if lines:
        # No line of a block is backticks alone, so that none of them ends the fence.
        parts += [f"```{language}", "\n".join(lines).rstrip("\n"), "```", ""]
    parts += [note, ""] if note else []
    return "\n".join([*parts, "</details>", "", ""])


def _asides(plan: Plan) -> str:
    notes = comment.aside("Notes", [code(with_labels(note, plan.labels)) for note in plan.notes])
    undeclared = (
        comment.aside(title, [code(name) for name in names], meaning)
        for title, meaning, names in sections.list_undeclared(plan)
    )
    return notes + "".join(undeclared)


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the reason why there is no plan."""
    return comment.error_comment(error, "plan")
