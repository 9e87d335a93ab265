"""A new object that looks like an old one under another code: pointed out, with what it costs.

The API renames no code (dealpos-api.md §14 #14), so a changed code is another object to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Address, Desired, Live
from reconciler.core.plan.faults import names

_LABELS = ("name", "model")
_MANY = 5


def recoded(changes: Iterable[Change], desired: Desired, live: Live, kinds: Kinds) -> Iterator[str]:
    """A note for each new object with one twin in the shop that no file declares."""
    created = [change for change in changes if change.action is Action.CREATE]
    for kind in kinds.values():
        own = [change for change in created if change.address.kind == kind.name]
        if own and kind.retire and not kind.rename:
            twins = _undeclared(kind, desired, live)
            for change in own:
                found = twins.get(_likeness(kind, change.after or {}), [])
                if len(found) == 1 and _alike(kind, change.after or {}, found[0][1]):
                    yield _said(change.address, found[0][0], live, kinds)


def _undeclared(
    kind: Kind, desired: Desired, live: Live
) -> dict[tuple[str, ...], list[tuple[Address, Value]]]:
    """What the shop has and no file declares for sale, by what it looks like."""
    values: dict[str, Value] = {}
    for owner, state in live.observed(kind.parent.kind) if kind.parent else ():
        for name, value in (state.children or {}).items():
            values[name] = {**value, kind.parent.kind if kind.parent else "": owner}
    for name, state in live.observed(kind.name):
        values[name] = {**values.get(name, {}), **state.value}
    declared = desired.objects.get(kind.name, {})
    found: dict[tuple[str, ...], list[tuple[Address, Value]]] = {}
    for name in sorted(values):
        entry = declared.get(name)
        if entry is None or entry.removed:
            likeness = _likeness(kind, values[name])
            found.setdefault(likeness, []).append((Address(kind.name, name), values[name]))
    return found


def _likeness(kind: Kind, value: Value) -> tuple[str, ...]:
    """What people call it, and where it is."""
    labels = [str(value.get(name, "")) for name in _LABELS if name in kind.fields]
    return (*labels[-1:], str(value.get(kind.parent.kind, "")) if kind.parent else "")


def _alike(kind: Kind, value: Value, other: Value) -> bool:
    """Whether nothing that both show tells them apart, and there is a name to go by."""
    shared = [n for n in value if n in other and kind.fields[n].comparable]
    return bool(_likeness(kind, value)[0]) and all(value[n] == other[n] for n in shared)


def _said(new: Address, old: Address, live: Live, kinds: Kinds) -> str:
    users = [
        str(Address(kind.name, name))
        for kind in kinds.values()
        if kind.parent is None or kind.parent.kind != old.kind
        for name, state in live.observed(kind.name)
        if any(target == old for target, _ in names(kind, state.value))
    ]
    named = ", ".join(users[:_MANY]) + (" …" if len(users) > _MANY else "")
    left = f"; {named} would still name {old}" if users else ""
    return (
        f"{new} looks like {old} under a new code: the API renames none, so past sales and stock "
        f"stay with {old}{left}"
    )
