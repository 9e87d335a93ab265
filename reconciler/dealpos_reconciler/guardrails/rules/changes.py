"""The volume of changes: new objects and values that fill a gap overwrite nothing."""

from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.types import Count, Money
from dealpos_reconciler.guardrails.volume import VolumeGuardrail

_EMPTY: tuple[object, ...] = (None, "", 0, [], {})


@dataclass(frozen=True, slots=True)
class Rule(VolumeGuardrail):
    """Too many objects of one kind changed; new ones, and those only filled in, do not count."""

    max_percent: Money = 50
    """The largest share of the objects, in percent. Example: `50`."""
    max_count: Count = 1000
    """The largest number of objects. Example: `1000`."""
    floor: Count = 20
    """The number of objects that is always accepted. Example: `20`."""
    effect = "would be changed"

    def counts(self, change: Change) -> bool:
        """Return whether it changes what is there.

        A run that was cut off leaves objects created and not filled in yet: going on must not be
        refused for that.
        """
        return change.action is not Action.CREATE and not _fills(change)


def _fills(change: Change) -> bool:
    """Return whether every value comes where there was none; a flag that was false may go along."""
    before = [field.before for field in change.fields]
    empty = change.action is Action.UPDATE and all(value in _EMPTY for value in before)
    return empty and any(value is not False for value in before)
