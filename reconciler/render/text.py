"""A plan and a report for a terminal, a pipe and a CI log; colour only says it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core.change import Action, Change, FieldChange
from reconciler.core.cost import Cost
from reconciler.core.kind import Kind, Kinds
from reconciler.core.plan import Plan
from reconciler.render.words import counted, duration, plain, written
from reconciler.report import Report

Paint = Callable[[str, str], str]
"""Takes a style and a text; gives the text in that style, or as it is."""

_STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.RETIRE: "cyan",
    Action.DELETE: "red",
}
_LEGEND = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace (delete, then create)",
    Action.RETIRE: "retire (taken out of sale, kept in the shop)",
    Action.DELETE: "delete",
}
_STATUS = {"applied": "✓", "failed": "✗", "held": "!", "skipped": "-"}
_MANY = 10


def no_paint(style: str, text: str) -> str:
    """The text as it is."""
    return text


def plan_text(plan: Plan, cost: Cost, kinds: Kinds, paint: Paint = no_paint) -> str:
    """The plan in full: target, legend, a block an object, notes, and one closing line."""
    return "\n".join(_plan(plan, cost, kinds, paint)) + "\n"


def _plan(plan: Plan, cost: Cost, kinds: Kinds, paint: Paint) -> Iterator[str]:
    yield f"Store: {plan.store}"
    yield ""
    if plan.changes:
        used = [action for action in _LEGEND if any(c.action is action for c in plan.changes)]
        yield "  ".join(paint(_STYLES[a], a.symbol) + f" {_LEGEND[a]}" for a in used)
        yield ""
        for change in plan.changes:
            yield from _block(change, kinds[change.address.kind], paint)
            yield ""
    yield from _aside(plan, paint)
    yield closing(plan, cost)


def _block(change: Change, kind: Kind, paint: Paint) -> Iterator[str]:
    sign = paint(_STYLES[change.action], change.action.symbol)
    place = f"  {change.source.file}:{change.source.line}" if change.source else ""
    yield f"{sign} {paint('bold', plain(str(change.address)))}{paint('dim', plain(place))}"
    if change.action in (Action.REPLACE, Action.DELETE):
        yield f"    ({change.reason})"
    rows = [_row(change, kind, field) for field in change.fields]
    name_width = max((len(name) for name, _, _ in rows), default=0)
    before_width = max((len(before) for _, before, _ in rows), default=0)
    for name, before, after in rows:
        if change.action is Action.CREATE:
            yield f"    {name:<{name_width}}  {after}"
        else:
            yield f"    {name:<{name_width}}  {before:>{before_width}} → {after}"
    told = {kind.identity, *(field.path[0] for field in change.fields)}
    hidden = sum(n not in told and not kind.fields[n].hidden for n in change.after or {})
    if change.action is not Action.CREATE and hidden > 0:
        yield paint("dim", f"    ({counted(hidden, 'unchanged field')} hidden)")


def _row(change: Change, kind: Kind, field: FieldChange) -> tuple[str, str, str]:
    spec = kind.fields[field.path[0]]
    before = written(change.address, spec, field.before)
    after = written(change.address, spec, field.after)
    return plain(field.name), before, after


def _aside(plan: Plan, paint: Paint) -> Iterator[str]:
    """What is left alone, what is not known, and what else there is to say."""
    if plan.unknown:
        yield paint("red", f"Could not be read ({counted(len(plan.unknown), 'object')}):")
        for reason in dict.fromkeys(reason for _, reason in plan.unknown):
            named = [plain(str(address)) for address, why in plan.unknown if why == reason]
            more = f" and {len(named) - _MANY} more" if len(named) > _MANY else ""
            yield f"  ? {', '.join(named[:_MANY])}{more}: {plain(reason)}"
        yield ""
    if plan.withheld:
        yield paint("yellow", f"Withheld ({counted(len(plan.withheld), 'object')}):")
        yield from (f"  ! {plain(str(a))}: {plain(reason)}" for a, reason in plan.withheld)
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


def closing(plan: Plan, cost: Cost) -> str:
    """The one line to grep for: what will happen, at what scale, and what it costs."""
    counts = plan.counts()
    rest = [f"{counts['unchanged']:,} unchanged"]
    rest += [f"{len(plan.withheld):,} withheld"] if plan.withheld else []
    rest += [f"{counts['unknown']:,} unknown"] if counts["unknown"] else []
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


def report_text(report: Report, paint: Paint = no_paint) -> str:
    """What an apply did: everything that went wrong by name, and one closing line."""
    return "\n".join(_report(report, paint)) + "\n"


def _report(report: Report, paint: Paint) -> Iterator[str]:
    colours = {"applied": "green", "failed": "red", "held": "yellow", "skipped": "yellow"}
    for outcome in report.outcomes:
        sign = paint(colours[outcome.status], _STATUS[outcome.status])
        said = f": {plain(outcome.message)}" if outcome.message else ""
        yield f"{sign} {plain(str(outcome.address))} {outcome.action.value} {outcome.status}{said}"
    yield ""
    if report.stopped:
        yield f"Ended early: {plain(report.stopped)}"
    counts = report.counts()
    rest = [f"{counts[name]:,} {name}" for name in ("failed", "held", "skipped") if counts[name]]
    applied = f"{counts['applied']:,} applied ({report.verified:,} verified)"
    yield f"Applied: {', '.join([applied, *rest])}; {counted(report.requests, 'request')}"
