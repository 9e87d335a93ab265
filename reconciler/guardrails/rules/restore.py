"""Objects that somebody discontinued in DealPOS: people decide if they come back on sale."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.diff.births import NOTED
from reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding

_RETIRED = (
    "it was retired in the shop, and this puts it back on sale. To keep it retired, declare "
    "`{}: true` or remove the key"
)
_LIKELY = (
    "it is retired in the shop and incomplete, as after an interrupted apply. This completes it "
    "and puts it on sale. To keep it retired, declare `{}: true`"
)


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A discontinued object that the plan would put back on sale."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object that was retired and would not be any more."""
        for change in context.plan.changes:
            flag = context.kinds[change.address.kind].retire
            for field in change.fields if change.interrupted != NOTED else ():
                if flag and field.path == (flag,) and field.before and not field.after:
                    said = _LIKELY if change.interrupted else _RETIRED
                    yield RuleFinding(said.format(flag), change.address, (flag,))
