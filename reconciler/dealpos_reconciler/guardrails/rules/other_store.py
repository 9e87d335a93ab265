"""Plans for another shop than the one that the folder belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import join_some
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding

_MAX_NAMES = 3


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A folder that was applied to other shops only, and would create everything in this one.

    The embedded sandbox does not count.
    """

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for the plan as a whole."""
        changes, stores = context.plan.changes, context.other_stores
        is_all = not context.plan.unchanged and all(c.action is Action.CREATE for c in changes)
        if stores and is_all and not context.partial:
            yield RuleFinding(
                f"this folder was applied to {join_some(stores, _MAX_NAMES)} only, and this "
                f"creates everything ({len(changes):,} objects) in another shop, "
                f"{context.plan.store}. Check the address of the shop"
            )
