"""Writing so that the outcome is known: lost answers looked up, wider coupons taken away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from reconciler.core.diff.change import Change
from reconciler.core.diff.diff import compare
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import ABSENT, Listed, Live, Observed, wanted
from reconciler.core.plan.replacement import restored
from reconciler.core.report import differences
from reconciler.core.steps.step import Request, Step, request_for
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.readback import confirm, confirm_gone, confirm_listed
from reconciler.errors import (
    ApiError,
    Doubtful,
    Kept,
    NotKept,
    Rejected,
    Stopped,
    Throttled,
    Unauthorised,
    Unreachable,
)


class Settler:
    """Sends the requests of steps; every method returns only when it knows what happened."""

    def __init__(self, client: Client, kinds: Kinds, pages: Mapping[str, Listed]) -> None:
        self.client = client
        self.kinds = kinds
        self.pages = pages

    def write(self, step: Step, request: Request) -> None:
        """Send a request in the spelling that the shop takes; settle a lost answer."""
        bodies = (request.body, *request.spellings)
        for index, body in enumerate(bodies):
            try:
                self._settled(step, Request(request.operation, body))
                return
            except Rejected as error:
                further = index + 1 < len(bodies)
                if not further or error.status != 400:
                    raise

    def _settled(self, step: Step, request: Request) -> bool:
        """One request whose outcome is known afterwards; sent a second time if it was lost.

        Gives whether the shop acknowledged it (else a look-up found it done). Raises Doubtful when
        nobody can know what became of it.
        """
        try:
            self.client.call(request.operation, request.body)
            return True
        except Doubtful as error:
            lost = error
        try:
            if self._happened(step, lost):
                return False
            self.client.call(request.operation, request.body)
            return True
        except Stopped:
            why = f"{lost.detail}; stopped before it was settled"
            raise Doubtful(lost.operation, why) from lost
        except (Unreachable, Unauthorised, Throttled) as error:
            why = f"{lost.detail}; and it could not be looked up: {error.detail}"
            raise type(error)(lost.operation, why, hint=error.hint) from lost
        except (Doubtful, Rejected) as error:
            # Refused: a slow shop may have done the first one after the look-up, and this met it.
            if error is lost or not self._happened(step, lost):
                raise
        return False

    def _happened(self, step: Step, lost: Doubtful) -> bool:
        """Whether the shop already is as `step` would make it; raises `lost` if that is unknown."""
        live = self.read(step.addresses)
        for change in step.changes:
            kind = self.kinds[change.address.kind]
            state = live.get(change.address)
            if change.address in live.unread:
                raise lost
            if not isinstance(state, Observed):
                return False
            if step.creates:
                continue  # it was absent before, so it is this step's; verification compares it
            carried = step.carried.get(kind.name, frozenset())
            after = {k: v for k, v in (change.after or {}).items() if k in carried}
            if compare(kind, after, state.value):
                return False
        return True

    def remove(self, kind: Kind, request: Request, *addresses: Address) -> None:
        """Delete; what is gone already counts as deleted."""
        try:
            self.client.call(request.operation, request.body)
        except (Rejected, Doubtful):
            live = self.read(addresses)
            if any(live.get(address) is not ABSENT for address in addresses):
                raise

    def introduce(
        self, kind: Kind, step: Step, request: Request, before: Value | None = None
    ) -> Observed | None:
        """Create what must not be wider than declared, and take it away again if it is.

        `before` is what it replaces, deleted already. Gives what was read back; None where it could
        not be read. Raises NotKept when the shop takes no spelling of it; after a deletion the
        message says what became of the old object.
        """
        failure: ApiError | None = None
        for body in (request.body, *request.spellings):
            try:
                spelling = Request(request.operation, body)
                return self._introduced(kind, step, spelling, before is not None)
            except (Rejected, Doubtful, NotKept) as error:
                failure = error
                if not _worth_another(error):
                    break
        assert failure is not None
        if isinstance(failure, Kept):
            raise failure
        put_back = self._put_back(kind, step.changes[0], before)
        raise NotKept(request.operation, failure.detail + put_back) from failure

    def _introduced(
        self, kind: Kind, step: Step, request: Request, replaces: bool
    ) -> Observed | None:
        """One spelling; raises NotKept when it reads back wider, Kept when it stays so."""
        change = step.changes[0]
        acknowledged = self._settled(step, request)
        try:
            live = self.read([change.address])
        except (ApiError, Stopped):
            return None  # acknowledged; what it is like could not be read
        state = live.get(change.address)
        if change.address in live.unread:
            return None  # unread is not wrong: nothing is taken away on a guess
        wider = self._wider(kind, change, state)
        if not isinstance(state, Observed):
            raise NotKept(request.operation, wider)
        if not wider:
            return state
        if not acknowledged and not replaces:
            why = f"{wider}; our answer was lost, so it may be somebody else's and is left alone"
            raise Kept(request.operation, why)
        removal = request_for(kind, kind.delete, change.after or {}) if kind.delete else request
        try:
            self.remove(kind, removal, change.address)
        except ApiError as error:
            why = f"{wider}; it is in the shop and could not be taken away: {error.detail}"
            raise Kept(request.operation, why) from error
        raise NotKept(request.operation, f"{wider}; it was taken away again")

    def _wider(self, kind: Kind, change: Change, state: object) -> str:
        """What of the new object is not as declared; empty when all is well."""
        if not isinstance(state, Observed):
            return "the shop acknowledged it and does not show it"
        return differences(kind, change, state.value, kind.widens)

    def _put_back(self, kind: Kind, change: Change, before: Value | None) -> str:
        """After a failed replacement: the old object again, with what was left of it."""
        if kind.create is None or before is None:
            return ""
        old = restored(kind, before, change.after or {})
        if old is None:
            return "; the old one is deleted, and nothing was left of it"
        guarded = {name: value for name, value in old.items() if name in kind.widens}
        request = request_for(kind, kind.create, old)
        for body in (request.body, *request.spellings):
            try:
                with suppress(Doubtful):  # the look-up that follows settles it
                    self.client.call(request.operation, body)
                state = self.read([change.address]).get(change.address)
                if isinstance(state, Observed) and not compare(kind, guarded, state.value):
                    return "; the old one was put back with what was left, as far as reads show it"
                if kind.delete and isinstance(state, Observed):
                    self.remove(kind, request_for(kind, kind.delete, old), change.address)
            except ApiError:
                continue
        return "; the old one is deleted and could not be put back"

    def list(self, kind: Kind, names: Sequence[str]) -> Live:
        """What a listing shows of objects that were written a moment ago."""
        return confirm_listed(self.client, self.kinds, kind, names, self.pages.get(kind.name))

    def gone(self, addresses: Iterable[Address]) -> Live:
        """What the usual read shows of objects that were deleted a moment ago."""
        asked = wanted((a.kind, a.name, ()) for a in addresses)
        return confirm_gone(self.client, self.kinds, asked, self.pages)

    def read(
        self, addresses: Iterable[Address], fields: Mapping[Address, frozenset[str]] | None = None
    ) -> Live:
        """The present state of objects that a moment ago were written, or should be."""
        asked = wanted((a.kind, a.name, (fields or {}).get(a, ())) for a in addresses)
        return confirm(self.client, self.kinds, asked, self.pages)


def _worth_another(error: ApiError) -> bool:
    """Whether another spelling may do better: this one was refused, or was not understood."""
    if isinstance(error, Rejected):
        return error.status == 400
    return isinstance(error, NotKept) and not isinstance(error, Kept)
