"""Deletions: only of what was seen, and only where nothing that was seen stands in the way.

The effect of a delete on objects that refer to the deleted one, or live inside it, is undocumented
(dealpos-api.md §5, §6.3), so it is blocked while there are any; objects may go together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dealpos_reconciler.core.diff.change import Action, Change, digest
from dealpos_reconciler.core.diff.rename import name_after_renames
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Desired, Removal, ancestors, references_of
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.look_alike import fold_key
from dealpos_reconciler.core.model.secret import AUTHORISES, authorises, tells_code
from dealpos_reconciler.core.plan.plan import PlanWarning

MAX_NAMES = 5
"""Objects that a reason or a note names."""


@dataclass(slots=True)
class Deletions:
    """The planned deletions, and the blocked or unknown ones with their reasons."""

    changes: list[Change] = field(default_factory=list)
    blocked: list[tuple[Address, str]] = field(default_factory=list)
    unknown: list[tuple[Address, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[PlanWarning] = field(default_factory=list)


def plan_deletions(
    desired: Desired,
    live: Live,
    kinds: Kinds,
    changes: Iterable[Change],
    renames: Mapping[Address, str],
) -> Deletions:
    """Return the outcome of every removal that is not a retirement, after all `changes`.

    `live` has the names that `renames` give.
    """
    found = Deletions()
    asked: dict[Address, Removal] = {}
    for address, removal in sorted(desired.removals.items()):
        kind, state = kinds[address.kind], live.get(address)
        if state is ABSENT or (kind.retire and not removal.delete):
            continue
        if state is None:
            found.unknown.append((address, live.read_errors.get(address, "it was not read")))
        elif removal.delete:
            asked[address] = removal
        else:
            why = f"{kind.collection} cannot be retired. Add `delete: true` to delete it"
            found.blocked.append((address, why))
    blocked = _find_blocked(asked, live, kinds, {change.address: change for change in changes})
    for address, removal in asked.items():
        if obstacle := blocked.get(address):
            found.blocked.append((address, f"not deleted: {obstacle}"))
            continue
        kind, state = kinds[address.kind], live.get(address)
        assert isinstance(state, Observed)
        basis = digest(kind, address, state.value)
        found.changes.append(
            Change(
                address, Action.DELETE, removal.reason, (), state.value, None, removal.source, basis
            )
        )
        if kind.delete and kind.delete.warning:
            found.warnings.append(PlanWarning((address,), kind.delete.warning))
    found.notes += _find_gone(desired, live, kinds, renames)
    return found


def _find_gone(
    desired: Desired, live: Live, kinds: Kinds, renames: Mapping[Address, str]
) -> Iterator[str]:
    """Yield a note for removals of objects that do not exist, or not under this name any more."""
    gone = []
    absent = sorted(a for a in desired.removals if live.get(a) is ABSENT)
    similar = {
        kind: {fold_key(name): name for name in live.names_of(kinds[kind])}
        for kind in {address.kind for address in absent}
    }
    for address in absent:
        now = Address(address.kind, name_after_renames(address, renames, kinds))
        if isinstance(live.get(now), Observed):
            yield f"{address}: not removed: `was:` renames it to {now}; remove that name instead"
        elif close := similar[address.kind].get(fold_key(address.name)):
            meant = Address(address.kind, close)
            reason = f"it is not in the shop. Did you mean {meant}?"
            reason = AUTHORISES if tells_code(address.name, close) else reason
            yield f"{address}: not removed: {reason}"
        else:
            gone.append(str(address))
    if gone:
        named, many = join_some(gone, MAX_NAMES), len(gone) > 1
        entries = "these entries" if many else "this entry"
        verb = "no longer exist" if many else "no longer exists"
        yield f"removed: {named} {verb} in the shop; you can delete {entries}"


def _find_blocked(
    asked: Mapping[Address, Removal], live: Live, kinds: Kinds, changes: Mapping[Address, Change]
) -> dict[Address, str]:
    """Return the reasons why objects must stay; they keep the objects that they refer to."""
    blocked: dict[Address, str] = {}
    going = set(asked)
    users = _users(asked, live, kinds, changes) if asked else {}
    doubts = _doubts(live)
    while True:
        staying = {}
        for address in sorted(going):
            left = [user for user in users.get(address, ()) if user not in going]
            if why := _obstacle(address, left, doubts, live, kinds):
                staying[address] = why
        if not staying:
            return blocked
        blocked |= staying
        going -= staying.keys()


def _users(
    asked: Mapping[Address, Removal], live: Live, kinds: Kinds, changes: Mapping[Address, Change]
) -> dict[Address, list[Address]]:
    """Return the objects that will refer to each of `asked`, or be inside or below it."""
    users: dict[Address, list[Address]] = {}
    for kind in kinds.values():
        for address, value in _after(kind, live, changes):
            targets = {kind.parent_address(value), *ancestors(address, kinds)}
            targets |= {target for target, _ in references_of(kind, value)}
            for target in sorted(asked.keys() & targets):
                users.setdefault(target, []).append(address)
    return users


def _after(
    kind: Kind, live: Live, changes: Mapping[Address, Change]
) -> Iterator[tuple[Address, Value]]:
    """Yield every object of a kind as it will be, as far as it was read."""
    seen = {Address(kind.name, name): value for name, value in live.values_of(kind).items()}
    for change in changes.values():
        if change.address.kind == kind.name and change.after is not None:
            seen[change.address] = {**seen.get(change.address, {}), **change.after}
    yield from sorted(seen.items())


def _obstacle(
    address: Address, users: Sequence[Address], doubts: Mapping[str, str], live: Live, kinds: Kinds
) -> str | None:
    """Return the reason that blocks a deletion, with the way out, or None."""
    kind, state = kinds[address.kind], live.get(address)
    if isinstance(state, Observed) and authorises(kind, state.value):
        return AUTHORISES
    if kind.delete is None:
        return f"the API has no delete for a {kind.name}"
    if users:
        return f"still used by {join_some(users, MAX_NAMES)}. Change or remove that first"
    for other in kinds.values():
        if other.name in doubts and _may_use(other, kind):
            return doubts[other.name]
    for name in kind.delete.fields:
        if why := _ambiguous(kind, name, address, live):
            return why
    return _on_hand(address, live) if kind.stock_read else None


def _doubts(live: Live) -> dict[str, str]:
    """Return the kinds with objects whose references are not known, each with the reason."""
    unread = (address for address in sorted(live.read_errors) if live.get(address) is None)
    found = {a.kind: f"{a} may depend on it, but could not be read" for a in unread}
    for name, why in live.references_unknown.items():
        found[name] = f"a {name} may depend on it, but could not be read ({why})"
    return found


def _on_hand(address: Address, live: Live) -> str | None:
    """Return the reason if a deletion would take stock with it, or might."""
    if address not in live.stock:
        return "its stock could not be read. Delete it in DealPOS"
    held = {place: count for place, count in sorted(live.stock[address].items()) if count}
    named = ", ".join(f"{count:,} at {place}" for place, count in held.items())
    return f"it is in stock ({named}). Clear the stock in DealPOS first" if held else None


def _may_use(other: Kind, kind: Kind) -> bool:
    inside = other.parent is not None and other.parent.kind == kind.name
    refers = any(mark.kind == kind.name for _, marks in other.referring_fields for mark in marks)
    return inside or refers or (other.name == kind.name and kind.tree)


def _ambiguous(kind: Kind, name: str, address: Address, live: Live) -> str | None:
    """Return the reason if a delete by the field `name` might hit no object, or another one."""
    if kind.fields[name].identity:
        return None
    state = live.get(address)
    value = state.value.get(name) if isinstance(state, Observed) else None
    deletes = f"the API deletes a {kind.name} by `{name}`, and"
    if not value:
        return f"{deletes} this one has none"
    if kind.name not in live.complete:
        return f"{deletes} not all of them could be listed"
    wanted = str(value).casefold()
    for other, found in live.iterate_observed(kind.name):
        if other != address.name and str(found.value.get(name, "")).casefold() == wanted:
            return f"{deletes} {kind.name}/{other} has the same"
    return None
