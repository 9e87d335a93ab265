"""Stop before an atomic group of steps that does not fit the limits of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.steps.presets import is_confirmed
from dealpos_reconciler.core.steps.readbacks import count_readbacks
from dealpos_reconciler.core.steps.step import AtomicGroups, Step
from dealpos_reconciler.core.steps.usage import SECONDS_PER_REQUEST
from dealpos_reconciler.dealpos.client import Client


class StopPolicy:
    """Decides before each step whether its atomic group is begun. The first refusal is final.

    A group that is begun is also finished and read back: the requests for that are set aside
    beforehand. Only repeats after lost answers come on top.
    """

    def __init__(
        self, client: Client, steps: Sequence[Step], kinds: Kinds, pages: Mapping[str, ListingStats]
    ) -> None:
        client.writing = True
        self.client = client
        self.kinds = kinds
        self.pages = pages
        self.groups = AtomicGroups(steps)
        self.begun: set[int] = set()
        self.passed: set[int] = set()
        self.early: set[int] = set()
        """Steps that are read back at once, other than planned."""
        self.closed: str | None = None
        """The reason why nothing more is begun."""
        self.needed = (0, 0.0)
        """Requests and seconds of a run in which the first refused group would have fitted."""

    def reason_to_stop(self, step: Step) -> str | None:
        """Return why `step` must not begin, or None."""
        if not self.client.limits.any:
            return None
        if step.id not in self.begun:
            if self.closed is None:
                self._consider(step)
            if self.closed is not None:
                return self.closed
        self.passed.add(step.id)
        return None

    def read_at_once(self, step: Step) -> None:
        """Note that what `step` creates is read back before the next step, too."""
        self.early.add(step.id)

    def count_reserved(self) -> int:
        """Return the requests that finishing what is begun still needs."""
        return self._requests_ahead(self.begun) if self.client.limits.any else 0

    def _consider(self, step: Step) -> None:
        group = self.groups.group_of(step, self.begun)
        ahead = self._requests_ahead(self.begun | group)
        wait = self.client.window.seconds_until_sent(ahead) + ahead * SECONDS_PER_REQUEST
        if broken := self.client.broken_limit(ahead, wait):
            whole = self.client.requests + self._requests_ahead(self.groups.steps)
            self.closed = (
                f"not started: {broken.limit} is less than the {broken.needed} needed to apply and "
                f"verify {step.addresses[0]}; the whole plan needs {whole} requests"
            )
            self.needed = (self.client.requests + ahead, self.client.elapsed_seconds() + wait)
        else:
            self.begun |= group

    def _requests_ahead(self, ids: Iterable[int]) -> int:
        """Return the requests still to be sent for these steps and for reading them back.

        Finished steps have sent theirs, and some a read: of a replaced object, and of a creation.
        """
        steps = [self.groups.steps[i] for i in ids]
        passed = [self.groups.steps[i] for i in self.passed]
        done = sum(step.reads_at_once + self._count_own(step) for step in passed)
        whole = count_readbacks(steps, self.kinds, self.pages) + sum(map(self._count_own, steps))
        return whole - done

    def _count_own(self, step: Step) -> int:
        """Return the requests that send a step, and complete its objects where that is needed.

        A read is among them that was not planned.
        """
        known = self.client.routes.tenant.presets
        more = step.doubted and not is_confirmed(step, known)
        sent = sum(len(each.requests) for each in (step.doubted if more else (step,)))
        return sent + (step.id in self.early)
