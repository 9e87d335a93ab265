"""Reading back what was written: only what reads as it should be is verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.diff.change import Action, Change
from reconciler.core.diff.diff import rewritten
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Live, Observed
from reconciler.core.report import State, differences
from reconciler.core.steps.step import Request, Step, request_for
from reconciler.dealpos.apply.send import Settler
from reconciler.errors import ApiError, Stopped

States = Mapping[Address, State]


def prove(states: States, steps: Sequence[Step], kinds: Kinds, settler: Settler) -> None:
    """Read back every change that was acknowledged, and note in its state what was found.

    What a parent's update did not change in a child is written once more alone: whether it does
    is undocumented (dealpos-api.md §6.2).
    """
    prover = _Prover(states, kinds, settler, {a for step in steps for a in step.fallback})
    pending = [
        address
        for address, state in states.items()
        if state.done and not state.failed and not state.proven and not state.skipped
    ]
    removed = [a for a in pending if states[a].change.action is Action.DELETE]
    prover.read_removed(removed)
    pending = [a for a in pending if a not in set(removed)]
    differing = prover.read(pending)
    alone = [
        (address, step.fallback[address])
        for step in steps
        for address in differing
        if address in step.fallback
    ]
    for address in prover.rewrite(alone):
        differing[address] = ""
    if again := [address for address, difference in differing.items() if not difference]:
        differing |= prover.read(again)
    differing |= prover.read_listed()
    for address, difference in differing.items():
        if difference:
            states[address].failed = difference + _unwritten(states[address].change)


def _unwritten(change: Change) -> str:
    """Why what a parent's update did not do was not written in another way."""
    if not change.blind:
        return ""
    named = ", ".join(f"`{name}`" for name in change.blind)
    return f"; an update of its own could clear {named}, so none was sent"


class _Prover:
    def __init__(self, states: States, kinds: Kinds, settler: Settler, alone: set[Address]) -> None:
        self.states = states
        self.kinds = kinds
        self.settler = settler
        self.alone = alone
        """What can be written once more by itself."""

    def rewrite(self, alone: Iterable[tuple[Address, Request]]) -> list[Address]:
        """Write children by their own update; gives those that were acknowledged."""
        done = []
        for address, request in alone:
            try:
                self.settler.client.call(request.operation, request.body)
            except (ApiError, Stopped) as error:
                self.states[address].notes.append(f"writing it alone: {error.message}")
                break
            self.alone.discard(address)
            done.append(address)
        return done

    def read(self, pending: Sequence[Address]) -> dict[Address, str]:
        """Those of `pending` that read back otherwise, with how; the rest is noted."""
        if not pending:
            return {}
        try:
            live = self.settler.read(pending, {a: self._changed(a) for a in pending})
        except (ApiError, Stopped) as error:
            for address in pending:
                self._unread(address, error.message)
            return {}
        return {a: found for a in pending if (found := self._judge(a, live))}

    def read_removed(self, removed: Sequence[Address]) -> None:
        """Look for what was deleted, by the read that would show it."""
        if not removed:
            return
        try:
            live = self.settler.gone(removed)
        except (ApiError, Stopped) as error:
            for address in removed:
                self._unread(address, error.message)
            return
        for address in removed:
            if address in live.unread:
                self._unread(address, live.unread[address])
            elif isinstance(live.get(address), Observed):
                self.states[address].failed = "the shop acknowledged it and still shows it"
            else:
                self.states[address].verified = True

    def read_listed(self) -> dict[Address, str]:
        """Prove by a listing what no single read shows; what is wider is taken away again."""
        waiting = [a for a, s in self.states.items() if s.unseen and not s.failed]
        differing: dict[Address, str] = {}
        for name in dict.fromkeys(address.kind for address in waiting):
            kind = self.kinds[name]
            own = [address for address in waiting if address.kind == name]
            try:
                live = self.settler.list(kind, [address.name for address in own])
            except (ApiError, Stopped) as error:
                for address in own:
                    self._unread(address, error.message)
                continue
            for address in own:
                differing[address] = self._judge_listed(kind, address, live)
        return differing

    def _judge_listed(self, kind: Kind, address: Address, live: Live) -> str:
        state = self.states[address]
        found = live.get(address)
        seen = {**state.observed, **found.value} if isinstance(found, Observed) else state.observed
        difference = differences(kind, state.change, seen)
        if difference and kind.delete:
            removal = request_for(kind, kind.delete, state.change.after or {})
            try:
                self.settler.remove(kind, removal, address)
            except ApiError as error:
                return f"{difference}; it could not be taken away: {error.detail}"
            return f"{difference}; it was taken away again"
        state.heed(kind, seen)
        state.judge_shown(
            (self._changed(address) | kind.listed_in(state.change.after or {})) - seen.keys()
        )
        return ""

    def _judge(self, address: Address, live: Live) -> str:
        state = self.states[address]
        kind = self.kinds[address.kind]
        found = live.get(address)
        if address in live.unread:
            self._unread(address, live.unread[address])
            return ""
        if not isinstance(found, Observed):
            return "the shop acknowledged it and does not show it"
        difference = differences(kind, state.change, found.value)
        if not difference and address in self.alone:
            difference = _unmoved(kind, state.change, found.value)
        if not difference:
            state.heed(kind, found.value)
            state.judge_shown(self._changed(address) - found.value.keys())
        return difference

    def _unread(self, address: Address, why: str) -> None:
        self.states[address].notes.append(f"acknowledged, not read back: {why}")

    def _changed(self, address: Address) -> frozenset[str]:
        """The fields whose change can be seen."""
        kind = self.kinds[address.kind]
        return changed_fields(kind, self.states[address].change)


def _unmoved(kind: Kind, change: Change, live: Value) -> str:
    """A value that is as it was, which may be a rewriting, or a write that did nothing."""
    before = change.before or {}
    names = [path[0] for path in rewritten(kind, change, live) if len(path) == 1]
    same = [name for name in names if before.get(name) == live[name]]
    return f"`{same[0]}` is as it was" if same else ""


def changed_fields(kind: Kind, change: Change) -> frozenset[str]:
    """The changed fields of an object that a read can show."""
    parent = kind.parent.kind if kind.parent else ""
    names = {field.path[0] for field in change.fields}
    return frozenset(n for n in names if kind.fields[n].comparable and n != parent)
