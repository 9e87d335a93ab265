"""Writes that make DealPOS create a category that no file declares (API §5, API §14 #4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A new name of a category below one that neither the files nor the shop have."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each new or renamed object whose path holds what is not there."""
        for change in context.plan.changes:
            if change.implied:
                named = ", ".join(map(str, change.implied))
                message = f"also creates {named}, which no file declares"
                measure = (len(change.implied), 0, "objects")
                yield RuleFinding(message, change.address, measure=measure)
