"""Where an apply may stop: before a unit that its limits have no room for, never inside one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.diff.change import Action
from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import Listed
from reconciler.core.steps.cost import SECONDS_A_REQUEST, verification
from reconciler.core.steps.step import AtomicGroups, Step
from reconciler.dealpos.client import Client


class Boundary:
    """Decides before each step whether its unit is begun. The first that is not is the last.

    What is begun is finished and read back: the room for that is set aside beforehand. Only
    repeats after lost answers come on top.
    """

    def __init__(
        self, client: Client, steps: Sequence[Step], kinds: Kinds, pages: Mapping[str, Listed]
    ) -> None:
        client.writing = True
        self.client = client
        self.kinds = kinds
        self.pages = pages
        self.groups = AtomicGroups(steps)
        self.begun: set[int] = set()
        self.passed: set[int] = set()
        self.closed = ""
        """Why nothing more is begun; empty while it is."""
        self.needed = (0, 0.0)
        """Requests and seconds of a run that has room for the first unit that was refused."""

    def refuses(self, step: Step) -> str:
        """Why `step` is not begun; empty when it is."""
        if not self.client.limits.any:
            return ""
        if step.id not in self.begun:
            if not self.closed:
                self._consider(step)
            if self.closed:
                return self.closed
        self.passed.add(step.id)
        return ""

    def _consider(self, step: Step) -> None:
        group = self.groups.group_of(step, self.begun)
        ahead = self._ahead(self.begun | group)
        wait = self.client.window.seconds_until_sent(ahead) + ahead * SECONDS_A_REQUEST
        if broken := self.client.broken_limit(ahead, wait):
            self.closed = (
                f"not begun: {broken.limit} is less than the {broken.needed} needed for "
                f"{step.addresses[0]} and for reading it back; the whole plan needs "
                f"{self.client.requests + self._ahead(self.groups.steps)} requests"
            )
            self.needed = (self.client.requests + ahead, self.client.elapsed_seconds() + wait)
        else:
            self.begun |= group

    def _ahead(self, ids: Iterable[int]) -> int:
        """Requests still to be sent for writing steps and for reading them back."""
        steps = [self.groups.steps[i] for i in ids]
        writes = sum(len(step.requests) for step in steps)
        return writes + verification(steps, self.kinds, self.pages) - self._spent()

    def _read_at_once(self, step: Step) -> int:
        """Reads of a step before the next: of what it replaces, and of what it has written."""
        before = int(step.action is Action.REPLACE)
        if self.kinds[step.kind].widens and step.action is not Action.DELETE:
            return before + len(step.changes)
        return before

    def _spent(self) -> int:
        """What of that price the steps so far have spent: some are read back at once."""
        steps = [self.groups.steps[i] for i in self.passed]
        return sum(len(step.requests) + self._read_at_once(step) for step in steps)
