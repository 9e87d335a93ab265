"""The plan as a value: what an apply will do, and what it will not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.diff.change import Action, Change
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.model.address import Address
from reconciler.core.model.live import ListingStats
from reconciler.core.plan.approved import SkippedChange
from reconciler.core.plan.children import ParentWithChildren
from reconciler.core.plan.violation import PlanWarning, Violation


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply will do, and what it will not."""

    store: str
    changes: tuple[Change, ...] = ()
    unmanaged: tuple[Address, ...] = ()
    """Live, of a kind that the files declare, and not in the files: left alone."""
    orphaned: tuple[Address, ...] = ()
    """Objects applied once and in no file any more, where a ledger tells; not changed."""
    unknown: tuple[tuple[Address, str], ...] = ()
    """Could not be read, and why; nothing is planned for them."""
    blocked: tuple[tuple[Address, str], ...] = ()
    """Not as declared, and not to be changed: why, and what would allow it."""
    stale: tuple[SkippedChange, ...] = ()
    """Approved in a saved plan, and not to be carried out any more."""
    done: tuple[SkippedChange, ...] = ()
    """Approved in a saved plan, and so already."""
    given_up: tuple[Address, ...] = ()
    """Objects of interrupted replacements that the files remove: nothing is left to finish."""
    warnings: tuple[PlanWarning, ...] = ()
    """Changes that may lose data in the shop."""
    notes: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    """The violations that the guardrails found, exceptions included."""
    unchanged: int = 0
    parents: Mapping[Address, ParentWithChildren] = field(default_factory=dict)
    """The live parents that changes touch, with the children that their updates must carry."""
    listings: Mapping[str, ListingStats] = field(default_factory=dict)
    """The sizes of listings with the new objects: for the requests that read back."""
    reads: int = 0
    """Requests that making the plan has spent."""
    labels: Mapping[Address, str] = field(default_factory=dict, repr=False, compare=False)
    """The names that people call objects by; no private data."""
    known_rewrites: KnownRewrites = field(default_factory=dict)
    """Values that DealPOS is known to store otherwise than written."""

    @property
    def empty(self) -> bool:
        """True if there is nothing to do."""
        return not self.changes

    @property
    def settled(self) -> bool:
        """True if the shop is as declared, as far as it was read."""
        return not (self.changes or self.blocked)

    def counts(self) -> dict[str, int]:
        """Return the number of objects by action."""
        by_action = Counter(change.action for change in self.changes)
        shown = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RETIRE, Action.DELETE)
        return {action.value: by_action[action] for action in shown} | {
            "unchanged": self.unchanged,
            "unmanaged": len(self.unmanaged),
            "orphaned": len(self.orphaned),
            "blocked": len(self.blocked),
            "unknown": len(self.unknown),
        }
