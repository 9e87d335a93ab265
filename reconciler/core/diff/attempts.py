"""Destructive attempts that did not end as written, so that they are not made for ever.

A coupon is changed by deleting and creating it (dealpos-api.md §10). Where the shop did not store
the new one as written, trying again would delete a live coupon again, for the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.diff.change import Action, Change, digest
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds, Value


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: digests of what was written and of what the shop had, and what went wrong."""

    written: frozenset[str]
    live: frozenset[str]
    """Before the attempt, and after it."""
    reason: str


def record_attempt(kind: Kind, change: Change, readback: Value, reason: str) -> Attempt | None:
    """Return the attempt that a change was; None for a change that deletes nothing.

    `readback` is what reads showed afterwards; it is empty where they showed nothing.
    """
    removes = change.action in (Action.REPLACE, Action.DELETE)
    if not removes and not kind.must_match_on_readback:
        return None
    after = {**(change.after or {}), **readback} if readback else None
    live = {_digest_live(kind, change.address, value) for value in (change.before, after)}
    return Attempt(_digests_of_written(kind, change), frozenset(live), reason)


def drop_repeated(
    changes: Iterable[Change], attempts: Mapping[Address, Attempt], kinds: Kinds
) -> tuple[list[Change], list[tuple[Address, str]]]:
    """Return the changes without those that were tried before, and why these are blocked.

    A change is tried again when the files or the shop say something else than at the attempt.
    """
    kept, blocked = list[Change](), list[tuple[Address, str]]()
    for change in changes:
        kind, known = kinds[change.address.kind], attempts.get(change.address)
        if known and is_repeated(kind, change, known):
            hint = f"Change the file, or the {kind.name} in DealPOS"
            why = f"not tried again: {known.reason.removesuffix('.')}. {hint}"
            blocked.append((change.address, why))
        else:
            kept.append(change)
    return kept, blocked


def is_repeated(kind: Kind, change: Change, known: Attempt) -> bool:
    """Return whether a change was tried, and files and shop are as they were."""
    live = _digest_live(kind, change.address, change.before)
    return live in known.live and _writes_the_same(kind, change, known)


def is_settled(kind: Kind, change: Change, known: Attempt | None) -> bool:
    """Return whether an attempt is of no interest after a change that was verified.

    One that puts the old object back says nothing of the attempt to replace it.
    """
    return change.replaces is None or bool(known and _writes_the_same(kind, change, known))


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
