"""Looks at objects that were written or deleted a moment ago, until reads have caught up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.live import ABSENT, Observed
from dealpos_reconciler.core.steps.step import Request
from dealpos_reconciler.dealpos.apply.patience import Patience
from dealpos_reconciler.dealpos.reading.readback import Readback
from dealpos_reconciler.errors import ApiError, OutcomeUnknown, Rejected, Stopped

NOT_SHOWN = "it does not read back yet"


class Sight(NamedTuple):
    """The last look at an object that was written a moment ago."""

    value: Value | None = None
    """The values that the read showed; None where it did not show the object."""
    problem: str | None = None
    """The difference from what was written."""
    settled: bool = False
    """True if the shop has stored this value; False while reads may be behind."""
    unread: str | None = None
    """The reason why it could not be read."""


class Lookup(Readback):
    """Reads until an object is as it should be, or is not to be expected to become so."""

    reserved: Callable[[], int] = staticmethod(lambda: 0)
    """The requests that the run keeps for finishing what it has begun."""
    note_lost: Callable[[Sequence[Address]], None] = staticmethod(lambda addresses: None)
    """Is told of deletions that got no answer: the shop may carry one out later."""

    def look_until(
        self,
        address: Address,
        find_problem: Callable[[Value], str | None],
        may_be_behind: Callable[[Value], bool],
    ) -> Sight:
        """Read an object until it is as it should be, or is not to be expected to become so."""
        patience = Patience(self.client)
        while True:
            try:
                live = self.read([address])
            except (ApiError, Stopped) as error:
                return Sight(unread=error.message)
            if address in live.read_errors:
                return Sight(unread=live.read_errors[address])
            state = live.get(address)
            value = state.value if isinstance(state, Observed) else None
            problem = NOT_SHOWN if value is None else find_problem(value)
            if problem is None and address not in self.read_singly:
                problem = "only a list shows it"
            is_known = value is not None and not may_be_behind(value)
            if problem is None or (is_known and patience.shows_what_is_stored):
                return Sight(value, problem, settled=True)
            if not patience.wait(self.reserved() + 1):
                return Sight(value, "; ".join(filter(None, (problem, patience.cut))))

    def delete_objects(self, request: Request, addresses: Sequence[Address]) -> None:
        """Delete objects; those that are gone already count as deleted."""
        lost_before = self.client.lost_answers
        try:
            self._send_deletion(request, addresses)
            self.client.in_doubt = False
        finally:
            if self.client.lost_answers > lost_before:
                self.note_lost(addresses)

    def _send_deletion(self, request: Request, addresses: Sequence[Address]) -> None:
        try:
            self.client.call(request.operation, request.body)
        except (Rejected, OutcomeUnknown) as error:
            patience = Patience(self.client)
            while not self._are_gone(addresses):
                # A refusal at the first attempt is one; after a lost answer, reads may be behind.
                lost = isinstance(error, OutcomeUnknown) or error.repeated
                if not lost or not patience.wait(self.reserved() + 1):
                    raise

    def _are_gone(self, addresses: Sequence[Address]) -> bool:
        live = self.read(addresses, exist=False)
        return all(live.get(address) is ABSENT for address in addresses)
