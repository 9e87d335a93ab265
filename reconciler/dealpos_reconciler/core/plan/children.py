"""The live parent and children around a change: what a parent's update must carry along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from dealpos_reconciler.core.diff.change import Action, Change, comes_into_use
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Kinds, Parent, Value
from dealpos_reconciler.core.model.live import Live, Observed, overlay
from dealpos_reconciler.core.plan.plan import ParentWithChildren, Plan, PlanWarning

MAX_NAMES = 3
"""Children that a warning names."""


def hidden_children(
    desired: Desired, live: Live, kinds: Kinds, owners: Collection[Address] | None = None
) -> dict[Address, list[str]]:
    """Return, by parent, the declared live children that no read of that parent shows.

    `owners` are the parents to look at: all, where it is left out.

    Reads of a parent may hide children that are out of use (dealpos-api.md §14 #21 asks it of
    lists); a read by name finds them.
    """
    found: dict[Address, list[str]] = {}
    for child in kinds.values():
        if child.parent is None:
            continue
        above = child.parent.kind
        parents, states = live.objects.get(above, {}), live.objects.get(child.name, {})
        named = None if owners is None else {a.name for a in owners if a.kind == above}
        for name, entry in desired.objects.get(child.name, {}).items():
            owner = entry.value.get(above, "")
            if named is not None and owner not in named:
                continue
            parent = parents.get(owner)
            shown = parent.children if isinstance(parent, Observed) else None
            if shown is None or name in shown:  # nearly all
                continue
            state = states.get(name)
            if not isinstance(state, Observed):
                continue
            if state.value.get(above, owner) == owner:  # else it was moved in the shop
                found.setdefault(Address(above, owner), []).append(name)
    return found


def collect_parents(
    changes: Iterable[Change], desired: Desired, live: Live, kinds: Kinds
) -> dict[Address, ParentWithChildren]:
    """Return the live parent and children of every change, with all that is known of them.

    Fields that no read shows are taken from the files.
    """
    found: dict[Address, ParentWithChildren] = {}
    inner = {kind.parent.kind: (kind, kind.parent) for kind in kinds.values() if kind.parent}
    owners = dict.fromkeys(_owner(change, kinds) for change in changes)
    joined = hidden_children(desired, live, kinds, owners)
    for owner in owners:
        state = live.get(owner)
        if owner.kind not in inner or not isinstance(state, Observed):
            continue
        child, parent = inner[owner.kind]
        value, unread = _add_declared(owner, state.value, desired, live)
        shown, children = state.children or {}, {}
        for name in (*shown, *joined.get(owner, ())):
            address = Address(child.name, name)
            seen = live.get(address)
            row = overlay(shown.get(name, {}), seen.value if isinstance(seen, Observed) else {})
            children[name], more = _add_declared(address, row, desired, live, parent.update.fields)
            unread += more
        if state.children is None:
            found[owner] = ParentWithChildren(value, None, tuple(unread))
        else:
            # A child that had to be joined in by name proves that its parent's read hides some.
            whole = owner in live.children_complete and owner not in joined
            found[owner] = ParentWithChildren(value, children, tuple(unread), whole)
    return found


def _owner(change: Change, kinds: Kinds) -> Address:
    """Return the parent of a changed object; of a parent itself, its own address."""
    kind = kinds[change.address.kind]
    return (kind.parent_address(change.after) if change.after else None) or change.address


def _add_declared(
    address: Address, value: Value, desired: Desired, live: Live, carried: Collection[str] = ()
) -> tuple[Value, list[str]]:
    """Return `value` with fields that only a file has, and names for those in neither.

    With `carried`, only these fields count as missing.
    """
    missing = live.unread_fields.get(address, frozenset())
    entry = desired.get(address)
    told = {n: entry.value[n] for n in missing if n in entry.value} if entry else {}
    lost = sorted(n for n in missing - told.keys() if not carried or n in carried)
    return ({**value, **told} if told else value), [f"`{n}` of {address}" for n in lost]


def changes_by_parent(changes: Iterable[Change], kinds: Kinds) -> dict[Address, list[Change]]:
    """Return the changes of children by their parent; a deletion is a request of its own."""
    found: dict[Address, list[Change]] = {}
    for change in changes:
        if (owner := _owner(change, kinds)) != change.address:
            found.setdefault(owner, []).append(change)
    return found


def propagate_parent_values(
    changes: Sequence[Change], desired: Desired, kinds: Kinds
) -> Iterator[Change]:
    """Let a child's value that repeats its parent's move with it, where no file declares it."""
    by_address = {change.address: change for change in changes}
    for change in changes:
        kind, declared = kinds[change.address.kind], desired.get(change.address)
        before, after = change.before, change.after
        above = by_address.get(_owner(change, kinds))
        moved: dict[str, object] = {}
        if kind.parent and declared and before and above and above.before and above.after:
            moved = {
                name: above.after.get(other)
                for name, other in kind.parent.follows.items()
                if name not in declared.value and before.get(name) == above.before.get(other)
            }
        if moved and after:
            yield replace(change, after={**after, **moved}, unproven=frozenset(moved))
        else:
            yield change


def find_doubtful_fields(
    changes: Iterable[Change], families: Mapping[Address, ParentWithChildren], kinds: Kinds
) -> dict[Address, frozenset[str]]:
    """Return the fields of children of which a read may have shown their parent's value.

    dealpos-api.md §7: a variant's name is written as the display name, and described as the
    product's name when read. Where both are equal, sending it back could overwrite another one, and
    so could the new name of a product that is renamed. A shop that shows one child under a name of
    its own shows all of them so.
    """
    found: dict[Address, frozenset[str]] = {}
    for kind in (kind for kind in kinds.values() if kind.parent):
        follows = dict(kind.parent.follows.items() if kind.parent else ())
        if any(_shows_own(follows, above) for above in families.values()):
            continue
        for change in (c for c in changes if c.address.kind == kind.name):
            family = families.get(_owner(change, kinds))
            before, after = change.before or {}, change.after or {}
            fields = frozenset(
                name
                for name, other in follows.items()
                if family and name in before and before[name] == family.value.get(other)
                if name in change.unproven or before[name] == after.get(name)
            )
            if fields and change.action in (Action.UPDATE, Action.RETIRE):
                found[change.address] = fields
    return found


def _shows_own(follows: Mapping[str, str], family: ParentWithChildren) -> bool:
    """Return whether a child reads back under a value that is not its parent's."""
    return any(
        child.get(name, family.value.get(other)) != family.value.get(other)
        for child in (family.children or {}).values()
        for name, other in follows.items()
    )


