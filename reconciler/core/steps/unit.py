"""What must be written together: half of it would leave the shop as no file ever declared it."""

from __future__ import annotations

from collections.abc import Sequence, Set

from reconciler.core.model.address import Address
from reconciler.core.steps.step import Step


class Units:
    """The units of an apply. A change in several steps is one, with all that these wait for."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = {step.id: step for step in steps}
        self._writing: dict[Address, list[int]] = {}
        for step in steps:
            for address in step.addresses:
                self._writing.setdefault(address, []).append(step.id)

    def around(self, step: Step, begun: Set[int]) -> frozenset[int]:
        """The steps that beginning `step` commits to, besides those that are begun."""
        pending, found = [step.id], set()
        while pending:
            current = pending.pop()
            if current in found or current in begun:
                continue
            found.add(current)
            pending += self.steps[current].waits
            for address in self.steps[current].addresses:
                pending += self._writing[address]
        return frozenset(found)
