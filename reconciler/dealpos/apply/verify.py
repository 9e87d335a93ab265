"""Compare written changes with what reads show of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reconciler.core.diff.change import Action, Change
from reconciler.core.diff.readback import describe_ignored_write, describe_mismatch
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kinds
from reconciler.core.model.live import Live, Observed
from reconciler.core.report import Written
from reconciler.core.steps.step import Step
from reconciler.dealpos.apply.send import NOT_IN_THE_SHOP, RequestSender
from reconciler.errors import ApiError, Stopped

Writes = Mapping[Address, Written]


@dataclass(frozen=True)
class Verifier:
    """Reads back every write that was accepted.

    A child that its parent's update did not change is written once more alone: whether such an
    update changes it is undocumented (dealpos-api.md §6.2).
    """

    steps: Sequence[Step]
    kinds: Kinds
    sender: RequestSender

    def verify(self, writes: Writes) -> Writes:
        """Return the writes with what reads showed of them, in the same order."""
        alone = {address for step in self.steps for address in step.fallback}
        pending = {address: w for address, w in writes.items() if w.unconfirmed}
        deleted = {a: w for a, w in pending.items() if w.change.action is Action.DELETE}
        kept = {a: w for a, w in pending.items() if a not in deleted}
        gone = _look(deleted, partial(self.sender.read_deletions, deleted), _compare_deletion)
        first = self._read(kept, alone)
        differing = {address: w for address, w in first.items() if w.status == "failed"}
        resent = self._write_alone(differing)
        again = {a: kept[a] for a in differing if a in resent and resent[a].status == "applied"}
        found = {**writes, **gone, **first, **resent, **self._read(again, alone - again.keys())}
        return found | self._read_listings(found)

    def _write_alone(self, differing: Writes) -> dict[Address, Written]:
        """Write children by their own update; those it was sent for count as applied again."""
        requests = {
            address: step.fallback[address]
            for step in self.steps
            for address in differing
            if address in step.fallback
        }
        found: dict[Address, Written] = {}
        for address, request in requests.items():
            try:
                self.sender.resend(request)
            except (ApiError, Stopped) as error:
                written, note = differing[address], f"a separate update failed: {error.message}"
                found[address] = replace(written, notes=(*written.notes, note))
                break
            found[address] = replace(differing[address], status="applied", reason=None)
        return found

    def _read(self, pending: Writes, alone: set[Address]) -> dict[Address, Written]:
        """Return `pending` with what a read shows: observed, failed, or unread with the reason."""
        fields = {address: written.proof.visible for address, written in pending.items()}
        return _look(
            pending,
            partial(self.sender.read, pending, fields),
            lambda written, live: self._compare(written, live, written.address in alone),
        )

    def _compare(self, written: Written, live: Live, can_resend: bool) -> Written:
        address, change = written.address, written.change
        if address in live.read_errors:
            return replace(written, unread=live.read_errors[address])
        state, kind = live.get(address), self.kinds[address.kind]
        problem: str | None = NOT_IN_THE_SHOP
        if isinstance(state, Observed):
            problem = describe_mismatch(kind, change, state.value)
            if problem is None and can_resend:
                problem = describe_ignored_write(kind, change, state.value)
            if problem is None:
                return replace(written, observed=state.value)
        return replace(written, status="failed", reason=f"{problem}{_why_not_sent_alone(change)}")

    def _read_listings(self, writes: Writes) -> dict[Address, Written]:
        """Read by a listing what no single read shows; remove what is broader than declared."""
        waiting = {a: w for a, w in writes.items() if w.awaits_listing and w.status == "applied"}
        found: dict[Address, Written] = {}
        for name in dict.fromkeys(address.kind for address in waiting):
            own = {a: w for a, w in waiting.items() if a.kind == name}
            names = [address.name for address in own]
            read = partial(self.sender.read_listing, self.kinds[name], names)
            found |= _look(own, read, self._compare_listing)
        return found

    def _compare_listing(self, written: Written, live: Live) -> Written:
        address, state = written.address, live.get(written.address)
        shown = state.value if isinstance(state, Observed) else {}
        seen = {**(written.observed or {}), **shown}
        problem = describe_mismatch(self.kinds[address.kind], written.change, seen)
        if problem is None:
            return replace(written, observed=seen, awaits_listing=False)
        try:
            self.sender.remove_creation(next(s for s in self.steps if address in s.addresses))
            why = f"{problem}; it was deleted again"
        except ApiError as error:
            why = f"{problem}; it could not be deleted and is still in the shop: {error.detail}"
        return replace(written, status="failed", reason=why)


def _look(
    writes: Writes, read: Callable[[], Live], compare: Callable[[Written, Live], Written]
) -> dict[Address, Written]:
    """Return `writes` with what one read shows of them, or unread with the reason."""
    if not writes:
        return {}
    try:
        live = read()
    except (ApiError, Stopped) as error:
        return {a: replace(written, unread=error.message) for a, written in writes.items()}
    return {address: compare(written, live) for address, written in writes.items()}


def _compare_deletion(written: Written, live: Live) -> Written:
    if written.address in live.read_errors:
        return replace(written, unread=live.read_errors[written.address])
    if isinstance(live.get(written.address), Observed):
        why = "accepted by the API, but still in the shop"
        return replace(written, status="failed", reason=why)
    return replace(written, observed={})


def _why_not_sent_alone(change: Change) -> str:
    """Return why what a parent's update did not do was not written in another way."""
    if not change.unread_fields_at_risk:
        return ""
    named = ", ".join(f"`{name}`" for name in change.unread_fields_at_risk)
    return f"; no separate update was sent, because it could clear {named}"
