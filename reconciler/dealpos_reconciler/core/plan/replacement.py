"""Interrupted replacements: the note that is written before one, and the plan that ends it.

Some kinds have no update (dealpos-api.md §10), so a replacement deletes before it creates. The
decisions rest on the note and on reads together, never on one of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dealpos_reconciler.core.diff.change import (
    CARRIED,
    RENAMED,
    Action,
    Change,
    FieldChange,
    create_object,
)
from dealpos_reconciler.core.diff.diff import merge_declared
from dealpos_reconciler.core.diff.known_rewrites import (
    KnownRewrites,
    Pair,
    carried_over_rewrites,
    fingerprint_pair,
)
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared
from dealpos_reconciler.core.model.kind import CarryOver, Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Absent, Live, Observed
from dealpos_reconciler.core.model.masked import Path


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The note on a replacement, written before it begins."""

    before: Value
    """The old object as it was last seen, what is left of it included."""
    after: Value
    """The object that was to be created."""
    carried: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Fields of `after` that are not as declared: (declared, written)."""
    gone: bool = False
    """True if the old object is known to be deleted: what is there now is another one."""
    lost: str = ""
    """The moment of a deletion that got no answer, in UTC: the shop may carry it out later."""


class Replacement(NamedTuple):
    """The change that begins or ends a replacement, or None; and why."""

    change: Change | None
    note: str
    warning: str | None = None


def restore_old(kind: Kind, before: Value, after: Value) -> Value | None:
    """Return the old object with its remaining uses; None if none were left.

    What no read shows of it is taken from `after`: the files have declared it.
    """
    unread = {
        n: v for n, v in after.items() if kind.fields[n].uncompared_reason and n not in before
    }
    old: Value = {**unread, **{n: v for n, v in before.items() if v is not None}}
    return kind.carry_over(old, before).value


def resume_interrupted(
    live: Live, interrupted: Mapping[Address, Interrupted], kinds: Kinds
) -> tuple[Live, dict[Address, Interrupted], KnownRewrites]:
    """Return the shop with the values of objects that were put back, and two sorts of replacements.

    The first are to be finished or undone: the old object is gone and the new one is not there.
    The others are settled, and come with what was carried over: the new object is there, or the old
    one never left. An object that was not read is in neither.
    """
    pending: dict[Address, Interrupted] = {}
    settled: dict[Address, Mapping[Path, Pair]] = {}
    objects = {kind: dict(states) for kind, states in live.objects.items()}
    for address, entry in interrupted.items():
        state = live.get(address)
        if state is ABSENT:
            pending[address] = entry
        elif isinstance(state, Observed):
            former = _put_back(kinds[address.kind], entry, state)
            if former:
                value = {**state.value, **former}
                objects[address.kind][address.name] = Observed(value, state.children)
            else:
                over = entry.carried if entry.gone or _is_new(entry, state) else {}
                settled[address] = carried_over_rewrites(kinds[address.kind], address, over)
    return replace(live, objects=objects), pending, settled


def _is_new(entry: Interrupted, state: Observed) -> bool:
    """Return whether an object is the new one, where no note says that the old one is gone."""
    written = {name: value for name, (_, value) in entry.carried.items()}
    told = any(entry.before.get(name) != value for name, value in written.items())
    return told and all(state.value.get(name) == value for name, value in written.items())


def _put_back(kind: Kind, entry: Interrupted, state: Observed) -> Value:
    """Return the former values of an object that was put back; empty for the new one."""
    if all(state.value.get(name) == written for name, (_, written) in entry.carried.items()):
        return {}  # the new one; or as good as it, for both started from the same
    old = restore_old(kind, entry.before, entry.after) or {}
    former = {
        name: value
        for name, value in entry.before.items()
        if name in old and old[name] != value and not kind.fields[name].internal
    }
    return former if all(state.value.get(name) == old[name] for name in former) else {}


def finish_replacement(
    kind: Kind, address: Address, entry: Interrupted, declared: Declared | None, is_refused: bool
) -> Replacement:
    """Return the end of a replacement whose old object is gone, with at most its uses left.

    Where the shop is known to refuse the new one, the old one comes back.
    """
    asked = declared.value if declared else {}
    new = CarryOver(None, "it is no longer declared")
    if is_refused:
        new = CarryOver(None, "the shop does not store the new one as written")
    elif declared:
        new = kind.carry_over(merge_declared(kind, entry.before, asked), entry.before)
    kept, note = new.value, new.note
    done = "finishes an interrupted replacement"
    if kept is None:
        done = f"undoes an interrupted replacement ({note})"
        kept, note = restore_old(kind, entry.before, entry.after), None
    if kept is None:
        return Replacement(
            None, "its replacement was interrupted, and no uses were left of the old one"
        )
    value = {
        name: item
        for name, item in kept.items()
        if not kind.fields[name].internal and item not in ("", None, {}, [])
    }
    source = declared.source if declared else None
    change = replace(
        create_object(kind, address, value, done, source),
        carried={n: (asked[n], v) for n, v in value.items() if n in asked and asked[n] != v},
        replaces=entry.before,
    )
    return Replacement(change, "; ".join(part for part in (done, note) if part), new.warning)


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


def revalidate_replacement(
    kind: Kind, change: Change, now: Observed | Absent | None, kept: Mapping[Path, Pair]
) -> Replacement:
    """Return `change` with the balance of `now`; stale if anything else changed since the plan.

    `kept` is what the shop was known to keep otherwise than it was written.
    """
    if not isinstance(now, Observed):
        why = "could not be read" if now is None else "no longer existed"
        return Replacement(None, f"it {why} right before it was to be replaced")
    before = change.before or {}
    limit, left = kind.use_counts
    for name, value in now.value.items():
        if name == limit:
            continue  # a plan may see what it stood for; what counts is how much is left of it
        if kind.fields[name].comparable and not _same(kind, change, name, value, kept):
            return Replacement(None, f"`{name}` {_describe_move(change, name, value)}: plan again")
    there, now_left = before.get(left), now.value.get(left)
    if now_left is None or now_left == there:
        return Replacement(change, "it is as it was planned on")
    said = f"{there} uses were left when this was planned"
    if there is None or now_left > there:
        return Replacement(None, f"{said} and {now_left} are now")
    declared = {name: asked for name, (asked, _) in change.carried.items()}
    asked = {**(change.after or {}), **declared}
    live = {**before, left: now_left}
    after, reason, _ = kind.carry_over(asked, live)
    if after is None:
        return Replacement(None, reason or "not replaced")
    carried = {n: (asked[n], v) for n, v in after.items() if asked.get(n) != v}
    said = f"{said}, {now_left} right before it was replaced"
    return Replacement(replace(change, before=live, after=dict(after), carried=carried), said)


def _describe_move(change: Change, name: str, now: Any) -> str:
    if any(path[0] == name for path in change.masked):
        return "has changed since this was planned"
    return f"was {(change.before or {}).get(name)} when this was planned and is {now} now"


def _same(kind: Kind, change: Change, name: str, now: Any, kept: Mapping[Path, Pair]) -> bool:
    """Return whether a value is as it was planned on, or what the shop is known to keep of that."""
    before: Value = change.before or {}
    if name not in before or before[name] == now:
        return True
    pair = fingerprint_pair(change.address, kind.fields[name], (before[name], now))
    return kept.get((name,)) == pair
