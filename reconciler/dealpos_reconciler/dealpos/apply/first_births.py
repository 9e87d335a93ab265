"""Watches whether the shop creates objects out of use, and ends their creation where it does not.

Whether it does is undocumented (dealpos-api.md §13), and so is what it sets itself in a new object.
Until an operation has shown both, one object at a time is created that way, and read back before
anything else is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from dealpos_reconciler.core.diff.births import EXPOSED
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.steps.presets import is_confirmed, learn
from dealpos_reconciler.core.steps.step import AtomicGroups, Step
from dealpos_reconciler.dealpos.apply.send import RequestSender
from dealpos_reconciler.ledger.journal import Journal

_SOLD_AT_ONCE = (
    "not sent: DealPOS put another new object on sale at once, before it was complete. Plan again "
    "to see what that means for this one"
)
_UNPROVEN = (
    "not sent: whether DealPOS creates it out of sale is not known yet, because {}. Plan again"
)


class FirstBirths:
    """The new objects of one run that are created out of use."""

    def __init__(
        self, steps: Sequence[Step], sender: RequestSender, groups: AtomicGroups, journal: Journal
    ) -> None:
        self.sender = sender
        self.groups = groups
        self.journal = journal
        self.addresses = frozenset(address for step in steps for address in step.births)
        self._noted: frozenset[Address] = frozenset()
        self._needed = {
            step.operation: frozenset(n for value in step.assumed.values() for n in value)
            for step in steps
            if step.doubted
        }
        """The fields that steps rely on, by operation: the first birth has to show them."""
        self._sent: set[int] = set()
        self._unproven = {
            step.operation: f"{min(step.births)} was not created"
            for step in steps
            if step.proves_births
        }
        """The operations that may put new objects in use at once, each with the reason."""
        self._finishing: frozenset[int] | None = None
        """Set if a new object was in use that was created out of use: the steps that make it
        whole. No other object is created so."""
        exposed = [s for s in steps if any(c.interrupted == EXPOSED for c in s.changes)]
        if exposed:
            self._finish(*exposed)

    def reason_against(self, step: Step) -> str | None:
        """Return why the objects of a step must not be created out of use, or None."""
        if not step.births and self.is_confirmed(step):
            return None
        if self._finishing is not None:
            return None if step.id in self._finishing else _SOLD_AT_ONCE
        if step.operation not in self._unproven:
            return None
        group = [self.groups.steps[i] for i in self.groups.group_of(step, self._sent)]
        born = {
            address
            for each in group
            if each.operation in self._unproven
            for address in each.births.union(each.relied)
        }
        return _UNPROVEN.format(self._unproven[step.operation]) if len(born) > 1 else None

    def is_confirmed(self, step: Step) -> bool:
        """Return whether the shop is known to set itself what the objects of a step rely on."""
        return not step.doubted or is_confirmed(step, self.sender.client.routes.tenant.presets)

    def begin(self, step: Step) -> None:
        """Note new objects before they are created: those of the plan before the first of them."""
        if not self._noted >= step.births:
            self.addresses |= step.births
            self.journal.begin_births(self.addresses)
            self._noted = self.addresses

    def prove(self, step: Step) -> None:
        """Read back what a step has created, if that is the first of its operation."""
        self._sent.add(step.id)
        if step.operation not in self._unproven:
            return
        kind, tenant = self.sender.kinds[min(step.births).kind], self.sender.client.routes.tenant
        shown = self.sender.see_birth(step, self._needed.get(step.operation, frozenset()))
        if (is_retired := shown.get(kind.retire)) is None:
            self._unproven[step.operation] = f"{min(step.births)} does not read back yet"
            return
        tenant.presets[step.operation] = dict(learn(kind, step.carried[kind.name], shown))
        if is_retired:
            tenant.note_safe_birth(step.operation)
            del self._unproven[step.operation]
        else:
            self._finish(step)

    def _finish(self, *steps: Step) -> None:
        self.sender.client.routes.tenant.unsafe_birth = True
        self.journal.note_sold_at_once()
        groups = (self.groups.group_of(step, frozenset()) for step in steps)
        self._finishing = frozenset().union(*groups)
