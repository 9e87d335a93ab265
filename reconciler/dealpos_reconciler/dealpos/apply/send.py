"""Send writes so that their outcome is known: look up lost answers, undo broader coupons.

The API has no idempotency keys (dealpos-api.md §13), so a lost answer is settled by a read before
anything is sent again.
"""

from __future__ import annotations

from dataclasses import replace

from dealpos_reconciler.core.diff.diff import differs
from dealpos_reconciler.core.diff.readback import describe_mismatch, may_be_behind
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.core.report import Written
from dealpos_reconciler.core.steps.step import Request, Step, Undo
from dealpos_reconciler.dealpos.apply.lookup import Lookup
from dealpos_reconciler.dealpos.apply.patience import Patience
from dealpos_reconciler.errors import (
    ApiError,
    MismatchRemains,
    OutcomeUnknown,
    RateLimited,
    ReadbackMismatch,
    Rejected,
    Stopped,
    Unauthorised,
    Unreachable,
)

MAX_PUT_BACKS = 3
"""Attempts to create a replaced object again after answers that were lost."""


class RequestSender(Lookup):
    """Sends the requests of steps; every method returns only when it knows what happened."""

    def send(self, step: Step) -> tuple[Written, ...]:
        """Send the request of a step in the spelling that the shop accepts."""
        request = step.requests[0]
        for body in request.bodies:
            try:
                self._send_settled(step, Request(request.operation, body))
                break
            except Rejected as error:
                if body is request.bodies[-1] or error.status != 400:
                    raise
        return record_acceptance(step)

    def see_birth(self, step: Step, fields: frozenset[str]) -> Value:
        """Return what a read shows of an object that a step has created out of use; {} if nothing.

        `fields` are asked for beside the flag that takes it out of use.
        """
        address, patience = min(step.births), Patience(self.client)
        asked = {address: fields | {self.kinds[address.kind].retire}}
        while True:
            try:
                state = self.read([address], asked).get(address)
            except (ApiError, Stopped):
                return {}
            if isinstance(state, Observed):
                return state.value
            if not patience.wait(self.reserved() + 1):
                return {}

    def delete(self, step: Step) -> tuple[Written, ...]:
        """Delete the objects of a step; an object that is gone already counts as deleted."""
        self.delete_objects(step.requests[0], step.addresses)
        return record_acceptance(step)

    def create_and_verify(self, step: Step, *, late: bool = False) -> Written:
        """Create an object that must not be broader than declared, and remove it if it is.

        With `late`, a listing shows it at the end, unless the answer to the creation was lost.
        Raises ReadbackMismatch when the shop keeps no spelling of it as declared; where an object
        was deleted for it, the message says what became of that one.
        """
        assert step.undo is not None
        written = self._create_in_some_spelling(step, step.undo, late)
        if written.observed is not None:
            kind, change = self.kinds[step.kind], step.changes[0]
            if mismatch := describe_mismatch(kind, change, written.observed):
                raise ReadbackMismatch(step.requests[-1].operation, mismatch, written.observed)
        return written

    def _create_in_some_spelling(self, step: Step, undo: Undo, late: bool) -> Written:
        request = step.requests[-1]
        failure: ApiError | None = None
        for body in request.bodies:
            try:
                return self._create(step, undo, Request(request.operation, body), late)
            except (Rejected, OutcomeUnknown, ReadbackMismatch) as error:
                failure = error
                if not _is_worth_another_spelling(error):
                    break
        assert failure is not None
        if self.client.in_doubt:
            raise failure  # the old one beside a new one that comes late would be two
        if isinstance(failure, MismatchRemains):
            raise failure
        restored = self._put_back(step, undo)
        lasting = isinstance(failure, ReadbackMismatch)
        lasting = lasting or (isinstance(failure, Rejected) and failure.is_lasting)
        raise ReadbackMismatch(
            request.operation, failure.detail + restored, {} if lasting else None
        ) from failure

    def _create(self, step: Step, undo: Undo, request: Request, late: bool) -> Written:
        """Try one spelling.

        Raises ReadbackMismatch when it reads back broader, MismatchRemains when it stays so.
        """
        change, kind = step.changes[0], self.kinds[step.kind]
        written = record_acceptance(step)[0]
        acknowledged = self._send_settled(step, request)
        if late and acknowledged:
            return replace(written, awaits_listing=True)
        seen = self.look_until(
            change.address,
            lambda value: describe_mismatch(kind, change, value),
            lambda value: may_be_behind(kind, change, value),
        )
        if seen.unread is not None:
            # Unread is not wrong: a coupon must not be deleted on a guess.
            return replace(written, unread=seen.unread)
        if seen.value is None or not seen.settled:
            shown = seen.value or {}
            return replace(written, status="unverified", reason=seen.problem, readback=shown)
        problem = describe_mismatch(kind, change, seen.value, kind.must_match_on_readback)
        if problem is None:
            awaited = written.proof.listing_only - seen.value.keys()
            return replace(written, observed=seen.value, awaits_listing=bool(awaited))
        if not acknowledged and not undo.replaces:
            why = "the response was lost, so another program may have created it: not changed"
            raise MismatchRemains(request.operation, f"{problem}; {why}", seen.value)
        try:
            self.delete_objects(undo.remove, [change.address])
        except ApiError as error:
            why = f"{problem}; it could not be deleted and is still in the shop: {error.detail}"
            raise MismatchRemains(request.operation, why, seen.value) from error
        raise ReadbackMismatch(request.operation, f"{problem}; it was deleted again")

    def _put_back(self, step: Step, undo: Undo) -> str:
        """Create the replaced object again after a failure, and return what became of it."""
        if not undo.replaces:
            return ""
        if undo.restore is None:
            return "; the old one is deleted, and had no uses left"
        for _ in range(MAX_PUT_BACKS):
            is_refused = True
            for body in undo.restore.bodies:
                try:
                    said = self._create_old(step, undo, Request(undo.restore.operation, body))
                except ApiError as error:
                    is_refused = is_refused and isinstance(error, Rejected)
                    continue
                if said is not None:
                    return said
            if is_refused:
                break
        return "; the old one is deleted and could not be restored. The next apply tries again"

    def _create_old(self, step: Step, undo: Undo, request: Request) -> str | None:
        """Try one spelling of the replaced object; return what became of it, None if it is bad."""
        kind, address = self.kinds[step.kind], step.addresses[0]
        self._send_settled(step, request)
        seen = self.look_until(
            address,
            lambda value: "other" if differs(kind, undo.must_match, value) else None,
            lambda value: True,
        )
        if seen.value is None:
            return "; the old one was created again, and does not read back yet"
        if seen.problem is None:
            restored = "the old one was restored with its remaining uses"
            return f"; {restored}, as far as reads show"
        self.delete_objects(undo.remove, [address])
        return None

    def resend(self, request: Request) -> None:
        """Send a request once, where its effect is read right after."""
        self.client.call(request.operation, request.body)

    def remove_creation(self, step: Step) -> None:
        """Remove what a step created, where a later read shows that it is broader."""
        assert step.undo is not None
        self.delete_objects(step.undo.remove, step.addresses)

    def _send_settled(self, step: Step, request: Request) -> bool:
        """Send a request so that its outcome is known; a second time if the first was lost.

        Return whether the shop acknowledged it; False if a look-up found it done. Raises
        OutcomeUnknown when nobody can know what became of it.
        """
        try:
            self.client.call(request.operation, request.body)
            return True
        except OutcomeUnknown as error:
            lost = error
        try:
            if not (done := self._was_applied(step, lost)):
                self.client.call(request.operation, request.body)
            self.client.in_doubt = False
            return not done
        except Stopped:
            why = f"{lost.detail}; interrupted before the outcome was looked up"
            raise OutcomeUnknown(lost.operation, why) from lost
        except (Unreachable, Unauthorised, RateLimited) as error:
            why = f"{lost.detail}; the outcome could not be looked up: {error.detail}"
            raise type(error)(lost.operation, why, hint=error.hint) from lost
        except (OutcomeUnknown, Rejected) as error:
            # Refused: a slow shop may have done the first one after the look-up, and this met it.
            if error is lost or not self._was_applied(step, lost):
                raise
        self.client.in_doubt = False
        return False

    def _was_applied(self, step: Step, lost: OutcomeUnknown) -> bool:
        """Return whether the shop already is as `step` makes it; raises `lost` if unknown.

        An update may be sent twice. A creation is looked for again before it is.
        """
        patience = Patience(self.client)
        while not (found := self._shows_step(step, lost)) and step.creates:
            if not patience.wait(self.reserved() + 1):
                if patience.cut or found is None:
                    raise lost
                break
        return bool(found)

    def _shows_step(self, step: Step, lost: OutcomeUnknown) -> bool | None:
        """Return whether a read shows what a step makes; None where it shows what was deleted."""
        live = self.read(step.addresses, exist=False)
        for change in step.changes:
            state = live.get(change.address)
            if change.address in live.read_errors:
                raise lost
            if not isinstance(state, Observed):
                return False
            kind = self.kinds[change.address.kind]
            if step.creates:
                # It was absent before, so it is this step's; verification compares it.
                if change.before and may_be_behind(kind, change, state.value):
                    return None
                continue
            if differs(kind, step.written_values(change), state.value):
                return False
        return True


def record_acceptance(step: Step) -> tuple[Written, ...]:
    """Return the records of a step whose requests were accepted."""
    return tuple(Written(c, step.proofs[c.address], "applied") for c in step.changes)


def _is_worth_another_spelling(error: ApiError) -> bool:
    """Return whether another spelling may do better: this one was refused or not understood."""
    if isinstance(error, Rejected):
        return error.status == 400
    return isinstance(error, ReadbackMismatch) and not isinstance(error, MismatchRemains)
