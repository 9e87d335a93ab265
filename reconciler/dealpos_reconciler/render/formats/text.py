"""A plan or an audit for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dealpos_reconciler.core.audit import STATES, Audit, AuditFinding
from dealpos_reconciler.core.model.address import Address, Source, join_some
from dealpos_reconciler.core.plan.plan import Plan, Violation, refusals
from dealpos_reconciler.core.rehearsal import Rehearsal
from dealpos_reconciler.render import findings, sections
from dealpos_reconciler.render.blocks import MEANINGS, STYLES, block, line
from dealpos_reconciler.render.dates.coming import coming_lines
from dealpos_reconciler.render.money import impact_line
from dealpos_reconciler.render.rehearsal.words import TITLE, rehearsal_details, rehearsal_line
from dealpos_reconciler.render.view import AuditView, Paint, PlanView, place, place_of
from dealpos_reconciler.render.words import (
    ObjectLabels,
    group_names,
    moment,
    plain,
    plural,
    with_label,
    with_labels,
)

MAX_NAMES = 10
_SIGNS = {
    "drifted": ("~", "yellow"),
    "missing": ("✗", "red"),
    "pending_removal": ("○", "yellow"),
    "blocked": ("!", "yellow"),
    "unknown": ("?", "red"),
    "authorising": ("!", "yellow"),
    "unmanaged": ("•", "dim"),
}


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan: target, warnings, a block (or a line) for each object, notes, summary."""
    return "\n".join(_plan(plan, view)) + "\n"


def _plan(plan: Plan, view: PlanView) -> Iterator[str]:
    yield from _title(plan, view)
    yield ""
    for warning in plan.warnings:
        about = ", ".join(with_label(address, plan.labels) for address in warning.addresses)
        message = with_labels(plain(warning.message), plan.labels)
        yield f"{view.paint('yellow', 'Warning:')} {about}: {message}"
        yield ""
    title, meaning, pairs = sections.list_look_alikes(plan)
    if pairs:
        yield f"{view.paint('yellow', title)} ({meaning}): {plural(len(pairs), 'warning')}"
        yield from (f"  ! {pair}" for pair in pairs)
        yield ""
    if plan.changes:
        yield from _changes(plan, view)
    yield from _not_changed(plan, view)
    yield from _notes(plan.notes, plan.labels)
    yield from _violations(plan, view)
    yield from _figures(plan, view)
    if view.rehearsal:
        yield from _rehearsal(plan, view.rehearsal, view.paint)
    yield sections.closing_line(plan)


def _figures(plan: Plan, view: PlanView) -> Iterator[str]:
    if impact := impact_line(view.price_impact(plan.changes), plan.labels):
        yield f"Price impact: {impact}"
    yield from coming_lines(plan.coming)
    if provider := sections.provider_line(plan, view.kinds):
        yield f"Provider: {provider}"
    yield f"API usage: {sections.usage_line(plan, view.usage, view.finish)}"
    if checked := sections.interruption_line(plan):
        yield f"Interruption check: {checked}"


def _rehearsal(plan: Plan, rehearsal: Rehearsal, paint: Paint) -> Iterator[str]:
    yield f"{TITLE}: {rehearsal_line(plan, rehearsal)}"
    styles = {"✗": "red", "?": "yellow"}
    for sign, text in rehearsal_details(plan, rehearsal):
        yield f"  {paint(styles[sign], sign) if sign in styles else sign} {text}"


def _title(plan: Plan, view: PlanView) -> Iterator[str]:
    """Yield the store, and the time of the plan."""
    yield f"Store: {plain(plan.store)}"
    if view.made_at:
        yield f"Plan made at: {moment(view.made_at)}"
    if plan.as_of:
        yield f"As of: {sections.explain_as_of(plan)}"


def _changes(plan: Plan, view: PlanView) -> Iterator[str]:
    used = {change.action for change in plan.changes}
    yield "  ".join(
        f"{view.paint(style, action.symbol)} {action.value}"
        + (f" ({MEANINGS[action]})" if action in MEANINGS else "")
        for action, style in STYLES.items()
        if action in used
    )
    yield ""
    for change in plan.changes:
        if view.compact:
            yield line(change, view.kinds, plan.labels, view.paint)
        else:
            yield from block(change, view.kinds, plan.labels, view.paint)
            yield ""
    if view.compact:
        yield ""


