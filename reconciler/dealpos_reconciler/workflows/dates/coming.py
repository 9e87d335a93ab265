"""Coming steps of a plan, and the guardrails that judge them before their day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from dealpos_reconciler.core.coming import (
    MAX_BOUNDARIES,
    MAX_DAYS,
    apply_changes,
    count_unjudged,
    find_coming,
    with_changes,
)
from dealpos_reconciler.core.diff.rename import apply_renames
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.plan import ComingChanges, Plan
from dealpos_reconciler.guardrails.guardrail import PlanContext

ComingContexts = Iterator[tuple[str, PlanContext]]
"""The day of each coming step, with the facts that guardrails look at."""


def look_at_coming(context: PlanContext) -> tuple[tuple[ComingChanges, ...], ComingContexts]:
    """Return the coming steps of a plan, and the contexts of the guardrails, to be used in order.

    No request is sent: the shop is the one that was read, as the plan and earlier steps leave it.
    """
    if context.desired.schedule is None:
        return (), iter(())
    live = apply_renames(context.live, context.desired, context.kinds)[0]
    coming = tuple(find_coming(context.plan, context.desired, live, context.kinds))
    return coming, _list_contexts(context, live, coming)


def note_unjudged(coming: Sequence[ComingChanges], desired: Desired) -> Iterator[str]:
    """Yield the note on later days that no guardrail has judged."""
    if later := count_unjudged(coming, desired):
        days = f"{later:,} later day{'s' if later > 1 else ''}"
        yield (
            f"guardrails judge the next {MAX_BOUNDARIES} dated changes within {MAX_DAYS} days; "
            f"dated values of {days} are judged when they come nearer"
        )


def _list_contexts(
    context: PlanContext, live: Live, coming: Iterable[ComingChanges]
) -> ComingContexts:
    shop = with_changes(live, context.plan.changes)
    for step in coming:
        plan = Plan(context.plan.store, step.changes, labels=context.plan.labels)
        yield (
            step.day,
            PlanContext(
                plan,
                context.desired,
                shop,
                context.kinds,
                step.day[:10],
                context.partial,
                applied=context.applied,
                instant=datetime.fromisoformat(step.at),
            ),
        )
        apply_changes(shop, step.changes)
