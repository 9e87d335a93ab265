"""Choose the objects that show whether a shop creates objects out of use.

Until an operation has shown it, what it creates may be in use at once, and incomplete. So it first
creates one object alone, which no other new object has to complete, and that is read back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.steps.step import Step


class FirstBirth(NamedTuple):
    """The first object that an operation creates out of use."""

    step: Step
    address: Address
    rest: frozenset[int]
    """The steps that complete the object."""


def find_first_births(
    steps: Sequence[Step], after: Mapping[int, Set[int]], proven: Collection[str]
) -> list[FirstBirth]:
    """Return the first birth of each operation that is not `proven`, in the order to send them.

    An object that is created alone is preferred.
    """
    open_ = [
        step for step in steps if (step.births or step.doubted) and step.operation not in proven
    ]
    if not open_:
        return []
    births = {address for step in steps for address in step.births}
    completing: dict[Address, set[int]] = {address: set() for address in births}
    for step in steps:
        for address in births.intersection(step.addresses) if not step.creates else ():
            completing[address].add(step.id)
    found: list[FirstBirth] = []
    while open_:
        unknown = {step.id for step in open_}.union(
            *(completing[address] for step in open_ for address in step.births)
        )
        # What relies on the first birth cannot be it.
        own = [step for step in open_ if not step.doubted]
        candidates = sorted(own, key=lambda step: len(step.births) > 1)
        chosen = next(_independent(candidates, after, completing, unknown), None)
        if chosen is None:
            break
        found.append(chosen)
        open_ = [step for step in open_ if step.operation != chosen.step.operation]
    return found


def _independent(
    steps: Sequence[Step],
    after: Mapping[int, Set[int]],
    completing: Mapping[Address, Set[int]],
    unknown: Set[int],
) -> Iterator[FirstBirth]:
    """Yield the births that no step in `unknown` has to complete but their own."""
    for step in steps:
        for address in sorted(step.births):
            own = completing[address]
            pending, seen = list(own), {step.id, *own}
            while pending:
                more = after[pending.pop()] - seen
                if more & unknown:
                    break
                seen |= more
                pending += more
            else:
                yield FirstBirth(step, address, frozenset(own))
