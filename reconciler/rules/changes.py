"""A plan that changes much of what the shop has. What is new overwrites nothing."""

from dataclasses import dataclass

from reconciler.core.change import Action, Change
from reconciler.core.share import Share
from reconciler.core.types import Count, Money


@dataclass(frozen=True, slots=True)
class Rule(Share):
    """Too many objects of one kind changed; new ones are not counted."""

    max_percent: Money = 50
    max_count: Count = 1000
    floor: Count = 20

    def counts(self, change: Change) -> bool:
        """Whether it changes what is there."""
        return change.action is not Action.CREATE

    def words(self, number: int, known: int, kind: str) -> str:
        """What would happen."""
        return f"{number:,} of {known:,} {kind} objects are changed"
