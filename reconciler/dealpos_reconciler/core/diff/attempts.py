"""Attempts that did not end as written, so that they are not made for ever.

A shop may refuse a new object whose key is taken by one that no read shows, or store another value
than was sent. Trying again would end in the same way every night; a coupon, which is changed by
deleting and creating it (dealpos-api.md §10), would be deleted every night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from dealpos_reconciler.core.diff.change import Action, Change, create_object, digest
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live
from dealpos_reconciler.core.model.masked import is_masked

MAX_NAMES = 3
"""Objects of one refused request that a reason names."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: digests of what was written and of what the shop had, and what went wrong."""

    written: frozenset[str]
    live: frozenset[str]
    """Before the attempt, and after it."""
    reason: str
    together: frozenset[Address] = frozenset()
    """The new objects of one request that was refused: any of them may be the cause."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of earlier runs, by object; those `named` are made again if they can be."""

    made: Mapping[Address, Attempt] = field(default_factory=dict)
    named: Collection[str] = ()
    """Addresses that the command line names."""

    def find_repeated(self, kind: Kind, change: Change) -> Attempt | None:
        """Return the attempt that a change repeats: it was made, and files and shop are the same.

        What was named is tried again, unless that would delete a live object again.
        """
        known = self.made.get(change.address)
        if known is None or (str(change.address) in self.named and not _destroys(change)):
            return None
        live = _digest_live(kind, change.address, change.before)
        return known if live in known.live and _writes_the_same(kind, change, known) else None

    def find_refused(self, desired: Desired, live: Live, kinds: Kinds) -> dict[Address, str]:
        """Return the declared objects whose creation would only be refused again, and why."""
        found: dict[Address, tuple[Change, Attempt]] = {}
        for address in self.made:
            declared, kind = desired.get(address), kinds[address.kind]
            if declared and live.get(address) is ABSENT:
                change = create_object(kind, address, declared.value, "", None)
                if known := self.find_repeated(kind, change):
                    found[address] = change, known
        return {
            address: _explain(kinds[address.kind], change, known)
            for address, (change, known) in found.items()
            if known.together <= found.keys()
        }

    def drop_repeated(
        self, changes: Iterable[Change], kinds: Kinds
    ) -> tuple[list[Change], list[tuple[Address, str]]]:
        """Return the changes of live objects without those that were made before, and the reasons.

        A change is made again when the files or the shop say something else than at the attempt.
        """
        kept, blocked = list[Change](), list[tuple[Address, str]]()
        for change in changes:
            kind = kinds[change.address.kind]
            known = self.find_repeated(kind, change)
            if known is None or change.action is Action.CREATE:
                kept.append(change)
            else:
                blocked.append((change.address, _explain(kind, change, known)))
        return kept, blocked


def record_attempt(
    kind: Kind, change: Change, readback: Value | None, reason: str, together: Collection[Address]
) -> Attempt:
    """Return the attempt that a change was.

    `readback` is what reads showed afterwards; it is empty where they showed nothing.
    """
    after = {**(change.after or {}), **readback} if readback else None
    live = {_digest_live(kind, change.address, value) for value in (change.before, after)}
    written = _digests_of_written(kind, change)
    return Attempt(written, frozenset(live), reason, frozenset(together))


def _explain(kind: Kind, change: Change, known: Attempt) -> str:
    address, others = change.address, sorted(known.together - {change.address})
    beside = f" (in one request with {join_some(others, MAX_NAMES)})" if others else ""
    is_nameable = not _destroys(change) and not is_masked(address.name)
    again = f", or name it with `--target {address}`" if is_nameable else ""
    reason = known.reason.removesuffix(".")
    return (
        f"not tried again: {reason}{beside}. Change the file, or the {kind.name} in DealPOS{again}"
    )


def is_settled(kind: Kind, change: Change, known: Attempt | None) -> bool:
    """Return whether an attempt is of no interest after a change that was verified.

    One that puts the old object back says nothing of the attempt to replace it.
    """
    return change.replaces is None or bool(known and _writes_the_same(kind, change, known))


def _destroys(change: Change) -> bool:
    return change.is_replacement or change.action is Action.DELETE


def _writes_the_same(kind: Kind, change: Change, known: Attempt) -> bool:
    return not known.written.isdisjoint(_digests_of_written(kind, change))


def _digests_of_written(kind: Kind, change: Change) -> frozenset[str]:
    """Return the digests of the declared object, with its whole limit and with the uses left."""
    after = None if change.action is Action.DELETE else change.after
    declared = after and {**after, **{name: asked for name, (asked, _) in change.carried.items()}}
    return frozenset(_digest(kind, change.address, v, kind.fields) for v in (after, declared))


def _digest_live(kind: Kind, address: Address, value: Value | None) -> str:
    """Return the digest of an object without its uses, which the till changes."""
    names = (n for n, field in kind.fields.items() if field.comparable and n not in kind.use_counts)
    return _digest(kind, address, value, names)


def _digest(kind: Kind, address: Address, value: Value | None, names: Iterable[str]) -> str:
    # A read shows empty values that a write may leave out.
    filled = value and {n: v for n, v in value.items() if v and not kind.fields[n].internal}
    return digest(kind, address, filled, names)
