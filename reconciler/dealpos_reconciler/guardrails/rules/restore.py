"""Objects that somebody discontinued or removed in DealPOS: people decide if they come back."""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.diff.births import NOTED
from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding

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
    """A discontinued or removed object that the plan would put back."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object that was retired or is gone and would be back."""
        for change in context.plan.changes:
            if context.kinds[change.address.kind].home != SHOP:
                continue  # nobody removes it but the files
            is_new = change.action is Action.CREATE and change.replaces is None
            if is_new and change.address in context.applied:
                yield RuleFinding(
                    "it was applied before and is gone from the shop, and this creates it again. "
                    "To leave it out, remove it from the files",
                    change.address,
                )
            flag = context.kinds[change.address.kind].retire
            for field in change.fields if change.interrupted != NOTED else ():
                if flag and field.path == (flag,) and field.before and not field.after:
                    said = _LIKELY if change.interrupted else _RETIRED
                    yield RuleFinding(said.format(flag), change.address, (flag,))
