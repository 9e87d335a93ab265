"""Whether one update of a parent stands for those of its children.

What becomes of a child that a parent's update does not name is undocumented: it may be deleted
(dealpos-api.md §6.2). So is whether reads of a parent show the children that are out of use
(dealpos-api.md §14 #21
asks it of lists). Such an update is sent for its cheapness only where every child is known;
where nothing else carries a change it is sent with all that are known, and a note says so first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import Address, Desired, Live
from reconciler.core.plan.children import Family, left_out

_MANY = 3

Nested = Mapping[Address, Sequence[Change]]


def nested(changes: Iterable[Change], kinds: Kinds) -> dict[Address, list[Change]]:
    """The changes of children by their parent; a deletion is a call of its own."""
    found: dict[Address, list[Change]] = {}
    for change in changes:
        parent = kinds[change.address.kind].parent
        if parent and change.action is not Action.DELETE:
            owner = Address(parent.kind, (change.after or {}).get(parent.kind, ""))
            found.setdefault(owner, []).append(change)
    return found


def bundled(
    kind: Kind, family: Family | None, above: Change | None, changes: Sequence[Change]
) -> bool:
    """Whether one update of the parent is the way: needed, or cheaper and sure to name them all.

    `above` is the change of the parent, `changes` are those of its children, which are of `kind`.
    """
    if needed(kind, family, above, changes):
        return True
    if kind.parent is None or family is None or not family.whole or family.unseen or above:
        return False
    carried = set(kind.parent.update.fields)
    return sum(_fields(change) <= carried for change in _updated(changes)) > 1


def needed(
    kind: Kind, family: Family | None, above: Change | None, changes: Sequence[Change]
) -> bool:
    """Whether nothing but an update of the parent makes all of these changes."""
    if kind.parent is None or family is None or family.children is None or family.unseen:
        return False
    if above is not None:
        return above.action is not Action.CREATE
    own = set(kind.update.fields) if kind.update else set()
    only_here = set(kind.parent.update.fields) - own
    return any(change.blind or _fields(change) & only_here for change in _updated(changes))


def _updated(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.action is not Action.CREATE]


def _fields(change: Change) -> set[str]:
    return {field.path[0] for field in change.fields}


def cautions(
    changes: Sequence[Change],
    families: Mapping[Address, Family],
    desired: Desired,
    live: Live,
    kinds: Kinds,
) -> list[str]:
    """What to say before parents are updated of which a child may not be known."""
    above, below = {change.address: change for change in changes}, nested(changes, kinds)
    said = []
    for child in kinds.values():
        if child.parent is None:
            continue
        risky = [
            owner
            for owner, family in families.items()
            if owner.kind == child.parent.kind
            and not family.whole
            and needed(child, family, above.get(owner), below.get(owner, ()))
        ]
        if risky:
            found = [name for names in left_out(desired, live, kinds).values() for name in names]
            said.append(_caution(child, sorted(risky), sorted(found)))
    return said


def _caution(child: Kind, owners: Sequence[Address], found: Sequence[str]) -> str:
    retired, parent = child.retire, owners[0].kind
    if found:
        seen = f"hides some ({_few(found)})"
    else:
        seen = f"has shown no {retired} {child.name} inside a {parent}, so it may hide them"
    return (
        f"{_few(owners)}: the update names the {child.collection} that are known, and a shop may "
        f"delete what it does not name. This shop {seen}: declare each {retired} one that DealPOS "
        "has there before you apply"
    )


def _few(names: Sequence[object]) -> str:
    more = f" and {len(names) - _MANY:,} more" if len(names) > _MANY else ""
    return ", ".join(map(str, names[:_MANY])) + more
