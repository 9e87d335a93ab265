"""Objects that somebody discontinued in DealPOS: people decide if they come back on sale."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A discontinued object that the plan would put back on sale."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object that was retired and would not be any more."""
        for change in context.plan.changes:
            flag = context.kinds[change.address.kind].retire
            for field in change.fields:
                if flag and field.path == (flag,) and field.before and not field.after:
                    yield RuleFinding(
                        "it was retired in the shop, and this puts it back on sale. To keep it "
                        f"retired, declare `{flag}: true` or remove the key",
                        change.address,
                        (flag,),
                    )
