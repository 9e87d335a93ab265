"""A plan for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.diff.change import Action
from reconciler.core.model.address import Address, join_some
from reconciler.core.money import sum_price_impact
from reconciler.core.plan.plan import Plan, refusals
from reconciler.core.steps.usage import ApiUsage
from reconciler.render.money import impact_line
from reconciler.render.plan.blocks import MEANINGS, STYLES, block, line
from reconciler.render.plan.sections import list_reasons, list_undeclared
from reconciler.render.plan.violations import violations_text
from reconciler.render.view import PlanView
from reconciler.render.words import (
    ObjectLabels,
    duration,
    group_names,
    moment,
    plain,
    plural,
    with_label,
    with_labels,
)

MAX_NAMES = 10
_ACTIONS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RETIRE, Action.DELETE)
_ALWAYS_COUNTED = (Action.CREATE, Action.UPDATE)


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan: target, warnings, a block (or a line) for each object, notes, summary."""
    return "\n".join(_plan(plan, view)) + "\n"


def _plan(plan: Plan, view: PlanView) -> Iterator[str]:
    yield f"Store: {plain(plan.store)}"
    if view.made_at:
        yield f"Plan made at: {moment(view.made_at)}"
    yield ""
    yield from _warnings(plan, view)
    if plan.changes:
        yield from _changes(plan, view)
    yield from _not_changed(plan, view)
    if plan.notes:
        yield "Notes:"
        yield from (f"  • {with_labels(plain(note), plan.labels)}" for note in plan.notes)
        yield ""
    yield from violations_text(plan, view)
    if impact := impact_line(sum_price_impact(plan.changes, view.kinds), plan.labels):
        yield f"Price impact: {impact}"
    yield f"API usage: {usage_line(plan, view.usage, view.finish)}"
    yield closing_line(plan)


def _warnings(plan: Plan, view: PlanView) -> Iterator[str]:
    for warning in plan.warnings:
        about = ", ".join(with_label(address, plan.labels) for address in warning.addresses)
        message = with_labels(plain(warning.message), plan.labels)
        yield f"{view.paint('yellow', 'Warning:')} {about}: {message}"
        yield ""


def _changes(plan: Plan, view: PlanView) -> Iterator[str]:
    used = {change.action for change in plan.changes}
    yield "  ".join(
        view.paint(STYLES[action], action.symbol) + f" {_meaning(action)}"
        for action in _ACTIONS
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


def _meaning(action: Action) -> str:
    meaning = MEANINGS.get(action)
    return f"{action.value} ({meaning})" if meaning else action.value


def usage_line(plan: Plan, usage: ApiUsage, finish: str | None = None) -> str:
    """Return the requests that the plan used and an apply needs, and when that would be done."""
    used = f"{plural(usage.reads, 'request')} used by this plan"
    if plan.empty:
        return used
    end = f", finished at about {finish} if started now" if finish else ""
    return (
        f"{used}; apply needs {plural(usage.requests, 'request')} "
        f"({plural(usage.windows, 'rate-limit window')}, {duration(usage.seconds)}){end}"
    )


def _not_changed(plan: Plan, view: PlanView) -> Iterator[str]:
    """Yield the objects of which nothing is changed, and the reasons."""
    for title, meaning, found in list_reasons(plan):
        if found:
            style = "red" if title == "Unknown" else "yellow"
            yield view.paint(style, f"{title} ({meaning}): {plural(len(found), 'object')}")
            yield from _reasons(title, found, plan.labels)
            yield ""
    if plan.done:
        yield f"Already in place, as approved: {plural(len(plan.done), 'object')}"
        yield ""
    for title, meaning, names in list_undeclared(plan):
        if names:
            yield f"{title} ({meaning}): {plural(len(names), 'object')}"
            yield from (f"  {name}" for name in names[:MAX_NAMES])
            if len(names) > MAX_NAMES:
                yield f"  and {len(names) - MAX_NAMES} more (--format json lists all)"
            yield ""


def _reasons(
    title: str, found: Iterable[tuple[Address, str]], labels: ObjectLabels
) -> Iterator[str]:
    """Yield a line for each object; objects that were not read share one for each reason."""
    if title != "Unknown":
        for address, reason in found:
            yield f"  ! {with_label(address, labels)}: {with_labels(plain(reason), labels)}"
        return
    shared = group_names((reason, with_label(address, labels)) for address, reason in found)
    for reason, names in shared.items():
        yield f"  ? {join_some(names, MAX_NAMES)}: {with_labels(plain(reason), labels)}"


def closing_line(plan: Plan) -> str:
    """Return the one line to grep for: the number of objects by what happens to them."""
    counts = plan.counts()
    rest = [f"{counts['unchanged']:,} unchanged"]
    rest += [f"{counts[name]:,} {name}" for name in ("blocked", "unknown") if counts[name]]
    rest += [f"{len(plan.stale):,} stale"] if plan.stale else []
    refused = refusals(plan.violations)
    rest += [plural(len(refused), "violation")] if refused else []
    verbs = [
        f"{counts[action.value]:,} to {action.value}"
        for action in _ACTIONS
        if counts[action.value] or action in _ALWAYS_COUNTED
    ]
    return f"Plan: {'no changes' if plan.empty else ', '.join(verbs)}. {', '.join(rest)}."
