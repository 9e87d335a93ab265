"""The object after a plan: live values overlaid with declared ones and with those of a parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.core.diff.change import CARRIED, RENAMED, Action, Change, FieldChange
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import overlay


def merge_declared(kind: Kind, live: Value, declared: Value) -> Value:
    """Return `live` with the declared values: a map owns its keys, an entry keeps others."""
    after = dict(live)
    for name, value in declared.items():
        before = live.get(name)
        if kind.fields[name].runtime:
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            after[name] = {k: overlay(before.get(k), entry) for k, entry in value.items()}
        else:
            after[name] = value
    return after


def propagate_parent_values(
    changes: Sequence[Change], desired: Desired, kinds: Kinds
) -> Iterator[Change]:
    """Let a child's value that repeats its parent's move with it, where no file declares it."""
    by_address = {change.address: change for change in changes}
    for change in changes:
        kind, declared = kinds[change.address.kind], desired.get(change.address)
        before, after = change.before, change.after
        owner = kind.parent_address(after or {})
        above = by_address.get(owner) if owner else None
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


def carried_over_fields(
    fields: tuple[FieldChange, ...], live: Value, after: Value
) -> Iterator[FieldChange]:
    """Yield the fields as they will be written, where a replacement carries values over."""
    told = set()
    for changed in fields:
        name = changed.path[0]
        told.add(name)
        value = after.get(name)
        carried = len(changed.path) == 1 and changed.reason != RENAMED
        yield replace(changed, after=value) if carried and value != changed.after else changed
    if any(changed.action is Action.REPLACE for changed in fields):
        for name, value in after.items():
            if name not in told and name in live and live[name] != value:
                yield FieldChange((name,), live[name], value, Action.REPLACE, CARRIED)
