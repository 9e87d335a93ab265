"""Traces of earlier runs: interrupted replacements, failed attempts, spent uses.

An object that was applied once and is gone from the shop is not simply new: somebody has removed
it, or a deletion of ours was carried out late. People decide if it comes back, and a coupon comes
back with the uses that it had left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from dealpos_reconciler.core.diff.attempts import Attempts
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.masked import is_masked, reveal_all
from dealpos_reconciler.core.model.secret import authorises
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.plan.replacement import Interrupted

RESTORE, EXPIRY = "restore", "coupon-expiry"
"""The guardrails whose exceptions say that an object is created all the same."""


class UsesSeen(NamedTuple):
    """The uses of a promotion, as they were last seen in the shop."""

    used: int
    """Uses spent, of all its replacements together."""
    limit: int
    """Uses that it had in all; 0 for a limit that no file may hold."""
    deleted: bool = False
    """True if the files removed it since."""

    def merge(self, other: UsesSeen | None) -> UsesSeen:
        """Return this view of the uses after the earlier view `other`; a use is never unspent."""
        return self if other is None else self._replace(used=max(self.used, other.used))


UsesByAddress = Mapping[Address, UsesSeen]


@dataclass(frozen=True, slots=True)
class PastRuns:
    """The traces of earlier runs, besides values that the shop stores in another form."""

    interrupted: Mapping[Address, Interrupted] = field(default_factory=dict)
    """Replacements whose old object is gone and whose new one is not there."""
    attempts: Attempts = field(default_factory=Attempts)
    applied: Collection[Address] = frozenset()
    """Objects that were in the shop as declared once."""
    uses: UsesByAddress = field(default_factory=dict)
    is_allowed: Callable[[str, Address], bool] = lambda rule, address: True
    """Returns whether a reviewed exception from a rule covers an object."""
    today: str = ""
    """`YYYY-MM-DD`; empty where what has expired is of no interest."""

    def update(self, kind: Kind, address: Address, entry: Interrupted) -> Interrupted:
        """Return an interrupted replacement with at most the uses left that were last seen."""
        (limit, left), seen = kind.use_counts, self.uses.get(address)
        whole, there = entry.before.get(limit), entry.before.get(left)
        if seen is None or whole is None or there is None:
            return entry
        return replace(entry, before={**entry.before, left: min(there, whole - seen.used)})

    def find_expiry(self, kind: Kind, address: Address, value: Value) -> str | None:
        """Return the last day of an object that is over, unless an exception covers that."""
        day = value.get(kind.expiry_field) if kind.expiry_field else None
        return day if day and day < self.today and not self.is_allowed(EXPIRY, address) else None

    def used_up(self, kind: Kind, address: Address, value: Value) -> str | None:
        """Return why a promotion without uses left is not created, or None."""
        seen, limit = self.uses.get(address), value.get(kind.use_counts[0])
        if seen is None or limit is None or seen.used < limit:
            return None
        return (
            f"not created: {seen.used:,} uses are used up and the limit is {limit:,}. "
            f"Raise the limit above {seen.used:,} to bring it back"
        )

    def find_gone(self, desired: Desired, live: Live, kinds: Kinds) -> dict[Address, str]:
        """Return the declared objects that were in the shop and are gone, with what to do.

        They are created again where an exception from a guardrail says so.
        """
        return {
            address: self._explain_gone(kinds[address.kind], address, declared.value)
            for address in self.applied
            if (declared := desired.get(address))
            and live.get(address) is ABSENT
            and kinds[address.kind].home == SHOP  # elsewhere, uses outlive the object
            and address not in self.interrupted
            and not self.is_allowed(RESTORE, address)
            and not self.find_expiry(kinds[address.kind], address, declared.value)
            and not isinstance(
                live.get(Address(address.kind, declared.was or address.name)), Observed
            )
        }

    def find_refused(self, desired: Desired, live: Live, kinds: Kinds) -> dict[Address, str]:
        """Return the declared objects whose creation would only be refused again, and why."""
        return {
            address: why
            for address, why in self.attempts.find_refused(desired, live, kinds).items()
            if address not in self.interrupted
            and not self.find_expiry(kinds[address.kind], address, desired[address].value)
        }

    def _explain_gone(self, kind: Kind, address: Address, value: Value) -> str:
        if reason := self.used_up(kind, address, value):
            return reason
        seen, limit = self.uses.get(address), value.get(kind.use_counts[0])
        uses, them = "", "it again"
        if seen and limit is not None:
            uses = (
                f"{seen.used:,} of {_whole(seen, limit)} uses were used up when it was last seen. "
            )
            them = f"it with the {limit - seen.used:,} that are left"
        return (
            f"not created: it was in the shop before and is gone. {uses}To create {them}, add an "
            f"exception from `{RESTORE}`. If it should stay away, remove it from the files"
        )


def _whole(seen: UsesSeen, declared: int | Decimal) -> str:
    return str(declared) if is_masked(declared) else f"{seen.limit:,}"


def carry_uses(kind: Kind, value: Value, seen: UsesSeen | None) -> tuple[Value, str | None]:
    """Return a new promotion without the uses that are spent, and a note on them."""
    limit = kind.use_counts[0]
    if seen is None or not seen.used or limit not in value:
        return value, None
    left = value[limit] - seen.used
    return {**value, limit: left}, (
        f"{seen.used:,} of {_whole(seen, value[limit])} uses were used up when it was last seen, "
        f"so it starts with {left:,}"
    )


def show_whole_limits(desired: Desired, live: Live, kept: KnownRewrites, kinds: Kinds) -> Live:
    """Return the shop with the limits that remaining uses stand for, where the files change them.

    A coupon of 100 uses that was replaced when 37 were spent has 63 in the shop; a limit of 150 in
    the files is 150 less all that was ever spent.
    """
    objects = {name: dict(states) for name, states in live.objects.items()}
    for address, pairs in kept.items():
        limit, state, declared = (
            kinds[address.kind].use_counts[0],
            live.get(address),
            desired.get(address),
        )
        whole, left = pairs.get((limit,), (None, None))
        if whole is None or declared is None or not isinstance(state, Observed):
            continue
        moved = declared.value.get(limit, whole) not in (whole, left)
        if moved and state.value.get(limit) == left:
            shown = replace(state, value={**state.value, limit: whole})
            objects[address.kind][address.name] = shown
    return replace(live, objects=objects)


def find_allowed(desired: Desired, today: str) -> Callable[[str, Address], bool]:
    """Return whether an exception from a rule that has not ended covers an object."""
    found = {(a.rule, a.address) for a in desired.allowances if a.until >= today}
    return lambda rule, address: not found.isdisjoint(((rule, None), (rule, address)))


def see_uses(
    sides: tuple[Desired, Live], plan: Plan, known: UsesByAddress, kinds: Kinds
) -> dict[Address, UsesSeen]:
    """Return the uses of declared promotions that the shop shows, and of those that are removed.

    The limits of the shop are as they were written; `known` are the uses as they were seen before.
    """
    desired, live = sides
    found = dict(_visible_uses(desired, live, plan.known_rewrites, kinds))
    removed = {address for address in desired.removals if address in known}
    for change in plan.changes:
        if change.after is None and (seen := _uses_of(kinds[change.address.kind], change.before)):
            found[change.address] = seen
            removed.add(change.address)
    for address in removed:
        found[address] = (found.get(address) or known[address])._replace(deleted=True)
    return {address: seen.merge(known.get(address)) for address, seen in found.items()}


def _visible_uses(
    desired: Desired, live: Live, kept: KnownRewrites, kinds: Kinds
) -> Iterator[tuple[Address, UsesSeen]]:
    for kind in kinds.values():
        for name in desired.objects.get(kind.name, {}) if kind.use_counts[0] else ():
            address = Address(kind.name, name)
            state = live.get(address)
            if not isinstance(state, Observed) or authorises(kind, state.value):
                continue
            limit = kind.use_counts[0]
            whole, left = kept.get(address, {}).get((limit,), (None, None))
            value = state.value
            asked = desired.objects[kind.name][name].value.get(limit)
            if whole is not None and value.get(limit) == left != asked:
                value = {**value, limit: whole}
            if seen := _uses_of(kind, value):
                yield address, seen


def uses_after(kind: Kind, change: Change) -> UsesSeen | None:
    """Return the uses of a promotion as a change leaves it behind; None where it has none."""
    limit = kind.use_counts[0]
    if change.after is None or not limit:
        return _uses_of(kind, change.before)
    pair = change.carried.get(limit, (change.after.get(limit),) * 2)
    whole, written = map(reveal_all, pair)
    if isinstance(whole, int) and isinstance(written, int):
        return UsesSeen(whole - written, 0 if is_masked(pair[0]) else whole)
    return None


def _uses_of(kind: Kind, value: Value | None) -> UsesSeen | None:
    shown = [(value or {}).get(name) for name in kind.use_counts]
    limit, left = map(reveal_all, shown)
    if isinstance(limit, int) and isinstance(left, int):
        return UsesSeen(max(limit - left, 0), 0 if is_masked(shown[0]) else limit)
    return None
