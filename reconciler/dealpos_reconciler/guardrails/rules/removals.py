"""The volume of removals: a lost file or a bad merge removes many objects at once."""

from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.types import Count, Money
from dealpos_reconciler.guardrails.volume import VolumeGuardrail


@dataclass(frozen=True, slots=True)
class Rule(VolumeGuardrail):
    """Too many objects of one kind retired or deleted."""

    max_percent: Money = 20
    """The largest share of the objects, in percent. Example: `20`."""
    max_count: Count = 50
    """The largest number of objects. Example: `50`."""
    floor: Count = 5
    """The number of objects that is always accepted. Example: `5`."""
    effect = "would be retired or deleted"

    def counts(self, change: Change) -> bool:
        """Return whether it takes something out."""
        return change.action in (Action.RETIRE, Action.DELETE)