def find_returning_parents(plan: Plan, kinds: Kinds) -> dict[Address, Address]:
    """Return, for each child of a parent that comes back into use, that parent."""
    found: dict[Address, Address] = {}
    for change in plan.changes:
        family = plan.parents.get(change.address)
        if family and change.before and comes_into_use(kinds[change.address.kind], change):
            for kind in kinds.values():
                if kind.parent_kind == change.address.kind:
                    names = family.children or ()
                    found |= {Address(kind.name, name): change.address for name in names}
    return found


def use_parent_update(
    kind: Kind,
    family: ParentWithChildren | None,
    above: Change | None,
    changes: Sequence[Change],
    doubtful: Collection[Address] = (),
) -> bool:
    """Return whether one update of the parent is used: if required, or fewer requests and safe.

    `above` is the change of the parent, `changes` are those of its children, which are of `kind`.
    The own update of `doubtful` ones could overwrite what no read has shown.
    """
    if requires_parent_update(kind, family, above, changes):
        return True
    if kind.parent is None or family is None or family.unread_fields or above:
        return False
    carried = set(kind.parent.update.fields)
    plain = [change for change in _find_updates(changes) if change.names <= carried]
    safer = any(change.address in doubtful for change in plain)
    return family.children_complete and (len(plain) > 1 or safer)


def requires_parent_update(
    kind: Kind, family: ParentWithChildren | None, above: Change | None, changes: Sequence[Change]
) -> bool:
    """Return whether nothing but an update of the parent makes all of these changes."""
    if kind.parent is None or family is None or family.children is None or family.unread_fields:
        return False
    if above is not None:
        return above.action is not Action.CREATE
    own = set(kind.update.fields) if kind.update else set()
    only_here = set(kind.parent.update.fields) - own
    return any(
        change.unread_fields_at_risk or change.names & only_here
        for change in _find_updates(changes)
    )


def _find_updates(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.action is not Action.CREATE]


def warn_of_incomplete_lists(
    changes: Sequence[Change],
    families: Mapping[Address, ParentWithChildren],
    desired: Desired,
    live: Live,
    kinds: Kinds,
) -> Iterator[PlanWarning]:
    """Yield a warning for parent updates of which a child may not be known.

    DealPOS may delete a child that the update does not name (dealpos-api.md §6.2).
    """
    above, below = {change.address: change for change in changes}, changes_by_parent(changes, kinds)
    for child in kinds.values():
        if child.parent is None:
            continue
        risky = [
            owner
            for owner, family in families.items()
            if owner.kind == child.parent.kind
            and not family.children_complete
            and requires_parent_update(child, family, above.get(owner), below.get(owner, ()))
        ]
        if risky:
            hidden = sorted(chain(*hidden_children(desired, live, kinds).values()))
            parent = kinds[child.parent.kind]
            owners = f"these {parent.collection}" if len(risky) > 1 else f"this {parent.name}"
            yield PlanWarning(tuple(sorted(risky)), _warning(child, owners, hidden))


def _warning(child: Kind, owners: str, hidden: Sequence[str]) -> str:
    many, retired = child.collection, child.retire
    if hidden:
        named = join_some(hidden, MAX_NAMES)
        seen = f"The API hides some {retired} {many} ({named}). If others exist"
    else:
        seen = f"The API did not return {retired} {many} of {owners}. If any exist"
    return (
        f"this update sends the full list of {many}, and DealPOS may delete any {child.name} that "
        f"is missing from it. {seen} in DealPOS, declare them first."
    )


def carry_children(
    kind: Kind, parent: Parent, changes: Iterable[Change], whole: bool
) -> Iterator[Change]:
    """Yield the children that their parent's update changes, as it writes them.

    Where an update of its own follows, a child is left to that as far as it goes, unless `whole`:
    so all prices of a child change at one moment, and it returns to use when it is whole.
    """
    carried = set(parent.update.fields)
    for change in (c for c in changes if c.action is not Action.CREATE):
        alone = not whole and not change.names <= carried
        own = kind.update.fields if kind.update and alone else ()
        if not change.names.isdisjoint(carried.difference(own)):
            after = {n: v for n, v in (change.after or {}).items() if n not in own}
            after |= {n: v for n, v in (change.before or {}).items() if n in own}
            yield replace(change, after=after) if own else change
