"""Saved plans: compare the approved changes with the shop as it is now.

An approved plan is carried out as it stands or not at all, object by object: a change of an object
that is as it was is planned again from exactly the approved values, an object that is as approved
already needs nothing, and a change of one that moved meanwhile is stale. New work is never derived.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from dealpos_reconciler.core.diff.change import Action, fingerprint, mark_at
from dealpos_reconciler.core.diff.diff import differs
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired, Removal
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.masked import Path, SecretText, put_at, value_at


@dataclass(frozen=True, slots=True)
class Approved:
    """One change of a saved plan. Private values are marks: what they stand for is in the files."""

    address: Address
    action: Action
    names: tuple[str, ...]
    """The fields that change, in the plan's order."""
    before: Value | None
    after: Value | None
    source: Source | None = None
    renamed_from: str = ""
    implied: frozenset[str] = frozenset()
    """Objects that the server also creates, as seen when this was planned."""
    carried: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Fields that a replacement does not write as declared: (declared, written)."""
    masked: tuple[Path, ...] = ()
    """The ways to values that are secret or come from the environment: marks too."""
    mark: Callable[[Any], str] = str
    """Gives the mark of such a value in this plan."""
    uses_left: int | Decimal | None = None
    """Of a promotion that is deleted, as it was seen when this was planned; None if it was not."""
    holds_until: str = ""
    """The instant from which the files declare other values, ISO 8601; empty for none."""


@dataclass(frozen=True, slots=True)
class StaleField:
    """A reason not to carry out an approved change: in words, or the field that changed."""

    address: Address
    action: Action
    reason: str | None = None
    name: str = ""
    before: Any = None
    now: Any = None
    after: Any = None
    hidden: bool = False
    """True if its values come from the environment."""


def desired_from_approved(approved: Collection[Approved], files: Desired, kinds: Kinds) -> Desired:
    """Return the approved values as declarations: these fields of these objects and no other.

    Private values come out of `files`; where those do not say what was approved, the object is
    left out.
    """
    objects: dict[str, dict[str, Declared]] = {}
    removals: dict[Address, Removal] = {}
    for change in approved:
        kind, source = kinds[change.address.kind], change.source or Source("", 0, 0)
        if change.action is Action.DELETE and _is_known(kind, change):
            removals[change.address] = Removal(source, delete=True)
        if (value := _declared_value(kind, change, files)) is not None:
            declared = Declared(value, source, change.renamed_from, _rewritten_fields(kind, change))
            objects.setdefault(kind.name, {})[change.address.name] = declared
    return Desired(objects, removals=removals)


def _declared_value(kind: Kind, change: Approved, files: Desired) -> Value | None:
    if change.after is None:
        return None
    value = {name: change.after[name] for name in _owned_fields(kind, change)}
    value |= {name: asked for name, (asked, _) in change.carried.items()}
    written = files.get(change.address)
    for name in value:
        if kind.fields[name].private and value[name] not in ("", None):
            secret = written.value.get(name) if written else None
            if fingerprint(change.address, secret) != value[name]:
                return None
            value[name] = secret
    for path in change.masked:
        if path[0] in value and not kind.fields[path[0]].private:
            found = value_at(written.value if written else None, path)
            mark = change.mark(found) if found not in ("", None) else found
            if mark != value_at(value, path):
                return None
            value = put_at(value, path, found)
    return value


def _is_known(kind: Kind, change: Approved) -> bool:
    """Return whether the files tell the identity that a plan holds as a mark."""
    return (kind.identity,) not in change.masked or isinstance(change.address.name, SecretText)


def _rewritten_fields(kind: Kind, change: Approved) -> frozenset[str]:
    """Return the approved fields that the server always rewrites, or that only a ledger knows."""
    fields = (kind.fields[name] for name in change.names)
    return frozenset(field.name for field in fields if field.derived or field.write_only)


def _owned_fields(kind: Kind, change: Approved) -> Iterator[str]:
    """Return the approved fields of `after`: the changed ones, and those sent along.

    A replacement writes the whole object. What no read shows is sent with every update, and only
    the plan knows it.
    """
    before = change.before or {}
    after = change.after or {}
    for name in dict.fromkeys((*(n for n in change.names if n in after), *after)):
        spec = kind.fields[name]
        whole = change.action in (Action.CREATE, Action.REPLACE) and not spec.runtime
        sent_only = not spec.runtime and name not in before  # so a file has told it
        if whole or sent_only or spec.identity or name == kind.parent_kind or name in change.names:
            yield name


def compare_approved(
    approved: Iterable[Approved],
    live: Live,
    renames: Mapping[Address, str],
    kinds: Kinds,
    births: Collection[Address] = (),
) -> tuple[list[StaleField], list[Address]]:
    """Return the reasons against approved changes, and the objects that are as approved already.

    `live` is the shop as a plan sees it, with the `renames` that are still to be done; `births` are
    new objects that an interrupted apply has left to be completed.
    """
    moved: list[StaleField] = []
    done: list[Address] = []
    for change in approved:
        kind = kinds[change.address.kind]
        if change.address in births and isinstance(live.get(change.address), Observed):
            continue
        if found := list(_find_objections(kind, change, live, renames)):
            moved += found
        elif change.address not in renames and _is_so(kind, change, live):
            done.append(change.address)
    return moved, done


def _find_objections(
    kind: Kind, change: Approved, live: Live, renames: Mapping[Address, str]
) -> Iterator[StaleField]:
    """Yield every reason why the object differs from both the plan's before and its after."""
    address, action, state = change.address, change.action, live.get(change.address)
    if state is None:
        why = live.read_errors.get(address, "it was not read")
        yield StaleField(address, action, f"it could not be read: {why}")
    elif _doubled(change, live, renames):
        yield StaleField(address, action, f"both it and `{change.renamed_from}` are in the shop")
    elif action is Action.CREATE:
        if state is not ABSENT and not _is_so(kind, change, live):
            yield StaleField(address, action, "it was created after the plan, with other values")
    elif not isinstance(state, Observed):
        if action is not Action.DELETE:
            yield StaleField(address, action, "it no longer exists in the shop")
    else:
        yield from _find_shifted(kind, change, state.value)
        yield from _find_spent(kind, change, state.value)


