"""Compare written changes with what reads show of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites, as_declared
from dealpos_reconciler.core.diff.readback import (
    describe_ignored_write,
    describe_mismatch,
    may_be_behind,
)
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.report import Status, Written
from dealpos_reconciler.core.steps.readbacks import Expected, Group, gather
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.dealpos.apply.lookup import NOT_SHOWN
from dealpos_reconciler.dealpos.apply.patience import Patience
from dealpos_reconciler.dealpos.apply.send import RequestSender
from dealpos_reconciler.errors import ApiError, Stopped

Writes = Mapping[Address, Written]
Look = Callable[[Writes], dict[Address, Written]]


@dataclass(frozen=True)
class Verifier:
    """Reads back every write that was accepted, and again where reads may lag behind.

    A child that its parent's update did not change is written once more alone: whether such an
    update changes it is undocumented (dealpos-api.md §6.2).
    """

    steps: Sequence[Step]
    kinds: Kinds
    sender: RequestSender
    known: KnownRewrites = field(default_factory=dict)
    """Values that this shop is known to store in another form than they are written."""

    def verify(self, writes: Writes) -> Writes:
        """Return the writes with what reads showed of them, in the same order."""
        alone = {address for step in self.steps for address in step.fallback}
        pending = {address: w for address, w in writes.items() if w.unconfirmed}
        patience = Patience(self.sender.client)
        found = self._look(pending, alone)
        found |= self._look(self._wait(found, patience), alone)
        resent = self._write_alone({a: w for a, w in found.items() if w.disagrees})
        again = {a: w for a, w in resent.items() if w.status == "applied"}
        look = partial(self._look, alone=alone - again.keys())
        found |= resent | look(again)
        found = self._delete_again(self._settle(found, look, patience))
        found = {a: self._remove(w) for a, w in self._believe(found).items()}
        return {**writes, **found}

    def _settle(
        self, found: dict[Address, Written], look: Look, patience: Patience
    ) -> dict[Address, Written]:
        """Look again at what disagrees until it is shown, or is not to be expected any more."""
        while unclear := self._wait(found, patience):
            found = {**found, **look(unclear)}
        if patience.cut is None:
            return found
        return {
            a: replace(w, reason=f"{w.reason}; {patience.cut}") if w.status == "unverified" else w
            for a, w in found.items()
        }

    def _believe(self, found: dict[Address, Written]) -> dict[Address, Written]:
        """Return writes as confirmed where the shop makes what it shows of what was written.

        A price of 10533 that was 10500 stays 10500 in a shop that rounds. If another write does not
        read back either, reads are behind, and no former value is believed. A text that is cut is
        neither the former nor the written one, so reads are not behind.
        """
        same = {
            address: replace(w, status="applied", reason=None, readback=None, observed=w.readback)
            for address, w in found.items()
            if w.disagrees and not w.awaits_listing
            if w.readback and self._means_the_same(w, w.readback)
        }
        late = {a for a, w in found.items() if w.status == "unverified"}
        return found | {a: w for a, w in same.items() if late <= same.keys() or a not in late}

    def _means_the_same(self, written: Written, seen: Value) -> bool:
        kind, change = self.kinds[written.address.kind], written.change
        is_kept = change.after is not None
        return is_kept and describe_mismatch(kind, change, seen, settled=True) is None

    def _wait(self, found: Writes, patience: Patience) -> dict[Address, Written]:
        """Let a pause pass, and return the writes to read again, as before the last read."""
        unclear = {
            address: replace(written, status="applied", reason=None, readback=None)
            for address, written in found.items()
            if written.status == "unverified"
            or (written.status == "failed" and not patience.shows_what_is_stored)
        }
        self.sender.prefer_single = patience.shows_what_is_stored
        waited = unclear and patience.wait(self.sender.count_requests(_group(unclear)))
        return unclear if waited else {}

    def _delete_again(self, found: Writes) -> dict[Address, Written]:
        """Delete alone what is still there after a request that deleted several objects."""
        shown = {a: w for a, w in found.items() if w.disagrees and w.change.after is None}
        resent = self._write_alone(shown)
        again = {a: w for a, w in resent.items() if w.status == "applied"}
        return {**found, **resent, **self._look(again, frozenset())}

    def _write_alone(self, differing: Writes) -> dict[Address, Written]:
        """Write children by their own update, and fields that an update has cleared.

        Those it was sent for count as applied again. A deletion is not repeated because a list,
        which may be behind, still shows the object.
        """
        differing = {
            a: w
            for a, w in differing.items()
            if w.change.after is not None or a in self.sender.read_singly
        }
        requests = {
            address: step.fallback[address]
            for step in self.steps
            for address in step.fallback
            if (written := differing.get(address))
            and (address not in step.assumed or self._differs_from_assumed(step, written))
        }
        for step in self.steps:
            if step.repair and (written := differing.get(step.addresses[0])):
                kind, seen = self.kinds[step.kind], written.readback or {}
                # A former value of another field is no reason to write a name that may be wrong.
                if not describe_mismatch(kind, written.change, seen, step.carried[step.kind]):
                    requests[written.address] = step.repair
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

    def _differs_from_assumed(self, step: Step, written: Written) -> bool:
        """Return whether the shop has set another value than expected, and forget that it does."""
        kind, seen, names = self.kinds[written.address.kind], written.readback or {}, step.assumed
        if not describe_mismatch(kind, written.change, seen, names[written.address]):
            return False
        self.sender.client.routes.tenant.presets.pop(step.operation, None)
        return True

    def _look(self, writes: Writes, alone: Set[Address]) -> dict[Address, Written]:
        """Return `writes` with what a read shows: observed, disagreeing, or unread and why."""
        found: dict[Address, Written] = {}

        def compare(written: Written, live: Live) -> Written:
            if written.address in live.read_errors:
                return replace(written, unread=live.read_errors[written.address])
            if written.change.action is Action.DELETE:
                return _compare_deletion(written, live)
            if written.awaits_listing:
                return self._compare_listing(written, live)
            return self._compare(written, live, written.address in alone)

        for name, group in _group(writes).items():
            own = {a: written for a, written in writes.items() if a.kind == name}
            found |= _read(own, partial(self.sender.read_back, self.kinds[name], group), compare)
        return found

    def _compare(self, written: Written, live: Live, can_resend: bool) -> Written:
        address, change = written.address, written.change
        state, kind = live.get(address), self.kinds[address.kind]
        problem, behind = NOT_SHOWN, True
        if isinstance(state, Observed):
            pairs = self.known.get(address, {})
            seen, _ = as_declared(kind, address, change.after or {}, state.value, pairs)
            found = describe_mismatch(kind, change, seen)
            later = () if change.before else self._written_later(address)
            behind = found is None or may_be_behind(kind, change, seen, later)
            if found is None and can_resend:
                found = describe_ignored_write(kind, change, seen)
            if found is None:
                return replace(written, observed=state.value)
            problem = found
        shown = state.value if isinstance(state, Observed) else {}
        status: Status = "unverified" if behind else "failed"
        reason = f"{problem}{_why_not_sent_alone(change)}"
        return replace(written, status=status, reason=reason, readback=shown)

    def _written_later(self, address: Address) -> set[str]:
        """Return the fields of a new object that other requests than its creation have written."""
        own = (step for step in self.steps if address in step.addresses and not step.creates)
        return {name for step in own for name in step.carried.get(address.kind, ())}

    def _compare_listing(self, written: Written, live: Live) -> Written:
        address, change = written.address, written.change
        kind, state = self.kinds[address.kind], live.get(address)
        # A list may be further behind than a single read, so it only adds to that.
        row = state.value if isinstance(state, Observed) else {}
        seen = {**row, **(written.observed or {})}
        problem = describe_mismatch(kind, change, seen)
        is_listed = isinstance(state, Observed) and address not in live.unlisted
        if problem is None and (is_listed or _has_expired(kind, change)):
            return replace(written, observed=seen, awaits_listing=False)
        if problem is None or not row:
            awaited = _expect(written).proof.fields - seen.keys()
            if row and not awaited:
                return replace(written, observed=seen, awaits_listing=False)
            why = "lists do not show it yet"
            return replace(written, status="unverified", reason=why, readback=seen)
        behind = may_be_behind(kind, change, row)
        status: Status = "unverified" if behind else "failed"
        return replace(written, status=status, reason=problem, readback=seen)

    def _remove(self, written: Written) -> Written:
        """Remove a new object that stays broader than declared."""
        kind, seen = self.kinds[written.address.kind], written.readback or {}
        if not (written.awaits_listing and written.status == "failed") or not describe_mismatch(
            kind, written.change, seen, kind.must_match_on_readback
        ):
            return written
        try:
            self.sender.remove_creation(
                next(step for step in self.steps if written.address in step.addresses)
            )
            why = f"{written.reason}; it was deleted again"
        except ApiError as error:
            why = (
                f"{written.reason}; it could not be deleted and is still in the shop: "
                f"{error.detail}"
            )
        return replace(written, reason=why, readback={})


def _group(writes: Writes) -> dict[str, Group]:
    return gather(map(_expect, writes.values()))


def _expect(written: Written) -> Expected:
    """Return what is still to be read of a write."""
    gone = written.change.action is Action.DELETE
    left = written.proof if written.observed is None else written.proof.after_single
    return Expected(written.address, left, gone, written.awaits_listing)


def _read(
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
    state = live.get(written.address)
    if isinstance(state, Observed):
        why = "reads still show it"
        return replace(written, status="unverified", reason=why, readback=state.value)
    return replace(written, observed={})


def _has_expired(kind: Kind, change: Change) -> bool:
    """Return whether a list may hide a new object (dealpos-api.md §10)."""
    end = (change.after or {}).get(kind.expiry_field or "")
    return isinstance(end, str) and end < datetime.now(UTC).date().isoformat()


def _why_not_sent_alone(change: Change) -> str:
    """Return why what a parent's update did not do was not written in another way."""
    if not change.unread_fields_at_risk:
        return ""
    named = ", ".join(f"`{name}`" for name in change.unread_fields_at_risk)
    return f"; no separate update was sent, because it could clear {named}"
