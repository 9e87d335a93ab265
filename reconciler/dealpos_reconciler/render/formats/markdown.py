"""A plan or an audit as a comment: Markdown within what a host takes, whatever it holds.

Everything that comes from files or shop stands in code, where nothing is markup, a mention or a
link. Warnings, removals and violations are named before anything else has room; the first line
counts what could not be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dealpos_reconciler.core.audit import STATES, Audit, AuditFinding
from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.plan.plan import Plan, Violation
from dealpos_reconciler.errors import ReconcilerError, SourceError
from dealpos_reconciler.render import comment, findings, sections
from dealpos_reconciler.render.blocks import MEANINGS, block, line
from dealpos_reconciler.render.comment import NameList, code, fit_all, fold, size
from dealpos_reconciler.render.dates.coming import coming_line
from dealpos_reconciler.render.money import impact_line
from dealpos_reconciler.render.rehearsal.words import TITLE, rehearsal_line
from dealpos_reconciler.render.view import AuditView, PlanView, View, place, place_of
from dealpos_reconciler.render.words import (
    ObjectLabels,
    amount,
    group_names,
    moment,
    with_label,
    with_labels,
)

_ALWAYS_COUNTED = ("create", "update", "retire", "delete", "unchanged")


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a comment: verdict, warnings, counts, removals, folds, footer."""
    kinds, labels = view.kinds, plan.labels
    undeclared = (
        comment.aside(title, list(map(code, names)), meaning)
        for title, meaning, names in (
            sections.list_look_alikes(plan),
            *sections.list_undeclared(plan),
        )
    )
    tail = _notes(plan) + "".join(undeclared) + comment.footer(plan.store, view)
    actions = sorted({change.action for change in plan.changes}, key=lambda a: -a.severity)
    head, allow = _plan_head(plan, view), _allow_fold(plan, view)
    verdict = sections.summarize_plan(plan)
    frame = comment.heading("plan", verdict) + head + allow + tail
    # The room that the folds take beside the changes in them.
    folds = sum(size(fold(f"{action.value} (9,999,999)", [""], "x" * 99)) for action in actions)
    room = comment.MAX_COMMENT_BYTES - size(frame) - folds
    fitted = fit_all(_plan_listings(plan), room)
    warnings, violations, *others = (found.text for found in fitted)
    room -= sum(size(found.text) for found in fitted)
    ranked = sections.rank_changes(plan.changes, kinds)
    texts = _blocks(plan.changes, kinds, labels, room) or _lines(ranked, kinds, labels, room)
    title = comment.heading("plan", verdict, sum(found.missing for found in fitted))
    changes = [_fold_of(action, ranked, texts) for action in actions]
    return "".join([title, warnings, head, violations, allow, *others, *changes, tail])


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: verdict, counts, and every finding by name.

    Findings for which there is no room are counted in the first line.
    """
    tail = _notes(audit) + comment.footer(audit.store, view)
    listings = [
        NameList(
            findings.title_state(state, len(found)),
            [_finding(finding, audit, view) for finding in found],
            group_names(finding.address for finding in found),
            "audit",
        )
        for state in STATES
        for found in [audit.of(state)]
    ]
    verdict, head = findings.summarize_audit(audit), _audit_head(audit, view)
    frame = comment.heading("audit", verdict) + head + tail
    fitted = fit_all(listings, comment.MAX_COMMENT_BYTES - size(frame))
    title = comment.heading("audit", verdict, sum(found.missing for found in fitted))
    return title + head + "".join(found.text for found in fitted) + tail


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return the reason why there is no plan or audit, in place of an outdated comment."""
    most = comment.MAX_SENTENCE_CHARACTERS
    hint = [comment.short(error.hint, most), ""] if error.hint else []
    message = comment.short(error.message, most)
    head = [comment.marker(subject), f"### ⛔ No {subject}", "", message, "", *hint]
    problems = error.problems if isinstance(error, SourceError) else ()
    entries = [code(f"{p} ({p.hint})" if p.hint else str(p)) for p in problems]
    return "\n".join([*head, *comment.bullets(entries, comment.MAX_COMMENT_BYTES - 4 * most), ""])


def _plan_head(plan: Plan, view: PlanView) -> str:
    made = f", plan made at {moment(view.made_at)}" if view.made_at else ""
    counts = plan.counts()
    shown = {word: number for word, number in counts.items() if number or word in _ALWAYS_COUNTED}
    lines = [f"Store: {comment.short(plan.store)}{made}", ""]
    lines += [f"As of: {sections.explain_as_of(plan)}", ""] if plan.as_of else []
    lines += comment.count_table(shown)
    if impact := impact_line(view.price_impact(plan.changes), plan.labels):
        lines += [f"Price impact: {comment.short(impact, comment.MAX_SENTENCE_CHARACTERS)}", ""]
    if coming := coming_line(plan.coming):
        lines += [f"Coming: {comment.short(coming, comment.MAX_SENTENCE_CHARACTERS)}", ""]
    if provider := sections.provider_line(plan, view.kinds):
        lines += [f"Provider: {comment.short(provider, comment.MAX_SENTENCE_CHARACTERS)}", ""]
    lines += [f"API usage: {sections.usage_line(plan, view.usage)}", ""]
    if checked := sections.interruption_line(plan):
        lines += [f"Interruption check: {checked}", ""]
    if view.rehearsal:
        lines += [f"{TITLE}: {rehearsal_line(plan, view.rehearsal)}", ""]
    return "\n".join(lines) + "\n"


