"""The answer to "what will this do to the shop", in one line, and the order of importance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import Kinds
from reconciler.core.money import moves
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import refusals
from reconciler.render.words import counted

REMOVES = (Action.DELETE, Action.REPLACE, Action.RETIRE)
"""The actions that take something away, if only for a moment."""


class Verdict(NamedTuple):
    """The first line of a page or a comment. `tone` is refused, careful, change or calm."""

    tone: str
    text: str


def removals(plan: Plan) -> list[Change]:
    """The changes that take something away, the most severe first."""
    found = [change for change in plan.changes if change.action in REMOVES]
    return sorted(found, key=lambda change: -change.action.severity)


def verdict(plan: Plan) -> Verdict:
    """What a reader must know if it is the only line that is read."""
    if refused := refusals(plan.violations):
        return Verdict("refused", f"Refused by guardrails: {counted(len(refused), 'violation')}")
    if plan.unknown:
        unread = f"{counted(len(plan.unknown), 'object')} could not be read"
        return Verdict("careful", f"Incomplete: {unread}; {_planned(plan)}")
    if removals(plan):
        return Verdict("careful", _planned(plan))
    if plan.changes:
        return Verdict("change", f"{_planned(plan)}, nothing is removed")
    if plan.blocked:
        return Verdict("careful", f"No changes; {counted(len(plan.blocked), 'object')} withheld")
    return Verdict("calm", "No changes: the shop is as the files say")


def _planned(plan: Plan) -> str:
    taken = removals(plan)
    replaced = sum(change.action is Action.REPLACE for change in taken)
    rest = len(plan.changes) - len(taken)
    told = [
        counted(len(taken) - replaced, "removal") if len(taken) > replaced else "",
        counted(replaced, "replacement") if replaced else "",
        counted(rest, "other change" if taken else "change") if rest or not taken else "",
    ]
    return ", ".join(filter(None, told))


def ranked(changes: Iterable[Change], kinds: Kinds) -> list[Change]:
    """The changes by importance: what removes, what falls below cost, the largest price moves."""
    return [change for _, change in sorted(((_rank(c, kinds), c) for c in changes), key=_first)]


def _first(pair: tuple[tuple[int, bool, float], Change]) -> tuple[int, bool, float]:
    return pair[0]


def _rank(change: Change, kinds: Kinds) -> tuple[int, bool, float]:
    sold = moves(change, kinds)
    severity = change.action.severity if change.action in REMOVES else 0
    steepest = max((abs(float(sale.percent or 0)) for sale in sold), default=0.0)
    return -severity, not any(sale.falls_below_cost for sale in sold), -steepest
