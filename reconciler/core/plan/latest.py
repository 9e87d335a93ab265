"""A replacement by what the shop has right before it: what was used meanwhile is used.

A replacement deletes (dealpos-api.md §10), and the till goes on selling between a plan and its
apply. So the object is read once more, and only its balance may have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.core.diff.change import Change
from reconciler.core.diff.equivalence import Path
from reconciler.core.diff.known_rewrites import Pair, trace
from reconciler.core.model.kind import Kind, Value
from reconciler.core.model.live import Absent, Observed


class Latest(NamedTuple):
    """The replacement as it is to be done, or why it is held; and what to say of it."""

    change: Change | None
    note: str = ""


def latest(
    kind: Kind, change: Change, now: Observed | Absent | None, kept: Mapping[Path, Pair]
) -> Latest:
    """`change` with the balance of `now`; held where anything else has moved since it was planned.

    `kept` is what the shop was known to keep otherwise than it was written.
    """
    if not isinstance(now, Observed):
        why = "could not be read" if now is None else "is not there any more"
        return Latest(None, f"it {why} right before it was to be replaced")
    before = change.before or {}
    limit, left = kind.uses
    for name, value in now.value.items():
        if name == limit:
            continue  # a plan may see what it stood for; what counts is how much is left of it
        if kind.fields[name].comparable and not _same(kind, change, name, value, kept):
            was = f"was {before.get(name)} when this was planned and is {value} now"
            return Latest(None, f"`{name}` {was}: plan again")
    there, now_left = before.get(left), now.value.get(left)
    if kind.carry_over is None or now_left is None or now_left == there:
        return Latest(change)
    if there is None or now_left > there:
        return Latest(None, f"{there} uses were left when this was planned and {now_left} are now")
    declared = {name: asked for name, (asked, _) in change.carried.items()}
    asked = {**(change.after or {}), **declared}
    live = {**before, left: now_left}
    after, note = kind.carry_over(asked, live)
    if after is None:
        return Latest(None, note)
    carried = {n: (asked[n], v) for n, v in after.items() if asked.get(n) != v}
    said = f"{there} uses were left when this was planned, {now_left} right before it was replaced"
    return Latest(replace(change, before=live, after=dict(after), carried=carried), said)


def _same(kind: Kind, change: Change, name: str, now: Any, kept: Mapping[Path, Pair]) -> bool:
    """Whether a value is as it was planned on, or what the shop is known to keep of that."""
    before: Value = change.before or {}
    if name not in before or before[name] == now:
        return True
    spec = kind.fields[name]
    pair = tuple(trace(change.address, spec, value) for value in (before[name], now))
    return kept.get((name,)) == pair