def _audit_head(audit: Audit, view: AuditView) -> str:
    counts = {findings.name_state(word): number for word, number in audit.counts().items()}
    hint = f" {findings.LEDGER_HINT}" if findings.needs_ledger(audit) else ""
    lines = [
        f"Store: {comment.short(audit.store)}, audited at {moment(view.made_at)}",
        "",
        *comment.count_table(counts),
        f"{findings.closing_line(audit, view)}{hint}",
    ]
    return "\n".join(lines) + "\n\n"


def _finding(finding: AuditFinding, audit: Audit, view: AuditView) -> str:
    entry = code(with_label(finding.address, audit.labels))
    if finding.state not in findings.WITHOUT_DETAILS:
        entry += f": {code('; '.join(findings.describe(finding, view.kinds, audit.labels)))}"
    return entry + _at(place_of(finding))


def _at(source: Source | None) -> str:
    return f" — {code(place(source))}" if source else ""


def _notes(found: Plan | Audit) -> str:
    return comment.aside("Notes", [code(with_labels(note, found.labels)) for note in found.notes])


def _plan_listings(plan: Plan) -> list[NameList]:
    """Return the objects that must be seen, in the order in which they get their room."""
    labels = plan.labels
    warnings = [(warning.addresses, warning.message) for warning in plan.warnings]
    refused, allowed = (_violations(*section, labels) for section in sections.list_violations(plan))
    reasons = (
        _sentences(f"{title} ({len(found):,}): {meaning}", [((a,), r) for a, r in found], labels)
        for title, meaning, found in sections.list_reasons(plan)
    )
    title = f"⚠️ Warnings: possible loss of data ({len(warnings):,})"
    return [_sentences(title, warnings, labels), refused, _removals(plan), allowed, *reasons]


def _sentences(
    title: str, found: Sequence[tuple[Sequence[Address], str]], labels: ObjectLabels
) -> NameList:
    """Return objects, each with the sentence that is said of it."""
    entries = [
        f"{', '.join(code(with_label(address, labels)) for address in addresses)}: "
        f"{code(with_labels(sentence, labels))}"
        for addresses, sentence in found
    ]
    return NameList(title, entries, group_names(a for addresses, _ in found for a in addresses))


def _violations(
    title: str, effect: str, found: Sequence[Violation], labels: ObjectLabels
) -> NameList:
    names = group_names((code(v.rule), str(v.address or "the whole plan")) for v in found)
    entries = [_violation(violation, labels) for violation in found]
    return NameList(f"{title} ({len(found):,}){effect}", entries, names)


def _violation(violation: Violation, labels: ObjectLabels) -> str:
    about = code(with_label(violation.address, labels)) if violation.address else "the whole plan"
    entry = f"{code(violation.rule)} {about}: {code(with_labels(violation.message, labels))}"
    if given := violation.allowed:
        return (
            f"{entry} — allowed until {code(given.until)}: {code(given.reason)}{_at(given.source)}"
        )
    return entry + _at(violation.source)


def _removals(plan: Plan) -> NameList:
    found = sections.find_removals(plan)
    names = group_names(
        (f"{change.action.value} {change.address.kind}", f"{change.address.name}")
        for change in found
    )
    entries = [
        f"{change.action.value} {code(with_label(change.address, plan.labels))}"
        + (f" ({MEANINGS[change.action]})" if change.action in MEANINGS else "")
        + _at(place_of(change))
        for change in found
    ]
    return NameList(f"Removals and replacements ({len(found):,})", entries, names)


def _allow_fold(plan: Plan, view: PlanView) -> str:
    """Return the exceptions that would allow what is refused, as one block that can be pasted."""
    exceptions = sections.list_exceptions(plan)
    effect = sections.explain_exceptions(plan)
    return comment.allow_fold(sections.allow_block(exceptions, view.made_at), effect)


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
    ranked: Iterable[Change], kinds: Kinds, labels: ObjectLabels, room: int
) -> dict[Address, str]:
    """Return a line for each change, the important ones first, as long as there is room."""
    texts = {}
    for change in ranked:
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
    return fold(f"{action.value} ({amount(len(changes))})", shown, note if elided else "")
