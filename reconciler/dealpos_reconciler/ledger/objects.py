"""The objects that a folder has applied or deleted, in `.reconciler/objects.json`.

It takes the place of a ledger, and is safe to delete: without it, a deleted object is looked for
again, and an object that is gone from the shop is new.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dealpos_reconciler.core.ledger.record import RecordBasis, find_deleted
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.state_dir import StateDir

FILE = "objects.json"


@dataclass(frozen=True, slots=True)
class NotedObjects:
    """The objects that a folder knows of one store."""

    applied: frozenset[Address] = frozenset()
    """Objects that were as declared once."""
    deleted: frozenset[Address] = frozenset()
    """Objects of `removed:` that were deleted and verified, and not seen since."""


def read_noted(state: StateDir, store: str) -> NotedObjects:
    """Return what is noted; nothing where the file is missing or damaged."""
    content = state.section(FILE, store)

    def read(key: str) -> frozenset[Address]:
        names = content.get(key)
        names = filter(_is_address, names) if isinstance(names, list) else ()
        return frozenset(map(state.parse, names))

    return NotedObjects(read("applied"), read("deleted"))


def note_objects(
    before: NotedObjects,
    plan: Plan,
    basis: RecordBasis,
    applied: frozenset[Address],
    verified: Collection[Address],
) -> NotedObjects:
    """Return what is known after an apply of `plan`.

    What is as declared is not created again once it is gone; what was deleted is not looked for.
    """
    if not applied and before == NotedObjects():
        return before
    left = {change.address for change in plan.changes} - applied | basis.unsettled
    names = {a for a, each in basis.desired if a not in left and not each.removed}
    deleted = {c.address for c in plan.changes if c.after is None and c.address in applied}
    kept = before.applied - deleted
    names |= {a for a in kept if basis.partial or basis.desired.get(a)}
    return NotedObjects(frozenset(names), find_deleted(basis, plan, verified))


def save_noted(state: StateDir, store: str, noted: NotedObjects) -> None:
    """Save what has changed; in a folder that cannot be written it is lost."""
    if noted == read_noted(state, store):
        return
    parts = (("applied", noted.applied), ("deleted", noted.deleted))
    content = {key: sorted(map(str, names)) for key, names in parts if names}
    state.save_section(FILE, store, content)


def _is_address(name: object) -> bool:
    return isinstance(name, str) and all(name.partition("/")) and name.partition("/")[0] in KINDS
