"""A plan for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.diff.change import Action
from reconciler.core.model.text import join_some
from reconciler.core.money import total
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import refusals
from reconciler.core.steps.usage import ApiUsage
from reconciler.errors import ReconcilerError
from reconciler.render.money import total_line
from reconciler.render.plan.blocks import STYLES, block, line
from reconciler.render.plan.violations import violations_text
from reconciler.render.view import Paint, PlanView, View
from reconciler.render.words import counted, duration, plain

_LEGEND = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace (delete, then create)",
    Action.RETIRE: "retire (taken out of sale, kept in the shop)",
    Action.DELETE: "delete",
}
_MANY = 10


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan: target, a block (or a line) for each object, notes, money, API usage."""
    return "\n".join(_plan(plan, view)) + "\n"


def render_error(error: ReconcilerError, view: View) -> str:
    """Return nothing: people read an error on stderr."""
    return ""


def _plan(plan: Plan, view: PlanView) -> Iterator[str]:
    paint, kinds = view.paint, view.kinds
    yield f"Store: {plan.store}"
    yield ""
    for warning in plan.warnings:
        yield f"Warning: {', '.join(map(str, warning.addresses))}: {plain(warning.message)}"
        yield ""
    if plan.changes:
        used = [action for action in _LEGEND if any(c.action is action for c in plan.changes)]
        yield "  ".join(paint(STYLES[a], a.symbol) + f" {_LEGEND[a]}" for a in used)
        yield ""
        if view.compact:
            yield from (line(change, kinds, paint) for change in plan.changes)
            yield ""
        else:
            for change in plan.changes:
                yield from block(change, kinds, paint)
                yield ""
    yield from _aside(plan, paint)
    yield from violations_text(plan, paint)
    if money := total_line(total(plan.changes, kinds)):
        yield f"Money: {money}"
    if not plan.empty:
        yield spending(view)
    yield closing(plan, view.usage)


def spending(view: PlanView) -> str:
    """What the plan has cost, what applying it will, and when that would be done."""
    cost = view.usage
    until = f", done about {view.finish} if applied now" if view.finish else ""
    return (
        f"Cost: {counted(cost.reads, 'read')} spent; {counted(cost.requests, 'request')} to apply "
        f"in {counted(cost.windows, 'window')}{until}"
    )


def _aside(plan: Plan, paint: Paint) -> Iterator[str]:
    """What is left alone, what is not known, and what else there is to say."""
    if plan.unknown:
        yield paint("red", f"Could not be read ({counted(len(plan.unknown), 'object')}):")
        for reason in dict.fromkeys(reason for _, reason in plan.unknown):
            named = [plain(str(address)) for address, why in plan.unknown if why == reason]
            yield f"  ? {join_some(named, _MANY)}: {plain(reason)}"
        yield ""
    if plan.blocked:
        yield paint("yellow", f"Withheld ({counted(len(plan.blocked), 'object')}):")
        yield from (f"  ! {plain(str(a))}: {plain(reason)}" for a, reason in plan.blocked)
        yield ""
    if plan.stale:
        yield paint("yellow", f"Held, not applied ({counted(len(plan.stale), 'object')}):")
        yield from (f"  ! {plain(str(held.address))}: {plain(held.reason)}" for held in plan.stale)
        yield ""
    if plan.done:
        yield f"Already as approved: {counted(len(plan.done), 'object')}"
        yield ""
    yield from _left_alone(plan)
    if plan.notes:
        yield "Notes:"
        yield from (f"  - {plain(note)}" for note in plan.notes)
        yield ""


def _left_alone(plan: Plan) -> Iterator[str]:
    if plan.unmanaged:
        listed = [plain(str(address)) for address in plan.unmanaged]
        yield f"In the shop and not in the files, left alone ({counted(len(listed), 'object')}):"
        yield from (f"  {line}" for line in listed[:_MANY])
        if len(listed) > _MANY:
            yield f"  and {len(listed) - _MANY} more (all of them with --format json)"
        yield ""


def closing(plan: Plan, cost: ApiUsage) -> str:
    """The one line to grep for: what will happen, at what scale, and what it costs."""
    counts = plan.counts()
    rest = [f"{counts['unchanged']:,} unchanged"]
    rest += [f"{len(plan.blocked):,} withheld"] if plan.blocked else []
    rest += [f"{counts['unknown']:,} unknown"] if counts["unknown"] else []
    rest += [f"{len(plan.stale):,} held"] if plan.stale else []
    refused = refusals(plan.violations)
    rest += [counted(len(refused), "violation")] if refused else []
    if plan.empty:
        return f"Plan: no changes, {', '.join(rest)}; {counted(cost.reads, 'read')} spent"
    verbs = [f"{counts[verb]:,} to {verb}" for verb in _VERBS if counts[verb] or verb in _ALWAYS]
    windows = f" in {cost.windows} windows" if cost.windows > 1 else ""
    return (
        f"Plan: {', '.join([*verbs, *rest])}; "
        f"{counted(cost.requests, 'request')}{windows}, {duration(cost.seconds)}"
    )


_VERBS = ("create", "update", "replace", "retire", "delete")
_ALWAYS = ("create", "update")