def _not_changed(plan: Plan, view: PlanView) -> Iterator[str]:
    """Yield the objects of which nothing is changed, and the reasons."""
    labels = plan.labels
    for title, meaning, found in sections.list_reasons(plan):
        if found:
            style = "red" if title == "Unknown" else "yellow"
            yield view.paint(style, f"{title} ({meaning}): {plural(len(found), 'object')}")
            if title == "Unknown":
                yield from _share_reasons("  ?", found, labels)
            else:
                yield from (
                    f"  ! {with_label(a, labels)}: {with_labels(plain(r), labels)}"
                    for a, r in found
                )
            yield ""
    if plan.done:
        yield f"Already in place, as approved: {plural(len(plan.done), 'object')}"
        yield ""
    for title, meaning, names in sections.list_undeclared(plan):
        if names:
            yield f"{title} ({meaning}): {plural(len(names), 'object')}"
            yield from (f"  {name}" for name in names[:MAX_NAMES])
            if len(names) > MAX_NAMES:
                yield f"  and {len(names) - MAX_NAMES} more (--format json lists all)"
            yield ""


def _share_reasons(
    sign: str, found: Iterable[tuple[Address, str | None]], labels: ObjectLabels
) -> Iterator[str]:
    """Yield a line for all objects that share a reason."""
    shared = group_names((reason or "", with_label(address, labels)) for address, reason in found)
    for reason, names in shared.items():
        why = f": {with_labels(plain(reason), labels)}" if reason else ""
        yield f"{sign} {join_some(names, MAX_NAMES)}{why}"


def _notes(notes: Iterable[str], labels: ObjectLabels) -> Iterator[str]:
    if notes:
        yield "Notes:"
        yield from (f"  • {with_labels(plain(note), labels)}" for note in notes)
        yield ""


def _violations(plan: Plan, view: PlanView) -> Iterator[str]:
    """Yield the violations that block an apply, the exceptions to add, then allowed violations."""
    if refused := refusals(plan.violations):
        count = plural(len(refused), "violation")
        yield view.paint("red", f"Blocked by guardrails: {count}. 'apply' will refuse this plan.")
        yield from (f"  {view.paint('red', '✗')} {_violation(v, plan.labels)}" for v in refused)
    if exceptions := sections.list_exceptions(plan):
        first = "  Fix the values, or" if refused else "To create the blocked objects,"
        yield f"{first} add an exception to a catalogue file so that it is reviewed:"
        yield ""
        yield from (f"    {line}" for line in sections.allow_block(exceptions, view.made_at))
        yield ""
    if allowed := [(v, v.allowed) for v in plan.violations if v.allowed]:
        yield f"Allowed by a reviewed exception: {plural(len(allowed), 'violation')}"
        for violation, given in allowed:
            yield f"  ✓ {_violation(violation, plan.labels)}"
            yield f"      until {given.until}: {plain(given.reason)}  {_column(given.source)}"
        yield ""


def _violation(violation: Violation, labels: ObjectLabels) -> str:
    where = f"  {_column(violation.source)}" if violation.source else ""
    return sections.violation_line(violation, labels) + where


def _column(source: Source) -> str:
    return f"{place(source)}:{source.column}"


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit: target, a section for each state, notes, a closing line."""
    return "\n".join(_audit(audit, view)) + "\n"


def _audit(audit: Audit, view: AuditView) -> Iterator[str]:
    yield f"Store: {plain(audit.store)}"
    yield f"Audited at: {moment(view.made_at)}"
    yield ""
    for state in STATES:
        if found := audit.of(state):
            yield from _section(state, found, audit, view)
            yield ""
    if findings.needs_ledger(audit):
        yield findings.LEDGER_HINT
        yield ""
    yield from _notes(audit.notes, audit.labels)
    yield findings.closing_line(audit, view)


def _section(state: str, found: list[AuditFinding], audit: Audit, view: AuditView) -> Iterator[str]:
    sign, style = _SIGNS[state]
    yield view.paint(style, findings.title_state(state, len(found)))
    bullet = f"  {view.paint(style, sign)}"
    if state in ("unknown", "authorising", "unmanaged"):
        reasons = ((finding.address, finding.reason) for finding in found)
        yield from _share_reasons(bullet, reasons, audit.labels)
        return
    for finding in found:
        name = view.paint("bold", with_label(finding.address, audit.labels))
        where = place(place_of(finding))
        yield f"{bullet} {name}{view.paint('dim', f'  {where}') if where else ''}"
        if state not in findings.WITHOUT_DETAILS:
            details = findings.describe(finding, view.kinds, audit.labels)
            yield from (f"      {line}" for line in details)
