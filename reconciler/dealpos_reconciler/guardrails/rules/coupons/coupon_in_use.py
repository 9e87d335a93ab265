"""Coupons that customers already use, and that a plan would replace or delete.

API §10: there is no update, and a replacement starts with a new balance and without history.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.types import Count
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding

_ENDS = (Action.REPLACE, Action.DELETE)


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A coupon replaced or deleted after more than so many uses."""

    max_used: Count = 0
    """Uses after which a coupon is not deleted. Example: `0`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each coupon, also where the API does not return its uses."""
        for change in context.plan.changes:
            limit, left = context.kinds[change.address.kind].use_counts
            if not limit or change.before is None or change.action not in _ENDS:
                continue
            allowed, remaining = change.before.get(limit), change.before.get(left)
            verb = f"it is {change.action.value}d"
            used = None if allowed is None or remaining is None else allowed - remaining
            if used is None:
                message = f"{verb}, and the API does not return how many of its uses are used up"
            elif used > self.max_used:
                spent = f"{used:,} of {allowed:,} uses"
                message = f"{verb} after {spent} are used up, limit {self.max_used:,}"
            else:
                continue
            yield RuleFinding(message, change.address, measure=(used, self.max_used, "uses"))
