"""Plans whose apply leaves an object on sale half written, if it is interrupted in between."""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """An object that is on sale for some requests before it is complete."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each stretch of requests in which an object is half written."""
        for after, until, address, why in context.plan.interruptions.unsafe:
            message = (
                f"if the apply ends after write {after}, {why}. To accept that, apply while the "
                "shop is closed, with an exception"
            )
            yield RuleFinding(message, address, measure=(until - after, 0, "requests"))