def _find_shifted(kind: Kind, change: Approved, live: Value) -> Iterator[StaleField]:
    """Yield the fields that were changed since, to other values than the approved ones."""
    before, after = change.before or {}, change.after or {}
    seen = _as_shown(kind, change, live)
    whole = change.action in (Action.REPLACE, Action.DELETE)
    for name in sorted(before if whole else change.names):
        if name not in seen:
            # dealpos-api.md §10: no read of an expired coupon shows its minimum; that is no change
            continue
        was, now = before.get(name), seen.get(name)
        wanted = after.get(name, was)
        moved = kind.fields[name].comparable and now != was
        if moved and differs(kind, {name: wanted}, {name: now}):
            hidden = any(path[0] == name for path in change.masked)
            values = was, now, wanted, hidden
            yield StaleField(change.address, change.action, None, name, *values)


def _find_spent(kind: Kind, change: Approved, live: Value) -> Iterator[StaleField]:
    """Yield a reason if a deletion would lose other uses than were approved.

    A plan of an older version does not say how many were left: then none may be spent.
    """
    limit, left = kind.use_counts
    if change.action is not Action.DELETE or not left:
        return
    was, now = change.uses_left, live.get(left)
    if was is None:
        same, why = now in (None, live.get(limit)), "uses are used up, and the plan records none"
    elif now is None:
        same, why = False, "the API no longer returns how many uses are left"
    else:
        same, why = now == was, f"{was:,} uses were left when this was planned and {now:,} are now"
    if not same:
        yield StaleField(change.address, change.action, f"{why}: plan again to approve that")


def _doubled(change: Approved, live: Live, renames: Mapping[Address, str]) -> bool:
    """Return whether a rename cannot be done: something has taken the new name meanwhile."""
    old = Address(change.address.kind, change.renamed_from)
    return bool(old.name) and change.address not in renames and isinstance(live.get(old), Observed)


def _is_so(kind: Kind, change: Approved, live: Live) -> bool:
    """Return whether the shop already is as the change would make it."""
    state = live.get(change.address)
    if not isinstance(state, Observed):
        return change.action is Action.DELETE
    after = change.after or {}
    names = after if change.action is Action.CREATE else change.names
    wanted = {name: after[name] for name in names if name in after}
    seen = _as_shown(kind, change, state.value)
    rewritten = () if change.action is Action.CREATE else _rewritten_fields(kind, change)
    return change.action is not Action.DELETE and not differs(kind, wanted, seen, rewritten)


def _as_shown(kind: Kind, change: Approved, value: Value) -> Value:
    """Return a live object as a plan shows it: private and masked values as their fingerprints."""
    private = ((name,) for name in value if kind.fields[name].private)
    shown = mark_at(value, private, partial(fingerprint, change.address))
    return mark_at(shown, change.masked, change.mark)
